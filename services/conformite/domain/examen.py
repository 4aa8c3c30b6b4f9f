"""Examiner un dossier : autoriser, refuser avec tous ses motifs, ou attendre (CAP26-I03 à I06, CAP26-R01)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

from contracts.evenements.conformite import MotifNonConformite
from contracts.reglement import Experience
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication, NaturePiece, Verdict
from services.conformite.domain import explication
from services.conformite.domain.acces import (
    REGLE_A_VENIR,
    condition_experience,
    formation_due,
    limite_acces,
    regle_delai,
    veille,
)
from services.conformite.domain.etats import Dossier, Piece
from services.conformite.domain.heures import chiffre
from services.conformite.domain.jugement import ordonner
from services.conformite.domain.pieces import attestations, decompter, heures_sous_reserve

ACCES = (NaturePiece.ATTESTATION_EXPERIENCE, NaturePiece.PREUVE_FORMATION)


@dataclass(frozen=True)
class Favorable:
    """Autorisé. ``heures`` : absentes quand aucune durée n'est exigée."""

    regle: str
    explication: tuple[Explication, ...]
    heures: Fraction | None = None


@dataclass(frozen=True)
class Defavorable:
    """Non autorisé, avec tous ses motifs et l'orientation due au candidat."""

    regle: str
    motifs: tuple[MotifNonConformite, ...]
    orientation: str
    explication: tuple[Explication, ...]
    heures: Fraction | None = None


@dataclass(frozen=True)
class EnSuspens:
    """Rien ne se décide encore, en vertu de ``regle`` ; ``detail`` dit ce qu'on attend."""

    regle: str
    detail: str


Issue: TypeAlias = Favorable | Defavorable | EnSuspens


def examiner(dossier: Dossier, session: SessionFigee, le: datetime) -> Issue:
    """L'issue d'un contrôle fait à cet instant. Les supports n'y entrent pas : leur sanction est autre (TR-C03)."""
    condition = condition_experience(dossier.inscrit, session)
    experience = session.reglement.experience
    if condition.due and experience:
        return _experience(dossier, experience, session, le)
    if formation_due(dossier.inscrit, session):
        return _formation(dossier, session, le)
    return _sans_condition(dossier, session)


def _experience(dossier: Dossier, experience: Experience, session: SessionFigee, le: datetime) -> Issue:
    """La durée exigée, sur pièces admises (TR-I01)."""
    admises = attestations(dossier.recu, Verdict.CONFORME)
    retenues = decompter(admises, experience, session).heures
    suffisent = retenues >= Fraction(experience.heures)
    if suffisent and not dossier.verifie_faux:
        clauses = explication.experience(dossier, experience, session)
        return Favorable(experience.regle, clauses, retenues)
    attente = (
        None if dossier.verifie_faux else _attente(dossier, session, le) or _a_venir(dossier, experience, session, le)
    )
    if attente:
        return attente
    motifs = _motifs(dossier, experience, session)
    clauses = explication.experience(dossier, experience, session, motifs)
    return Defavorable(experience.regle_refus, motifs, experience.orientation, clauses, retenues)


def _formation(dossier: Dossier, session: SessionFigee, le: datetime) -> Issue:
    """Le mineur hors formation (CL-009) : une preuve de formation, sans condition de durée."""
    attente = None if dossier.verifie_faux else _attente(dossier, session, le)
    if attente:
        return attente
    experience = session.reglement.experience
    regle = session.reglement.pieces[NaturePiece.PREUVE_FORMATION].regle
    preuves = dossier.recu.de_nature(NaturePiece.PREUVE_FORMATION)
    motifs = ordonner(motif for preuve in preuves for motif in _motifs_de(preuve)) or (MotifNonConformite.PIECE,)
    orientation = experience.orientation if experience else ""
    return Defavorable(regle, motifs, orientation, explication.formation(dossier, session, motifs))


def _sans_condition(dossier: Dossier, session: SessionFigee) -> Issue:
    """Ni durée ni preuve exigées. Des PFMP qu'une personne refuse s'opposent (AMB-04) ; leur absence, non."""
    condition = condition_experience(dossier.inscrit, session)
    pfmp = dossier.recu.de_nature(NaturePiece.ATTESTATION_PFMP)
    refusees = any(piece.verdict is Verdict.NON_CONFORME for piece in pfmp)
    admises = any(piece.verdict is Verdict.CONFORME for piece in pfmp)
    experience = session.reglement.experience
    if experience and refusees and not admises:
        motifs = (MotifNonConformite.PIECE,)
        clauses = explication.sans_condition(dossier, condition, session, motifs)
        return Defavorable(experience.regle_public, motifs, experience.orientation, clauses)
    return Favorable(condition.regle, explication.sans_condition(dossier, condition, session))


def _attente(dossier: Dossier, session: SessionFigee, le: datetime) -> EnSuspens | None:
    """On ne refuse pas un dossier qu'une personne doit encore examiner, ni avant la date limite."""
    for piece in dossier.recu.de_nature(*ACCES):
        if piece.jugee and piece.verdict is Verdict.A_EXAMINER:
            detail = f"la pièce {piece.deposee.piece} est à examiner : jugez-la à la main, avec son motif"
            return EnSuspens(piece.jugee.regle, detail)
    jour = limite_acces(session)
    if session.dans_les_delais(le, jour):
        regle = regle_delai(NaturePiece.ATTESTATION_EXPERIENCE, session)
        return EnSuspens(regle, f"le candidat peut compléter son dossier jusqu'au {jour:%d/%m/%Y} inclus : attendez")
    return None


def _a_venir(dossier: Dossier, experience: Experience, session: SessionFigee, le: datetime) -> EnSuspens | None:
    """Option de l'académie : les semaines à venir suffiraient, la pièce complémentaire est attendue (AMB-34)."""
    jour = veille(session)
    if dossier.recu.complement is None or not session.dans_les_delais(le, jour):
        return None
    promises = heures_sous_reserve(attestations(dossier.recu, Verdict.CONFORME), experience, session)
    if promises < Fraction(experience.heures):
        return None
    detail = f"{chiffre(promises)} h sous réserve : la pièce complémentaire est attendue jusqu'au {jour:%d/%m/%Y}"
    return EnSuspens(REGLE_A_VENIR, detail)


def _motifs(dossier: Dossier, experience: Experience, session: SessionFigee) -> tuple[MotifNonConformite, ...]:
    """Ceux des attestations écartées ; la durée, si même elles admises le compte n'y serait pas."""
    toutes = attestations(dossier.recu)
    if not toutes:
        return (MotifNonConformite.PIECE,)
    motifs = [motif for piece in toutes for motif in _motifs_de(piece)]
    if dossier.verifie_faux:
        motifs.append(MotifNonConformite.PIECE)
    if decompter(toutes, experience, session).heures < Fraction(experience.heures):
        motifs.append(MotifNonConformite.DUREE)
    return ordonner(motifs)


def _motifs_de(piece: Piece) -> Iterable[MotifNonConformite]:
    """Les motifs d'une pièce écartée. Jugée par une personne, son motif est écrit : il relève de la pièce."""
    if piece.jugee is None or piece.verdict is Verdict.CONFORME:
        return ()
    if piece.jugee.a_la_main:
        return (MotifNonConformite.PIECE,)
    return tuple(MotifNonConformite(motif) for motif in piece.jugee.motifs)
