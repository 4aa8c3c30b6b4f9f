"""La proposition faite au jury pour un candidat : calculée sur le total exact, expliquée clause par clause (TR-D01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from contracts.evenements.deliberation import Ligne
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat, Explication
from services.deliberation.domain import calcul, explication
from services.deliberation.domain.calcul import Bilan, Compte, Constat
from services.deliberation.domain.dossier import DossierJury, PointsAccordes


@dataclass(frozen=True)
class Proposition:
    """Ce que le règlement donne ; seul le jury décide.

    ``attendus`` : épreuves sans résultat arrêté (décision ``en_attente``, que le jury ne peut pas prendre).
    ``sans_visa`` : règle qui interdit d'ajourner avant l'examen du livret.
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


def proposer(
    dossier: DossierJury,
    session: SessionFigee,
    *,
    accords: Mapping[str, PointsAccordes] | None = None,
    livret_vise: bool = False,
) -> Proposition:
    """La décision que donne le règlement figé, et pourquoi.

    Raises:
        Refus: AMB-05, une valeur n'est pas fournie ; ``INSCRIPTION_ANNULEE`` ; un résultat illisible (voir `calcul`).
    """
    if dossier.annulation is not None:
        raise Refus("INSCRIPTION_ANNULEE", f"{dossier.numero} n'est plus inscrit à cette session : rien à décider")
    if dossier.non_autorise is not None:
        ferme = explication.non_autorise(dossier.non_autorise, session.reglement)
        return Proposition(Decision.NON_AUTORISE, regles=explication.regles((ferme,)), explication=(ferme,))
    exiger_valeurs(session)
    bilan = calcul.bilan(dossier, session, accords or {}, livret_vise=livret_vise)
    return _attendre(dossier, session, bilan) if bilan.attendus else _conclure(dossier, session, bilan)


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


def _attendre(dossier: DossierJury, session: SessionFigee, bilan: Bilan) -> Proposition:
    """Un résultat n'est pas arrêté : rien n'est calculé, ni pour ni contre le candidat."""
    explique = (explication.attente(bilan, session.reglement),)
    return Proposition(
        Decision.EN_ATTENTE,
        lignes=_lignes(bilan),
        permis=_permis(dossier, session.reglement),
        regles=explication.regles(explique),
        explication=explique,
        attendus=bilan.attendus,
    )


def _conclure(dossier: DossierJury, session: SessionFigee, bilan: Bilan) -> Proposition:
    reglement = session.reglement
    constats = [calcul.PROCEDURES[clause.procedure](clause, bilan) for clause in reglement.deliberation.conditions]
    admis = all(one.tenue for one in constats if one.admission)
    totaux, professionnel = bilan.totaux(), bilan.totaux("professionnel")
    mention = calcul.mention(reglement, totaux) if admis else None
    remplacement = () if admis else _remplacables(bilan)
    permis = _permis(dossier, reglement)
    explique = explication.conclure(
        session, bilan, constats, admis=admis, mention=mention, permis=permis, remplacement=remplacement
    )
    return Proposition(
        Decision.ADMIS if admis else Decision.AJOURNE,
        points=calcul.exact(totaux.points),
        coefficients=calcul.exact(totaux.coefficients),
        moyenne=totaux.moyenne,
        moyenne_professionnelle=professionnel.moyenne,
        mention=mention.code if mention else None,
        lignes=_lignes(bilan),
        permis=permis,
        remplacement_possible=remplacement,
        regles=explication.regles(explique),
        explication=explique,
        sans_visa=None if admis else _visa_manquant(constats),
    )


def _visa_manquant(constats: list[Constat]) -> str | None:
    """La règle qui garde le candidat d'un ajournement sans examen de son livret (DC-CAP15)."""
    return next((one.clause.regle for one in constats if not one.admission and not one.tenue), None)


def _remplacables(bilan: Bilan) -> tuple[str, ...]:
    """Après un échec, les épreuves manquées pour un motif admis ; ni l'EPS ni les facultatives (DC-CAP16, DC-CAP17)."""
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
    def decimal(nombre: Fraction | None) -> Decimal | None:
        return None if nombre is None else calcul.en_decimal(nombre)

    return Ligne(
        epreuve=compte.code,
        intitule=compte.epreuve.intitule,
        domaine=compte.epreuve.domaine,
        etat=compte.resultat.etat,
        note=decimal(compte.note),
        coefficient=decimal(compte.coefficient),
        situations=dict(compte.resultat.situations),
        points=decimal(compte.points),
    )
