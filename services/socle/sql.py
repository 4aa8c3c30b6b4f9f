"""SQL without surprises: the same rows, byte for byte, in SQLite (embedded) and in PostgreSQL (production).

Numbers, moments and structures are stored as canonical text in both. NUMERIC and timestamptz would be richer in one
engine only, so that a query could sort or round one way on a laptop and another way in production, and the hash of a
read model could not be compared across engines. A read model that must be sorted by number keeps an integer column
for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Connection,
    Dialect,
    Engine,
    Integer,
    String,
    Table,
    Text,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator, TypeEngine

from services.socle.errors import SchemaBusy

if TYPE_CHECKING:
    from services.socle.presence import Presence

T = TypeVar("T")

# Sorted by code point in both engines; PostgreSQL would otherwise follow the locale of the database.
SortedText: Text = Text().with_variant(Text(collation="C"), "postgresql")

_WRITES = "parchemin_writes"
SCHEMA_WAIT = 30.0  # seconds left to who changes the tables
_SCHEMA_LOCK = 7_205_759_403_792  # any constant: it names the lock that serialises table creation
_EQUALITY = frozenset(
    {operators.eq, operators.ne, operators.in_op, operators.not_in_op, operators.is_, operators.is_not}
)


def engine_for(url: str | URL, presence: Presence | None = None) -> Engine:
    """An engine set the way the house needs it, from ``sqlite:///file`` or ``postgresql://…``.

    ``presence`` tells when a server is lost and found again, and spares it while it is away.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        engine = _postgres(parsed.set(drivername="postgresql+psycopg"))
        if presence is not None:
            presence.watch(engine)
        return engine
    raise ValueError(f"base de données non prévue : {parsed.drivername} (attendu : sqlite ou postgresql)")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own implicit BEGIN is too late and never IMMEDIATE
        for pragma in (
            "journal_mode=WAL",  # readers never wait for the writer
            # FULL, not NORMAL: a parked message is acknowledged to the broker after the commit and nothing would bring
            # it back after a power cut. One transaction carries a whole batch, so the fsync is shared.
            "synchronous=FULL",
            "busy_timeout=10000",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the write lock at once: a reader that becomes a writer midway gets SQLITE_BUSY without waiting.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: URL) -> Engine:
    asked = url.query.get("options", "")  # a search_path, most often: ours come beside it
    return create_engine(
        url.difference_update_query(["options"]),
        hide_parameters=True,  # an error quotes the statement, never the values
        pool_pre_ping=True,  # a connection cut while idle is replaced, not handed out
        connect_args={
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,  # a host that vanished is an error in 10 s, not in the kernel's 15 min
            "application_name": "parchemin",
            "options": " ".join([*((asked,) if isinstance(asked, str) else asked), "-c TimeZone=UTC"]).strip(),
        },
    )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write: committed at the end, rolled back on any error."""
    with engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


_threads: WeakKeyDictionary[Engine, ThreadPoolExecutor] = WeakKeyDictionary()


async def in_writer(engine: Engine, work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run SQL work in the one writer thread of this engine: the event loop stays free, writers queue up in order."""
    thread = _threads.get(engine)
    if thread is None:
        thread = _threads[engine] = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sql")
    return await asyncio.get_running_loop().run_in_executor(thread, partial(work, *arguments, **named))


def create_tables(engine: Engine, tables: Iterable[Table]) -> None:
    """Create what is missing; two instances starting together do not collide."""
    with writing(engine) as connection, schema_locked(connection):
        for table in tables:
            table.create(connection, checkfirst=True)


