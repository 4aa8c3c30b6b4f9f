"""Which messages of partners a read model has taken, in SQL: one that comes again changes nothing.

A message is known by its aggregate and its rank there. The same rank with another content means that a partner's
history was replaced by another one: it is set aside for a person to look at, never taken nor forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Column, Connection, Integer, MetaData, Table, select

from services.socle.enveloppe import Stored, header_rank
from services.socle.rows import Batch, Upsert
from services.socle.sql import SortedText

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
        self.known[place] = stored.digest
        key = {"service": self.service, "consumer": self.consumer, "stream": self.stream}
        self.rows.add(Upsert(recus, {**key, "subject": place[0], "rang": place[1]}, {"empreinte": stored.digest}))
        return True
