"""A database that is away: tried less and less often, whoever asks; its loss and its return each told once."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from services.socle.errors import DatabaseAway, StopAsked
from services.socle.presence import PAUSE_MAX, Patience, Presence, waiting
from services.socle.sql import engine_for, is_away, is_lost
from services.socle.testing_server import Postgres

ASKERS = 16


def test_however_many_ask_one_attempt_is_made_in_a_while() -> None:
    now = [0.0]
    presence = Presence("essai", clock=lambda: now[0])
    made = 0
    while now[0] < 600.0:  # ten minutes away, somebody asks every millisecond
        if presence._may_try():
            made += 1
            presence.lost(ConnectionRefusedError())
        now[0] += 0.001
    assert made == presence.attempts
    assert 600 / PAUSE_MAX <= made <= 600 / PAUSE_MAX + 10


def test_lost_and_found_are_told_once_and_the_server_is_spared(postgres: Postgres, postgres_base: str) -> None:
    """Counted in attempts: what a tight loop would make grow with the askers, not with the time."""
    presence = Presence("essai")
    engines = [engine_for(postgres_base, presence) for _ in range(2)]
    for engine in engines:
        _ask(engine)
    postgres.kill()
    before, began = presence.attempts, time.monotonic()
    with capture_logs() as logs, ThreadPoolExecutor(ASKERS) as askers:
        try:
            told = list(askers.map(lambda n: _ask(engines[n % 2]), range(100 * ASKERS)))
            tried, lasted = presence.attempts - before, time.monotonic() - began
        finally:
            postgres.start()
        deadline = time.monotonic() + 60
        while _ask(engines[0]) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert _ask(engines[1]) is None
    assert all(isinstance(one, OperationalError) and is_lost(one) and is_away(one) for one in told)
    assert tried <= 10 + lasted / 0.1, "jamais plus d'un essai par pause, quels que soient les demandeurs"
    assert [one["event"] for one in logs if one["event"].startswith("base_")] == ["base_perdue", "base_retrouvee"]
    for engine in engines:
        engine.dispose()


def _ask(engine) -> Exception | None:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:
        return error
    return None


def test_a_restart_between_two_questions_is_not_seen(postgres: Postgres, postgres_base: str) -> None:
    """An idle connection that died is replaced before it is used."""
    engine = engine_for(postgres_base, Presence("essai"))
    _ask(engine)
    postgres.kill()
    postgres.start()
    with capture_logs() as logs:
        assert _ask(engine) is None
    assert not [one for one in logs if one["event"].startswith("base_")]
    engine.dispose()


def test_what_is_not_the_server_s_absence_passes_as_it_is(postgres_base: str) -> None:
    engine = engine_for(postgres_base, Presence("essai"))
    with capture_logs() as logs, engine.connect() as connection, pytest.raises(Exception, match="rien_de_tel") as error:
        connection.execute(text("SELECT * FROM rien_de_tel"))
    assert not is_away(error.value)
    assert not logs
    engine.dispose()


async def test_a_base_that_does_not_come_is_waited_for_a_bounded_time() -> None:
    engine = engine_for("postgresql://nobody@127.0.0.1:9/rien", Presence("essai"))

    async def work() -> None:
        await asyncio.to_thread(lambda: engine.connect().close())

    with pytest.raises(DatabaseAway) as away:
        await waiting("essai", work, Patience(0.3))
    assert away.value.code == "BASE_ABSENTE"
    stop = asyncio.Event()
    asked = asyncio.create_task(waiting("essai", work, Patience(float("inf"), stop)))
    stop.set()
    with pytest.raises(StopAsked):
        await asyncio.wait_for(asked, 60)
    engine.dispose()
