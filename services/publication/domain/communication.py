"""Ce qui peut être communiqué au candidat : chaque grille est étiquetée par le règlement (TR-R01)."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.messages import Refus
from contracts.reglement import Reglement

REGLE = "TR-R01"


@dataclass(frozen=True)
class Communicabilite:
    """Un document du règlement, et s'il se communique ; ``motif`` : celui du refus qui serait opposé."""

    annexe: str
    intitule: str
    communicable: bool
    regle: str
    motif: str = ""


def exiger_communicable(reglement: Reglement, annexe: str) -> Communicabilite:
    """Ce document, s'il se communique au candidat.

    Raises:
        Refus: la règle qui s'y oppose (BTS-R01), ou TR-R01 si le règlement ne connaît pas ce document.
    """
    document = reglement.documents.communication.get(annexe)
    if document is None:
        connues = ", ".join(sorted(reglement.documents.communication)) or "aucun"
        raise Refus(REGLE, f"le règlement ne dit rien de l'annexe {annexe} (documents étiquetés : {connues})")
    if not document.communicable:
        autres = [code for code, one in reglement.documents.communication.items() if one.communicable]
        suite = f" ; demandez plutôt {', '.join(autres)}" if autres else ""
        detail = f"annexe {annexe}, « {document.intitule} » : ce document n'est pas communicable au candidat{suite}"
        raise Refus(document.regle, detail)
    return Communicabilite(annexe, document.intitule, True, document.regle)


def communication(reglement: Reglement) -> tuple[Communicabilite, ...]:
    """Tous les documents étiquetés du règlement, avec la règle ; pour un refus, son motif."""
    return tuple(_dire(reglement, annexe) for annexe in reglement.documents.communication)


def _dire(reglement: Reglement, annexe: str) -> Communicabilite:
    document = reglement.documents.communication[annexe]
    try:
        return exiger_communicable(reglement, annexe)
    except Refus as refus:
        return Communicabilite(annexe, document.intitule, False, refus.regle, refus.detail)
