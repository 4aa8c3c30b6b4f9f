"""The history of a database: which revision it is at, which one this program wants, and the way from one to the other.

Alembic keeps the revisions; it is imported only where there is something to migrate, since most starts find nothing.
A migration only adds (see docs/decisions/0016): the program before it goes on working on the base after it. What
`generations` and `beside` build and rename is theirs: no migration names it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text

from services.socle import coffre, generations, parking, ranks, read_model, seen
from services.socle.errors import SocleError
from services.socle.read_model import Projection
from services.socle.sql import schema_locked, writing

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / "migrations"
COFFRE = "coffre"
BASE = "base"  # what Alembic calls the state before the first revision

log = structlog.get_logger("base")


class BaseBehind(SocleError):
    """The database is not at the revision of this program, and this program may not bring it there."""

    code = "BASE_A_MIGRER"


class BaseDiffers(SocleError):
    """The database says that it is at a revision, and lacks what this revision has."""

    code = "BASE_DIFFERENTE"


@dataclass(frozen=True)
class History:
    """The revisions of one database, and the tables that the last of them has."""

    name: str
    folder: Path
    tables: tuple[Table, ...]

    @property
    def revisions(self) -> tuple[str, ...]:
        """Oldest first; files are named after their revision, so that nothing is loaded to know them."""
        return tuple(sorted(path.name.partition("_")[0][1:] for path in self.folder.glob("r[0-9]*_*.py")))

    @cached_property
    def record(self) -> Table:
        """Where the database says at which revision it is; under the service's name, for a base that several share."""
        return Table(f"alembic_version_{self.name}", MetaData(), Column("version_num", String(32), primary_key=True))

    @property
    def head(self) -> str:
        return self.revisions[-1] if self.revisions else BASE


def bookkeeping() -> list[Table]:
    """The tables of the machinery, in every service's database."""
    modules = (read_model, generations, parking, ranks, seen)
    return [table for one in modules for table in one.metadata.sorted_tables]


def history_of(service: str, projections: Iterable[Projection]) -> History:
    """The history of a service's database; one that has no revisions (a bench, a test) has the tables alone."""
    tables = [*bookkeeping(), *(table for one in projections for table in one.tables)]
    return History(service, HERE.parent / service / "migrations", tuple(tables))


def history_of_coffre() -> History:
    return History(COFFRE, ENVIRONMENT / "coffre", tuple(coffre.METADATA.sorted_tables))


# Where it stands ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """One database beside its history. ``revision`` is empty when nothing was ever recorded there."""

    history: History
    revision: str
    tables: int  # how many there are, whatever they are
    missing: tuple[str, ...]

    @property
    def current(self) -> bool:
        return self.revision == self.history.head

    @property
    def ahead(self) -> bool:
        """Migrated by a newer program."""
        return bool(self.revision) and self.revision > self.history.head

    @property
    def due(self) -> tuple[str, ...]:
        """The revisions that are not there yet."""
        return tuple(one for one in self.history.revisions if one > self.revision)


