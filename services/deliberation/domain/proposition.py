"""La proposition faite au jury pour un candidat : calculée sur le total exact, expliquée clause par clause (TR-D01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from contracts.evenements.deliberation import Ligne
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat, Explication, Forme
from services.communs.explication import regles as citees
from services.deliberation.domain import calcul, explication, explication_acquis, rattrapage, unites
from services.deliberation.domain.calcul import AUCUN, Bilan, Compte, Constat
from services.deliberation.domain.dossier import DossierJury, PointsAccordes
from services.deliberation.domain.explication import Conclusion
from services.deliberation.domain.explication_etats import suspension
from services.deliberation.domain.rattrapage import Rattrapage

PREMIERE, CONTROLE = "PREMIERE", "CONTROLE"
"""Ce qu'une ligne ajoute à ses situations quand l'oral de contrôle est passé : la première note, l'oral (DC-BTS11)."""
GELES = frozenset({EtatResultat.SUSPENDUE, *calcul.SANS_VALEUR})
"""États dont aucune note ne se montre, pas même celle d'une partie (AMB-46)."""


@dataclass(frozen=True)
class Proposition:
    """Ce que le règlement donne ; seul le jury décide.

    ``attendus`` : épreuves sans résultat arrêté (décision ``en_attente``, que le jury ne peut pas prendre).
    ``sans_visa`` : règle qui interdit d'ajourner avant l'examen du livret. ``unites`` : celles que le candidat acquiert
    ou conserve. ``epreuves_controle`` : où l'oral de contrôle est possible ; ``restent`` : ceux qu'il n'a pas passés.
    ``choix`` : les choix du règlement qui ont compté.
    """

    decision: Decision
    points: str = "0"
    coefficients: str = "0"
    moyenne: str | None = None
    moyenne_professionnelle: str | None = None
    mention: str | None = None
    lignes: tuple[Ligne, ...] = ()
    permis: EtatResultat | None = None
    remplacement_possible: tuple[str, ...] = ()
    regles: tuple[str, ...] = ()
    explication: tuple[Explication, ...] = ()
    attendus: tuple[str, ...] = ()
    sans_visa: str | None = None
    unites: tuple[str, ...] = ()
    epreuves_controle: tuple[str, ...] = ()
    restent: tuple[str, ...] = ()
    choix: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Cas:
    """Ce sur quoi porte la proposition."""

    dossier: DossierJury
    session: SessionFigee
    accords: Mapping[str, PointsAccordes]
    acquis: Mapping[str, str]
    livret_vise: bool

    @property
    def reglement(self) -> Reglement:
        return self.session.reglement

    @property
    def progressive(self) -> bool:
        return self.dossier.forme is Forme.PROGRESSIVE

    def bilan(self, oraux: tuple[str, ...] = ()) -> Bilan:
        return calcul.bilan(
            self.dossier,
            self.session,
            self.accords,
            livret_vise=self.livret_vise,
            acquis=self.acquis,
            oraux=oraux,
        )

    def constats(self, bilan: Bilan) -> list[Constat]:
        return [calcul.PROCEDURES[one.procedure](one, bilan) for one in self.reglement.deliberation.conditions]


def proposer(
    dossier: DossierJury,
    session: SessionFigee,
    *,
    accords: Mapping[str, PointsAccordes] | None = None,
    acquis: Mapping[str, str] = AUCUN,
    livret_vise: bool = False,
) -> Proposition:
    """La décision que donne le règlement figé, et pourquoi. ``acquis`` : unité → motif du jury qui la tient acquise.

    Raises:
        Refus: AMB-05, une valeur n'est pas fournie ; ``INSCRIPTION_ANNULEE`` ; un résultat illisible (voir `calcul`).
    """
    if dossier.annulation is not None:
        raise Refus("INSCRIPTION_ANNULEE", f"{dossier.numero} n'est plus inscrit à cette session : rien à décider")
    if dossier.non_autorise is not None:
        ferme = explication.non_autorise(dossier.non_autorise, session.reglement)
        return Proposition(Decision.NON_AUTORISE, regles=citees((ferme,)), explication=(ferme,))
    exiger_valeurs(session)
    cas = _Cas(dossier, session, accords or {}, acquis, livret_vise)
    told = _proposer(cas, cas.bilan())
    return replace(told, choix=explication.choix_appliques(told.regles, session))


