"""Ce que le jury sait de la réclamation qui le fait réunir : déposée, instruite, fondée ; rien de plus."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.evenements.publication import (
    ConstatReclamation,
    ReclamationClose,
    ReclamationDeposee,
    ReclamationInstruite,
)
from contracts.messages import Event, Refus

FONDENT = frozenset({ConstatReclamation.ERREUR_MATERIELLE, ConstatReclamation.IRREGULARITE})
REGLE_RECTIFICATION = "AMB-54"


def exiger_fondee(numero: str, histoire: Iterable[Event]) -> None:
    """La réclamation citée existe, court encore, et son instruction a trouvé de quoi réunir le jury.

    Raises:
        Refus: ``RECLAMATION_INCONNUE``, ``RECLAMATION_CLOSE``, ``RECLAMATION_NON_INSTRUITE`` ; AMB-54, l'instruction
            n'a trouvé ni erreur matérielle ni irrégularité.
    """
    deposee, close, constat = False, False, None
    for event in histoire:
        match event:
            case ReclamationDeposee() if event.numero == numero:
                deposee = True
            case ReclamationInstruite() if event.numero == numero:
                constat = event.constat
            case ReclamationClose() if event.numero == numero:
                close = True
            case _:
                continue
    if not deposee:
        raise Refus("RECLAMATION_INCONNUE", f"aucune réclamation {numero} de ce candidat : vérifiez son numéro")
    if close:
        raise Refus("RECLAMATION_CLOSE", f"la réclamation {numero} a déjà une issue : déposez-en une autre")
    if constat is None:
        detail = "dites d'abord ce qui a été trouvé (publication.instruire_reclamation)"
        raise Refus("RECLAMATION_NON_INSTRUITE", f"la réclamation {numero} n'est pas instruite : {detail}")
    if constat not in FONDENT:
        detail = f"l'instruction de {numero} n'a trouvé ni erreur matérielle ni irrégularité : rien n'est à revoir"
        raise Refus(REGLE_RECTIFICATION, detail)
