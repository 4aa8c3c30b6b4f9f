"""Les contrôles que le candidat doit passer : leurs épreuves, leurs pièces, leurs durées (BTS-C01, MC-C03, TP-C01)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from contracts.reglement import Controle, Duree, PieceExigee
from contracts.session import SessionFigee
from contracts.vocabulaire import NaturePiece
from services.conformite.domain.inscrit import Inscrit, mode_de, non_presentees

REGLE_DISPENSES = "AMB-60"
REGLE_PERIODES = "CAP26-C07"
UNE_SUFFIT = "une"


@dataclass(frozen=True)
class ControleDu:
    """Un contrôle dû. ``epreuves`` : celles qu'il ouvre et que le candidat passe ; aucune, l'examen entier.

    ``dispense`` : le candidat ne doit pas de durée, ni la pièce qui l'atteste (BTS-I02).
    """

    cle: str
    controle: Controle
    regle: str
    epreuves: tuple[str, ...]
    pieces: tuple[PieceExigee, ...]
    durees: tuple[Duree, ...]
    dispense: bool = False

    @property
    def natures_attestations(self) -> frozenset[str]:
        """Les natures des pièces qui attestent une durée, exigée ou non."""
        attestent = [une.natures for une in self.pieces if une.motif == "attestation"]
        return frozenset(nature for natures in attestent for nature in natures) | self.natures_durees

    @property
    def natures_durees(self) -> frozenset[str]:
        """Celles dont les périodes comptent."""
        return frozenset(nature for duree in self.durees for nature in duree.natures)


def controles_dus(inscrit: Inscrit, dispenses: Collection[str], session: SessionFigee) -> tuple[ControleDu, ...]:
    """Ceux de l'examen, et ceux des épreuves que le candidat passe, dans l'ordre du règlement."""
    ecartees = non_presentees(inscrit, dispenses, session.reglement)
    return tuple(
        du
        for cle, controle in session.reglement.controles.items()
        if (du := _controle_du(cle, controle, ecartees, inscrit, dispenses, session)).epreuves or not controle.epreuves
    )


def _controle_du(
    cle: str,
    controle: Controle,
    ecartees: Collection[str],
    inscrit: Inscrit,
    dispenses: Collection[str],
    session: SessionFigee,
) -> ControleDu:
    epreuves = tuple(epreuve for epreuve in controle.epreuves if epreuve not in ecartees)
    modes = {mode_de(inscrit, epreuve, session.reglement) for epreuve in epreuves}
    durees = tuple(session.reglement.durees[une] for une in controle.durees.get(inscrit.categorie, ()))
    dispense = bool(durees) and _dispense(controle, dispenses, session)
    attestent = {nature for duree in durees for nature in duree.natures} if dispense else set()
    return ControleDu(
        cle=cle,
        controle=controle,
        regle=controle.regles.get(inscrit.categorie, controle.regle),
        epreuves=epreuves,
        pieces=tuple(
            une
            for une in controle.pieces
            if (not une.categories or inscrit.categorie in une.categories)
            and (not une.modes or modes & set(une.modes))
            and not attestent & set(une.natures)
        ),
        durees=() if dispense else durees,
        dispense=dispense,
    )


def _dispense(controle: Controle, dispenses: Collection[str], session: SessionFigee) -> bool:
    """Dispensé de toutes les unités nommées ; d'une seule, si l'académie lit le texte ainsi (AMB-60)."""
    tenues = [unite in dispenses for unite in controle.dispense_avec]
    if session.option(REGLE_DISPENSES) == UNE_SUFFIT:
        return any(tenues)
    return bool(tenues) and all(tenues)


def toutes_exigences(dus: Iterable[ControleDu]) -> tuple[tuple[ControleDu, PieceExigee], ...]:
    return tuple((du, une) for du in dus for une in du.pieces)


def exigence_de(nature: NaturePiece, dus: Iterable[ControleDu]) -> tuple[ControleDu, PieceExigee] | None:
    """La première exigence qu'une pièce de cette nature remplit."""
    return next(((du, une) for du, une in toutes_exigences(dus) if nature in une.natures), None)


def natures_exigees(dus: Iterable[ControleDu]) -> tuple[NaturePiece, ...]:
    """Une pièce par exigence, une fois chacune : le règlement cite d'abord la plus courante."""
    return tuple(dict.fromkeys(NaturePiece(une.natures[0]) for _, une in toutes_exigences(dus)))


def controlee(nature: NaturePiece, session: SessionFigee) -> bool:
    """Une pièce de cette nature entre-t-elle dans un contrôle du règlement, quel que soit le candidat ?"""
    return any(nature in une.natures for controle in session.reglement.controles.values() for une in controle.pieces)


def controle_de_nature(nature: NaturePiece, session: SessionFigee) -> Controle | None:
    """Le contrôle dont relève une pièce de cette nature."""
    return next(
        (
            controle
            for controle in session.reglement.controles.values()
            if any(nature in une.natures for une in controle.pieces)
        ),
        None,
    )


def date_remise(session: SessionFigee) -> date:
    """Dernier jour de remise des dossiers contrôlés : celui que fixe l'autorité académique (BTS-C04, MC-C05)."""
    return session.parametres.remise_dossiers or session.parametres.remise_supports


def epreuves_concernees(session: SessionFigee) -> frozenset[str]:
    """Les épreuves qu'un contrôle ouvre, et celles dont la dispense y compte."""
    return frozenset(
        epreuve
        for controle in session.reglement.controles.values()
        for epreuve in (*controle.epreuves, *controle.dispense_avec)
    )


def regle_periodes(nature: NaturePiece, session: SessionFigee) -> str:
    """La règle qui compte les périodes d'une pièce de cette nature."""
    comptent = (duree.regle_decompte for duree in session.reglement.durees.values() if nature in duree.natures)
    return next(comptent, REGLE_PERIODES)