def _proposer(cas: _Cas, bilan: Bilan) -> Proposition:
    if bilan.attendus:
        return _attendre(cas, bilan, explication.attente(bilan, cas.reglement))
    if bilan.suspendues:
        return _attendre(cas, bilan, suspension(bilan, cas.reglement))
    if any(one.procedure == "toutes_acquises" for one in cas.reglement.deliberation.conditions):
        return _acquerir(cas, bilan)
    return _poursuivre(cas, bilan) if bilan.manquantes else _conclure(cas, bilan)


def exiger_valeurs(session: SessionFigee) -> None:
    """Pas de délibération tant que les textes et la session ne donnent pas toutes les valeurs.

    Raises:
        Refus: AMB-05, avec la liste complète de ce qui manque.
    """
    manquantes = session.valeurs_manquantes()
    if manquantes:
        regle = session.reglement.deliberation.regle_valeurs
        detail = "fournissez-les à la session avec la référence du texte, puis reprenez la délibération"
        raise Refus(regle, f"valeurs absentes : {', '.join(manquantes)} ; {detail}", valeurs=manquantes)


def _attendre(cas: _Cas, bilan: Bilan, pourquoi: Explication) -> Proposition:
    """Un résultat n'est pas arrêté, ou il est suspendu : rien n'est calculé, ni pour ni contre le candidat."""
    explique = (pourquoi,)
    return Proposition(
        Decision.EN_ATTENTE,
        lignes=_lignes(bilan),
        permis=_permis(cas.dossier, cas.reglement),
        regles=citees(explique),
        explication=explique,
        attendus=bilan.attendus,
    )


def _acquerir(cas: _Cas, bilan: Bilan) -> Proposition:
    """Un titre : des unités acquises ou non, ni points ni moyenne (TP-D01, DC-TP06)."""
    acquisition = unites.acquerir(cas.dossier, cas.reglement, bilan)
    presentees = unites.presentees(cas.dossier, cas.reglement)
    explique = explication_acquis.acquis(
        cas.session, bilan, cas.constats(bilan), acquisition, presentees, cas.dossier.categorie
    )
    return Proposition(
        acquisition.decision,
        lignes=_lignes(bilan),
        unites=acquisition.unites,
        regles=citees(explique),
        explication=explique,
    )


def _poursuivre(cas: _Cas, bilan: Bilan) -> Proposition:
    """Toutes les unités ne sont pas encore là : rien n'est décidé du diplôme (DC-BTS02, DC-BTS03)."""
    conservees = unites.conservees(cas.dossier, cas.reglement, bilan)
    explique = explication.poursuivre(cas.session, bilan, cas.constats(bilan), conservees, progressive=cas.progressive)
    return Proposition(
        Decision.POURSUITE,
        lignes=_lignes(bilan),
        permis=_permis(cas.dossier, cas.reglement),
        unites=tuple(one.code for one in conservees),
        regles=citees(explique),
        explication=explique,
    )


def _conclure(cas: _Cas, premier: Bilan) -> Proposition:
    """La décision du diplôme : les conditions sur les premières notes, puis la seconde chance s'il y en a une."""
    constats = cas.constats(premier)
    chance = rattrapage.examiner(cas.dossier, cas.session, premier, constats)
    if _admis(constats, premier) or chance is None or not chance.ouvert:
        return _decider(cas, premier, constats, chance)
    if not chance.termine:
        return _decider(cas, premier, constats, chance, controle=True)
    bilan = cas.bilan(chance.passes)
    return _decider(cas, bilan, cas.constats(bilan), chance)


def _admis(constats: list[Constat], bilan: Bilan) -> bool:
    return not bilan.sans_valeur and all(one.tenue for one in constats if one.admission)


