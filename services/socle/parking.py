"""Messages set aside: what could not be handled, and what waits behind it, aggregate by aggregate.

A parked message stays in the journal; this table only says who could not take it, why, and what was decided. Rows are
never deleted: a settled one keeps who settled it and the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Index,
    MetaData,
    Select,
    Table,
    and_,
    bindparam,
    func,
    select,
    update,
)

from services.socle.errors import SocleError
from services.socle.rows import Batch, Upsert
from services.socle.sql import Moment, SortedText, create_tables, insert_if_absent

Status = Literal["stationne", "repris", "ecarte"]

PARKED: Status = "stationne"
RETRIED: Status = "repris"
DISCARDED: Status = "ecarte"
WAITING = "EN_ATTENTE"

_VERSION = re.compile(r"_v[0-9]+$")

metadata = MetaData()
stationnes = Table(
    "stationnes",
    metadata,
    Column("service", SortedText, primary_key=True),
    Column("consumer", SortedText, primary_key=True),
    Column("stream", SortedText, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("subject", SortedText, nullable=False),
    Column("code", SortedText, nullable=False),
    Column("cause", SortedText, nullable=False),
    Column("at", Moment, nullable=False),
    Column("status", SortedText, nullable=False),
    Column("by", SortedText),
    Column("reason", SortedText),
    Column("settled", Moment),
    Index("stationnes_status", "status", "service", "stream"),
)


# Written once: every transaction of a read model runs them, and building a query costs more than its answer.
_HERE = (stationnes.c.service == bindparam("service"), stationnes.c.stream == bindparam("stream"))
_SUBJECTS = select(stationnes.c.consumer, stationnes.c.subject).where(stationnes.c.status == PARKED, *_HERE).distinct()
_DISCARDED = select(stationnes.c.consumer, stationnes.c.seq).where(
    stationnes.c.status == DISCARDED, *_HERE, stationnes.c.seq.between(bindparam("first"), bindparam("last"))
)


class NotParked(SocleError):
    """There is nothing to settle under that key: already settled, or never parked."""

    code = "NON_STATIONNE"
    refused = True


@dataclass(frozen=True, slots=True)
class Parked:
    """One message set aside. ``cause`` holds no personal data."""

    service: str
    consumer: str
    stream: str
    seq: int
    subject: str
    code: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of trying again: how many went through, and the first that still cannot, with its new cause."""

    done: int
    stopped: Parked | None = None


def stem(consumer: str) -> str:
    """A consumer whatever its version: what was given up for ``comptes_v1`` stays so for ``comptes_v2``."""
    return _VERSION.sub("", consumer)


def origin_of(error: BaseException) -> str:
    """What failed and where in the code. Not the error's own text, which may quote personal data, unless it is ours."""
    if isinstance(error, SocleError):
        return str(error)
    at, last = error.__traceback__, None
    while at is not None:
        last, at = at, at.tb_next
    place = f" ({Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno})" if last is not None else ""
    return f"{type(error).__name__}{place}"


def now() -> datetime:
    return datetime.now(UTC)


def prepare(engine: Engine) -> None:
    create_tables(engine, metadata.sorted_tables)


def park(connection: Connection, messages: Sequence[Parked]) -> None:
    """Set aside. Parking the same message again (redelivery) changes its cause only."""
    batch = Batch()
    for one in messages:
        key = {"service": one.service, "consumer": one.consumer, "stream": one.stream, "seq": one.seq}
        values = {"subject": one.subject, "code": one.code, "cause": _kept(one.cause), "at": one.at, "status": PARKED}
        batch.add(Upsert(stationnes, key, values))
    batch.write(connection)


def park_again(connection: Connection, one: Parked) -> None:
    """It failed again: its new cause. Since when it waits does not change."""
    news = {"code": one.code, "cause": _kept(one.cause)}
    connection.execute(update(stationnes).where(_key(one), stationnes.c.status == PARKED).values(**news))


def _kept(cause: str) -> str:
    """It may quote a message, and PostgreSQL keeps no NUL."""
    return cause.replace("\0", "")


def parked_subjects(
    connection: Connection, service: str, stream: str, among: Collection[str] | None = None
) -> set[tuple[str, str]]:
    """(consumer, subject) of the aggregates set aside. Read in every transaction: usually empty, always one index."""
    query = _SUBJECTS if among is None else _SUBJECTS.where(stationnes.c.subject.in_(among))
    found = connection.execute(query, {"service": service, "stream": stream})
    return {(consumer, subject) for consumer, subject in found}


