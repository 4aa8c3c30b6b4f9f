"""The coffre: one key per person, kept outside the journal. Destroying the key erases the person from every copy.

A key is stored (and committed) before anything sealed with it may be appended: the other order could lose a person
to a crash. Keys are wrapped by a master key that lives in its own file or setting, so that a copy of the table alone
opens nothing.

No process remembers a person's key: each opening reads it again, so that a key destroyed anywhere is destroyed for
every process at once, without a word between them. Who was erased stays known, so that no key is ever made for them
again, nor brought back by an old backup.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from contracts.messages import Refus
from services.socle.errors import SocleError
from services.socle.sql import Moment, create_tables, writing

METADATA = MetaData()
KEYS = Table(
    "cles", METADATA, Column("personne", String(80), primary_key=True), Column("cle", LargeBinary, nullable=False)
)
DESTROYED = Table(
    "detruites",
    METADATA,
    Column("personne", String(80), primary_key=True),
    Column("le", Moment, nullable=False),
)
# What others confide, and the pairs that it is confided to: see `confidence`.
PAIRS = Table(
    "paires",
    METADATA,
    Column("objet", String(120), primary_key=True),
    Column("publique", String(44), nullable=False),
    Column("privee", LargeBinary),  # absent: destroyed, and never made again
    Column("detruite_le", Moment),
)
CONFIDED = Table(
    "confiees",
    METADATA,
    Column("objet", String(120), primary_key=True),
    Column("origine", String(40), primary_key=True),
    Column("personne", String(80), primary_key=True),
    Column("cle", LargeBinary, nullable=False),
)
FORGOTTEN = Table(
    "confiees_oubliees",
    METADATA,
    Column("origine", String(40), primary_key=True),
    Column("personne", String(80), primary_key=True),
    Column("le", Moment, nullable=False),
)

NONCE = 12
CHUNK = 500
SECRET = "secret:"  # noqa: S105 - starts the names of what belongs to the installation, not to a person
ERASED = "PERSONNE_EFFACEE"


class CoffreError(SocleError):
    """The coffre cannot open: wrong master key, or altered data."""

    code = "COFFRE"


# Written once: building a query costs more than its answer.
_OF_PERSONS = select(KEYS.c.personne, KEYS.c.cle).where(KEYS.c.personne.in_(bindparam("persons", expanding=True)))


class Coffre:
    """Seals and opens personal data. Safe to share between threads once built."""

    def __init__(self, engine: Engine, master: bytes, *, create: bool = True) -> None:
        self.engine = engine
        self._master = AESGCM(master)
        self._secrets: dict[str, bytes] = {}
        self._due: dict[str, bytes] = {}  # keys made sure of, for the seal that follows and no longer
        if create:
            create_tables(engine, METADATA.sorted_tables)

    def ensure(self, persons: Iterable[str]) -> None:
        """Create, durably and in one transaction, the keys that do not exist yet.

        Raises:
            Refus: ``PERSONNE_EFFACEE``, one of them was erased.
        """
        wanted = list(dict.fromkeys(persons))
        known = self._fetch(wanted)
        missing = [person for person in wanted if person not in known]
        if missing:
            with writing(self.engine) as tx:
                # Looked for after the keys: a key destroyed meanwhile is then known to be so.
                self._refuse_erased(tx, missing)
                tx.execute(insert_or_ignore(self.engine, KEYS), [self._fresh(person) for person in missing])
            # A rival instance may have created one of them first: what is stored wins.
            known |= self._fetch(missing)
        self._due.update(known)

    def seal(self, person: str, clear: bytes) -> str:
        """Authenticated ciphertext, base64, bound to this person. Creates the key if need be."""
        if person not in self._due:
            self.ensure([person])
        key, nonce = self._due.pop(person), os.urandom(NONCE)
        return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, clear, person.encode())).decode()

    def open(self, person: str, sealed: str) -> bytes | None:
        """The clear bytes; ``None`` when the key no longer exists (the person was erased).

        Raises:
            CoffreError: the ciphertext was altered or belongs to somebody else.
        """
        key = self._fetch([person]).get(person)
        if key is None:
            return None
        raw = base64.b64decode(sealed)
        try:
            return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], person.encode())
        except InvalidTag:
            raise CoffreError("donnée scellée altérée, ou d'une autre personne") from None

    def secret(self, name: str) -> bytes:
        """A named 32-byte secret of this installation, created once (pepper of keyed hashes)."""
        if name not in self._secrets:
            self.ensure([f"{SECRET}{name}"])
            self._secrets[name] = self._due.pop(f"{SECRET}{name}")
        return self._secrets[name]

    def destroy(self, persons: Iterable[str], at: datetime) -> int:
        """Destroy these keys for ever; how many existed. Done again, it finishes what a crash interrupted.

        A key is overwritten where it lies before its row goes: neither the file nor its log keeps the old bytes.

        Raises:
            CoffreError: the database is too busy to forget the old bytes; ask again.
        """
        wanted = [{"qui": person, "cle": os.urandom(NONCE + 48)} for person in dict.fromkeys(persons)]
        if not wanted:
            return 0
        with writing(self.engine) as tx:
            overwrite_freed(tx)
            told = [{"personne": one["qui"], "le": at} for one in wanted]
            tx.execute(insert_or_ignore(self.engine, DESTROYED), told)
            tx.execute(update(KEYS).where(KEYS.c.personne == bindparam("qui")).values(cle=bindparam("cle")), wanted)
            gone = sum(tx.execute(delete(KEYS).where(KEYS.c.personne == one["qui"])).rowcount for one in wanted)
        forget_old_pages(self.engine, KEYS)
        return gone

    def destroyed(self) -> dict[str, datetime]:
        """Everybody who was erased here, and when."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(DESTROYED.c.personne, DESTROYED.c.le))
            return {str(person): le for person, le in rows}

    def has(self, person: str) -> bool:
        """Whether this person still has a key."""
        return person in self._fetch([person])

    def key_of(self, person: str) -> bytes | None:
        """The key of a person, to be wrapped for somebody else; ``None`` when there is none (erased, or never made)."""
        return self._fetch([person]).get(person)

    def _refuse_erased(self, connection: Connection, persons: list[str]) -> None:
        for some in _chunks(persons):
            found = connection.execute(select(DESTROYED.c.personne).where(DESTROYED.c.personne.in_(some))).scalars()
            erased = sorted(found)
            if erased:
                raise Refus(ERASED, f"{', '.join(erased)} : identité effacée ; plus rien de personnel ne s'y ajoute")

    def _fresh(self, person: str) -> dict[str, object]:
        return {"personne": person, "cle": self.wrap(person, secrets.token_bytes(32))}

    def _fetch(self, persons: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self.engine.connect() as connection:
            for some in _chunks(persons):
                for person, wrapped in connection.execute(_OF_PERSONS, {"persons": some}):
                    found[person] = self.unwrap(person, wrapped)
        return found

    def wrap(self, person: str, key: bytes) -> bytes:
        """A key as it is stored, bound to whose it is."""
        nonce = os.urandom(NONCE)
        return nonce + self._master.encrypt(nonce, key, person.encode())

    def unwrap(self, person: str, wrapped: bytes) -> bytes:
        """The key that was stored.

        Raises:
            CoffreError: it was wrapped by another master key, or is somebody else's.
        """
        try:
            return self._master.decrypt(wrapped[:NONCE], wrapped[NONCE:], person.encode())
        except InvalidTag:
            raise CoffreError("la clé maîtresse n'ouvre pas ce coffre : vérifiez son fichier") from None


def master_key(path: Path) -> bytes:
    """The master key of a file, created (mode 0600) when absent.

    Raises:
        CoffreError: the file does not hold 32 bytes in base64.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process has just made it
            return master_key(path)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)))
            file.flush()
            os.fsync(file.fileno())
    try:
        key = base64.b64decode(path.read_bytes(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise CoffreError(f"{path} : clé maîtresse illisible (32 octets en base64 attendus)")
    return key


def _chunks(persons: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(persons), CHUNK):
        yield persons[start : start + CHUNK]


def insert_or_ignore(engine: Engine, table: Table) -> Any:
    """INSERT that leaves an existing row alone, in either dialect."""
    return (postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert)(table).on_conflict_do_nothing()


def overwrite_freed(connection: Connection) -> None:
    """SQLite leaves deleted bytes in its pages unless told to write zeros over them."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def forget_old_pages(engine: Engine, *tables: Table) -> None:
    """What an update leaves behind: pages in the log (SQLite), dead rows in the file (PostgreSQL).

    The log of PostgreSQL (``pg_wal``) recycles by itself; archives of it are copies to be treated as backups.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.execute(text(f"VACUUM FULL {table.name}"))
        return
    raw = engine.raw_connection()
    try:
        busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.close()
    if busy:
        raise CoffreError("clé détruite, mais le fichier du coffre est trop occupé pour l'oublier : recommencez")
