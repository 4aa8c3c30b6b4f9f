"""Keyed rows: what a projection asks for, merged over a batch, written in bulk, and compared between two databases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Dialect,
    Engine,
    Integer,
    Select,
    Table,
    Text,
    collate,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator

from services.socle.copying import source, stored_type
from services.socle.sql import binder

FETCH = 5_000
MAX_DIFFERENCES = 20

Row = tuple[Any, ...]


class Upsert(NamedTuple):
    """The row of this key has these values; its other columns stay as they are. Done twice, it is done once."""

    table: Table
    key: Mapping[str, object]
    values: Mapping[str, object]


class Delete(NamedTuple):
    """There is no row of this key."""

    table: Table
    key: Mapping[str, object]


Op = Upsert | Delete


class _Rows:
    """What a batch makes of one table, by key: the last value of each column written, and what was deleted before."""

    __slots__ = ("deleted", "key_of", "written")

    def __init__(self, table: Table) -> None:
        self.key_of = _key_of(table)
        self.written: dict[Row, Mapping[str, object]] = {}
        self.deleted: set[Row] = set()


class Batch:
    """The operations of many events, one row state per key: the last value of each column wins."""

    def __init__(self) -> None:
        self._tables: dict[Table, _Rows] = {}

    def add(self, op: Op) -> None:
        table = op.table
        rows = self._tables.get(table)
        if rows is None:
            rows = self._tables[table] = _Rows(table)
        key = rows.key_of(op.key)
        if isinstance(op, Delete):
            rows.written.pop(key, None)
            rows.deleted.add(key)
            return
        values = op.values
        known = rows.written.setdefault(
            key, values
        )  # not copied: most rows are written once a batch, nothing changes them
        if known is not values:
            rows.written[key] = {**known, **values}

    def write(self, connection: Connection) -> None:
        """Deletions first: a row deleted then written again starts empty."""
        for table, rows in self._tables.items():
            if rows.deleted:
                _delete(connection, table, list(rows.deleted))
            for columns, written in _by_columns(rows.written).items():
                _upsert(connection, table, columns, written)


def _by_columns(rows: dict[Row, Mapping[str, object]]) -> dict[tuple[str, ...], list[Row]]:
    """Rows that set the same columns, ready for one statement."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for key, values in rows.items():
        columns = tuple(values)
        group = groups.get(columns)
        if group is None:
            group = groups[columns] = []
        group.append((*key, *values.values()))
    return groups


KeyOf = Callable[[Mapping[str, object]], Row]
_keys: dict[Table, KeyOf] = {}


def _key_of(table: Table) -> KeyOf:
    """What reads the primary key, in its order, out of the mapping of an operation."""
    found = _keys.get(table)
    if found is None:
        names = [column.name for column in table.primary_key]
        only = names[0]
        many = itemgetter(*names)
        found = _keys[table] = (lambda key: (key[only],)) if len(names) == 1 else many
    return found


def _bound(connection: Connection, table: Table, names: Sequence[str], rows: list[Row]) -> list[Row]:
    """The rows as stored, converted column by column."""
    columns = [
        _converted(table.c[name], connection.dialect, values)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]
    return list(zip(*columns, strict=True))


def _converted(column: Column[Any], dialect: Dialect, values: Sequence[object]) -> Iterable[object]:
    """Most columns already hold what is stored: their types tell it all at once, without a call for each value."""
    if _AS_IS[stored_type(column)].issuperset(map(type, values)) and not isinstance(column.type, TypeDecorator):
        return values
    return map(binder(column, dialect), values)


_AS_IS: Mapping[str, frozenset[type]] = {
    "boolean": frozenset({bool, NoneType}),
    "text": frozenset({str, NoneType}),
    **dict.fromkeys(("bigint", "smallint", "integer"), frozenset({int, NoneType})),
}


def _upsert(connection: Connection, table: Table, columns: tuple[str, ...], rows: list[Row]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    keys = [column.name for column in table.primary_key]
    names = [*keys, *columns]
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in columns)
    conflict = f"ON CONFLICT ({_list(connection, keys)}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}"
    into = f"INSERT INTO {connection.dialect.identifier_preparer.format_table(table)} ({_list(connection, names)})"
    stored = _bound(connection, table, names, rows)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"{into} VALUES ({', '.join('?' * len(names))}) {conflict}", stored)
    else:
        rows_of, parameters = source(connection, table, names, stored)
        sql = f"{into} SELECT {_list(connection, names)} FROM {rows_of} {conflict}"  # noqa: S608 - quoted names, no value
        connection.exec_driver_sql(sql, parameters)