@contextmanager
def schema_locked(connection: Connection) -> Iterator[None]:
    """Nobody else creates or migrates tables in this database until the end of the transaction.

    Raises:
        SchemaBusy: somebody holds it, or one of the tables, for longer than `SCHEMA_WAIT`.
    """
    if connection.dialect.name != "postgresql":  # a writer of SQLite is alone already
        yield
        return
    try:
        connection.execute(text(f"SET LOCAL lock_timeout = {int(SCHEMA_WAIT * 1000)}"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != _LOCKED:
            raise
        base = connection.engine.url.render_as_string()
        raise SchemaBusy(
            f"{base} : un autre programme en change les tables, ou les tient, depuis plus de {SCHEMA_WAIT:g} s ; rien "
            "n'a été changé : laissez finir la migration en cours, ou cherchez la session qui dure (pg_stat_activity, "
            "pg_locks), puis relancez"
        ) from None


def insert_if_absent(connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Insert unless the key exists; whether it was inserted. A rival's insert is waited for, not an error."""
    statement = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
    # SQLAlchemy forgets the count of an INSERT unless asked (-1 with psycopg).
    kept = {"preserve_rowcount": True}
    done = connection.execute(statement.values(**row).on_conflict_do_nothing(), execution_options=kept)
    return done.rowcount == 1


def is_away(error: BaseException) -> bool:
    """Whether trying again later may succeed without any change: connection lost, lock, disk full, deadlock."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout, SchemaBusy))


def is_lost(error: BaseException) -> bool:
    """Whether the server itself is away: no connection can be had, or the one in use is gone."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    if error.connection_invalidated:
        return True
    # A connection that could not be made has no SQLSTATE; a file of SQLite never has one.
    state = getattr(error.orig, "sqlstate", "")
    return isinstance(error, OperationalError) and (state is None or state in _LOST or state.startswith("08"))


def is_denied(error: BaseException) -> bool:
    """Whether the role lacks a right: waiting would not give it."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") == "42501"


# The server stops, crashed, or starts; too many connections.
_LOST = frozenset({"57P01", "57P02", "57P03", "53300"})
_LOCKED = "55P03"


class _EqualityOnly(TypeDecorator.Comparator[Any]):
    """Numbers stored as text compare for equality; ``<`` or ``+`` would answer about text ('9' > '14')."""

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        if op not in _EQUALITY:
            raise TypeError(f"un décimal stocké en texte n'a pas d'opérateur {op.__name__} en SQL : calculez en Python")
        return super().operate(op, *other, **kwargs)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal as plain canonical text: no exponent, no trailing zero (``14.50`` and ``14.5`` are one value)."""

    impl = Text
    cache_ok = True
    comparator_factory = _EqualityOnly

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else decimal_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as UTC text of fixed width, so that text order is time order. The offset is not kept."""

    impl = SortedText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A structure as canonical JSON text: keys sorted, decimals as strings, no float. Equal values are equal texts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


@lru_cache(4_096, typed=True)  # marks and points are few; ``typed``, for ``True`` not to pass where 1 did
def decimal_text(value: object) -> str:
    """The one text of a finite number."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        raise TypeError(f"nombre exact attendu (Decimal ou int), reçu {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("nombre exact attendu, reçu un infini ou un NaN")
    plain = format(number, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", ""} else plain


def moment_text(value: object) -> str:
    """``2026-06-15T06:00:00.000000+00:00``."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise TypeError("date avec fuseau attendue")
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(timespec="microseconds")


def json_text(value: Any) -> str:
    return orjson.dumps(_exact(value), option=orjson.OPT_SORT_KEYS).decode()


def _exact(value: Any) -> Any:
    """The value with every number exact and every moment canonical."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return decimal_text(value)
        case datetime():
            return moment_text(value)
        case dict():
            return {key: _exact(item) for key, item in value.items()}
        case list() | tuple():
            return [_exact(item) for item in value]
        case _:
            raise TypeError(f"valeur sans forme JSON exacte : {type(value).__name__}")


def _text(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"texte attendu, reçu {type(value).__name__}")
    return value


def _integer(value: Any) -> Any:
    if value is not None and type(value) is not int:
        raise TypeError(f"entier attendu, reçu {type(value).__name__}")
    return value


def _boolean(value: Any) -> Any:
    if value is not None and type(value) is not bool:
        raise TypeError(f"booléen attendu, reçu {type(value).__name__}")
    return value


def binder(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """What turns a Python value into the stored one. Strict: SQLite would take a float in any column.

    Raises:
        TypeError: the column's type may differ between engines.
    """
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, (ExactDecimal, Moment, Json)):
        return partial(kind.process_bind_param, dialect=dialect)
    for known, convert in ((Boolean, _boolean), (Integer, _integer), (String, _text)):
        if isinstance(kind, known):
            return convert
    raise TypeError(f"{column} : type {kind!r} non prévu (texte, entier, booléen, ExactDecimal, Moment ou Json)")
