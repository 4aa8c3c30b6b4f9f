"""Les procédures nommées des conditions du règlement : des totaux exacts, jamais une moyenne arrondie (AMB-38)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import assert_never

from contracts.messages import Refus
from contracts.reglement import Clause, Epreuve, Mention
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat
from services.deliberation.domain.dossier import DossierJury, PointsAccordes, ResultatJury

CENTIEMES = 100  # moyennes affichées à deux décimales (DC-CAP11)
AUCUN: Mapping[str, str] = MappingProxyType({})
NOTES = frozenset({EtatResultat.NOTE, EtatResultat.BENEFICE, EtatResultat.ZERO_SUPPORT})
HORS_CALCUL = frozenset({EtatResultat.DISPENSE, EtatResultat.VAE})
SANS_VALEUR = frozenset(
    {EtatResultat.NON_VALIDE, EtatResultat.NON_VALIDEE_U1, EtatResultat.FRAUDE_ANNULEE, EtatResultat.NON_TENUE}
)
"""Une épreuve obligatoire dans un de ces états n'a pas de note, et le diplôme ne peut pas être délivré."""


@dataclass(frozen=True)
class Compte:
    """Une épreuve dans le calcul.

    ``coefficient`` absent : hors du dénominateur (dispense, facultatif). ``points`` absents : hors du calcul.
    ``premiere`` : la note avant l'oral de contrôle, quand il compte. ``acquis`` : motif du jury qui tient l'unité pour
    acquise.
    """

    code: str
    epreuve: Epreuve
    resultat: ResultatJury
    note: Fraction | None = None
    coefficient: Fraction | None = None
    points: Fraction | None = None
    accord: PointsAccordes | None = None
    premiere: Fraction | None = None
    acquis: str | None = None

    @property
    def accord_applique(self) -> bool:
        return self.accord is not None and self.accord.arretee == note_arretee(self.resultat)

    @property
    def acquise(self) -> bool:
        """L'unité est acquise : toutes ses compétences le sont, ou le jury la tient pour telle (AMB-28)."""
        if self.resultat.etat is EtatResultat.NON_ACQUISE:
            return self.acquis is not None
        return self.resultat.etat in {EtatResultat.ACQUISE, *HORS_CALCUL}


@dataclass(frozen=True)
class Totaux:
    """Points et coefficients exacts."""

    points: Fraction
    coefficients: Fraction

    def atteint(self, seuil: Decimal) -> bool:
        """Le total vaut-il au moins ``seuil`` sur chaque point de coefficient (AMB-38) ? Sans coefficient, oui."""
        return self.points >= Fraction(seuil) * self.coefficients

    @property
    def moyenne(self) -> str | None:
        """Moyenne affichée : deux décimales, tronquée, jamais relevée (AMB-38). Sans coefficient, aucune."""
        if not self.coefficients:
            return None
        return f"{tronquer(self.points / self.coefficients):.2f}"


@dataclass(frozen=True)
class Bilan:
    """Tout ce sur quoi portent les conditions : épreuves comptées, résultats attendus, livret.

    ``manquantes`` : unités obligatoires ni présentées à cette session, ni tenues d'ailleurs. ``exclus`` : états qui
    valent absence, faute d'une condition du règlement qui les nomme.
    """

    comptes: tuple[Compte, ...]
    attendus: tuple[str, ...]
    livret: bool
    livret_vise: bool
    manquantes: tuple[str, ...] = ()
    exclus: frozenset[EtatResultat] = frozenset()

    def totaux(self, domaine: str | None = None) -> Totaux:
        """L'ensemble, points facultatifs compris ; ou un domaine, sans eux (AMB-40)."""
        retenus = [one for one in self.comptes if domaine is None or one.epreuve.domaine == domaine]
        return Totaux(_somme(one.points for one in retenus), _somme(one.coefficient for one in retenus))

    def dans(self, *etats: EtatResultat) -> tuple[str, ...]:
        """Les épreuves obligatoires dans un de ces états."""
        return tuple(one.code for one in self.comptes if one.epreuve.obligatoire and one.resultat.etat in etats)

    @property
    def manquees(self) -> tuple[str, ...]:
        """Les épreuves obligatoires non présentées, à toute l'épreuve ou à l'une de ses parties (BTS-D01)."""
        etats = {EtatResultat.ABSENT_INJUSTIFIE, *self.exclus}
        return tuple(
            one.code
            for one in self.comptes
            if one.epreuve.obligatoire and (one.resultat.etat in etats or _partie_manquee(one))
        )

    @property
    def suspendues(self) -> tuple[Compte, ...]:
        """Les épreuves dont le résultat est gelé, facultatives comprises : aucun résultat définitif (DC-FRA01)."""
        return tuple(one for one in self.comptes if one.resultat.etat is EtatResultat.SUSPENDUE)

    @property
    def sans_valeur(self) -> tuple[Compte, ...]:
        """Les épreuves obligatoires qui n'ont ni note, ni zéro : aucune moyenne ne se calcule (AMB-46)."""
        return tuple(one for one in self.comptes if one.epreuve.obligatoire and one.resultat.etat in SANS_VALEUR)


