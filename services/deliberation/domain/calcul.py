"""Les procédures nommées des conditions du règlement : des totaux exacts, jamais une moyenne arrondie (AMB-38)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from typing import assert_never

from contracts.messages import Refus
from contracts.reglement import Clause, Epreuve, Mention, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat
from services.deliberation.domain.dossier import DossierJury, PointsAccordes, ResultatJury

CENTIEMES = 100  # moyennes affichées à deux décimales (DC-CAP11)


@dataclass(frozen=True)
class Compte:
    """Une épreuve dans le calcul.

    ``coefficient`` absent : hors du dénominateur (dispense, facultatif). ``points`` absents : hors du calcul.
    """

    code: str
    epreuve: Epreuve
    resultat: ResultatJury
    note: Fraction | None = None
    coefficient: Fraction | None = None
    points: Fraction | None = None
    accord: PointsAccordes | None = None

    @property
    def accord_applique(self) -> bool:
        return self.accord is not None and self.accord.arretee == note_arretee(self.resultat)


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
        entiers, centiemes = divmod(self.points * CENTIEMES // self.coefficients, CENTIEMES)
        return f"{entiers}.{centiemes:02d}"


@dataclass(frozen=True)
class Bilan:
    """Tout ce sur quoi portent les conditions : épreuves comptées, résultats attendus, livret."""

    comptes: tuple[Compte, ...]
    attendus: tuple[str, ...]
    livret: bool
    livret_vise: bool

    def totaux(self, domaine: str | None = None) -> Totaux:
        """L'ensemble, points facultatifs compris ; ou un domaine, sans eux (AMB-40)."""
        retenus = [one for one in self.comptes if domaine is None or one.epreuve.domaine == domaine]
        return Totaux(_somme(one.points for one in retenus), _somme(one.coefficient for one in retenus))

    def dans(self, *etats: EtatResultat) -> tuple[str, ...]:
        """Les épreuves obligatoires dans un de ces états."""
        return tuple(one.code for one in self.comptes if one.epreuve.obligatoire and one.resultat.etat in etats)


@dataclass(frozen=True)
class Constat:
    """Ce que donne une condition. ``admission`` fausse : elle ne refuse pas le diplôme, elle garde d'un ajournement."""

    clause: Clause
    tenue: bool
    totaux: Totaux | None = None
    admission: bool = True


def toutes_presentees(clause: Clause, bilan: Bilan) -> Constat:
    """Aucune absence injustifiée à une épreuve obligatoire (DC-CAP16)."""
    return Constat(clause, not bilan.dans(EtatResultat.ABSENT_INJUSTIFIE))


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
    "moyenne_ensemble": moyenne_ensemble,
    "moyenne_domaine": moyenne_domaine,
    "livret_vise": livret_vise,
}


def bilan(
    dossier: DossierJury, session: SessionFigee, accords: Mapping[str, PointsAccordes], *, livret_vise: bool
) -> Bilan:
    """Les épreuves du candidat, dans l'ordre du règlement.

    Raises:
        Refus: AMB-05 (coefficient non fourni), ``RESULTAT_MANQUANT`` (voir `note_arretee`).
    """
    epreuves = session.reglement.epreuves
    comptes = tuple(
        compter(code, dossier.resultats[code], session, accords.get(code))
        for code in epreuves
        if code in dossier.resultats
    )
    attendus = tuple(
        code
        for code, epreuve in epreuves.items()
        if code not in dossier.resultats and (epreuve.obligatoire or code in dossier.facultatives)
    )
    return Bilan(comptes, attendus, dossier.livret, livret_vise)


def compter(code: str, resultat: ResultatJury, session: SessionFigee, accord: PointsAccordes | None = None) -> Compte:
    """La part d'une épreuve : note fois coefficient ; pour une facultative, les seuls points au-dessus du seuil."""
    epreuve = session.reglement.epreuves[code]
    compte = Compte(code, epreuve, resultat, accord=accord)
    note, coefficient = note_retenue(resultat, accord), session.coefficient(code)
    if not epreuve.obligatoire:
        if note is None or resultat.etat is EtatResultat.ABSENT_JUSTIFIE:
            return compte  # AMB-50 : l'absence à une facultative est sans effet
        seuil = Fraction(session.reglement.deliberation.facultatif_seuil)
        points = max(Fraction(0), Fraction(note) - seuil) * coefficient
        return Compte(code, epreuve, resultat, Fraction(note), None, points, accord)
    if resultat.etat is EtatResultat.DISPENSE:
        return compte  # AMB-39 : le coefficient sort des deux côtés, sans note fictive
    if note is None:
        return Compte(code, epreuve, resultat, None, coefficient, Fraction(0), accord)
    return Compte(code, epreuve, resultat, Fraction(note), coefficient, Fraction(note) * coefficient, accord)


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
        case EtatResultat.ABSENT_INJUSTIFIE | EtatResultat.DISPENSE:
            return None
        case (
            EtatResultat.VALIDEE
            | EtatResultat.NON_VALIDEE
            | EtatResultat.FAVORABLE
            | EtatResultat.INSUFFISANT
            | EtatResultat.NON_ORGANISEE
            | EtatResultat.NON_AUTORISE
        ):
            raise _illisible(resultat, "n'est pas l'état d'une épreuve notée")
        case _:
            assert_never(resultat.etat)


def note_retenue(resultat: ResultatJury, accord: PointsAccordes | None) -> Decimal | None:
    """La note du jury si elle vaut encore pour ce résultat, sinon la note arrêtée (AMB-53)."""
    arretee = note_arretee(resultat)
    return accord.apres if accord is not None and accord.arretee == arretee else arretee


def mention(reglement: Reglement, totaux: Totaux) -> Mention | None:
    """La plus haute mention atteinte par le total exact (DC-CAP21), si le règlement en a et s'il y a un coefficient."""
    atteintes = [one for one in reglement.deliberation.mentions if totaux.coefficients and totaux.atteint(one.seuil)]
    return max(atteintes, key=lambda one: one.seuil, default=None)


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
