"""From what the services said to the closed jury, with a mark that changes during the sitting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.deliberation import AttesterPresence, CloreJury, ConstituerJury, OuvrirJury, PrendreDecision
from contracts.evenements.deliberation import DecisionPrise, JuryClos
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Command, Refus
from contracts.vocabulaire import Decision, EtatResultat
from services.communs.testing import base, projeter
from services.deliberation.domain.etats import Jury, Ouvert
from services.deliberation.domain.jury import JuryEvent, decide, evolve, initial
from services.deliberation.domain.seance import candidats_perimes
from services.deliberation.projections.candidats_jury import positions
from services.deliberation.projections.dossiers_jury import DossiersJury, charger_dossier
from services.deliberation.tests.donnees import ALICE, BASILE, CONSTITUE, MEMBRES, OBLIGATOIRES, qui, reglement, session
from services.deliberation.tests.faits import LIEU, fait, inscrit

SESSION = session()
MODELE = DossiersJury()


class Banc:
    """The jury and its read model, as the shell holds them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seq = 0
        self.jury: Jury = initial

    def apprendre(self, *events: Any) -> None:
        for event in events:
            self.seq += 1
            projeter(self.engine, MODELE, [fait(event, self.seq)])

    def ordonner(self, command: Command) -> list[JuryEvent]:
        events: list[JuryEvent] = decide(command, self.jury, SESSION, **self.arguments(command))  # type: ignore[arg-type]
        self.jury = reduce(evolve, events, self.jury)
        return events

    def arguments(self, command: Command) -> dict[str, Any]:
        with self.engine.connect() as connection:
            if isinstance(command, PrendreDecision):
                lu = charger_dossier(connection, **LIEU, numero=command.candidat, reglement=reglement())
                return {"dossier": lu}
            if isinstance(command, CloreJury) and isinstance(self.jury, Ouvert):
                connues = positions(connection, **LIEU, candidats=self.jury.composition.candidats)
                return {"perimes": candidats_perimes(self.jury, connues)}
        return {"journal": "JOURNAL_ROUEN_2026", "position": self.seq} if isinstance(command, OuvrirJury) else {}


@pytest.fixture
def banc(tmp_path: Path) -> Iterator[Banc]:
    engine = base(tmp_path, MODELE)
    yield Banc(engine)
    engine.dispose()


def arrete(candidat: str, epreuve: str, note: str) -> ResultatArrete:
    return ResultatArrete(
        candidat=candidat, epreuve=epreuve, etat=EtatResultat.NOTE, note=Decimal(note), regle="TR-N01"
    )


def test_une_note_change_pendant_la_seance_la_decision_est_reprise(banc: Banc) -> None:
    for candidat, note in ((ALICE, "12"), (BASILE, "9.5")):
        banc.apprendre(inscrit(candidat=candidat), *(arrete(candidat, code, note) for code in OBLIGATOIRES))
    banc.ordonner(
        ConstituerJury(**qui("rec1", "recteur"), **CONSTITUE.model_dump(exclude={"regle", "jury", "origines"}))
    )
    for membre in MEMBRES:
        banc.ordonner(AttesterPresence(membre=membre.id, **qui("ges1", "gestionnaire")))
    banc.ordonner(OuvrirJury(**qui()))
    for candidat in (ALICE, BASILE):
        banc.ordonner(PrendreDecision(candidat=candidat, **qui()))

    banc.apprendre(*(arrete(BASILE, code, "10") for code in ("EP1", "EP2", "EP3", "UG1")))
    with pytest.raises(Refus) as refus:
        banc.ordonner(CloreJury(**qui()))
    assert [(one.regle, one.sur) for one in refus.value.donnees["manques"]] == [("TR-D01", BASILE)]  # type: ignore[attr-defined]

    (reprise,) = banc.ordonner(PrendreDecision(candidat=BASILE, **qui()))
    assert isinstance(reprise, DecisionPrise)
    assert (reprise.decision, reprise.moyenne, reprise.position) == (Decision.AJOURNE, "9.90", banc.seq)
    (clos,) = banc.ordonner(CloreJury(**qui()))
    assert isinstance(clos, JuryClos)
    assert clos.decisions == {ALICE: Decision.ADMIS, BASILE: Decision.AJOURNE}
    assert clos.position == banc.seq
