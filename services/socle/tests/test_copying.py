"""The same rows, byte for byte, whichever way they go in: one by one, in one JSON parameter, or by COPY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Engine, Integer, MetaData, Table, event, select, text
from sqlalchemy.exc import DBAPIError

from services.socle import copying
from services.socle.presence import Presence
from services.socle.rows import Batch, Delete, Op, Upsert, snapshot, state_hash, stored_row
from services.socle.sql import (
    ExactDecimal,
    Json,
    Moment,
    SortedText,
    create_tables,
    engine_for,
    is_away,
    is_lost,
    writing,
)
from services.socle.testing_server import Postgres

META = MetaData()
tout = Table(
    "tout_v1",
    META,
    Column("cle", SortedText, primary_key=True),
    Column("rang", Integer, primary_key=True),
    Column("texte", SortedText),
    Column("vrai", Boolean),
    Column("grand", BigInteger),
    Column("exact", ExactDecimal),
    Column("le", Moment),
    Column("quoi", Json),
)
DIFFICILES = [
    "", " ", "\\", "\\\\N", "\\N", "\\.", "NULL", "'", '"', "''", "\t", "\n", "\r\n", "\x08\x0b\x0c\x1b", "a\tb\\tc\nd",
    "{}", "é—’«»", "\N{GRINNING FACE}", "\u2028", "%s %(x)s :y $1", "x" * 200_000, "—\\" * 50_000,
]  # fmt: skip
TOT = datetime(1900, 1, 3)  # noqa: DTZ001 - hypothesis wants the bound without zone
LIEUX = (UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-11, minutes=-30)))

textes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
valeurs = st.fixed_dictionaries(
    {},
    optional={
        "texte": st.none() | st.sampled_from(DIFFICILES) | textes,
        "vrai": st.none() | st.booleans(),
        "grand": st.none() | st.integers(-(2**63), 2**63 - 1),
        "exact": st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.just(Decimal("-0.0")),
        "le": st.none() | st.datetimes(TOT, timezones=st.sampled_from(LIEUX)),
        "quoi": st.none() | st.recursive(st.none() | st.booleans() | textes, lambda x: st.lists(x, max_size=3)),
    },
)
cles = st.sampled_from(["a", "A", "é", "\\", "b\tc", ""]) | textes
ordres = st.tuples(cles, st.integers(0, 2), st.none() | valeurs)


@pytest.fixture(scope="module")
def moteurs(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Engine]]:
    """SQLite, et deux PostgreSQL : l'un par JSON, l'autre par COPY."""
    found = [engine_for(f"sqlite:///{tmp_path_factory.mktemp('lignes')}/a.db")]
    found += [engine_for(postgres.database()) for _ in range(2)]
    for engine in found:
        create_tables(engine, [tout])
    yield found
    for engine in found:
        engine.dispose()


def ecrire(engine: Engine, ops: Sequence[Op], copier_des: int, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch()
    for op in ops:
        batch.add(op)
    with monkeypatch.context() as ici:
        ici.setattr(copying, "COPY_FROM", copier_des)
        with writing(engine) as connection:
            batch.write(connection)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(ordres, max_size=12), min_size=1, max_size=3))
def test_the_same_rows_in_both_engines_and_by_both_ways(
    moteurs: list[Engine], monkeypatch: pytest.MonkeyPatch, lots: list[list[tuple[str, int, dict | None]]]
) -> None:
    for engine in moteurs:
        with writing(engine) as connection:
            connection.execute(tout.delete())
    for lot in lots:
        ops = [
            Delete(tout, {"cle": cle, "rang": rang})
            if values is None
            else Upsert(tout, {"cle": cle, "rang": rang}, values)
            for cle, rang, values in lot
        ]
        for engine, des in zip(moteurs, (1, 10**9, 1), strict=True):
            ecrire(engine, ops, des, monkeypatch)
    assert len({state_hash(engine, [tout]) for engine in moteurs}) == 1


def test_each_difficult_text_comes_back_as_it_went_in(moteurs: list[Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    le = datetime(2026, 6, 15, 8, 30, 0, 7, tzinfo=LIEUX[1])
    ops = [
        Upsert(
            tout, {"cle": f"d{rang:02}", "rang": rang}, {"texte": dit, "quoi": {"t": [dit]}, "exact": rang, "le": le}
        )
        for rang, dit in enumerate(DIFFICILES)
    ]
    for engine, des in zip(moteurs, (1, 10**9, 1), strict=True):
        ecrire(engine, ops, des, monkeypatch)
        with engine.connect() as connection:
            dits = connection.execute(
                select(tout.c.texte, tout.c.quoi).where(tout.c.cle.like("d__")).order_by(tout.c.rang)
            )
            assert [(texte, quoi["t"]) for texte, quoi in dits] == [(dit, [dit]) for dit in DIFFICILES]
        with snapshot(engine) as connection:
            rangee = stored_row(connection, tout, {"cle": "d01", "rang": 1})
        assert rangee is not None
        assert (rangee["exact"], rangee["le"]) == ("1", "2026-06-15T06:30:00.000007+00:00")


def test_a_batch_of_thousands_goes_by_copy_and_leaves_nothing_behind(postgres_base: str) -> None:
    engine, dits = engine_for(postgres_base), []
    create_tables(engine, [tout])
    ops = [Upsert(tout, {"cle": str(rang), "rang": 0}, {"texte": "é" * 10}) for rang in range(copying.COPY_FROM)]
    event.listen(engine, "before_cursor_execute", lambda *what: dits.append(what[2]))
    batch = Batch()
    for op in ops:
        batch.add(op)
    with writing(engine) as connection:
        batch.write(connection)
        batch.write(connection)  # twice in one transaction
    assert [dit for dit in dits if "json_to_recordset" in dit] == []
    assert len([dit for dit in dits if "pg_temp" in dit]) == 2
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tout_v1")) == len(ops)
        assert connection.scalar(text("SELECT count(*) FROM pg_class WHERE relname LIKE 'lot\\_%'")) == 0
    engine.dispose()


def test_what_the_database_refuses_in_a_copy_is_the_row_s_fault(
    postgres_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(postgres_base)
    create_tables(engine, [tout])
    with pytest.raises(DBAPIError) as refus:
        ecrire(engine, [Upsert(tout, {"cle": "a\0b", "rang": 0}, {})], 1, monkeypatch)
    assert not is_away(refus.value)
    assert "a\0b" not in str(refus.value)
    engine.dispose()


def test_a_server_killed_in_a_copy_is_waited_for(
    postgres: Postgres, postgres_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence = Presence("essai")
    engine = engine_for(postgres_base, presence)
    create_tables(engine, [tout])
    rows = [(str(rang), rang) for rang in range(20)]

    class Mortel(list):
        def __iter__(self) -> Iterator[tuple[str, int]]:
            yield rows[0]
            postgres.kill()
            yield from rows[1:]

    try:
        monkeypatch.setattr(copying, "COPY_FROM", 1)
        with pytest.raises(DBAPIError) as perte, writing(engine) as connection:
            copying.source(connection, tout, ["cle", "rang"], Mortel(rows))
    finally:
        postgres.start()
    assert is_lost(perte.value)
    ecrire(engine, [Upsert(tout, {"cle": cle, "rang": rang}, {}) for cle, rang in rows], 1, monkeypatch)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tout_v1")) == len(rows)
    assert presence.lost_since is None
    engine.dispose()
