"""The same rows, byte for byte, in both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Float, MetaData, Table, select, text

from services.socle import sql
from services.socle.enveloppe import Fact
from services.socle.errors import SchemaBusy
from services.socle.projections import Op, Projection
from services.socle.rows import Batch, Comparison, Delete, Upsert, compare_tables, snapshot, state_hash
from services.socle.sql import (
    ExactDecimal,
    Json,
    SortedText,
    create_tables,
    decimal_text,
    engine_for,
    in_writer,
    insert_if_absent,
    is_away,
    json_text,
    moment_text,
    schema_locked,
    writing,
)
from services.socle.tests.caisse import META, Comptes, comptes, mouvements

PARIS = timezone(timedelta(hours=2))


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    return engine_for(f"sqlite:///{tmp_path}/a.db")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return engine_for(f"sqlite:///{tmp_path}/b.db")
    return engine_for(request.getfixturevalue("postgres_base"))


def write(engine: Engine, *ops: Upsert | Delete) -> None:
    create_tables(engine, META.sorted_tables)
    batch = Batch()
    for op in ops:
        batch.add(op)
    with writing(engine) as connection:
        batch.write(connection)


def rows(engine: Engine) -> list[tuple]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(comptes).order_by(comptes.c.compte))]


def upsert(compte: str, **values: object) -> Upsert:
    return Upsert(comptes, {"compte": compte}, values)


@pytest.mark.parametrize(
    ("value", "stored"),
    [("14.50", "14.5"), ("20.00", "20"), ("-0.0", "0"), ("1E+3", "1000"), ("0.1000000000000000000000000000001",) * 2],
)
def test_a_decimal_has_one_text(value: str, stored: str):
    assert decimal_text(Decimal(value)) == stored


@pytest.mark.parametrize("value", [14.5, True, "14", Decimal("NaN"), Decimal("Infinity")])
def test_what_is_not_an_exact_number_is_refused(value: object):
    with pytest.raises((TypeError, ValueError)):
        decimal_text(value)


def test_a_decimal_is_not_ordered_nor_summed_in_sql():
    with pytest.raises(TypeError, match="calculez en Python"):
        _ = comptes.c.depose > Decimal(9)
    assert str(comptes.c.depose == Decimal(9))


def test_a_moment_is_text_in_time_order():
    early, late = datetime(2026, 6, 15, 9, 59, tzinfo=PARIS), datetime(2026, 6, 15, 8, 0, 0, 1, tzinfo=UTC)
    assert moment_text(early) < moment_text(late)
    with pytest.raises(TypeError):
        moment_text(datetime(2026, 6, 15))  # noqa: DTZ001 - naive on purpose


def test_json_is_canonical_and_exact():
    assert json_text({"b": Decimal("1.50"), "a": [1, None]}) == json_text({"a": (1, None), "b": Decimal("1.5")})
    with pytest.raises(TypeError):
        json_text({"a": 0.5})


def test_values_come_back_as_given(engine: Engine):
    le = datetime(2026, 6, 15, 10, 0, tzinfo=PARIS)
    write(engine, upsert("é'1", ouvert=True, depose=Decimal("0.10"), le=le, details={"a": ["é", 1]}, rang=3))
    assert rows(engine) == [("é'1", True, Decimal("0.1"), le, {"a": ["é", 1]}, 3)]


def test_an_upsert_leaves_the_other_columns(engine: Engine):
    write(engine, upsert("a", ouvert=True, rang=1), upsert("b"))
    write(engine, upsert("a", rang=2), upsert("b", rang=9), upsert("a", depose=Decimal(5)), upsert("b"))
    assert rows(engine) == [("a", True, Decimal(5), None, None, 2), ("b", None, None, None, None, 9)]


def test_deleted_then_written_in_one_batch_starts_empty(engine: Engine):
    write(engine, upsert("a", ouvert=True, rang=1), upsert("b", rang=1))
    write(engine, upsert("a", rang=2), Delete(comptes, {"compte": "a"}), upsert("a", depose=Decimal(1)))
    write(engine, Delete(comptes, {"compte": "b"}), Delete(comptes, {"compte": "absent"}))
    assert rows(engine) == [("a", None, Decimal(1), None, None, None)]


@pytest.mark.parametrize(
    "values", [{"rang": 1.0}, {"rang": True}, {"ouvert": 1}, {"depose": 0.1}, {"details": {"x": 0.1}}, {"inconnue": 1}]
)
def test_no_float_and_no_loose_type_gets_in(engine: Engine, values: dict):
    with pytest.raises((TypeError, KeyError)):
        write(engine, upsert("a", **values))
    assert rows(engine) == []


def side_by_side(one: Engine, two: Engine) -> Comparison:
    with snapshot(one) as here, snapshot(two) as there:
        return compare_tables(here, there, [(table, table) for table in Comptes.tables])


def test_the_same_rows_have_the_same_hash_in_both_engines(sqlite: Engine, engine: Engine):
    names = ["z", "a", "É", "é", "Z", "a b", "a-b", "10", "9", "_", "œ", "\U0001f600"]
    ops = [upsert(name, depose=Decimal(f"{n}.50"), rang=n, ouvert=n % 2 == 0) for n, name in enumerate(names)]
    lines = [Upsert(mouvements, {"compte": name, "rang": n}, {"seq": n}) for name in names for n in (10, 9)]
    write(sqlite, *ops, *lines)
    write(engine, *reversed(ops), *reversed(lines))
    assert state_hash(sqlite, Comptes.tables) == state_hash(engine, Comptes.tables)
    compared = side_by_side(sqlite, engine)
    assert compared.equal
    assert (compared.rows, compared.differences) == ((36, 36), ())


def test_differences_name_the_row_and_both_values(sqlite: Engine, engine: Engine):
    write(sqlite, upsert("a", rang=1), upsert("b", rang=1), upsert("c", rang=1))
    write(engine, upsert("b", rang=2), upsert("c", rang=1), upsert("d", rang=1))
    compared = side_by_side(sqlite, engine)
    assert not compared.equal
    assert [(one.key, one.live is None, one.rebuilt is None) for one in compared.differences] == [
        (("a",), False, True),
        (("b",), False, False),
        (("d",), True, False),
    ]


def test_hostile_names_and_values_stay_values(engine: Engine):
    odd = Table(
        'o"dd; drop_v1',
        MetaData(),
        Column('k"ey', SortedText, primary_key=True),
        Column("v%s", Json),
        Column("select", ExactDecimal),
    )
    create_tables(engine, [odd])
    batch = Batch()
    batch.add(Upsert(odd, {'k"ey': "'; --"}, {"v%s": "%s\\", "select": Decimal(1)}))
    batch.add(Delete(odd, {'k"ey': "x"}))
    with writing(engine) as connection:
        batch.write(connection)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(select(odd))] == [("'; --", "%s\\", Decimal(1))]


def test_an_insert_says_whether_it_was_the_first(engine: Engine):
    create_tables(engine, META.sorted_tables)
    for first in (True, False):
        with writing(engine) as connection:
            assert insert_if_absent(connection, comptes, {"compte": "a", "rang": 1}) is first


def test_sqlite_is_set_for_what_is_acknowledged(sqlite: Engine):
    with sqlite.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
    assert found == {"journal_mode": "wal", "synchronous": 2}


async def test_writers_of_one_engine_queue_up(sqlite: Engine):
    create_tables(sqlite, META.sorted_tables)
    seen = [await in_writer(sqlite, lambda n=n: n) for n in range(5)]
    assert seen == list(range(5))


def test_another_database_is_refused():
    with pytest.raises(ValueError, match="non prévue"):
        engine_for("mysql://localhost/x")


def test_a_float_column_is_refused_when_the_projection_is_made():
    class Flottante(Projection):
        name, VERSION, handles = "flottante", 1, Comptes.handles
        tables = (Table("flottante_v1", MetaData(), Column("k", SortedText, primary_key=True), Column("x", Float)),)

        def project(self, fact: Fact) -> list[Op]:
            return []

    with pytest.raises(TypeError, match="non prévu"):
        Flottante()


def test_tables_that_another_program_changes_are_waited_for_a_bounded_time(
    postgres_base: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sql, "SCHEMA_WAIT", 0.2)
    here, there = engine_for(postgres_base), engine_for(postgres_base)
    with writing(there) as other, schema_locked(other), pytest.raises(SchemaBusy) as told:
        create_tables(here, META.sorted_tables)
    assert (told.value.code, is_away(told.value)) == ("BASE_VERROUILLEE", True)
    create_tables(here, META.sorted_tables)
    with here.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0", "the wait of one transaction binds no other"
    for one in (here, there):
        one.dispose()


def test_a_table_that_a_session_holds_is_waited_for_a_bounded_time_too(
    postgres_base: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sql, "SCHEMA_WAIT", 0.2)
    engine = engine_for(postgres_base)
    create_tables(engine, META.sorted_tables)
    with engine.begin() as reader:
        reader.execute(select(comptes))
        with pytest.raises(SchemaBusy), writing(engine) as connection, schema_locked(connection):
            connection.execute(text(f"ALTER TABLE {comptes.name} ADD COLUMN essai text"))
    engine.dispose()