@dataclass(frozen=True)
class Constat:
    """Ce que donne une condition. ``admission`` fausse : elle ne refuse pas le diplôme, elle garde d'un ajournement."""

    clause: Clause
    tenue: bool
    totaux: Totaux | None = None
    admission: bool = True


def toutes_presentees(clause: Clause, bilan: Bilan) -> Constat:
    """Aucune absence injustifiée à une épreuve obligatoire, ni à une de ses parties (DC-CAP16, BTS-D01)."""
    return Constat(clause, not bilan.manquees)


def toutes_valides(clause: Clause, bilan: Bilan) -> Constat:
    """Aucune épreuve obligatoire dans un état qui interdit le diplôme, quel que soit le total (BTS-D02, AMB-23)."""
    return Constat(clause, not bilan.dans(*etats_exclus(clause)))


def toutes_acquises(clause: Clause, bilan: Bilan) -> Constat:
    """Toutes les unités présentées sont acquises (TP-D01)."""
    return Constat(clause, all(one.acquise for one in bilan.comptes if one.epreuve.obligatoire))


def moyenne_ensemble(clause: Clause, bilan: Bilan) -> Constat:
    """Le total de l'ensemble atteint le seuil, points facultatifs compris (DC-CAP13, DC-CAP14)."""
    totaux = bilan.totaux()
    return Constat(clause, totaux.atteint(exiger_seuil(clause)), totaux)


def moyenne_domaine(clause: Clause, bilan: Bilan) -> Constat:
    """Le total d'un domaine atteint le seuil, sans aucun point facultatif (DC-CAP13, AMB-40)."""
    if clause.domaine is None:
        raise Refus(clause.regle, "le règlement ne dit pas sur quel domaine porte cette moyenne : corrigez-le")
    totaux = bilan.totaux(clause.domaine)
    return Constat(clause, totaux.atteint(exiger_seuil(clause)), totaux)


def livret_vise(clause: Clause, bilan: Bilan) -> Constat:
    """Le livret, s'il est produit, a été examiné (DC-CAP15)."""
    return Constat(clause, bilan.livret_vise or not bilan.livret, admission=False)


PROCEDURES: Mapping[str, Callable[[Clause, Bilan], Constat]] = {
    "toutes_presentees": toutes_presentees,
    "toutes_valides": toutes_valides,
    "toutes_acquises": toutes_acquises,
    "moyenne_ensemble": moyenne_ensemble,
    "moyenne_domaine": moyenne_domaine,
    "livret_vise": livret_vise,
}


def bilan(
    dossier: DossierJury,
    session: SessionFigee,
    accords: Mapping[str, PointsAccordes],
    *,
    livret_vise: bool,
    acquis: Mapping[str, str] = AUCUN,
    oraux: Collection[str] = (),
) -> Bilan:
    """Les épreuves du candidat, dans l'ordre du règlement. ``oraux`` : celles où l'oral de contrôle compte.

    Raises:
        Refus: AMB-05 (coefficient non fourni), ``RESULTAT_MANQUANT`` (voir `note_arretee`).
    """
    reglement = session.reglement
    comptes = tuple(
        compter(code, dossier.resultats[code], session, accords.get(code), acquis.get(code), oral=code in oraux)
        for code in reglement.epreuves
        if code in dossier.resultats
    )
    attendus = tuple(
        code
        for code, epreuve in reglement.epreuves.items()
        if code not in dossier.resultats
        and (code in dossier.facultatives or (epreuve.obligatoire and _presentee(code, dossier)))
    )
    manquantes = tuple(
        code
        for code, epreuve in reglement.epreuves.items()
        if epreuve.obligatoire and code not in dossier.resultats and not _presentee(code, dossier)
    )
    nommes = {etat for one in reglement.deliberation.conditions for etat in etats_exclus(one)}
    return Bilan(comptes, attendus, dossier.livret, livret_vise, manquantes, SANS_VALEUR - nommes)


