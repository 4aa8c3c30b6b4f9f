"""Facts as the journal of the session gives them."""

from __future__ import annotations

from typing import Any

from contracts.evenements.inscription import CandidatInscrit
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Identite, Mode
from services.communs.testing import fait_du_journal
from services.deliberation.tests.donnees import ALICE, LE
from services.socle.enveloppe import Fact

LIEU = {"academie": "rouen", "session": "2026", "diplome": "cap_osrcl"}


def fait(event: Event, seq: int, acteur: str = "ges1") -> Fact:
    """This event at this position of the journal of the session."""
    return fait_du_journal(event, seq, academie="rouen", le=LE, acteur=acteur)


def inscrit(**autres: Any) -> CandidatInscrit:
    valeurs: dict[str, Any] = {
        "candidat": ALICE,
        "identite": Personnel[Identite](scelle=Scelle(personne=ALICE, chiffre="c2VjcmV0")),
        "categorie": Categorie.SCOLAIRE_PUBLIC,
        "majeur": True,
        "modes": {"EP1": Mode.PONCTUEL},
        "reglement": "CAP-OSRCL-2026",
    }
    return CandidatInscrit(**valeurs | autres)
