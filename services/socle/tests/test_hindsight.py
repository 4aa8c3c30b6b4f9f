"""Old events handled again once SQL has forgotten them: what they had nothing to do then, they do not do now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from contracts.messages import Acteur, Command, Event, Refus, Registry
from services.socle.coffre import Coffre, master_key
from services.socle.enveloppe import Fact, context_of
from services.socle.errors import BrokerAway
from services.socle.handlers import Family, on
from services.socle.hindsight import Memory, Owing, Then
from services.socle.memory import MemoryJournal
from services.socle.reactions import derived_id
from services.socle.runner import Runner
from services.socle.sql import engine_for
from services.socle.tests.caisse import LE

QUI = Acteur(id="systeme:essai", role="systeme", academie="normandie")
ESSAI = "suivre_feu"


class Reglee(Event):
    NAME: ClassVar[str] = "publication.reglee.v1"
    porte: str
    ouverte: bool


class Regler(Command):
    NAME: ClassVar[str] = "publication.regler"
    porte: str
    ouverte: bool


def evolve(ouverte: bool, event: Event) -> bool:
    return event.ouverte if isinstance(event, Reglee) else ouverte


def decide(command: Regler, ouverte: bool) -> list[Event]:
    if command.porte == "murée":
        raise Refus("MUREE")
    return [] if command.ouverte == ouverte else [Reglee(porte=command.porte, ouverte=command.ouverte)]


PORTE = Family("porte", False, evolve)
REGISTRE = Registry([Reglee])


def regler(ouverte: bool, *, cause: str | None = None, par: str = "P", id: str = "") -> Regler:
    identite = derived_id(cause, ESSAI, 0) if cause else id
    return Regler(id=identite, porte=par, ouverte=ouverte, le=LE, par=QUI, session="m1", diplome="essai")


def evenement(numero: int, rang: int, seq: int) -> Fact:
    """An event of the aggregate that the reaction follows."""
    contexte = context_of(
        {"id": "e", "commandeid": "c", "acteur": "a", "role": "r", "time": LE.isoformat(), "correlationid": "c"}
    )
    fait = Reglee(porte="feu", ouverte=True)
    return Fact(fait, f"e{numero}", Reglee.NAME, "J", seq, 0, "ev.normandie.m1.essai.autre.feu", rang, contexte)


def memoire(until: int = 100) -> Memory:
    return Memory(until, lambda event_id, index: derived_id(event_id, ESSAI, index))


async def rien() -> AsyncIterator[list[Owing]]:
    no_batch: list[list[Owing]] = []
    for batch in no_batch:
        yield batch


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    engine = engine_for(f"sqlite:///{tmp_path / 'coffre.db'}")
    yield Runner(
        academie="normandie",
        service="publication",
        journals={"m1": MemoryJournal("MEMOIRE")},
        registry=REGISTRE,
        coffre=Coffre(engine, master_key(tmp_path / "maitre.cle")),
        handlers=on(PORTE, [Regler], lambda command: "porte", decide),
        check=lambda command, academie: None,
    )
    engine.dispose()


async def test_what_had_nothing_to_do_then_has_nothing_to_do_now(runner: Runner):
    """The door was open when the event was new; somebody closed it since. Done now, the old order would open it."""
    await runner.execute(regler(True, id="a-la-main-1"))  # seq 1
    assert not (await runner.execute(regler(True, cause="e1"))).events  # nothing to do: no trace
    await runner.execute(regler(False, id="a-la-main-2"))  # seq 2
    assert await runner.pointless(regler(True, cause="e1"), Then(1, frozenset()))


async def test_what_was_done_is_told_by_the_history(runner: Runner):
    await runner.execute(regler(True, cause="e1"))
    await runner.execute(regler(False, id="a-la-main-1"))
    assert not await runner.pointless(regler(True, cause="e1"), Then(1, frozenset()))
    again = await runner.execute(regler(True, cause="e1"))
    assert again.again
    assert len((await runner.journal("m1").load("ev.normandie.m1.essai.publication.porte")).messages) == 2


async def test_what_was_owed_and_never_done_is_done(runner: Runner):
    """The crash came between the event and its effect."""
    await runner.execute(regler(True, id="a-la-main-1"))
    await runner.execute(regler(False, id="a-la-main-2"))
    assert not await runner.pointless(regler(True, cause="e9"), Then(2, frozenset()))


async def test_what_the_earlier_events_of_the_aggregate_did_was_there(runner: Runner):
    """Two events in a row, both asking to open: the second came before the effect of the first was stored."""
    premier, second = evenement(1, 1, 1), evenement(2, 2, 2)
    await runner.execute(regler(True, cause=premier.id))
    await runner.execute(regler(False, id="a-la-main-1"))
    seq = 0  # both events are older than anything that the door remembers
    assert not await runner.pointless(regler(True, cause=second.id), Then(seq, frozenset()))
    connue = memoire()
    connue.note(premier, 1)
    then = await connue.then(second, rien)
    assert await runner.pointless(regler(True, cause=second.id), Then(seq, then.before))


async def test_what_was_refused_then_is_refused_again(runner: Runner):
    with pytest.raises(Refus, match="MUREE"):
        await runner.pointless(regler(True, cause="e1", par="murée"), Then(1, frozenset()))


async def test_after_a_restart_the_earlier_events_are_read_once():
    lectures = 0

    async def avant() -> AsyncIterator[list[Owing]]:
        nonlocal lectures
        lectures += 1
        await asyncio.sleep(0)  # the others come meanwhile
        yield [(evenement(1, 1, 1), 1), (evenement(2, 2, 5), 300)]

    connue = memoire()
    connue.note(evenement(2, 2, 5), 0)  # handled since the restart, and owing nothing: the first one is not forgotten
    ensemble = await asyncio.gather(*(connue.then(evenement(3, 3, 9), avant) for _ in range(3)))
    for then in ensemble:
        assert then.seq == 9
        assert {derived_id("e1", ESSAI, 0), derived_id("e2", ESSAI, 0), derived_id("e2", ESSAI, 299)} <= then.before
        assert derived_id("e3", ESSAI, 0) not in then.before
    connue.note(evenement(3, 3, 9), 1)
    assert derived_id("e3", ESSAI, 0) in (await connue.then(evenement(4, 4, 12), avant)).before
    assert lectures == 1


async def test_a_reading_cut_short_is_begun_again():
    essais = iter([BrokerAway("coupé"), None])

    async def avant() -> AsyncIterator[list[Owing]]:
        yield [(evenement(1, 1, 1), 1)]
        if panne := next(essais):
            raise panne
        yield [(evenement(2, 2, 5), 1)]

    connue = memoire()
    with pytest.raises(BrokerAway):
        await connue.then(evenement(3, 3, 9), avant)
    assert len((await connue.then(evenement(3, 3, 9), avant)).before) == 2


async def test_beyond_the_end_that_was_known_nothing_is_gone_through_again():
    connue = memoire(until=10)
    assert connue.covers(evenement(1, 1, 10))
    assert not connue.covers(evenement(2, 2, 11))
    connue.note(evenement(2, 2, 11), 1)
    assert not connue._owed
