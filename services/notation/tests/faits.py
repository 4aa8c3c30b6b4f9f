"""Facts as the journal of the session gives them."""

from __future__ import annotations

from contracts.messages import Event
from services.communs.testing import fait_du_journal
from services.notation.tests.donnees import LE
from services.socle.enveloppe import Fact

LIEU = {"academie": "normandie", "session": "2026", "diplome": "cap_osrcl"}


def fait_lu(event: Event, seq: int = 1, acteur: str = "ges1") -> Fact:
    """This event at this position of the journal of the session."""
    agregat = "bordereau-{lot}" if "bordereau" in event.NAME else None
    return fait_du_journal(event, seq, academie="normandie", le=LE, acteur=acteur, agregat=agregat, rang=seq)