def compter(
    code: str,
    resultat: ResultatJury,
    session: SessionFigee,
    accord: PointsAccordes | None = None,
    acquis: str | None = None,
    *,
    oral: bool = False,
) -> Compte:
    """La part d'une épreuve : note fois coefficient ; pour une facultative, les seuls points au-dessus du seuil.

    ``oral`` : l'oral de contrôle compte, et la meilleure des deux notes est gardée (DC-BTS11).
    """
    epreuve = session.reglement.epreuves[code]
    compte = Compte(code, epreuve, resultat, accord=accord, acquis=acquis)
    if epreuve.acquise_ou_non:
        exiger_sans_note(resultat)
        return compte
    premiere, coefficient = note_retenue(resultat, accord), session.coefficient(code)
    if not epreuve.obligatoire:
        if premiere is None or resultat.etat is EtatResultat.ABSENT_JUSTIFIE:
            return compte  # AMB-50 : ni l'absence à une facultative, ni celle qui n'est pas tenue, n'ont d'effet
        seuil = Fraction(session.reglement.deliberation.facultatif_seuil)
        points = max(Fraction(0), premiere - seuil) * coefficient
        return replace(compte, note=premiere, points=points)
    if resultat.etat in {*HORS_CALCUL, *SANS_VALEUR, EtatResultat.SUSPENDUE}:
        return compte  # AMB-39 : le coefficient sort des deux côtés, sans note fictive ; AMB-46 : rien n'est calculé
    if premiere is None:
        return replace(compte, coefficient=coefficient, points=Fraction(0))
    if oral and resultat.controle is not None:
        note = max(premiere, Fraction(resultat.controle))
        return replace(compte, note=note, coefficient=coefficient, points=note * coefficient, premiere=premiere)
    return replace(compte, note=premiere, coefficient=coefficient, points=premiere * coefficient)


def note_arretee(resultat: ResultatJury) -> Decimal | None:
    """La note que l'état porte : aucune si absence injustifiée ou dispense, zéro si absence justifiée (DC-CAP16).

    Raises:
        Refus: ``RESULTAT_MANQUANT``, l'état veut une note, ou n'est pas celui d'une épreuve notée.
    """
    match resultat.etat:
        case EtatResultat.NOTE | EtatResultat.BENEFICE:
            if resultat.note is None:
                raise _illisible(resultat, "veut une note, et n'en a pas")
            return resultat.note
        case EtatResultat.ZERO_SUPPORT:
            return resultat.note if resultat.note is not None else Decimal(0)
        case EtatResultat.ABSENT_JUSTIFIE:
            return Decimal(0)
        case (
            EtatResultat.ABSENT_INJUSTIFIE
            | EtatResultat.DISPENSE
            | EtatResultat.VAE
            | EtatResultat.SUSPENDUE
            | EtatResultat.NON_VALIDE
            | EtatResultat.NON_VALIDEE_U1
            | EtatResultat.FRAUDE_ANNULEE
            | EtatResultat.NON_TENUE
        ):
            return None
        case (
            EtatResultat.VALIDEE
            | EtatResultat.NON_VALIDEE
            | EtatResultat.FAVORABLE
            | EtatResultat.INSUFFISANT
            | EtatResultat.NON_ORGANISEE
            | EtatResultat.NON_AUTORISE
            | EtatResultat.ACQUISE
            | EtatResultat.NON_ACQUISE
        ):
            raise _illisible(resultat, "n'est pas l'état d'une épreuve notée")
        case _:
            assert_never(resultat.etat)


def exiger_sans_note(resultat: ResultatJury) -> None:
    """Une unité acquise ou non n'a jamais de note (AMB-28).

    Raises:
        Refus: ``RESULTAT_MANQUANT``, l'état est celui d'une épreuve notée.
    """
    if resultat.etat in NOTES:
        raise _illisible(resultat, "est l'état d'une épreuve notée, celle-ci est acquise ou non")


