"""What a reaction remembers, in SQL: the last rank handled of each aggregate, and what is parked, in one transaction.

The rank moves by compare-and-set, so that two instances may share a durable; its row is the lock under which the parked
messages of an aggregate are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nats.aio.msg import Msg
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, MetaData, Table, select, update

from services.socle import parking, seen
from services.socle.errors import StreamChanged
from services.socle.parking import Parked
from services.socle.reader import StreamIdentity
from services.socle.sql import SortedText, insert_if_absent, writing

metadata = MetaData()
progress = Table(
    "avancement",
    metadata,
    Column("service", SortedText, primary_key=True),
    Column("reaction", SortedText, primary_key=True),
    Column("stream", SortedText, primary_key=True),
    Column("subject", SortedText, primary_key=True),
    Column("rang", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
origin = Table(
    "avancement_journal",
    metadata,
    Column("service", SortedText, primary_key=True),
    Column("reaction", SortedText, primary_key=True),
    Column("stream", SortedText, primary_key=True),
    Column("created", SortedText, nullable=False),  # identity of the stream the ranks belong to
)
review = Table(
    "avancement_reprise",
    metadata,
    Column("service", SortedText, primary_key=True),
    Column("reaction", SortedText, primary_key=True),
    Column("stream", SortedText, primary_key=True),
    Column("jusqu_a", BigInteger, nullable=False),  # where the stream ended when these ranks began
)


@dataclass(slots=True)
class Aggregate:
    """One aggregate during a batch: how far it was, how far it is, what is to park."""

    subject: str
    before: int
    rank: int
    seq: int
    seq_before: int
    parked: bool
    given_up: frozenset[int | str] = frozenset()  # positions; of what partners share, digests
    newly: list[Parked] = field(default_factory=list)
    settled: list[Msg] = field(default_factory=list)
    postponed: list[tuple[Msg, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Ranks:
    """The memory of one reaction on one journal."""

    engine: Engine
    service: str
    reaction: str
    durable: str
    stream: str
    exchanged: bool = False

    def begin(self, journal: StreamIdentity) -> int:
        """The ranks are those of this very stream; the first time, that and its end are remembered.

        Returns:
            The position up to which events may have been handled before these ranks existed.

        Raises:
            StreamChanged: it was recreated or restored.
        """
        key = {"service": self.service, "reaction": self.reaction, "stream": self.stream}
        created = journal.created
        with writing(self.engine) as connection:
            if insert_if_absent(connection, origin, {**key, "created": created}):
                insert_if_absent(connection, review, {**key, "jusqu_a": journal.last_seq})
            known = connection.execute(select(origin.c.created).filter_by(**key)).scalar_one()
            until = connection.execute(select(review.c.jusqu_a).filter_by(**key)).scalar_one_or_none()
        if known != created:
            raise StreamChanged(
                f"{self.stream} a été recréé ou restauré : les rangs connus de {self.reaction} ne s'y "
                "appliquent plus ; comparez les journaux avant de relancer"
            )
        return int(until or 0)

    def load(self, subjects: list[str]) -> list[Aggregate]:
        """How far each of these aggregates is."""
        columns = progress.c
        query = select(columns.subject, columns.rang, columns.seq).where(
            *self._key("")[:3],
            columns.subject.in_(subjects),
        )
        with self.engine.connect() as connection:
            known = {subject: (rank, seq) for subject, rank, seq in connection.execute(query)}
            parked = self._parked_subjects(connection, subjects)
            given_up = self._given_up(connection, subjects)
        found = ((subject, *known.get(subject, (0, 0))) for subject in subjects)
        return [
            Aggregate(subject, rank, rank, seq, seq, subject in parked, given_up.get(subject, frozenset()))
            for subject, rank, seq in found
        ]

    def save(self, aggregates: list[Aggregate]) -> list[Aggregate]:
        """Ranks and parked messages in one transaction; the aggregates left to another instance, which moved them."""
        left: list[Aggregate] = []
        with writing(self.engine) as connection:
            # Sorted: two instances lock the rows in the same order.
            moved = [one for one in sorted(aggregates, key=lambda one: one.subject) if one.rank > one.before]
            for one in moved:
                if not self._claim(connection, one) or self._released(connection, one):
                    one.newly = []
                    left.append(one)
            parking.park(connection, [parked for one in moved for parked in one.newly])
        return left

    def parked(self, subject: str) -> list[Parked]:
        """What is set aside of this aggregate, in journal order."""
        listed = parking.list_parked(self.engine, self.service, self.durable, subject)
        return [one for one in listed if one.stream == self.stream]

    def settle(self, one: Parked, *, by: str, reason: str, at: datetime) -> None:
        """A parked message went through when it was tried again."""
        with writing(self.engine) as connection:
            # Takes the lock of the rank: a message being parked behind this one waits, then sees it gone.
            connection.execute(update(progress).where(*self._key(one.subject)).values(rang=progress.c.rang))
            parking.settle(connection, one, parking.RETRIED, by=by, reason=reason, at=at)

    def park_again(self, one: Parked) -> None:
        """A parked message failed again: its new cause."""
        with writing(self.engine) as connection:
            parking.park_again(connection, one)

    def _claim(self, connection: Connection, one: Aggregate) -> bool:
        """Compare-and-set of the rank."""
        changed = update(progress).where(*self._key(one.subject), progress.c.rang == one.before)
        if connection.execute(changed.values(rang=one.rank, seq=one.seq)).rowcount == 1:
            return True
        key = {"service": self.service, "reaction": self.reaction, "stream": self.stream}
        row = {**key, "subject": one.subject, "rang": one.rank, "seq": one.seq}
        return one.before == 0 and insert_if_absent(connection, progress, row)

    def _released(self, connection: Connection, one: Aggregate) -> bool:
        """Whether the messages this aggregate waits behind were settled meanwhile (the rank's lock makes it sure)."""
        waits = bool(one.newly) and one.newly[0].code == parking.WAITING
        if waits and one.subject not in self._parked_subjects(connection, [one.subject]):
            connection.execute(
                update(progress).where(*self._key(one.subject)).values(rang=one.before, seq=one.seq_before)
            )
            return True
        return False

    def _parked_subjects(self, connection: Connection, among: list[str]) -> set[str]:
        everything = parking.parked_subjects(connection, self.service, self.stream, among)
        return {subject for consumer, subject in everything if consumer == self.durable}

    def _given_up(self, connection: Connection, among: list[str]) -> dict[str, frozenset[int | str]]:
        """What was given up of these aggregates: met again (by a base made from nothing), it is passed over."""
        found: dict[str, frozenset[int | str]] = {}
        for subject, place in self._forgone(connection) if self.exchanged else self._discarded(connection, among):
            found[subject] = found.get(subject, frozenset()) | {place}
        return found

    def _forgone(self, connection: Connection) -> list[tuple[str, int | str]]:
        where = {"consumer": parking.stem(self.durable), "stream": self.stream}
        return [(subject, digest) for _, _, subject, digest in seen.forgone(connection, self.service, **where)]

    def _discarded(self, connection: Connection, among: list[str]) -> list[tuple[str, int | str]]:
        columns = parking.stationnes.c
        query = select(columns.subject, columns.seq).where(
            columns.status == parking.DISCARDED,
            columns.service == self.service,
            columns.stream == self.stream,
            columns.consumer == self.durable,
            columns.subject.in_(among),
        )
        return [(subject, int(seq)) for subject, seq in connection.execute(query)]

    def _key(self, subject: str) -> tuple[Any, ...]:
        columns = progress.c
        return (
            columns.service == self.service,
            columns.reaction == self.reaction,
            columns.stream == self.stream,
            columns.subject == subject,
        )
