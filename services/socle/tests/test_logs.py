"""What goes into a log: the fact and where it comes from, never a value that a library was given."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert
from sqlalchemy.exc import IntegrityError, OperationalError

from contracts.messages import Acteur, Refus
from services.socle import conversation
from services.socle.decided import Outcome
from services.socle.logs import path_of
from services.socle.metrics import OTHER, Instruments
from services.socle.parking import origin_of
from services.socle.sql import engine_for
from services.socle.telling import Teller
from services.socle.tests.caisse import LE, Remercier

NOM = "Zwyxmont-Éléonore"
PROGRAMME = """
import asyncio, logging, sys, threading
from contextlib import suppress
import structlog
from pydantic import BaseModel
from services.socle.logs import configure

NOM = "Zwyxmont-Éléonore"
configure("DEBUG", sys.argv[1])

class Fiche(BaseModel):
    age: int

def fautive():
    try:
        Fiche(age=NOM)
    except ValueError as error:
        raise KeyError(NOM) from error

async def oubliee():
    asyncio.get_running_loop().create_task(seule())
    await asyncio.sleep(0.01)

async def seule():
    fautive()

class Groupe(Exception):
    pass

with suppress(KeyError):
    try:
        fautive()
    except KeyError:
        structlog.get_logger("x").exception("erreur_interne")
        logging.getLogger("bibliotheque").exception("elle dit %s", NOM)
        logging.getLogger("bibliotheque").error(ValueError(NOM))
        raise
asyncio.run(oubliee())
fil = threading.Thread(target=fautive)
fil.start()
fil.join()
try:
    raise ExceptionGroup("plusieurs", [ValueError(NOM)])
except ExceptionGroup:
    structlog.get_logger("x").exception("groupe")
fautive()
"""


@pytest.mark.parametrize("style", ["json", "texte"])
def test_aucune_erreur_de_bibliotheque_ne_dit_ce_qu_elle_a_recu(style: str) -> None:
    fait = subprocess.run([sys.executable, "-c", PROGRAMME, style], capture_output=True, text=True, timeout=120)
    assert fait.returncode == 1
    told = fait.stdout + fait.stderr
    assert "Zwyxmont" not in told, told
    assert "l\\u00e9onore" not in told
    for attendu in ("erreur_interne", "bibliotheque", "erreur_fatale", "groupe", "ValidationError", "KeyError"):
        assert attendu in told, told
    if style == "json":
        lignes = [json.loads(ligne) for ligne in fait.stderr.splitlines()]
        assert all({"event", "level", "timestamp"} <= ligne.keys() for ligne in lignes)
        assert any("Task exception was never retrieved" in ligne.get("dit", "") for ligne in lignes)
        assert [one for ligne in lignes for one in ligne.get("erreur", []) if one.startswith("KeyError < ")]


@pytest.mark.parametrize("base", ["sqlite", "postgres"])
def test_une_erreur_sql_ne_dit_pas_ses_valeurs(base: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/essai.db" if base == "sqlite" else request.getfixturevalue("postgres_base")
    engine, meta = engine_for(url), MetaData()
    table = Table("personnes", meta, Column("nom", Text, primary_key=True), Column("age", Integer))
    meta.create_all(engine)
    twice = insert(table).values([{"nom": NOM, "age": 1}, {"nom": NOM, "age": 2}])
    with engine.begin() as connection, pytest.raises(IntegrityError) as caught:
        connection.execute(twice)
    engine.dispose()
    if base == "postgres":
        assert NOM in str(caught.value)  # PostgreSQL quotes the key: hiding parameters is not enough
    assert NOM not in " ".join(path_of(caught.value)) + origin_of(caught.value)
    assert "IntegrityError" in " ".join(path_of(caught.value))


# Commands ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as told:
        yield told


REFUS = "DROIT_ROLE"
TELLER = Teller(Instruments("caisse", frozenset({Remercier.NAME}), frozenset({REFUS})))


def order() -> Remercier:
    qui = Acteur(id="essai:1", role="essai", academie="normandie")
    return Remercier(id="commande-1", compte="c1", le=LE, par=qui, session="2026", diplome="essai")


@pytest.mark.parametrize(
    ("outcome", "issue"),
    [
        (Outcome((("caisse.x.v1", {"regle": "R1"}), ("caisse.y.v1", {})), "J", 4), "ajoutee"),
        (Outcome((("caisse.x.v1", {}),), "J", 4, again=True), "repetee"),
        (Outcome((), "J", 4), "sans_effet"),
    ],
)
def test_une_commande_faite_est_une_ligne_de_mise_au_point(lines: list[Any], outcome: Outcome, issue: str) -> None:
    with TELLER.command(order(), "conversation-7") as told:
        told.append(outcome)
    (line,) = lines
    assert (line["event"], line["log_level"], line["issue"]) == ("commande", "debug", issue)
    assert (line["id"], line["correlation"], line["commande"]) == ("commande-1", "conversation-7", Remercier.NAME)
    assert (line["journal"], line["position"], line["service"]) == ("J", 4, "caisse")
    assert line["regles"] == (["R1"] if issue == "ajoutee" else [])


def test_un_refus_est_une_ligne_d_information_avec_son_code(lines: list[Any]) -> None:
    with pytest.raises(Refus), TELLER.command(order(), "c"):
        raise Refus(REFUS, f"détail sur {NOM}")
    (line,) = lines
    assert (line["log_level"], line["issue"], line["code"]) == ("info", "refusee", REFUS)
    assert NOM not in str(line)


def test_une_base_absente_se_compte_sous_le_code_que_la_porte_repond(lines: list[Any]) -> None:
    with pytest.raises(OperationalError), TELLER.command(order(), "c"):
        raise OperationalError("SELECT 1", {}, Exception(NOM))
    (line,) = lines
    assert (line["issue"], line["code"]) == ("erreur", "BASE_ABSENTE")
    assert NOM not in str(line)


def test_un_nom_de_commande_inconnu_n_est_pas_repete(lines: list[Any]) -> None:
    TELLER.unread(NOM, "COMMANDE_INCONNUE")
    (line,) = lines
    assert line["commande"] == OTHER
    assert NOM not in str(line)


def test_la_trace_d_une_ligne_est_celle_de_la_conversation(lines: list[Any]) -> None:
    with conversation.within("c", f"00-{'a' * 32}-{'b' * 16}-01"), TELLER.command(order(), "c") as told:
        told.append(Outcome())
    assert lines[0]["trace"] == "a" * 32


def test_un_traceparent_qui_n_en_est_pas_un_n_entre_pas() -> None:
    with conversation.within("c", f"00-{NOM}"):
        assert conversation.current().traceparent == ""
