"""Où en est le jury du candidat, tel que le journal le dit au moment de décider : c'est lui, non la date, qui fige.

Une fois le jury clos, ce qu'il a vu ne change plus (AMB-54). Réuni de nouveau pour un candidat, une erreur de ses notes
se corrige, jusqu'à ce qu'il ait redécidé.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryReconvoque,
    TransfertApresCloture,
    TransfertSuivi,
)
from contracts.messages import Event, Refus

REGLE_APRES_JURY = "AMB-54"


class EtatJury(StrEnum):
    """Ce que le candidat attend de son jury."""

    A_VENIR = "a_venir"  # aucun jury ne l'a, ou le sien n'est pas clos
    CLOS = "clos"
    RECONVOQUE = "reconvoque"


def etat_du_jury(candidat: str, histoire: Iterable[Event]) -> EtatJury:
    """L'état qui ressort des faits de son jury, dans l'ordre du journal.

    Un jury d'ici peut avoir le même numéro d'une autre académie (AMB-55) : il ne fige rien pour celui d'ici, à moins
    qu'il n'y soit venu.
    """
    etat, ailleurs = EtatJury.A_VENIR, False
    for event in histoire:
        match event:
            case JuryConstitue(origines=origines):
                ailleurs = candidat in origines
            case TransfertSuivi(origine=origine) | TransfertApresCloture(origine=origine) if event.candidat == candidat:
                ailleurs = origine is not None
            case JuryClos():
                etat = EtatJury.CLOS
            case JuryReconvoque() if event.candidat == candidat:
                etat = EtatJury.RECONVOQUE
            case DecisionPrise() if event.candidat == candidat and etat is EtatJury.RECONVOQUE:
                etat = EtatJury.CLOS
            case _:
                continue
    return EtatJury.A_VENIR if ailleurs else etat


def exiger_jury_ouvert(etat: EtatJury, *, corrige: bool, quoi: str) -> None:
    """Ce qui changerait ce que le jury a vu attend qu'il soit réuni ; ``corrige`` : l'ordre répare une erreur.

    Raises:
        Refus: AMB-54.
    """
    if etat is EtatJury.A_VENIR or (etat is EtatJury.RECONVOQUE and corrige):
        return
    if etat is EtatJury.RECONVOQUE:
        detail = "le jury est réuni de nouveau pour une erreur : seule une correction motivée est reçue ; rectifiez"
    else:
        detail = "le jury est clos, ce qu'il a vu ne change plus ici ; faites-le reconvoquer"
    raise Refus(REGLE_APRES_JURY, f"{quoi} : {detail}")
