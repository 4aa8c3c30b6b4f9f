"""The coffre: one key per person, kept outside the journal. Destroying the key erases the person from every copy.

A key is stored (and committed) before anything sealed with it may be appended: the other order could lose a person
to a crash. Keys are wrapped by a master key that lives in its own file or setting, so that a copy of the table alone
opens nothing.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Engine, LargeBinary, MetaData, String, Table, insert, select

from services.socle.errors import SocleError

METADATA = MetaData()
KEYS = Table(
    "cles", METADATA, Column("personne", String(80), primary_key=True), Column("cle", LargeBinary, nullable=False)
)

NONCE = 12
CHUNK = 500


class CoffreError(SocleError):
    """The coffre cannot open: wrong master key, or altered data."""

    code = "COFFRE"


class Coffre:
    """Seals and opens personal data. Safe to share between threads once built."""

    def __init__(self, engine: Engine, master: bytes) -> None:
        self.engine = engine
        self._master = AESGCM(master)
        self._cache: dict[str, bytes] = {}
        METADATA.create_all(engine)

    def ensure(self, persons: Iterable[str]) -> None:
        """Create, durably and in one transaction, the keys that do not exist yet."""
        wanted = [person for person in dict.fromkeys(persons) if person not in self._cache]
        if not wanted:
            return
        known = self._fetch(wanted)
        fresh = {person: secrets.token_bytes(32) for person in wanted if person not in known}
        if fresh:
            rows = [{"personne": person, "cle": self._wrap(person, key)} for person, key in fresh.items()]
            with self.engine.begin() as tx:
                tx.execute(_insert_or_ignore(self.engine), rows)
            # A rival instance may have created one of them first: what is stored wins.
            fresh = self._fetch(list(fresh))
        self._cache.update(known | fresh)

    def seal(self, person: str, clear: bytes) -> str:
        """Authenticated ciphertext, base64, bound to this person. Creates the key if need be."""
        if person not in self._cache:
            self.ensure([person])
        nonce = os.urandom(NONCE)
        return base64.b64encode(nonce + AESGCM(self._cache[person]).encrypt(nonce, clear, person.encode())).decode()

    def open(self, person: str, sealed: str) -> bytes | None:
        """The clear bytes; ``None`` when the key no longer exists (the person was erased).

        Raises:
            CoffreError: the ciphertext was altered or belongs to somebody else.
        """
        key = self._cache.get(person) or self._fetch([person]).get(person)
        if key is None:
            return None
        self._cache[person] = key
        raw = base64.b64decode(sealed)
        try:
            return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], person.encode())
        except InvalidTag:
            raise CoffreError("donnée scellée altérée, ou d'une autre personne") from None

    def secret(self, name: str) -> bytes:
        """A named 32-byte secret of this installation, created once (pepper of keyed hashes)."""
        self.ensure([f"secret:{name}"])
        return self._cache[f"secret:{name}"]

    def _fetch(self, persons: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self.engine.connect() as connection:
            for start in range(0, len(persons), CHUNK):
                query = select(KEYS.c.personne, KEYS.c.cle).where(KEYS.c.personne.in_(persons[start : start + CHUNK]))
                for person, wrapped in connection.execute(query):
                    found[person] = self._unwrap(person, wrapped)
        return found

    def _wrap(self, person: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._master.encrypt(nonce, key, person.encode())

    def _unwrap(self, person: str, wrapped: bytes) -> bytes:
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


def _insert_or_ignore(engine: Engine):  # type: ignore[no-untyped-def]
    """INSERT that leaves an existing key alone, in either dialect."""
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as pg_insert

        return pg_insert(KEYS).on_conflict_do_nothing()
    if engine.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as lite_insert

        return lite_insert(KEYS).on_conflict_do_nothing()
    return insert(KEYS)
