"""Le jury du candidat siège à l'académie pilote (AMB-55) : ce qu'il a vu est figé ici aussi (AMB-54)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from contracts.evenements.deliberation import (
    JuryClos,
    JuryReconvoque,
    NatureDecision,
    TransfertApresCloture,
    TransfertSuivi,
)
from contracts.evenements.regroupement import RegroupementAccepte
from contracts.messages import Event
from contracts.vocabulaire import Decision
from services.communs.testing import base, fait_du_journal, projeter
from services.notation.domain.jury import EtatJury
from services.notation.projections.decisions import Decisions, lire_decision
from services.notation.projections.jurys import Jurys, etat_partage, jury_du_candidat
from services.notation.shell.app import Shell
from services.notation.tests.donnees import ALICE, BASILE, LE
from services.notation.tests.faits import LIEU
from services.notation.tests.test_jury import CLOS, CONSTITUE, decidee
from services.notation.tests.test_shell import OUVERTE
from services.socle.enveloppe import Fact
from services.socle.service import Environment
from services.socle.sql import create_tables

ICI, PILOTE, AUTRE = "normandie", "rouen", "caen"
NOMME = CONSTITUE.model_copy(update={"candidats": (ALICE, BASILE), "origines": {ALICE: ICI}})
FERME = JuryClos.model_validate(CLOS.model_dump() | {"origines": {ALICE: ICI}})
REUNI = JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur d'addition", regle="AMB-54", origine=ICI)
REDECIDEE = decidee(nature=NatureDecision.RECTIFICATIVE).model_copy(update={"origine": ICI})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = base(tmp_path, Jurys())
    create_tables(engine, Decisions.tables)
    yield engine
    engine.dispose()


def dits(*events: Event, academie: str = PILOTE) -> list[Fact]:
    return [fait_du_journal(one, 1 + rang, academie=academie, le=LE) for rang, one in enumerate(events)]


def etat(engine: Engine, candidat: str = ALICE, pilote: str = PILOTE) -> EtatJury | None:
    with engine.connect() as connection:
        return etat_partage(connection, **LIEU, candidat=candidat, pilotes={pilote})


@pytest.mark.parametrize(
    ("histoire", "attendu"),
    [
        ((NOMME,), EtatJury.A_VENIR),
        ((NOMME, decidee().model_copy(update={"origine": ICI})), EtatJury.A_VENIR),
        ((NOMME, FERME), EtatJury.CLOS),
        ((NOMME, FERME, REUNI), EtatJury.RECONVOQUE),
        ((NOMME, FERME, REUNI, REDECIDEE), EtatJury.CLOS),
    ],
)
def test_amb_54_l_etat_du_jury_de_la_pilote_se_lit_ici(
    engine: Engine, histoire: tuple[Event, ...], attendu: EtatJury
) -> None:
    projeter(engine, Jurys(), dits(*histoire))
    assert etat(engine) is attendu
    assert etat(engine, BASILE) is None  # a candidate of the pilot
    with engine.connect() as connection:
        assert jury_du_candidat(connection, **LIEU, candidat=ALICE) is None


SUIVI = TransfertSuivi(jury="J1", candidat=BASILE, de=PILOTE, vers=ICI, origine=ICI, regle="AMB-55")
TARD = TransfertApresCloture(jury="J1", candidat=BASILE, academie=AUTRE, vers=ICI, origine=ICI, regle="AMB-55")
LA_BAS = JuryReconvoque(jury="J1", candidat=BASILE, motif="oubli", regle="AMB-54", origine=AUTRE, tenu_par=ICI)
REPRISE = decidee(BASILE, NatureDecision.RECTIFICATIVE).model_copy(update={"origine": AUTRE, "tenu_par": ICI})
FERME_SUIVI = FERME.model_copy(update={"origines": {ALICE: ICI, BASILE: ICI}})


@pytest.mark.parametrize(
    ("histoire", "attendu"),
    [
        ((NOMME, SUIVI), EtatJury.A_VENIR),
        ((NOMME, SUIVI, FERME_SUIVI), EtatJury.CLOS),
        ((NOMME, FERME, TARD), EtatJury.CLOS),
        ((NOMME, FERME, TARD, LA_BAS), EtatJury.RECONVOQUE),
        ((NOMME, FERME, TARD, LA_BAS, REPRISE), EtatJury.CLOS),
    ],
)
def test_amb_55_le_jury_fige_la_ou_le_candidat_est_passe(
    engine: Engine, histoire: tuple[Event, ...], attendu: EtatJury
) -> None:
    projeter(engine, Jurys(), dits(*histoire))
    assert etat(engine, BASILE) is attendu


def test_amb_55_un_candidat_venu_a_la_pilote_releve_de_son_jury_la(engine: Engine) -> None:
    venu = SUIVI.model_copy(update={"candidat": ALICE, "de": ICI, "vers": PILOTE, "origine": None})
    projeter(engine, Jurys(), dits(NOMME, venu))
    with engine.connect() as connection:
        assert jury_du_candidat(connection, **{**LIEU, "academie": PILOTE}, candidat=ALICE) == "J1"


def test_dc_bts11_la_decision_ouvre_le_controle_la_ou_est_le_dossier(engine: Engine) -> None:
    ouvre = REPRISE.model_copy(update={"decision": Decision.EPREUVES_CONTROLE})
    projeter(engine, Decisions(), dits(ouvre))
    with engine.connect() as connection:
        found = lire_decision(connection, **LIEU, candidat=BASILE, pilotes={PILOTE})
    assert found is not None
    assert found.decision is Decision.EPREUVES_CONTROLE


def test_amb_55_le_jury_d_une_autre_academie_ne_fige_rien(engine: Engine) -> None:
    projeter(engine, Jurys(), dits(NOMME))
    projeter(engine, Jurys(), dits(NOMME, FERME, academie=AUTRE))
    assert etat(engine) is EtatJury.A_VENIR
    assert etat(engine, pilote=AUTRE) is EtatJury.CLOS


def test_dc_bts11_la_decision_de_la_pilote_ouvre_les_epreuves_de_controle(engine: Engine) -> None:
    ouvre = decidee().model_copy(update={"origine": ICI, "decision": Decision.EPREUVES_CONTROLE})
    refuse = decidee().model_copy(update={"origine": ICI, "decision": Decision.REFUSE})
    projeter(engine, Decisions(), dits(ouvre))
    projeter(engine, Decisions(), dits(refuse, academie=AUTRE))
    with engine.connect() as connection:
        assert lire_decision(connection, **LIEU, candidat=ALICE) is None
        found = lire_decision(connection, **LIEU, candidat=ALICE, pilotes={PILOTE})
    assert found is not None
    assert found.decision is Decision.EPREUVES_CONTROLE


@pytest.mark.parametrize(
    ("accepte", "partage", "attendu"),
    [(True, True, EtatJury.CLOS), (False, True, EtatJury.A_VENIR), (True, False, EtatJury.A_VENIR)],
)
def test_amb_55_seul_le_jury_de_la_pilote_acceptee_compte(
    engine: Engine, accepte: bool, partage: bool, attendu: EtatJury
) -> None:
    projeter(engine, Jurys(), dits(NOMME, FERME))
    dit = {"regroupement": "nord", "pilote": PILOTE, "reglement": "CAP-OSRCL-2026", "empreinte": "ab"}
    acceptation = [RegroupementAccepte(**dit, regle="DC-BTS19")] if accepte else []
    journal: dict[str, list[Any]] = {"session": [OUVERTE], "regroupement": acceptation}

    async def events(session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        return journal.get(aggregate, [])

    settings, echanges = SimpleNamespace(academie=ICI), {"2026": None} if partage else {}
    env = SimpleNamespace(engine=engine, settings=settings, events=events, exchanges=echanges)
    command: Any = SimpleNamespace(session="2026", diplome="cap_osrcl", candidat=ALICE)
    assert asyncio.run(Shell(cast(Environment, env)).releve(command))["jury"] is attendu
