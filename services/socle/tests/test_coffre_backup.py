"""A copy of the coffre: complete, opened by its own master key alone, and unable to bring anybody back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.socle.coffre import Coffre, CoffreError
from services.socle.coffre_backup import read, restore, save
from services.socle.sql import engine_for

LE = datetime(2026, 11, 20, tzinfo=UTC)
MASTER, OTHER = bytes(32), bytes(range(32))

KNOWN = {"A1": False, "B2": False}

Open = Callable[[str], Coffre]


@pytest.fixture
def coffre(tmp_path: Path) -> Open:
    return lambda name: Coffre(engine_for(f"sqlite:///{tmp_path}/{name}.db"), MASTER)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "sauvegardes" / "coffre.json"


def test_a_lost_coffre_comes_back_whole(coffre: Open, copy: Path) -> None:
    lost, found = coffre("perdu"), coffre("neuf")
    sealed = {person: lost.seal(person, person.encode()) for person in ("A1", "B2")}
    pepper = lost.secret("poivre")
    assert save(lost, MASTER, copy, LE) == 3
    assert copy.stat().st_mode & 0o077 == 0
    assert list(copy.parent.iterdir()) == [copy]
    told = restore(found, read(MASTER, copy), KNOWN, LE)
    assert (told.added, told.already, told.erased, told.unknown) == (3, 0, 0, 0)
    assert {person: found.open(person, one) for person, one in sealed.items()} == {"A1": b"A1", "B2": b"B2"}
    assert found.secret("poivre") == pepper
    again = restore(found, read(MASTER, copy), KNOWN, LE)
    assert (again.added, again.already) == (0, 3)


def test_a_copy_holds_neither_the_master_key_nor_a_clear_key(coffre: Open, copy: Path) -> None:
    source = Coffre(coffre("source").engine, OTHER)
    sealed = source.seal("A1", b"A1")
    save(source, OTHER, copy, LE)
    assert OTHER not in copy.read_bytes()
    assert OTHER.hex().encode() not in copy.read_bytes()
    with pytest.raises(CoffreError):
        read(MASTER, copy)
    restored = coffre("ailleurs")
    restore(restored, read(OTHER, copy), KNOWN, LE)
    with pytest.raises(CoffreError):
        restored.open("A1", sealed)


@pytest.mark.parametrize("old", [b"A1", b"parchemin-coffre/1", b"cles"])
def test_an_altered_copy_is_refused(coffre: Open, copy: Path, old: bytes) -> None:
    source = coffre("source")
    source.ensure(["A1"])
    save(source, MASTER, copy, LE)
    altered = copy.read_bytes().replace(old, old[::-1])
    copy.write_bytes(altered)
    with pytest.raises(CoffreError):
        read(MASTER, copy)


@pytest.mark.parametrize("where", ["here", "copy", "journal"])
def test_a_copy_never_brings_an_erased_person_back(coffre: Open, copy: Path, where: str) -> None:
    source = coffre("source")
    sealed = {person: source.seal(person, person.encode()) for person in ("A1", "B2")}
    if where == "copy":
        source.destroy(["A1"], LE)
    save(source, MASTER, copy, LE)
    target = source if where == "here" else coffre("neuf")
    if where == "here":
        source.destroy(["A1"], LE)
    told = restore(target, read(MASTER, copy), KNOWN | {"A1": where == "journal"}, LE)
    assert told.erased == 1
    assert (target.open("A1", sealed["A1"]), target.open("B2", sealed["B2"])) == (None, b"B2")
    assert list(target.destroyed()) == ["A1"]


def test_an_erasure_that_only_the_journal_knows_reaches_a_key_in_place(coffre: Open, copy: Path) -> None:
    source = coffre("source")
    sealed = source.seal("A1", b"A1")
    save(source, MASTER, copy, LE)
    restore(source, read(MASTER, copy), KNOWN | {"A1": True}, LE)
    assert source.open("A1", sealed) is None


def test_a_key_made_since_is_never_replaced(coffre: Open, copy: Path) -> None:
    source, target = coffre("source"), coffre("neuf")
    source.ensure(["A1", "B2"])
    save(source, MASTER, copy, LE)
    sealed = target.seal("A1", b"depuis")
    with pytest.raises(CoffreError):
        restore(target, read(MASTER, copy), KNOWN, LE)
    assert target.open("A1", sealed) == b"depuis"
    assert not target.has("B2"), "nothing was written"


def test_who_no_journal_knows_waits_for_it(coffre: Open, copy: Path) -> None:
    """A restoration begun before that of the journals must not bring back whom they know to be erased."""
    source, target = coffre("source"), coffre("neuf")
    source.ensure(["A1", "B2"])
    pepper = source.secret("poivre")
    save(source, MASTER, copy, LE)
    told = restore(target, read(MASTER, copy), {}, LE)
    assert (told.added, told.unknown) == (1, 2)
    assert target.secret("poivre") == pepper
    told = restore(target, read(MASTER, copy), {"A1": True, "B2": False}, LE)
    assert (told.added, told.erased, told.unknown) == (1, 1, 0)
    assert (target.has("A1"), target.has("B2")) == (False, True)
