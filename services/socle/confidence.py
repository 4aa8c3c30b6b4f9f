"""Keys confided between installations, for a purpose and for its time: what one seals, another that needs it opens.

For each purpose an installation makes one X25519 pair. The public half is told to the partners; the private half stays
in the coffre, wrapped by the master key. A person's key is wrapped for one addressee: a fresh X25519 exchange, HKDF,
then AES-GCM, bound to the purpose, to where the person is from, to who she is and to the addressee, so that an envelope
replayed under any other name opens nothing. What is received is kept apart from the coffre's own keys.

Ending a purpose destroys its private half and all that was received for it; forgetting a person destroys her key under
every purpose. Neither comes back: an envelope delivered again, or later, finds that nothing may open it.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, select, text, update

from contracts.messages import Refus
from services.socle.coffre import (
    CONFIDED,
    FORGOTTEN,
    NONCE,
    PAIRS,
    Coffre,
    CoffreError,
    forget_old_pages,
    insert_or_ignore,
    overwrite_freed,
)
from services.socle.sql import writing

KEY = 32
DESTROYED = "CLES_DETRUITES"
UNREADABLE = "ENVELOPPE_ILLISIBLE"


@dataclass(frozen=True)
class Terms:
    """What a key is confided for: the purpose, where the person is from, who she is, to whom."""

    purpose: str
    origin: str
    person: str
    addressee: str

    def bound(self) -> bytes:
        """As a list in JSON: no two terms give the same bytes, whatever the names hold."""
        return orjson.dumps(["parchemin/confidence/1", self.purpose, self.origin, self.person, self.addressee])


@dataclass(frozen=True)
class Wrapped:
    """A key on its way, in base64: the public half made for it alone, and the ciphertext."""

    ephemeral: str
    sealed: str


class Confidence:
    """The pairs and the received keys of one coffre. Like it, remembers no key from one call to the next."""

    def __init__(self, coffre: Coffre) -> None:
        self._coffre = coffre

    @property
    def _engine(self) -> Engine:
        return self._coffre.engine

    def public_key(self, purpose: str) -> str:
        """The public half for this purpose, made the first time.

        Raises:
            Refus: ``CLES_DETRUITES``, the purpose has ended here.
        """
        with self._engine.connect() as connection:
            found = _public(connection, purpose)
        if found is None:
            row = self._fresh(purpose)
            with writing(self._engine) as tx:
                tx.execute(insert_or_ignore(self._engine, PAIRS), row)
                found = _public(tx, purpose)  # a rival may have been first: what is stored wins
        if found is None or found[1] is not None:
            raise Refus(DESTROYED, f"{purpose} : terminé ici, ses clés sont détruites et ne se refont pas")
        return found[0]

    def wrap(self, terms: Terms, public: str) -> Wrapped | None:
        """The key of one of our persons, for an addressee; nothing when she has none (erased).

        Raises:
            Refus: ``ENVELOPPE_ILLISIBLE``, the addressee's public half is none.
        """
        key = self._coffre.key_of(terms.person)
        if key is None:
            return None
        ours, theirs = X25519PrivateKey.generate(), _raw(public)
        shared = _exchanged(ours, theirs)
        ephemeral, nonce = ours.public_key().public_bytes_raw(), os.urandom(NONCE)
        sealed = _cipher(shared, ephemeral, theirs, terms).encrypt(nonce, key, terms.bound())
        return Wrapped(_text(ephemeral), _text(nonce + sealed))

    def receive(self, terms: Terms, wrapped: Wrapped) -> bool:
        """Keep the key of an envelope; whether it may be used: not once the purpose ended or the person was forgotten.

        Raises:
            Refus: ``ENVELOPPE_ILLISIBLE``, it was not made for these terms and for us.
        """
        private = self._private(terms.purpose)
        if private is None:
            return False
        key = _opened(private, terms, wrapped)
        kept = {"objet": terms.purpose, "origine": terms.origin, "personne": terms.person}
        with writing(self._engine) as tx:
            _one_at_a_time(tx)
            if _ended(tx, terms.purpose) or _forgotten(tx, terms.origin, terms.person):
                return False
            tx.execute(delete(CONFIDED).where(_received(terms)))  # said again, under a key that may be newer
            tx.execute(CONFIDED.insert(), {**kept, "cle": self._coffre.wrap(_label(terms.origin, terms.person), key)})
        return True

    def has(self, purpose: str, origin: str, person: str) -> bool:
        """Whether that person's key was received for that purpose, and is still here."""
        return self._key(purpose, origin, person) is not None

    def open(self, purpose: str, origin: str, person: str, sealed: str) -> bytes | None:
        """The clear bytes that another installation sealed for this person; nothing without her key.

        Raises:
            CoffreError: the ciphertext was altered, or is somebody else's.
        """
        key = self._key(purpose, origin, person)
        if key is None:
            return None
        try:
            raw = base64.b64decode(sealed, validate=True)
            return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], person.encode())
        except (InvalidTag, ValueError):
            raise CoffreError("donnée confiée altérée, ou d'une autre personne") from None

    def end(self, purpose: str, at: datetime) -> int:
        """Destroy the private half of a purpose and all that was received for it; how many keys were.

        Said again it finishes what a crash interrupted; a purpose that never began here ends all the same.

        Raises:
            CoffreError: the database is too busy to forget the old bytes; ask again.
        """
        closed = {"objet": purpose, "publique": "", "privee": None, "detruite_le": at}
        with writing(self._engine) as tx:
            overwrite_freed(tx)
            _one_at_a_time(tx)
            tx.execute(insert_or_ignore(self._engine, PAIRS), closed)
            mine = and_(PAIRS.c.objet == purpose, PAIRS.c.privee.is_not(None))
            tx.execute(update(PAIRS).where(mine).values(privee=os.urandom(NONCE + 48)))
            tx.execute(update(PAIRS).where(mine).values(privee=None, detruite_le=at))
            gone = _destroy(tx, CONFIDED.c.objet == purpose)
        forget_old_pages(self._engine, PAIRS, CONFIDED)
        return gone

    def forget(self, origin: str, persons: Iterable[str], at: datetime) -> int:
        """Destroy what was received of these persons, under every purpose; how many keys were.

        Raises:
            CoffreError: as `end`.
        """
        gone, told = 0, [{"origine": origin, "personne": one, "le": at} for one in dict.fromkeys(persons)]
        if not told:
            return 0
        with writing(self._engine) as tx:
            overwrite_freed(tx)
            _one_at_a_time(tx)
            tx.execute(insert_or_ignore(self._engine, FORGOTTEN), told)
            for one in told:
                gone += _destroy(tx, and_(CONFIDED.c.origine == origin, CONFIDED.c.personne == one["personne"]))
        forget_old_pages(self._engine, CONFIDED)
        return gone

    def purposes(self) -> list[str]:
        """Those that have not ended here."""
        with self._engine.connect() as connection:
            query = select(PAIRS.c.objet).where(PAIRS.c.detruite_le.is_(None)).order_by(PAIRS.c.objet)
            return list(connection.execute(query).scalars())

    def _fresh(self, purpose: str) -> dict[str, object]:
        pair = X25519PrivateKey.generate()
        public, private = pair.public_key().public_bytes_raw(), pair.private_bytes_raw()
        return {"objet": purpose, "publique": _text(public), "privee": self._coffre.wrap(_pair(purpose), private)}

    def _private(self, purpose: str) -> X25519PrivateKey | None:
        with self._engine.connect() as connection:
            wrapped = connection.scalar(select(PAIRS.c.privee).where(PAIRS.c.objet == purpose))
        if wrapped is None:
            return None
        return X25519PrivateKey.from_private_bytes(self._coffre.unwrap(_pair(purpose), wrapped))

    def _key(self, purpose: str, origin: str, person: str) -> bytes | None:
        place = _received(Terms(purpose, origin, person, ""))
        with self._engine.connect() as connection:
            wrapped = connection.scalar(select(CONFIDED.c.cle).where(place))
        return None if wrapped is None else self._coffre.unwrap(_label(origin, person), wrapped)


