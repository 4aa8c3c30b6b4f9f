"""Les supports d'épreuve : qui les doit, qui les signe, lesquels manquent (CAP24-C01 à C06)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from contracts.evenements.conformite import MotifNonConformite, PieceDeposee
from contracts.reglement import Piece, Reglement, Support
from contracts.vocabulaire import Categorie, NaturePiece, Verdict
from services.conformite.domain.jugement import Demande, Jugement

REGLE_SUPPORT = "TR-C01"
# Qui signe au titre d'une qualité : tuteur, maître d'apprentissage ou employeur ; professeur ou formateur (CAP24-C05).
QUALITES: dict[str, frozenset[str]] = {
    "tuteur": frozenset({"tuteur", "maitre_apprentissage", "employeur"}),
    "formateur": frozenset({"formateur", "professeur"}),
}
LIBELLES = {
    "tuteur": "signature du tuteur, du maître d'apprentissage ou de l'employeur",
    "formateur": "signature du professeur ou du formateur",
    "candidat": "signature du candidat",
    "employeur": "signature de l'employeur",
}


@dataclass(frozen=True)
class SupportDu:
    """Le support d'une épreuve ou d'une situation : ``cle`` est ``EP1.S1`` ou ``EP2``."""

    cle: str
    epreuve: str
    natures: tuple[NaturePiece, ...]
    regle: str


def supports(reglement: Reglement) -> tuple[SupportDu, ...]:
    """Les supports que le règlement exige, dans son ordre."""
    return tuple(
        SupportDu(cle, epreuve, tuple(NaturePiece(nature) for nature in support.natures), support.regle)
        for epreuve, cle, support in _clauses(reglement)
    )


def _clauses(reglement: Reglement) -> Iterable[tuple[str, str, Support]]:
    for code, epreuve in reglement.epreuves.items():
        if epreuve.support:
            yield code, code, epreuve.support
        for situation, une in epreuve.situations.items():
            if une.support:
                yield code, f"{code}.{situation}", une.support


def support_de(nature: NaturePiece, reglement: Reglement) -> SupportDu | None:
    """Le support qu'une pièce de cette nature constitue."""
    return next((un for un in supports(reglement) if nature in un.natures), None)


def supports_dus(reglement: Reglement, ecartees: Collection[str]) -> tuple[SupportDu, ...]:
    """Ceux des épreuves que le candidat passe : les autres sont dispensées, conservées, ou non choisies."""
    return tuple(un for un in supports(reglement) if un.epreuve not in ecartees)


def attendus_supports(reglement: Reglement, ecartees: Collection[str]) -> tuple[str, ...]:
    return tuple(un.cle for un in supports_dus(reglement, ecartees))


def natures_supports(reglement: Reglement, ecartees: Collection[str], etablissement: bool) -> tuple[NaturePiece, ...]:
    """Une pièce par support. Au choix (CAP24-C04) : le règlement cite d'abord celle de qui vient d'un établissement."""
    return tuple(un.natures[0 if etablissement else -1] for un in supports_dus(reglement, ecartees))


def juger_support(deposee: PieceDeposee, categorie: Categorie, reglement: Reglement, avant: date) -> Jugement:
    """Recevable si ceux qui doivent le signer l'ont signé ; le fond n'est pas jugé ici.

    ``avant`` : dernier jour pour régulariser une signature absente.
    """
    piece = reglement.pieces.get(deposee.nature)
    if piece is None:
        support = support_de(deposee.nature, reglement)
        return Jugement(Verdict.CONFORME, support.regle if support else REGLE_SUPPORT)
    manques = signatures_absentes(signataires(piece, categorie, reglement), deposee.signataires)
    if not manques:
        return Jugement(Verdict.CONFORME, piece.regle)
    regle = piece.regle_signature or piece.regle
    demande = Demande(manques, regle, avant)
    return Jugement(Verdict.INCOMPLETE, regle, motifs=(MotifNonConformite.SIGNATURE,), demande=demande)


def signataires(piece: Piece, categorie: Categorie, reglement: Reglement) -> tuple[str, ...]:
    """Ceux que le règlement veut, selon que le candidat vient d'un établissement ou non."""
    etablissement = reglement.categories[categorie].en_formation
    return piece.signataires.get("en_etablissement" if etablissement else "individuel", ())


def signatures_absentes(exiges: Iterable[str], signataires: Collection[str]) -> tuple[str, ...]:
    """Ce qui manque, en toutes lettres."""
    return tuple(_libelle(qui) for qui in exiges if not QUALITES.get(qui, {qui}) & set(signataires))


def _libelle(qualite: str) -> str:
    return LIBELLES.get(qualite, f"signature : {qualite}")
