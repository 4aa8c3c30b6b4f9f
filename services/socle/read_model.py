"""What a read model is, and the one transaction that moves it: a batch of messages, the rows they make, the position.

The position moves by compare-and-set in the transaction that writes the rows: whatever fails, and however many
instances run, an event takes effect once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import structlog
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, MetaData, Table, bindparam, select, update

from contracts.messages import ContractError, Event, Registry, UnknownVersion
from services.socle import parking, seen
from services.socle.enveloppe import H_TYPES, Fact, Stored
from services.socle.errors import SocleError
from services.socle.facts import Decoded, kind, kinds
from services.socle.parking import Parked, origin_of
from services.socle.rows import Batch, Op
from services.socle.seen import Seen
from services.socle.sql import SortedText, binder, insert_if_absent, is_away, writing

log = structlog.get_logger("projections")

metadata = MetaData()
position = Table(
    "position",
    metadata,
    Column("projection", SortedText, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("stream", SortedText, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("created", SortedText, nullable=False),  # identity of the stream the position belongs to
)


# Written once: every transaction runs them, and building a query costs more than its answer.
_ON_STREAMS = select(position.c.projection, position.c.version, position.c.stream, position.c.seq, position.c.created)
_ON_STREAMS = _ON_STREAMS.where(position.c.stream.in_(bindparam("streams", expanding=True)))
_AS_KNOWN = [column == bindparam(f"at_{column.name}") for column in position.c]
_COMPARE_AND_SET = update(position).where(*_AS_KNOWN).values(seq=bindparam("to"))


class Fenced(SocleError):
    """Another instance moved the position first: its transaction counts, this one never happened."""

    code = "POSITION_DEPLACEE"


class Projection(ABC):
    """One read model. ``project`` is pure: it sees the fact alone, no clock, no database, no rules.

    Columns outside the key are nullable or have a server default, because an event rarely sets them all.
    ``exchanged``: it also takes what partners share; by default a read model shows its own académie alone.
    """

    name: ClassVar[str]
    VERSION: ClassVar[int]
    tables: ClassVar[tuple[Table, ...]]
    handles: ClassVar[frozenset[type[Event]]]
    exchanged: ClassVar[bool] = False

    @abstractmethod
    def project(self, fact: Fact) -> Iterable[Op]:
        """The rows that follow from this fact, by key."""

    def __init__(self) -> None:
        self.label = f"{self.name}_v{self.VERSION}"
        self.kinds = kinds(self.handles)
        if not self.handles or not self.tables:
            raise TypeError(f"{self.label} : il faut des événements et des tables")
        for table in self.tables:
            self._check(table)

    def _check(self, table: Table) -> None:
        if not table.name.endswith(f"_v{self.VERSION}") or not len(table.primary_key):
            raise TypeError(f"{table.name} : le nom doit finir par _v{self.VERSION}, et il faut une clé")
        for column in table.c:
            binder(column, _NO_DIALECT)
            if column.default is not None or not (column.primary_key or column.nullable or column.server_default):
                raise TypeError(
                    f"{column} : hors clé, une colonne est facultative ou a une valeur par défaut du serveur"
                )


_NO_DIALECT: Any = None  # the converters do not depend on the dialect: that is their point


@dataclass(slots=True)
class Standing:
    """Where one projection stands on one stream. ``stopped`` says why it does not move any more, ``stopped_on`` the
    message that stopped it, when it is known to be one (0: it is not); ``exchanged``, that the stream is not ours, and
    may send again what it has sent.
    """

    projection: Projection
    stream: str
    created: str = ""
    seq: int = 0
    stopped: str | None = None
    stopped_on: int = 0
    exchanged: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        columns = position.c
        return (
            columns.projection == self.projection.name,
            columns.version == self.projection.VERSION,
            columns.stream == self.stream,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a committed transaction changed for one projection."""

    standing: Standing
    seq: int
    stopped: str | None
    parked: Sequence[Parked]


@dataclass(frozen=True, slots=True)
class Aside:
    """What the live read model could not take, as (stream, position): a rebuilt one does the same with it.

    A projection that is given this is rebuilt: what it cannot take, and the live one could, stops it.
    """

    parked: frozenset[tuple[str, int]] = frozenset()
    discarded: frozenset[tuple[str, int]] = frozenset()
    forgone: frozenset[tuple[str, str, str]] = frozenset()  # of partners: (stream, subject, digest)


NOTHING_ASIDE = Aside()