def _decider(
    cas: _Cas, bilan: Bilan, constats: list[Constat], chance: Rattrapage | None, *, controle: bool = False
) -> Proposition:
    reglement, admis = cas.reglement, _admis(constats, bilan)
    defavorable = Decision.EPREUVES_CONTROLE if controle else Decision(reglement.deliberation.defavorable)
    totaux, professionnel = bilan.totaux(), bilan.totaux("professionnel")
    conclusion = Conclusion(
        decision=Decision.ADMIS if admis else defavorable,
        mention=calcul.mention(cas.session, totaux) if admis else None,
        permis=_permis(cas.dossier, reglement),
        remplacement=() if admis or controle else _remplacables(bilan, reglement),
        rattrapage=chance,
        conservees=() if admis or controle else unites.conservees(cas.dossier, reglement, bilan),
        progressive=cas.progressive,
    )
    explique = explication.conclure(cas.session, bilan, constats, conclusion)
    calcule = not bilan.sans_valeur
    return Proposition(
        conclusion.decision,
        points=calcul.exact(totaux.points) if calcule else "0",
        coefficients=calcul.exact(totaux.coefficients) if calcule else "0",
        moyenne=totaux.moyenne if calcule else None,
        moyenne_professionnelle=professionnel.moyenne if calcule else None,
        mention=conclusion.mention.code if conclusion.mention else None,
        lignes=_lignes(bilan),
        permis=conclusion.permis,
        remplacement_possible=conclusion.remplacement,
        regles=citees(explique),
        explication=explique,
        sans_visa=None if admis or controle else _visa_manquant(constats),
        unites=tuple(one.code for one in conclusion.conservees),
        epreuves_controle=chance.epreuves if chance and controle else (),
        restent=chance.restent if chance and controle else (),
    )


def _visa_manquant(constats: list[Constat]) -> str | None:
    """La règle qui garde le candidat d'un ajournement sans examen de son livret (DC-CAP15)."""
    return next((one.clause.regle for one in constats if not one.admission and not one.tenue), None)


def _remplacables(bilan: Bilan, reglement: Reglement) -> tuple[str, ...]:
    """Après un échec, les épreuves manquées pour un motif admis ; ni l'EPS ni les facultatives (DC-CAP16, DC-CAP17).

    Aucune si une épreuve non valide interdit le diplôme, ni si ce diplôme n'a pas de remplacement (AMB-48).
    """
    if bilan.sans_valeur or not reglement.remplacement.ouverte:
        return ()
    justifiees = bilan.dans(EtatResultat.ABSENT_JUSTIFIE)
    return tuple(one.code for one in bilan.comptes if one.code in justifiees and one.epreuve.remplacement)


def _permis(dossier: DossierJury, reglement: Reglement) -> EtatResultat | None:
    """La mention de conduite portée au relevé ; elle n'entre dans aucun calcul (CAP24-N17, CAP24-P03)."""
    portees = (
        resultat.situations.get(situation)
        for code, epreuve in reglement.epreuves.items()
        for situation, definition in epreuve.situations.items()
        if definition.conduite is not None and (resultat := dossier.resultats.get(code)) is not None
    )
    mention = next((one for one in portees if one is not None), None)
    return next((etat for etat in EtatResultat if etat == mention), None)


def _lignes(bilan: Bilan) -> tuple[Ligne, ...]:
    return tuple(_ligne(one) for one in bilan.comptes)


def _ligne(compte: Compte) -> Ligne:
    note, coefficient = compte.note, compte.coefficient
    affichee = None if note is None else _affiche(note)
    oral = compte.premiere is not None or compte.resultat.controle_fait is not None
    return Ligne(
        epreuve=compte.code,
        intitule=compte.epreuve.intitule,
        domaine=compte.epreuve.domaine,
        etat=compte.resultat.etat,
        note=affichee,
        coefficient=None if coefficient is None else calcul.en_decimal(coefficient),
        situations={**compte.resultat.situations, **_deux_notes(compte)} if compte.resultat.etat not in GELES else {},
        points=None if compte.points is None else _decimal(compte.points),
        note_exacte=None if note is None or affichee == note else f"{note.numerator}/{note.denominator}",
        controle=compte.resultat.controle if oral else None,
    )


def _deux_notes(compte: Compte) -> dict[str, str]:
    """La première note, et l'oral de contrôle ou l'absence à cet oral."""
    premiere = compte.note if compte.premiere is None else compte.premiere
    if premiere is None or (compte.premiere is None and compte.resultat.controle_fait is None):
        return {}
    oral = compte.resultat.controle
    dit = EtatResultat.ABSENT_INJUSTIFIE.value if oral is None else calcul.exact(Fraction(oral))
    return {PREMIERE: calcul.exact(Fraction(_affiche(premiere))), CONTROLE: dit}


def _decimal(nombre: Fraction) -> Decimal:
    """Le nombre, tronqué à deux décimales s'il n'en a pas un nombre fini."""
    exact = calcul.en_decimal(nombre)
    return calcul.tronquer(nombre) if exact is None else exact


def _affiche(note: Fraction) -> Decimal:
    """La note affichée : deux décimales, tronquées (CL-115)."""
    return calcul.en_decimal(Fraction(calcul.tronquer(note))) or Decimal(0)
