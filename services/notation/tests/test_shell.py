"""Ce que le service va chercher avant de décider."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.commandes.notation import COMMANDES
from contracts.commandes.releve import ChoisirControle
from contracts.evenements import deliberation
from contracts.evenements.deliberation import DecisionPrise
from contracts.evenements.inscription import SessionOuverte
from contracts.messages import Event
from contracts.vocabulaire import Decision
from services.communs.testing import base, projeter
from services.notation.domain.controle import DecisionJury
from services.notation.projections.decisions import Decisions
from services.notation.shell.app import Shell, build
from services.notation.tests.diplomes import AU_BTS, BTS, ouverte
from services.notation.tests.donnees import ALICE, APRES_JURY, fait
from services.notation.tests.faits import fait_lu
from services.socle.service import Environment

DECISION = Path(deliberation.__file__).parent / "exemples/deliberation/deliberation.decision_prise.v2.json"
OUVERTE = SessionOuverte(
    reglement=BTS,
    version=ouverte(BTS).reglement.version,
    empreinte=ouverte(BTS).reglement.empreinte,
    parametres=ouverte(BTS).parametres,
)
CHOISIR = fait(ChoisirControle, epreuves=("E1", "E2"), le=APRES_JURY)


def environnement(engine: Any, attendus: list[str]) -> Environment:
    """What the shell asks of its environment: the journal's end, the read models, the events of the session."""

    async def up_to_date(session: str) -> int:
        attendus.append(session)
        return 1

    async def events(session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        return [OUVERTE] if (service, aggregate) == ("inscription", "session") else []

    settings = SimpleNamespace(academie="normandie")
    parts = {"engine": engine, "settings": settings, "up_to_date": up_to_date, "events": events, "exchanges": {}}
    return cast(Environment, SimpleNamespace(**parts))


@pytest.mark.parametrize("decision", [Decision.EPREUVES_CONTROLE, Decision.REFUSE])
def test_dc_bts11_le_choix_se_decide_sur_la_derniere_decision_du_jury(tmp_path: Path, decision: Decision) -> None:
    engine = base(tmp_path, Decisions())
    prise = DecisionPrise.model_validate_json(DECISION.read_text("utf-8"))
    prise = prise.model_copy(update={"candidat": ALICE, "decision": decision})
    projeter(engine, Decisions(), [fait_lu(prise)])
    attendus: list[str] = []
    looked = asyncio.run(Shell(environnement(engine, attendus)).controle(CHOISIR))
    engine.dispose()
    assert attendus == ["2026"]  # the read model is brought up to date before it is asked
    assert looked["decision"] == DecisionJury(decision)
    assert looked["session"].reglement.id == AU_BTS.reglement


def test_dc_bts11_avant_toute_decision_il_n_y_en_a_pas(tmp_path: Path) -> None:
    engine = base(tmp_path, Decisions())
    looked = asyncio.run(Shell(environnement(engine, [])).controle(CHOISIR))
    engine.dispose()
    assert looked["decision"] is None


def test_chaque_commande_du_service_a_son_decideur() -> None:
    parts = build(environnement(None, []))
    assert sorted(one.command.NAME for one in parts.handlers) == sorted(one.NAME for one in COMMANDES)
