"""The coffre: keys made once, opened again each time, and destroyed so that nothing of them is left anywhere."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, text

from contracts.messages import Refus
from services.socle.coffre import KEYS, Coffre
from services.socle.sql import engine_for

pytest_plugins = ["services.socle.testing_postgres"]

LE = datetime(2026, 11, 20, tzinfo=UTC)
MASTER = bytes(32)


def wrapped(engine: Engine, person: str) -> bytes:
    with engine.connect() as connection:
        return bytes(connection.execute(select(KEYS.c.cle).where(KEYS.c.personne == person)).scalar_one())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "coffre.db"


def bytes_on_disk(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


def test_services_that_start_together_on_an_empty_database_do_not_collide(postgres_base: str) -> None:
    engines = [engine_for(postgres_base) for _ in range(8)]
    together = Barrier(len(engines))

    def start(engine: Engine) -> str:
        together.wait()
        return Coffre(engine, MASTER).seal("A1", b"Camille")

    with ThreadPoolExecutor(len(engines)) as pool:
        sealed = list(pool.map(start, engines))
    assert {Coffre(engines[0], MASTER).open("A1", one) for one in sealed} == {b"Camille"}
    for engine in engines:
        engine.dispose()


def test_a_destroyed_key_is_destroyed_for_every_process(file: Path) -> None:
    here, there = (Coffre(engine_for(f"sqlite:///{file}"), MASTER) for _ in range(2))
    sealed = here.seal("A1", b"Camille")
    assert there.open("A1", sealed) == here.open("A1", sealed) == b"Camille"
    assert here.destroy(["A1"], LE) == 1
    assert there.open("A1", sealed) is None
    assert not there.has("A1")
    assert there.destroyed() == {"A1": LE}


def test_no_key_is_made_again_for_who_was_erased(file: Path) -> None:
    here, there = (Coffre(engine_for(f"sqlite:///{file}"), MASTER) for _ in range(2))
    here.seal("A1", b"Camille")
    there.ensure(["A1"])
    here.destroy(["A1", "B2"], LE)  # B2 never had a key: known as erased all the same
    for person in ("A1", "B2"):
        with pytest.raises(Refus) as refus:
            there.ensure([person])
        assert refus.value.regle == "PERSONNE_EFFACEE"
    there.ensure(["C3"])


def test_destroying_twice_changes_nothing_and_hurts_nobody_else(file: Path) -> None:
    coffre = Coffre(engine_for(f"sqlite:///{file}"), MASTER)
    other = coffre.seal("B2", b"Dominique")
    coffre.seal("A1", b"Camille")
    assert [coffre.destroy(["A1"], LE), coffre.destroy(["A1"], LE.replace(year=2027))] == [1, 0]
    assert coffre.destroyed() == {"A1": LE}
    assert coffre.open("B2", other) == b"Dominique"


def test_nothing_of_a_destroyed_key_is_left_in_the_file_nor_in_its_log(file: Path) -> None:
    engine = engine_for(f"sqlite:///{file}")
    coffre = Coffre(engine, MASTER)
    coffre.ensure(f"P{n}" for n in range(300))
    stored = {person: wrapped(engine, person) for person in ("P7", "P150", "P299", "P8")}
    assert all(one in bytes_on_disk(file) for one in stored.values()), "the search finds what it looks for"
    coffre.destroy(["P7", "P150", "P299"], LE)
    left = bytes_on_disk(file)
    assert [person for person, one in stored.items() if one in left] == ["P8"]
    assert not any(one[12:36] in left for person, one in stored.items() if person != "P8"), "nor a part of it"


def test_nothing_of_a_destroyed_key_is_left_in_the_tables_of_postgresql(postgres_base: str) -> None:
    engine = engine_for(postgres_base)
    coffre = Coffre(engine, MASTER)
    sealed = {person: coffre.seal(person, person.encode()) for person in ("A1", "B2")}
    stored = {person: wrapped(engine, person) for person in sealed}

    def left() -> list[str]:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))
            where = connection.execute(text("SHOW data_directory")).scalar_one()
        found = b"".join(path.read_bytes() for path in Path(where, "base").rglob("*") if path.is_file())
        return [person for person, one in stored.items() if one in found]

    assert left() == ["A1", "B2"], "the search finds what it looks for"
    assert coffre.destroy(["A1"], LE) == 1
    assert left() == ["B2"]
    assert coffre.open("A1", sealed["A1"]) is None
    assert coffre.open("B2", sealed["B2"]) == b"B2"
    with pytest.raises(Refus):
        coffre.ensure(["A1"])
    engine.dispose()


def test_a_secret_of_the_installation_is_always_the_same(file: Path) -> None:
    master = os.urandom(32)
    first = Coffre(engine_for(f"sqlite:///{file}"), master).secret("poivre")
    assert Coffre(engine_for(f"sqlite:///{file}"), master).secret("poivre") == first