class BrokenProjection(Exception):
    """A projection whose rows the database refuses, and would refuse again."""

    def __init__(self, standing: Standing, cause: Exception) -> None:
        super().__init__(str(standing.projection.label))
        self.standing = standing
        self.detail = f"la base refuse ses lignes ({type(cause).__name__})"


class _Pass:
    """One projection going through one batch, inside the transaction."""

    def __init__(
        self,
        service: str,
        standing: Standing,
        parked: set[str],
        at: datetime,
        aside: Aside | None = None,
        given_up: frozenset[int] = frozenset(),
        forgone: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.standing = standing
        self.projection = standing.projection
        self.stopped: str | None = None
        self.stopped_at = 0
        self.rows = Batch()
        self.newly: list[Parked] = []
        self.seen = Seen(service, self.projection.label, standing.stream) if standing.exchanged else None
        self._service, self._parked, self._at, self._aside = service, parked, at, aside
        self._given_up, self._forgone = given_up, forgone

    def take(self, message: Decoded) -> None:
        stored = message.stored
        if stored.seq <= self.standing.seq or self.stopped is not None:
            return
        if self._was_given_up(stored):
            return
        if self.seen is not None and not self._is_new(stored, self.seen):
            return
        if stored.subject in self._parked or self._parked_live(stored):
            self._park(stored, parking.WAITING, "un message antérieur de cet agrégat est stationné")
            return
        try:
            facts = message.facts(self.projection.kinds)
        except UnknownVersion as error:
            if self.seen is None:
                self._stop(stored, str(error))
            else:  # a partner upgrades when it likes: its event waits for our own upgrade, and holds nobody else back
                self._park(stored, error.code, str(error))
        except ContractError as error:
            if self._aside is None:
                self._park(stored, error.code, str(error))
            else:
                self._stop(stored, str(error))
        else:
            self._project(stored, facts)

    def _was_given_up(self, stored: Stored) -> bool:
        """By its position; what partners send, by its content, since exchanges filled again have another order."""
        aside = self._aside or NOTHING_ASIDE
        if self.seen is None:
            return stored.seq in self._given_up or (stored.stream, stored.seq) in aside.discarded
        what = (stored.subject, stored.digest)
        return what in self._forgone or (stored.stream, *what) in aside.forgone

    def _is_new(self, stored: Stored, seen_before: Seen) -> bool:
        taken = seen_before.take(stored)
        if taken is None and self._aside is not None and not self._parked_live(stored):
            seen_before.accept(stored)  # it was tried again, and taken
            return True
        if taken is None:
            self._park(stored, seen.DIVERGENT, "le partenaire avait déjà envoyé autre chose à ce rang de l'agrégat")
        return bool(taken)

    def _parked_live(self, stored: Stored) -> bool:
        return self._aside is not None and (stored.stream, stored.seq) in self._aside.parked

    def _project(self, stored: Stored, facts: list[Fact]) -> None:
        """All the events of a message or none: it is one decision."""
        try:
            for op in [op for fact in facts for op in self.projection.project(fact)]:
                self.rows.add(op)
        except Exception as error:
            # A fault of the program, not of the message: stopping keeps the rows consistent until it is corrected.
            self._stop(stored, f"erreur du programme : {origin_of(error)}")

    def _stop(self, stored: Stored, why: str) -> None:
        types = ", ".join(stored.types)
        self.stopped, self.stopped_at = f"{stored.where} : {types} : {why}", stored.seq - 1

    def _park(self, stored: Stored, code: str, cause: str) -> None:
        self._parked.add(stored.subject)
        label = self.projection.label
        self.newly.append(
            Parked(self._service, label, stored.stream, stored.seq, stored.subject, code, cause, self._at)
        )


class Transaction:
    """How a batch reaches the database."""

    def __init__(
        self,
        service: str,
        registry: Registry,
        engine: Engine,
        clock: Callable[[], datetime],
        asides: Mapping[str, Aside] | None = None,
    ) -> None:
        self.service, self.registry, self.engine, self.clock = service, registry, engine, clock
        self.asides = asides or {}
        self._wanted: dict[str, frozenset[str]] = {}

    def apply(self, batch: Sequence[Stored], standings: Sequence[Standing]) -> list[Outcome]:
        """Everything the batch changes, or nothing.

        Raises:
            Fenced: the position in the database is not the one known here.
            BrokenProjection: the database refuses what one projection makes.
        """
        with writing(self.engine) as connection:
            return self.apply_within(connection, batch, standings)

    def apply_within(
        self, connection: Connection, batch: Sequence[Stored], standings: Sequence[Standing]
    ) -> list[Outcome]:
        """The same in a transaction that is open already."""
        last = batch[-1].seq
        moving = [one for one in standings if one.stopped is None and one.seq < last]
        if not moving:
            return []
        # The position first: it takes the row lock (PostgreSQL) or the write lock (SQLite), so that a rival waits
        # here, and what is read below cannot change any more.
        for one in moving:
            move(connection, one, one.seq, last)
        passes = self._passes(connection, moving, batch)
        for one_pass in passes:
            if one_pass.seen is not None:
                one_pass.seen.load(connection, (stored.subject for stored in batch))
        self._go_through(batch, passes)
        for one_pass in passes:
            self._write(connection, one_pass, last)
        return [Outcome(p.standing, p.stopped_at if p.stopped else last, p.stopped, p.newly) for p in passes]

    def _passes(self, connection: Connection, moving: Sequence[Standing], batch: Sequence[Stored]) -> list[_Pass]:
        at, stream = self.clock(), moving[0].stream
        parked = parking.parked_subjects(connection, self.service, stream)
        given_up = parking.discarded(connection, self.service, stream, batch[0].seq, batch[-1].seq)
        forgone = seen.forgone(connection, self.service, stream=stream) if moving[0].exchanged else set()

        def one_pass(one: Standing) -> _Pass:
            label = one.projection.label
            behind = {subject for consumer, subject in parked if consumer == label}
            passed = frozenset(seq for name, seq in given_up if name == one.projection.name)
            theirs = frozenset((subject, digest) for name, _, subject, digest in forgone if name == one.projection.name)
            return _Pass(self.service, one, behind, at, self.asides.get(label), passed, theirs)

        return [one_pass(one) for one in moving]

    def _go_through(self, batch: Sequence[Stored], passes: list[_Pass]) -> None:
        """The body of a message that interests nobody is never parsed: its header says enough."""
        interested: dict[str, list[_Pass]] = {}
        for stored in batch:
            types = stored.headers.get(H_TYPES, "")
            takers = interested.get(types)
            if takers is None:
                carried = frozenset(map(kind, types.split(",")))
                takers = interested[types] = [one for one in passes if carried & one.projection.kinds]
            if takers:
                message = Decoded(stored, self.registry)
                for one in takers:
                    one.take(message)

    def _write(self, connection: Connection, one: _Pass, last: int) -> None:
        try:
            one.rows.write(connection)
        except Exception as error:
            if is_away(error):
                raise
            raise BrokenProjection(one.standing, error) from error
        if one.seen is not None:
            one.seen.rows.write(connection)
        parking.park(connection, one.newly)
        if one.stopped is not None:
            move(connection, one.standing, last, one.stopped_at)

    def take_stand(self, standings: Sequence[Standing], created: str) -> None:
        """Read where each projection stands; one that never ran starts at the beginning."""
        with writing(self.engine) as connection:
            known = _positions(connection, {one.stream for one in standings})
            for one in standings:
                found = known.get((one.projection.name, one.projection.VERSION, one.stream))
                one.seq, one.created = found or _begin(connection, one, created)


def _positions(connection: Connection, streams: Iterable[str]) -> dict[tuple[str, int, str], tuple[int, str]]:
    """All those of these streams in one look: a service has many projections, and asks for them often."""
    rows = connection.execute(_ON_STREAMS, {"streams": sorted(streams)})
    return {(name, version, stream): (seq, created) for name, version, stream, seq, created in rows}


def _begin(connection: Connection, one: Standing, created: str) -> tuple[int, str]:
    """The first position, unless a rival has just written it."""
    name = {"projection": one.projection.name, "version": one.projection.VERSION, "stream": one.stream}
    insert_if_absent(connection, position, {**name, "seq": 0, "created": created})
    seq, written = connection.execute(select(position.c.seq, position.c.created).where(*one.key)).one()
    return seq, written


def move(connection: Connection, one: Standing, old: int, new: int) -> None:
    """Compare-and-set. SELECT … FOR UPDATE alone would not do: SQLite ignores it."""
    name = {"at_projection": one.projection.name, "at_version": one.projection.VERSION, "at_stream": one.stream}
    expected = {**name, "at_seq": old, "at_created": one.created}
    if connection.execute(_COMPARE_AND_SET, {**expected, "to": new}).rowcount != 1:
        raise Fenced(f"{one.projection.label} sur {one.stream} n'est plus à {old} : une autre instance l'a déplacée")
