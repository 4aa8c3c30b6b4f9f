"""Facts as the journal of the session gives them."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.evenements.inscription import CandidatInscrit
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Identite, Mode
from services.communs.testing import fait_du_journal
from services.conformite.tests.donnees import ALICE, NOVEMBRE
from services.socle.enveloppe import Fact

LIEU = {"academie": "rouen", "session": "2026", "diplome": "cap_osrcl"}


def fait(event: Event, seq: int = 1, academie: str = "rouen") -> Fact:
    """This event at this position of the journal of the session."""
    return fait_du_journal(event, seq, academie=academie, le=NOVEMBRE, acteur="g.durand")


def faits(events: Iterable[Event]) -> list[Fact]:
    return [fait(event, seq) for seq, event in enumerate(events, 1)]


def inscrit(categorie: Categorie = Categorie.INDIVIDUEL, *, majeur: bool = True) -> CandidatInscrit:
    return CandidatInscrit(
        candidat=ALICE,
        identite=Personnel[Identite](scelle=Scelle(personne=ALICE, chiffre="c2VjcmV0")),
        categorie=categorie,
        majeur=majeur,
        modes={"EP1": Mode.PONCTUEL, "EP2": Mode.PONCTUEL},
        reglement="CAP-OSRCL-2026",
    )
