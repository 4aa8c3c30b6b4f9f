"""Many rows to PostgreSQL at once, as a source that one statement merges: by COPY, or in one JSON parameter.

A batch of a rebuilding or an import carries thousands of rows: COPY into a temporary table takes half the time of JSON
there, on both sides. A live batch carries a few: JSON then spares the making of a table, and the catalogues of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, SmallInteger, Table
from sqlalchemy.exc import DBAPIError

COPY_FROM = 1_000  # rows; under that, JSON is as fast

_names = itertools.count(1)


def source(connection: Connection, table: Table, names: Sequence[str], rows: list[tuple[Any, ...]]) -> tuple[str, Any]:
    """What follows FROM in a statement, called ``x``, and its parameters: these rows, already as they are stored."""
    if len(rows) < COPY_FROM:
        return _recordset(connection, table, names), (_as_json(names, rows),)
    return f"{_copied(connection, table, names, rows)} AS x", None


def stored_type(column: Column[Any]) -> str:
    """The type of a column as PostgreSQL reads it."""
    match column.type:
        case Boolean():
            return "boolean"
        case BigInteger():
            return "bigint"
        case SmallInteger():
            return "smallint"
        case Integer():
            return "integer"
        case _:
            return "text"


def _recordset(connection: Connection, table: Table, names: Sequence[str]) -> str:
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(f"{quote(name)} {stored_type(table.c[name])}" for name in names)
    return f"json_to_recordset(%s::json) AS x({columns})"


def _as_json(names: Sequence[str], rows: list[tuple[Any, ...]]) -> str:
    keys = [str(name) for name in names]  # SQLAlchemy's names are a subclass of str, which orjson refuses as key
    return orjson.dumps([dict(zip(keys, row, strict=True)) for row in rows]).decode()


def _copied(connection: Connection, table: Table, names: Sequence[str], rows: list[tuple[Any, ...]]) -> str:
    """A temporary table that lasts as long as the transaction, filled; its name."""
    quote = connection.dialect.identifier_preparer.quote
    columns, target = ", ".join(map(quote, names)), connection.dialect.identifier_preparer.format_table(table)
    name = f"lot_{next(_names)}"
    made = f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT {columns} FROM {target} WITH NO DATA"  # noqa: S608
    connection.exec_driver_sql(made)
    copy = f"COPY pg_temp.{name} ({columns}) FROM STDIN"
    with _told_as_any_other(connection, copy):
        cursor: Any = connection.connection.cursor()  # psycopg's, which has what no other driver has
        with cursor, cursor.copy(copy) as copying:
            for row in rows:
                copying.write_row(row)
    return f"pg_temp.{name}"


@contextmanager
def _told_as_any_other(connection: Connection, statement: str) -> Iterator[None]:
    """SQLAlchemy does not see COPY: what fails there is told, and a broken connection given up, as it would have."""
    dbapi: Any = connection.dialect.loaded_dbapi
    try:
        yield
    except dbapi.Error as error:
        raw: Any = connection.connection.driver_connection
        broken = bool(raw.closed or raw.broken)
        if broken:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, dbapi.Error, hide_parameters=True, connection_invalidated=broken
        ) from error
