"""Les pièces d'un dossier : juger celle qui arrive, compter les heures admises, dire ce qui manque encore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

from contracts.evenements.conformite import MotifNonConformite, PieceDeposee
from contracts.reglement import Experience
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, NaturePiece, Periode, Verdict
from services.conformite.domain.acces import (
    REGLE_DATES,
    attendus,
    fenetre,
    fenetre_a_venir,
    limite_depot,
    regle_delai,
)
from services.conformite.domain.attestation import attestees, juger_attestation
from services.conformite.domain.etats import Dossier, Piece, Recu
from services.conformite.domain.exigee import juger_exigee
from services.conformite.domain.exigences import ControleDu, controles_dus, exigence_de, toutes_exigences
from services.conformite.domain.heures import Attestee, Decompte, heures_plafonnees
from services.conformite.domain.inscrit import non_presentees
from services.conformite.domain.jugement import Jugement
from services.conformite.domain.supports import juger_support, support_de, supports_dus

REGLE_ADMINISTRATIVE = "TR-C02"
REGLE_PIX = "AMB-20"
MENTION_PIX = "pix"
PIX_DUE = frozenset({Categorie.SCOLAIRE_PUBLIC, Categorie.SCOLAIRE_PRIVE})

CleAttestee = tuple[str, str, date, date]


def limite(nature: NaturePiece, recu: Recu, session: SessionFigee) -> date:
    """Dernier jour de dépôt d'une pièce de ce dossier."""
    attendue = nature is NaturePiece.ATTESTATION_EXPERIENCE and recu.complement is not None
    return limite_depot(nature, session, complement=attendue)


def juger(deposee: PieceDeposee, dossier: Dossier, session: SessionFigee) -> Jugement:
    """Ce que la règle dit d'une pièce ; ce qu'elle ne peut dire est à examiner par une personne."""
    exigence = exigence_de(deposee.nature, dus(dossier, session))
    if exigence:
        return juger_exigee(deposee, *exigence, dossier.ouvert.categorie, session)
    jour = limite(deposee.nature, dossier.recu, session)
    experience = session.reglement.experience
    if experience and deposee.nature is NaturePiece.ATTESTATION_EXPERIENCE:
        return juger_attestation(deposee, experience, session, limite=jour)
    a_temps = session.dans_les_delais(deposee.depose_le, jour)
    if support_de(deposee.nature, session.reglement):
        jugement = juger_support(deposee, dossier.ouvert.categorie, session.reglement, jour)
        tardif = () if a_temps else (f"{REGLE_DATES} : remis après la date fixée par l'académie",)
        return replace(jugement, alertes=jugement.alertes + tardif)
    if deposee.nature is NaturePiece.PREUVE_FORMATION and not a_temps:
        regle = regle_delai(deposee.nature, session)
        return Jugement(Verdict.NON_CONFORME, regle, motifs=(MotifNonConformite.DELAI,))
    piece = session.reglement.pieces.get(deposee.nature)
    regle = piece.regle if piece else REGLE_ADMINISTRATIVE
    return Jugement(Verdict.A_EXAMINER, regle, alertes=tuple(_livret(deposee, dossier, session)))


def dus(dossier: Dossier, session: SessionFigee) -> tuple[ControleDu, ...]:
    """Les contrôles que ce dossier doit passer."""
    return controles_dus(dossier.inscrit, dossier.recu.dispenses, session)


def _livret(deposee: PieceDeposee, dossier: Dossier, session: SessionFigee) -> Iterator[str]:
    """La mention de la certification numérique manque au livret : on alerte l'établissement, sans bloquer (AMB-20)."""
    concerne = deposee.nature is NaturePiece.LIVRET_SCOLAIRE and REGLE_PIX in session.reglement.choix
    if not concerne or dossier.ouvert.categorie not in PIX_DUE:
        return
    if deposee.contenu is None or MENTION_PIX not in deposee.contenu.fiches:
        yield f"{REGLE_PIX} : mention PIX absente du livret ; à signaler à l'établissement, sans effet"