def _delete(connection: Connection, table: Table, keys: list[Row]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    names = [column.name for column in table.primary_key]
    target = connection.dialect.identifier_preparer.format_table(table)
    stored = _bound(connection, table, names, keys)
    if connection.dialect.name == "sqlite":
        condition = " AND ".join(f"{quote(name)} = ?" for name in names)
        connection.exec_driver_sql(f"DELETE FROM {target} WHERE {condition}", stored)  # noqa: S608 - quoted names, no value
    else:
        condition = " AND ".join(f"{target}.{quote(name)} = x.{quote(name)}" for name in names)
        rows_of, parameters = source(connection, table, names, stored)
        sql = f"DELETE FROM {target} USING {rows_of} WHERE {condition}"  # noqa: S608 - quoted names, no value
        connection.exec_driver_sql(sql, parameters)


def _list(connection: Connection, names: Iterable[str]) -> str:
    return ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)


# Reading back: one canonical order and one canonical text whatever the engine ------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same on both sides; ``None`` where it does not exist."""

    table: str
    key: tuple[object, ...]
    live: Mapping[str, object] | None
    rebuilt: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two databases set side by side: their state hashes, row counts and first differing rows."""

    live: str
    rebuilt: str
    rows: tuple[int, int]
    differences: tuple[Difference, ...] = field(default=())

    @property
    def equal(self) -> bool:
        return self.live == self.rebuilt


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One moment of a database: every read of this connection sees the same rows, and holds nobody back."""
    moment = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**moment) as connection:
        yield connection


def state_hash(engine: Engine, tables: Iterable[Table]) -> str:
    """sha256 of every row in key order, keys sorted: the same for the same rows in any engine."""
    state = _State()
    with snapshot(engine) as connection:
        for table in sorted(tables, key=lambda one: one.name):
            state.open(table)
            for row in _rows(connection, table):
                state.add(row)
    return state.digest


Pairs = Iterable[tuple[Table, Table]]


def compare_tables(live: Connection, rebuilt: Connection, pairs: Pairs, limit: int = MAX_DIFFERENCES) -> Comparison:
    """Read both sides once, in step, whatever their size; keep the first ``limit`` differing rows.

    The two tables of a pair have the same columns; both are told by the name of the first. The two connections may be
    one.
    """
    states = (_State(), _State())
    found: list[Difference] = []
    for table, other in sorted(pairs, key=lambda pair: pair[0].name):
        for state in states:
            state.open(table)
        for left, right in _in_step(_rows(live, table), _rows(rebuilt, other), len(table.primary_key)):
            for state, row in zip(states, (left, right), strict=True):
                if row is not None:
                    state.add(row)
            if left != right and len(found) < limit:
                found.append(_difference(table, left, right))
    return Comparison(states[0].digest, states[1].digest, (states[0].rows, states[1].rows), tuple(found))


class _State:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def open(self, table: Table) -> None:
        self._hash.update(orjson.dumps([table.name, [column.name for column in _columns(table)]]) + b"\n")

    def add(self, row: Row) -> None:
        self._hash.update(orjson.dumps(row) + b"\n")
        self.rows += 1

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def _columns(table: Table) -> list[Column[Any]]:
    """Key first, then the others by name: adding a column in another place of the code changes nothing."""
    keys = list(table.primary_key)
    return [*keys, *sorted((column for column in table.c if not column.primary_key), key=lambda column: column.name)]


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    query = _in_key_order(table, connection.dialect.name)
    for row in connection.execute(query, execution_options={"yield_per": FETCH}):
        yield tuple(row)


def _in_key_order(table: Table, dialect: str) -> Select[Any]:
    """Stored texts as they are, sorted by code point as SQLite does and as Python compares them."""

    def stored(column: Column[Any]) -> Any:
        return column if isinstance(column.type, (Integer, Boolean)) else type_coerce(column, Text())

    def rank(column: Column[Any]) -> Any:
        texts = dialect == "postgresql" and not isinstance(column.type, (Integer, Boolean))
        return collate(stored(column), "C") if texts else stored(column)

    return select(*map(stored, _columns(table))).order_by(*map(rank, table.primary_key))


def stored_row(connection: Connection, table: Table, key: Mapping[str, object]) -> dict[str, object] | None:
    """One row as the database holds it, or nothing."""
    where = [table.c[name] == value for name, value in key.items()]
    found = connection.execute(_in_key_order(table, connection.dialect.name).where(*where)).one_or_none()
    return None if found is None else dict(zip([column.name for column in _columns(table)], found, strict=True))


def _in_step(left: Iterator[Row], right: Iterator[Row], width: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Merge two sorted sequences by key."""
    one, two = next(left, None), next(right, None)
    while one is not None or two is not None:
        before = two is None or (one is not None and one[:width] < two[:width])
        after = one is None or (two is not None and two[:width] < one[:width])
        yield (None if after else one), (None if before else two)
        one = one if after else next(left, None)
        two = two if before else next(right, None)


def _difference(table: Table, left: Row | None, right: Row | None) -> Difference:
    names = [column.name for column in _columns(table)]
    some = left if left is not None else right
    assert some is not None  # noqa: S101 - merged from one side at least

    def named(row: Row | None) -> dict[str, object] | None:
        return None if row is None else dict(zip(names, row, strict=True))

    return Difference(table.name, some[: len(table.primary_key)], named(left), named(right))
