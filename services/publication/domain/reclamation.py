"""Les réclamations d'un candidat : reçues, instruites, closes ; et l'effacement, qui attend leur issue.

Toutes celles d'un candidat forment un seul agrégat : ce qui en court se sait au moment même de décider.
"""

from __future__ import annotations

from typing import assert_never

from contracts.commandes.publication import (
    CloreReclamation,
    DemanderEffacement,
    DeposerReclamation,
    InstruireReclamation,
)
from contracts.session import SessionFigee
from services.publication.domain.depot import deposer
from services.publication.domain.effacement import effacer
from services.publication.domain.issue import clore, instruire
from services.publication.domain.reclamations import (
    Connu,
    ReclamationCommand,
    ReclamationEvent,
    Reclamations,
    evolve,
    initial,
)

__all__ = ["Connu", "ReclamationCommand", "ReclamationEvent", "Reclamations", "decide", "evolve", "initial"]


def decide(
    command: ReclamationCommand, reclamations: Reclamations, session: SessionFigee, *, connu: Connu
) -> list[ReclamationEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    Raises:
        Refus: au dépôt ``CANDIDAT_INCONNU``, ``DEPOT_ANTIDATE``, ``DEPOT_A_VENIR``, ``EPREUVE_INCONNUE``,
            ``ANNEXE_SANS_OBJET``, ``RESULTAT_NON_PUBLIE``, ``RECLAMATION_DEJA_DEPOSEE``, DC-REC02, TR-R01 ; ensuite
            ``RECLAMATION_INCONNUE``, ``RECLAMATION_CLOSE``, ``RECLAMATION_NON_INSTRUITE``, ``CONSTAT_SANS_OBJET``,
            ``CONSTAT_CONTREDIT``, ``RECTIFICATION_EN_COURS``, DC-REC01, DC-REC02, DC-REC04 ; à l'effacement DC-RGP02,
            AMB-58, DC-ARC01, DC-ARC02, MC-R01.
    """
    match command:
        case DeposerReclamation():
            return deposer(command, reclamations, session, connu)
        case InstruireReclamation():
            return instruire(command, reclamations, session, connu)
        case CloreReclamation():
            return clore(command, reclamations, session, connu)
        case DemanderEffacement():
            return effacer(command, reclamations, session, connu)
        case _:
            assert_never(command)
