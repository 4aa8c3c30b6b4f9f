"""The history of a partner's aggregate, and when it may be taken over. Pure: deciders are given it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.evenements.transfert import DU_TRANSFERT
from contracts.messages import Event, Refus


@dataclass(frozen=True)
class Histoire:
    """Every event of an aggregate of a partner, how many messages told it, and the digest of the last."""

    agregat: str
    events: tuple[Event, ...] = ()
    rang: int = 0
    tete: str = ""

    def source(self) -> dict[str, Any]:
        """Where a history comes from, as the event that precedes it says."""
        return {"agregat": self.agregat, "rang": self.rang, "tete": self.tete}

    def a_reprendre(self) -> list[Event]:
        """What is taken over: everything but the transfer itself."""
        return [one for one in self.events if not isinstance(one, DU_TRANSFERT)]


def exiger_reprise(accepte: bool, histoire: Histoire, close: type[Event], ici: str) -> None:
    """Only what was accepted here is taken over, whole, once the académie it leaves has closed it.

    Raises:
        Refus: ``TRANSFERT_NON_ACCEPTE``, ``HISTOIRE_INCOMPLETE``.
    """
    if not accepte:
        raise Refus("TRANSFERT_NON_ACCEPTE", f"{histoire.agregat} : personne n'a accepté ce transfert ici")
    clotures = [one for one in histoire.events if isinstance(one, close)]
    if not clotures or getattr(clotures[-1], "vers", None) != ici:
        detail = f"{histoire.agregat} : l'académie d'origine ne l'a pas clos, ou tout n'est pas arrivé"
        raise Refus("HISTOIRE_INCOMPLETE", f"{detail} ; la reprise se refera")