def attendu(nature: NaturePiece, dossier: Dossier, session: SessionFigee) -> str:
    """Ce qu'une pièce couvre : ``EP1.S1``, ``EP2``, la première nature de son exigence, ou sa propre nature."""
    exigence = exigence_de(nature, dus(dossier, session))
    if exigence:
        return exigence[1].natures[0]
    support = support_de(nature, session.reglement)
    return support.cle if support else nature.value


def manquants(dossier: Dossier, session: SessionFigee) -> tuple[str, ...]:
    """Les attendus que rien ne couvre : ni pièce reçue, ni pièce à régulariser."""
    admises = [piece for piece in dossier.recu.pieces.values() if piece.verdict is not Verdict.NON_CONFORME]
    natures = {piece.deposee.nature for piece in admises}
    couverts = {attendu(nature, dossier, session) for nature in natures}
    exigees = toutes_exigences(dus(dossier, session))
    couverts |= {une.natures[0] for _, une in exigees if natures & set(une.natures)}
    voulus = attendus(dossier.inscrit, dossier.recu.dispenses, session)
    return tuple(un for un in voulus if un not in couverts)


def supports_manquants(dossier: Dossier, session: SessionFigee) -> tuple[tuple[str, str], ...]:
    """Les supports dus et absents, chacun avec sa règle. Un document incomplet existe : il ne manque pas (CL-030)."""
    absents = set(manquants(dossier, session))
    ecartees = non_presentees(dossier.inscrit, dossier.recu.dispenses, session.reglement)
    return tuple((du.cle, du.regle) for du in supports_dus(session.reglement, ecartees) if du.cle in absents)


# Les heures -------------------------------------------------------------------------------------------------------


def attestations(recu: Recu, *verdicts: Verdict) -> tuple[Piece, ...]:
    """Les attestations d'expérience reçues ; celles de ces verdicts, s'il y en a."""
    toutes = recu.de_nature(NaturePiece.ATTESTATION_EXPERIENCE)
    return tuple(piece for piece in toutes if not verdicts or piece.verdict in verdicts)


def decompter(pieces: Iterable[Piece], experience: Experience, session: SessionFigee) -> Decompte:
    """Les heures que des attestations établissent ensemble, sous le plafond."""
    return heures_plafonnees(
        _une_fois(
            (piece.deposee, une)
            for piece in pieces
            for une in attestees(piece.deposee, fenetre(experience, session, piece.deposee.depose_le))
        ),
        experience,
    )


def heures_sous_reserve(pieces: Iterable[Piece], experience: Experience, session: SessionFigee) -> Fraction:
    """Les mêmes, semaines à venir comprises (AMB-34)."""
    jusqu_aux_epreuves = fenetre_a_venir(experience, session)
    sous_reserve = _une_fois(
        (piece.deposee, une) for piece in pieces for une in attestees(piece.deposee, jusqu_aux_epreuves)
    )
    return heures_plafonnees(sous_reserve, experience).heures


def heures_dossier(recu: Recu, session: SessionFigee) -> Fraction | None:
    """Les heures admises à ce jour ; aucune si la session n'en exige pas ou si rien n'est déposé."""
    experience = session.reglement.experience
    if experience is None or not attestations(recu):
        return None
    return decompter(attestations(recu, Verdict.CONFORME), experience, session).heures


def _une_fois(toutes: Iterable[tuple[PieceDeposee, Attestee]]) -> Iterable[Attestee]:
    """Une attestation par entreprise (CAP26-C07) : une période de la même entreprise, dite deux fois, compte une."""
    return {_cle(deposee, une.periode): une for deposee, une in toutes}.values()


def _cle(deposee: PieceDeposee, periode: Periode) -> CleAttestee:
    entreprise = deposee.attestation.entreprise if deposee.attestation else None
    nom = "".join((entreprise.siret or entreprise.denomination).split()).casefold() if entreprise else ""
    return nom, periode.nature.value, periode.debut, periode.fin
