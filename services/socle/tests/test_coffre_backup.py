"""A copy of the coffre: complete, opened by its own master key alone, and unable to bring anybody back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.socle.coffre import Coffre, CoffreError
from services.socle.coffre_backup import FORMATS, Copy, read, restore, save
from services.socle.confidence import Confidence, Terms
from services.socle.confidence_backup import Journals
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


@pytest.mark.parametrize("old", [b"A1", b"parchemin-coffre/2", b"cles"])
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


# What is confided ---------------------------------------------------------------------------------------------------

BUT = "2026/essai/R1"
LIVE = Journals({BUT: False})


class Confiding:
    """A coffre that received the key of a person registered elsewhere, and its copy."""

    def __init__(self, coffre: Open, path: Path) -> None:
        self.home, self.here, self.path = coffre("origine"), coffre("ici"), path
        self.sealed = self.home.seal("A1", b"Camille")
        terms, self.confidence = Terms(BUT, "reunion", "A1", "pilote"), Confidence(self.here)
        self.public = self.confidence.public_key(BUT)
        wrapped = Confidence(self.home).wrap(terms, self.public)
        assert wrapped is not None
        self.confidence.receive(terms, wrapped)
        self.terms, self.wrapped = terms, wrapped

    def copy(self) -> Copy:
        save(self.here, MASTER, self.path, LE)
        return read(MASTER, self.path)

    def opened(self, coffre: Coffre) -> bytes | None:
        return Confidence(coffre).open(BUT, "reunion", "A1", self.sealed)


def test_what_was_confided_comes_back(coffre: Open, copy: Path) -> None:
    scene, found = Confiding(coffre, copy), coffre("neuf")
    assert restore(found, scene.copy(), KNOWN, LE, LIVE).received == 1
    assert scene.opened(found) == b"Camille"
    assert Confidence(found).public_key(BUT) == scene.public
    assert restore(found, scene.copy(), KNOWN, LE, LIVE).received == 0


@pytest.mark.parametrize("journals", [None, Journals({BUT: True})], ids=["unknown", "ended"])
def test_a_purpose_ended_or_that_no_journal_knows_does_not_come_back(
    coffre: Open, copy: Path, journals: Journals | None
) -> None:
    scene, found = Confiding(coffre, copy), coffre("neuf")
    assert restore(found, scene.copy(), KNOWN, LE, journals).received == 0
    assert scene.opened(found) is None
    assert Confidence(found).receive(scene.terms, scene.wrapped) is False


@pytest.mark.parametrize("where", ["here", "copy"])
def test_a_copy_never_brings_an_ended_purpose_back(coffre: Open, copy: Path, where: str) -> None:
    scene = Confiding(coffre, copy)
    if where == "copy":
        scene.confidence.end(BUT, LE)
    kept = scene.copy()
    scene.confidence.end(BUT, LE)
    target = scene.here if where == "here" else coffre("neuf")
    assert restore(target, kept, KNOWN, LE, LIVE).received == 0
    assert scene.opened(target) is None
    assert Confidence(target).purposes() == []


@pytest.mark.parametrize("where", ["here", "copy", "journal"])
def test_a_copy_never_brings_a_forgotten_person_back(coffre: Open, copy: Path, where: str) -> None:
    scene = Confiding(coffre, copy)
    if where == "copy":
        scene.confidence.forget("reunion", ["A1"], LE)
    kept = scene.copy()
    target = scene.here if where == "here" else coffre("neuf")
    if where == "here":
        scene.confidence.forget("reunion", ["A1"], LE)
    forgotten = frozenset({("reunion", "A1")}) if where == "journal" else frozenset()
    restore(target, kept, KNOWN, LE, Journals(LIVE.purposes, forgotten))
    assert scene.opened(target) is None
    assert Confidence(target).receive(scene.terms, scene.wrapped) is False


def test_a_pair_in_place_is_never_replaced(coffre: Open, copy: Path) -> None:
    scene, target = Confiding(coffre, copy), coffre("neuf")
    public = Confidence(target).public_key(BUT)
    with pytest.raises(CoffreError):
        restore(target, scene.copy(), KNOWN, LE, LIVE)
    assert Confidence(target).public_key(BUT) == public


def test_a_copy_made_before_anything_was_confided_is_read(
    coffre: Open, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = coffre("source")
    source.ensure(["A1"])
    monkeypatch.setattr("services.socle.confidence_backup.written", lambda told: {})
    monkeypatch.setattr("services.socle.coffre_backup.FORMAT", "parchemin-coffre/1")
    save(source, MASTER, copy, LE)
    assert "parchemin-coffre/1" in FORMATS
    assert restore(coffre("neuf"), read(MASTER, copy), KNOWN, LE).added == 1
