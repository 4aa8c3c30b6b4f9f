"""Qui doit justifier de quoi pour se présenter, et jusqu'à quand (CAP26-I01 à I03, AMB-04, DC-CAP03, TR-C01)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.reglement import Experience
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, NaturePiece
from services.conformite.domain.exigences import (
    controle_de_nature,
    controlee,
    controles_dus,
    date_remise,
    natures_exigees,
)
from services.conformite.domain.heures import Fenetre
from services.conformite.domain.inscrit import Inscrit, non_presentees
from services.conformite.domain.supports import attendus_supports, natures_supports, support_de

REGLE_SESSION = "CAP26-I01"
REGLE_DATES = "TR-C01"
REGLE_A_VENIR = "AMB-34"
JOUR = timedelta(days=1)


@dataclass(frozen=True)
class Condition:
    """La condition d'expérience est due ou non ; la règle et le fait qui en décident."""

    due: bool
    regle: str
    fait: str


def condition_experience(inscrit: Inscrit, session: SessionFigee) -> Condition:
    """Due au majeur hors formation, ou à tout majeur si l'académie suit la note à la lettre (AMB-04)."""
    experience = session.reglement.experience
    if experience is None:
        du_statut = session.reglement.categories[inscrit.categorie].regle
        regle = REGLE_SESSION if REGLE_SESSION in session.reglement.sources else du_statut
        fait = f"la session {session.annee} n'exige aucune durée"
        if session.reglement.controles:
            fait = f"aucune expérience exigée pour se présenter en {session.annee}"
        return Condition(False, regle, fait)
    if not inscrit.majeur:
        return Condition(False, experience.regle_majorite, f"mineur au 31 décembre {session.annee}")
    if session.parametres.strict_001:
        return Condition(True, experience.regle_majorite, f"majeur au 31 décembre {session.annee}, toutes voies")
    if en_formation(inscrit, session):
        return Condition(False, experience.regle_public, "majeur en formation")
    return Condition(True, experience.regle_public, f"majeur au 31 décembre {session.annee}, hors formation")


def en_formation(inscrit: Inscrit, session: SessionFigee) -> bool:
    """Relève du 1° de D337-7 (DC-CAP03) ; à distance, seulement avec une preuve de préparation (AMB-04)."""
    if inscrit.categorie is Categorie.DISTANCE:
        return inscrit.formation_attestee
    return inscrit.formation_attestee or session.reglement.categories[inscrit.categorie].en_formation


def formation_due(inscrit: Inscrit, session: SessionFigee) -> bool:
    """Le mineur hors formation doit prouver qu'il en suit une (DC-CAP03, CL-009)."""
    prevue = NaturePiece.PREUVE_FORMATION in session.reglement.pieces
    return prevue and not inscrit.majeur and not en_formation(inscrit, session)


def natures_acces(inscrit: Inscrit, session: SessionFigee) -> tuple[NaturePiece, ...]:
    """Les pièces d'accès dues, hors supports d'épreuve. Celle des PFMP est contrôlée sans conditionner l'accès."""
    due = condition_experience(inscrit, session).due
    pfmp = NaturePiece.ATTESTATION_PFMP in session.reglement.pieces
    dues = (
        (NaturePiece.ATTESTATION_EXPERIENCE, due),
        (NaturePiece.PREUVE_FORMATION, formation_due(inscrit, session)),
        (NaturePiece.ATTESTATION_PFMP, pfmp and not due and en_formation(inscrit, session)),
    )
    return tuple(nature for nature, est_due in dues if est_due)


def pieces_dues(inscrit: Inscrit, dispenses: Collection[str], session: SessionFigee) -> tuple[NaturePiece, ...]:
    """Toutes les pièces à produire, supports compris."""
    etablissement = session.reglement.categories[inscrit.categorie].en_formation
    ecartees = non_presentees(inscrit, dispenses, session.reglement)
    return (
        *natures_acces(inscrit, session),
        *natures_exigees(controles_dus(inscrit, dispenses, session)),
        *natures_supports(session.reglement, ecartees, etablissement),
    )


def attendus(inscrit: Inscrit, dispenses: Collection[str], session: SessionFigee) -> tuple[str, ...]:
    """Ce que les pièces dues couvrent : ``attestation_experience``, ``EP1.S1``, ``EP2``…"""
    ecartees = non_presentees(inscrit, dispenses, session.reglement)
    return (
        *(nature.value for nature in natures_acces(inscrit, session)),
        *(nature.value for nature in natures_exigees(controles_dus(inscrit, dispenses, session))),
        *attendus_supports(session.reglement, ecartees),
    )


# Les dates --------------------------------------------------------------------------------------------------------


def veille(session: SessionFigee) -> date:
    """Le dernier jour avant la première épreuve."""
    return session.parametres.premiere_epreuve - JOUR


def limite_acces(session: SessionFigee) -> date:
    """Dernier jour de dépôt des pièces d'accès : celui que fixe l'académie, sinon la veille des épreuves (TR-I01)."""
    fixee = session.parametres.limite_attestation
    return veille(session) if fixee is None else min(fixee, veille(session))


def limite_depot(nature: NaturePiece, session: SessionFigee, *, complement: bool = False) -> date:
    """Dernier jour de dépôt d'une pièce. ``complement`` : une attestation complémentaire est attendue (AMB-34)."""
    if controlee(nature, session):
        return date_remise(session)
    if support_de(nature, session.reglement) or nature is NaturePiece.ATTESTATION_PFMP:
        return session.parametres.remise_supports
    return veille(session) if complement else limite_acces(session)


def regle_delai(nature: NaturePiece, session: SessionFigee) -> str:
    """La règle qui fixe la date de remise d'une pièce."""
    controle = controle_de_nature(nature, session)
    if controle:
        return controle.regle_delai
    experience = session.reglement.experience
    acces = nature in (NaturePiece.ATTESTATION_EXPERIENCE, NaturePiece.PREUVE_FORMATION)
    return experience.regle_delai if experience and acces else REGLE_DATES


def fenetre(experience: Experience, session: SessionFigee, depose_le: datetime) -> Fenetre:
    """Les jours qui comptent : les trois ans avant la première épreuve (AMB-33), jusqu'à la date limite (AMB-34).

    Une attestation complémentaire, déposée après la date limite, vaut jusqu'au jour de son dépôt.
    """
    fin = limite_acces(session)
    if session.parametres.a_venir_sous_reserve:
        jour = depose_le.astimezone(ZoneInfo(session.parametres.fuseau)).date()
        fin = min(max(fin, jour), veille(session))
    return Fenetre(_il_y_a(session.parametres.premiere_epreuve, experience.fenetre_annees), fin)


def fenetre_a_venir(experience: Experience, session: SessionFigee) -> Fenetre:
    """La même, jusqu'à la veille des épreuves : ce qui est annoncé pour plus tard compte, sous réserve (AMB-34)."""
    return Fenetre(_il_y_a(session.parametres.premiere_epreuve, experience.fenetre_annees), veille(session))


def _il_y_a(jour: date, annees: int) -> date:
    """Le même quantième, des années plus tôt ; le 28 février à défaut de 29."""
    try:
        return jour.replace(year=jour.year - annees)
    except ValueError:
        return jour.replace(year=jour.year - annees, day=28)