# The envelope --------------------------------------------------------------------------------------------------------


def _opened(private: X25519PrivateKey, terms: Terms, wrapped: Wrapped) -> bytes:
    ephemeral, raw = _raw(wrapped.ephemeral), _bytes(wrapped.sealed)
    shared, mine = _exchanged(private, ephemeral), private.public_key().public_bytes_raw()
    try:
        key = _cipher(shared, ephemeral, mine, terms).decrypt(raw[:NONCE], raw[NONCE:], terms.bound())
    except (InvalidTag, ValueError):
        raise _unreadable() from None
    if len(key) != KEY:
        raise _unreadable()
    return key


def _cipher(shared: bytes, ephemeral: bytes, addressee: bytes, terms: Terms) -> AESGCM:
    """Both public halves go into the derivation: an envelope is of one exchange, not of any that gives this secret."""
    derived = HKDF(algorithm=SHA256(), length=KEY, salt=ephemeral + addressee, info=terms.bound()).derive(shared)
    return AESGCM(derived)


def _exchanged(private: X25519PrivateKey, public: bytes) -> bytes:
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:  # a point chosen so that everybody knows the secret
        raise _unreadable() from None


def _raw(public: str) -> bytes:
    found = _bytes(public)
    if len(found) != KEY:
        raise _unreadable()
    return found


def _bytes(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable() from None


def _unreadable() -> Refus:
    return Refus(UNREADABLE, "cette enveloppe n'a pas été faite pour nous, ni pour cette personne, ou fut altérée")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# The tables ----------------------------------------------------------------------------------------------------------


def _pair(purpose: str) -> str:
    return f"paire:{purpose}"


def _label(origin: str, person: str) -> str:
    return f"confiee:{origin}:{person}"


def _received(terms: Terms) -> ColumnElement[bool]:
    columns = CONFIDED.c
    return and_(columns.objet == terms.purpose, columns.origine == terms.origin, columns.personne == terms.person)


def _public(connection: Connection, purpose: str) -> tuple[str, datetime | None] | None:
    row = connection.execute(select(PAIRS.c.publique, PAIRS.c.detruite_le).where(PAIRS.c.objet == purpose)).first()
    return None if row is None else (row[0], row[1])


def _ended(connection: Connection, purpose: str) -> bool:
    found = _public(connection, purpose)
    return found is None or found[1] is not None


def _forgotten(connection: Connection, origin: str, person: str) -> bool:
    found = select(FORGOTTEN.c.le).where(FORGOTTEN.c.origine == origin, FORGOTTEN.c.personne == person)
    return connection.scalar(found) is not None


def _destroy(connection: Connection, which: ColumnElement[bool]) -> int:
    """Overwritten where they lie before their rows go."""
    connection.execute(update(CONFIDED).where(which).values(cle=os.urandom(NONCE + 48)))
    return connection.execute(delete(CONFIDED).where(which)).rowcount


def _one_at_a_time(connection: Connection) -> None:
    """Else a key received while its person is forgotten would stay. SQLite has one writer already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {CONFIDED.name} IN SHARE ROW EXCLUSIVE MODE"))