def standing(engine: Engine, history: History) -> Standing:
    """Where a database is. A file of SQLite that does not exist is not made by looking."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return Standing(history, "", 0, tuple(table.name for table in history.tables))
    with engine.connect() as connection:
        return _standing(connection, history)


def _standing(connection: Connection, history: History) -> Standing:
    there = set(inspect(connection).get_table_names())
    known = history.record.name in there
    revision = (connection.scalar(select(history.record.c.version_num)) or "") if known else ""
    return Standing(history, revision, len(there), tuple(_missing(connection, history, there)))


def _missing(connection: Connection, history: History, there: set[str]) -> Iterator[str]:
    """Tables and columns of this program that are not there."""
    for table in history.tables:
        if table.name not in there:
            yield table.name
            continue
        names = {one["name"] for one in inspect(connection).get_columns(table.name)}
        yield from (f"{table.name}.{column.name}" for column in table.c if column.name not in names)


# Moving on ---------------------------------------------------------------------------------------------------------


def prepare(engine: Engine, history: History, *, allowed: bool = True) -> None:
    """What a service does before it opens its doors: the base is at its revision, or it is brought there.

    A base that is ahead is taken as it is: migrations only add.

    Raises:
        BaseBehind: it is behind, and may not be migrated from here.
        BaseDiffers: it lacks what it should have.
    """
    if not history.revisions or _is_current(engine, history):
        return
    found = standing(engine, history)
    if found.ahead:
        return _accept(found)
    if not allowed or not _may_create(engine):
        raise BaseBehind(
            f"la base de {history.name} en est à la révision « {found.revision or 'aucune'} », ce programme veut "
            f"« {history.head} » : lancez « parchemin base migrer --service {history.name} », puis relancez"
        )
    if not found.tables and engine.dialect.name == "sqlite":
        _create(engine, history)
    else:
        migrate(engine, history)


def _accept(found: Standing) -> None:
    """A newer program migrated the base. Read models that it forgot can be built again; the rest must be there."""
    vital = {table.name for table in bookkeeping()}
    if any(one.partition(".")[0] in vital or "." in one for one in found.missing):
        raise _differs(found)
    name, revision, mine = found.history.name, found.revision, found.history.head
    log.warning("base_en_avance", base=name, revision=revision, programme=mine)


def _is_current(engine: Engine, history: History) -> bool:
    """The one question of most starts: Alembic is not loaded, nothing is inspected."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return False
    with engine.connect() as connection:
        there = inspect(connection).has_table(history.record.name)
        return there and connection.scalar(select(history.record.c.version_num)) == history.head


def _may_create(engine: Engine) -> bool:
    """On PostgreSQL a role may use tables without being allowed to make any: those of the coffre."""
    if engine.dialect.name != "postgresql":
        return True
    with engine.connect() as connection:
        question = text("SELECT current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE')")
        return bool(connection.scalar(question))


def _create(engine: Engine, history: History) -> None:
    """The embedded case: an empty file gets the tables of this program at once, and the revision they are.

    A test holds the two ways equal. Alembic, once loaded, costs more than the whole start of a service.
    """
    with writing(engine) as connection:
        if inspect(connection).has_table(history.record.name):
            return  # another instance was first
        for table in (*history.tables, history.record):
            table.create(connection, checkfirst=True)
        connection.execute(history.record.insert().values(version_num=history.head))


def migrate(engine: Engine, history: History) -> Sequence[str]:
    """Bring a database to this program's revision; the revisions applied. One at a time, whoever asks.

    A database made before revisions were kept is taken over: its tables and rows stay, what is missing comes.

    Raises:
        BaseDiffers: its tables are not those of the revision it is at.
        SchemaBusy: somebody else migrates it, or holds its tables.
    """
    from alembic import command  # loaded here alone: see the module

    with writing(engine) as connection:
        with schema_locked(connection):
            before = _standing(connection, history)
            if before.ahead or not before.due:
                return ()
            command.upgrade(alembic_config(history, connection), "head")
        after = _standing(connection, history)
        if after.missing:
            raise _differs(after)
    log.info("base_migree", base=history.name, de=before.revision or "aucune", a=after.revision)
    return before.due


def _differs(found: Standing) -> BaseDiffers:
    return BaseDiffers(
        f"la base de {found.history.name} (révision « {found.revision} ») n'a pas {', '.join(found.missing[:5])} : "
        "elle vient d'un autre programme, ou une main l'a changée ; voyez « parchemin base etat », et refaites-la "
        "depuis le journal (docs/exploitation/postgresql.md)"
    )


def offline(history: History, since: str = BASE) -> str:
    """The SQL from a revision to this program's, for whoever runs it by hand on PostgreSQL."""
    from alembic import command

    written = io.StringIO()
    config = alembic_config(history, None)
    config.output_buffer = written
    command.upgrade(config, f"{since}:head" if since != BASE else "head", sql=True)
    return written.getvalue()


def alembic_config(history: History, connection: Connection | None) -> Config:
    """What Alembic needs to know of a history: to migrate on an open connection, or to write SQL without any."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "versions": history.record.name})
    config.set_main_option("script_location", str(ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(history.folder).replace("%", "%%"))
    return config