def note_exacte(resultat: ResultatJury) -> Fraction | None:
    """La note, sans ce que l'affichage en tronque (CL-115) ; une note arrondie par le règlement est celle arrondie."""
    note = note_arretee(resultat)
    if note is None or resultat.note_brute is None:
        return None if note is None else Fraction(note)
    brute = Fraction(resultat.note_brute)
    return brute if tronquer(brute) == note else Fraction(note)


def note_retenue(resultat: ResultatJury, accord: PointsAccordes | None) -> Fraction | None:
    """La note du jury si elle vaut encore pour ce résultat, sinon la note arrêtée, exacte (AMB-53)."""
    if accord is not None and accord.arretee == note_arretee(resultat):
        return Fraction(accord.apres)
    return note_exacte(resultat)


def note_affichee(resultat: ResultatJury, accord: PointsAccordes | None) -> Decimal | None:
    """La note que voit le jury : la sienne si elle vaut encore, sinon celle qui est arrêtée."""
    arretee = note_arretee(resultat)
    return accord.apres if accord is not None and accord.arretee == arretee else arretee


def mention(session: SessionFigee, totaux: Totaux) -> Mention | None:
    """La plus haute mention atteinte par le total exact (DC-CAP21), si la session en a et s'il y a un coefficient."""
    atteintes = [one for one in mentions(session) if totaux.coefficients and totaux.atteint(one.seuil)]
    return max(atteintes, key=lambda one: one.seuil, default=None)


def mentions(session: SessionFigee) -> tuple[Mention, ...]:
    """Les mentions qui existent à cette session (DC-CAP21, DC-MC10)."""
    declarees = session.reglement.deliberation.mentions
    return tuple(one for one in declarees if one.des is None or int(one.des) <= session.annee)


def etats_exclus(clause: Clause) -> tuple[EtatResultat, ...]:
    """Les états qu'une condition de validité interdit."""
    return tuple(EtatResultat(etat) for etat in clause.etats)


def tronquer(nombre: Fraction) -> Decimal:
    """Deux décimales, tronquées, jamais relevées (AMB-38)."""
    return Decimal(math.floor(nombre * CENTIEMES)) / CENTIEMES


def exact(nombre: Fraction) -> str:
    """Le nombre exact en texte : décimal quand il en a un (``125.5``), sinon fraction (``32/3``)."""
    decimal = en_decimal(nombre)
    return str(nombre) if decimal is None else format(decimal, "f")


def en_decimal(nombre: Fraction) -> Decimal | None:
    """Le décimal égal au nombre, sans zéro inutile ; aucun si le développement est infini."""
    with localcontext(prec=60) as context:
        context.traps[Inexact] = True
        try:
            decimal = Decimal(nombre.numerator) / Decimal(nombre.denominator)
        except Inexact:
            return None
        return decimal.quantize(Decimal(1)) if decimal == decimal.to_integral_value() else decimal.normalize()


def _presentee(code: str, dossier: DossierJury) -> bool:
    """L'unité est de celles que le candidat présente : toutes, s'il n'en a pas choisi."""
    return not dossier.unites or code in dossier.unites


def _partie_manquee(compte: Compte) -> bool:
    notees = {code for code, one in compte.epreuve.situations.items() if one.notee}
    return any(
        code in notees and dit == EtatResultat.ABSENT_INJUSTIFIE for code, dit in compte.resultat.situations.items()
    )


def _illisible(resultat: ResultatJury, pourquoi: str) -> Refus:
    detail = f"fait {resultat.fait} : « {resultat.etat} » {pourquoi} ; faites arrêter ce résultat à nouveau"
    return Refus("RESULTAT_MANQUANT", detail)


def _somme(nombres: Iterable[Fraction | None]) -> Fraction:
    return sum((one for one in nombres if one is not None), Fraction(0))


def exiger_seuil(clause: Clause) -> Decimal:
    """Le seuil d'une condition de moyenne.

    Raises:
        Refus: la règle de la clause, le règlement n'en donne pas.
    """
    if clause.seuil is None:
        raise Refus(clause.regle, "le règlement ne donne pas le seuil de cette moyenne : corrigez-le")
    return clause.seuil
