"""Which messages of partners were taken, and which were given up, in SQL: one that comes again changes nothing.

A message is known by its aggregate and its rank there. The same rank with another content means that a partner's
history was replaced by another one: it is set aside for a person to look at, never taken nor forgotten.

What was given up is known by its content too, not by its position: exchanges filled again have another order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, delete, select, update

from services.socle.enveloppe import Stored, header_rank
from services.socle.rows import Batch, Upsert
from services.socle.sql import SortedText, create_tables, insert_if_absent

DIVERGENT: Final = "PARTENAIRE_DIVERGENT"

metadata = MetaData()
recus = Table(
    "echanges_recus",
    metadata,
    Column("service", SortedText, primary_key=True),
    Column("consumer", SortedText, primary_key=True),
    Column("stream", SortedText, primary_key=True),
    Column("subject", SortedText, primary_key=True),
    Column("rang", Integer, primary_key=True),
    Column("empreinte", SortedText, nullable=False),
)
ecartes = Table(
    "echanges_ecartes",
    metadata,
    Column("service", SortedText, primary_key=True),
    Column("consumer", SortedText, primary_key=True),  # whatever its version
    Column("stream", SortedText, primary_key=True),
    Column("subject", SortedText, primary_key=True),
    Column("empreinte", SortedText, primary_key=True),
)


@dataclass
class Seen:
    """What one read model has taken of the aggregates of a batch, and what it takes now."""

    service: str
    consumer: str
    stream: str
    known: dict[tuple[str, int], str] = field(default_factory=dict)
    rows: Batch = field(default_factory=Batch)

    def load(self, connection: Connection, subjects: Iterable[str]) -> None:
        """What is known of these aggregates."""
        columns = recus.c
        query = select(columns.subject, columns.rang, columns.empreinte).where(
            columns.service == self.service,
            columns.consumer == self.consumer,
            columns.stream == self.stream,
            columns.subject.in_(sorted(set(subjects))),
        )
        self.known = {(subject, rang): digest for subject, rang, digest in connection.execute(query)}

    def take(self, stored: Stored) -> bool | None:
        """Whether it is new; ``None`` when something else was at its place."""
        place = (stored.subject, header_rank(stored))
        there = self.known.get(place)
        if there is not None:
            return False if there == stored.digest else None
        self.accept(stored)
        return True

    def accept(self, stored: Stored) -> None:
        """From now on this is what stands at its place, whatever was there."""
        self.known[stored.subject, header_rank(stored)] = stored.digest
        key = {"service": self.service, "consumer": self.consumer, "stream": self.stream}
        key |= {"subject": stored.subject}
        self.rows.add(Upsert(recus, {**key, "rang": header_rank(stored)}, {"empreinte": stored.digest}))


def prepare(engine: Engine) -> None:
    create_tables(engine, metadata.sorted_tables)


def forgo(connection: Connection, *, service: str, consumer: str, stream: str, subject: str, digest: str) -> bool:
    """Given up for good, wherever it comes again; whether that was news. ``consumer``: whatever its version."""
    key = {"service": service, "consumer": consumer, "stream": stream, "subject": subject, "empreinte": digest}
    return insert_if_absent(connection, ecartes, key)


def forgone(connection: Connection, service: str, **where: str) -> set[tuple[str, str, str, str]]:
    """What was given up: (consumer whatever its version, stream, subject, digest)."""
    columns = ecartes.c
    wanted = [columns[name] == value for name, value in where.items()]
    query = select(columns.consumer, columns.stream, columns.subject, columns.empreinte)
    return {tuple(row) for row in connection.execute(query.where(columns.service == service, *wanted))}


def rename(connection: Connection, old: str, new: str) -> None:
    """What a read model has taken, under another name; what was known under that one is forgotten."""
    forget(connection, new)
    connection.execute(update(recus).where(recus.c.consumer == old).values(consumer=new))


def forget(connection: Connection, consumer: str) -> None:
    """A read model that begins again takes everything again."""
    connection.execute(delete(recus).where(recus.c.consumer == consumer))