def discarded(connection: Connection, service: str, stream: str, first: int, last: int) -> set[tuple[str, int]]:
    """(consumer whatever its version, position) of what was given up for good there: read again, it is passed over."""
    where = {"service": service, "stream": stream, "first": first, "last": last}
    return {(stem(consumer), int(seq)) for consumer, seq in connection.execute(_DISCARDED, where)}


def remember_discarded(connection: Connection, one: Parked, *, by: str, reason: str, at: datetime) -> bool:
    """Make the table say what the journal says: given up, by whom and why; whether that was news.

    A base made again from nothing has not met the message yet, and must pass over it when it does.
    """
    key = {"service": one.service, "consumer": one.consumer, "stream": one.stream, "seq": one.seq}
    settled = {"status": DISCARDED, "by": by, "reason": reason, "settled": at}
    row = {**key, "subject": one.subject, "code": one.code, "cause": one.cause, "at": one.at, **settled}
    if insert_if_absent(connection, stationnes, row):
        return True
    found = connection.execute(update(stationnes).where(_key(one), stationnes.c.status == PARKED).values(**settled))
    return found.rowcount == 1


def list_parked(engine: Engine, service: str, consumer: str | None = None, subject: str | None = None) -> list[Parked]:
    """What is set aside, in journal order."""
    with engine.connect() as connection:
        return read_parked(connection, service=service, consumer=consumer, subject=subject)


def count_parked(connection: Connection, service: str) -> dict[str, int]:
    """How many are set aside, by consumer."""
    columns = stationnes.c
    query = select(columns.consumer, func.count()).where(columns.status == PARKED, columns.service == service)
    return {consumer: int(many) for consumer, many in connection.execute(query.group_by(columns.consumer))}


def first_parked(connection: Connection, service: str, limit: int) -> list[Parked]:
    """The first of those set aside, by consumer and in journal order."""
    rows = connection.execute(_parked({"service": service}).limit(limit))
    return [Parked(*row) for row in rows]


def read_parked(connection: Connection, **where: str | None) -> list[Parked]:
    """All those set aside there, by consumer and in journal order."""
    return [Parked(*row) for row in connection.execute(_parked(where))]


def _parked(where: Mapping[str, str | None]) -> Select[Any]:
    columns = stationnes.c
    shown = [columns[name] for name in Parked.__dataclass_fields__]
    conditions = [columns[name] == value for name, value in where.items() if value is not None]
    query = select(*shown).where(columns.status == PARKED, *conditions)
    return query.order_by(columns.consumer, columns.stream, columns.seq)


def read_one(connection: Connection, *, service: str, consumer: str, stream: str, seq: int) -> Parked | None:
    """One message, if it is set aside."""
    columns = stationnes.c
    key = (columns.service == service, columns.consumer == consumer, columns.stream == stream, columns.seq == seq)
    query = select(*(columns[name] for name in Parked.__dataclass_fields__)).where(columns.status == PARKED, *key)
    row = connection.execute(query).one_or_none()
    return None if row is None else Parked(*row)


def settle_discarded(connection: Connection, one: Parked, *, by: str, reason: str, at: datetime) -> None:
    """This very message, as it was set aside then, was given up; nothing if it is not, or no longer, set aside."""
    settled = {"status": DISCARDED, "by": by, "reason": reason, "settled": at}
    mine = (_key(one), stationnes.c.status == PARKED, stationnes.c.subject == one.subject, stationnes.c.at == one.at)
    connection.execute(update(stationnes).where(*mine).values(**settled))


def settle(connection: Connection, one: Parked, status: Status, *, by: str, reason: str, at: datetime) -> None:
    values: dict[str, Any] = {"status": status, "by": by, "reason": reason, "settled": at}
    found = connection.execute(update(stationnes).where(_key(one), stationnes.c.status == PARKED).values(**values))
    if found.rowcount != 1:
        raise NotParked(f"{one.consumer} : {one.stream}@{one.seq} n'est pas, ou plus, stationné")


def _key(one: Parked) -> ColumnElement[bool]:
    columns = stationnes.c
    return and_(
        columns.service == one.service,
        columns.consumer == one.consumer,
        columns.stream == one.stream,
        columns.seq == one.seq,
    )
