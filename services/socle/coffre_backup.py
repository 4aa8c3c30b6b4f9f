"""A coffre as one file, and back. Keys leave it as they are stored, wrapped by the master key, which never leaves.

The file is sealed as a whole by the master key: nobody without it can alter the copy, and a copy of another
installation is recognised before anything is written. Who was erased is in the copy too; who was erased since comes
from the coffre in place and from the journals: a restored copy brings nobody back whom one of them knows erased.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import insert, select

from services.socle import confidence_backup
from services.socle.coffre import DESTROYED, KEYS, SECRET, Coffre, CoffreError
from services.socle.confidence_backup import Confided, Journals
from services.socle.files import write_private
from services.socle.sql import insert_if_absent, moment_text, writing

FORMAT = "parchemin-coffre/2"
FORMATS = frozenset({"parchemin-coffre/1", FORMAT})  # the first one knew nothing of what is confided
SEAL = b"parchemin coffre sauvegarde"


@dataclass(frozen=True)
class Copy:
    """What a file holds: wrapped keys by person, who was erased and when; what is confided."""

    keys: Mapping[str, bytes]
    destroyed: Mapping[str, datetime]
    confided: Confided = field(default_factory=Confided)


@dataclass(frozen=True)
class Restored:
    """What a restoration did."""

    added: int
    already: int
    erased: int
    unknown: int  # keys left in the copy: no journal knows these persons, so none can say they were not erased
    received: int = 0  # keys of others, received for a purpose that lasts


def save(coffre: Coffre, master: bytes, path: Path, at: datetime) -> int:
    """Write the copy, readable by its owner alone; how many keys it holds."""
    with coffre.engine.connect() as connection:
        keys = {person: bytes(key) for person, key in connection.execute(select(KEYS.c.personne, KEYS.c.cle))}
        rows = connection.execute(select(DESTROYED.c.personne, DESTROYED.c.le))
        destroyed = {person: moment_text(le) for person, le in rows}
        confided = confidence_backup.written(confidence_backup.collect(connection))
    body = orjson.dumps(
        {
            "format": FORMAT,
            "le": at.isoformat(),
            "cles": {person: base64.b64encode(key).decode() for person, key in sorted(keys.items())},
            "detruites": dict(sorted(destroyed.items())),
            **confided,
        }
    )
    write_private(path, body + b"\n" + _seal(master, body) + b"\n")
    return len(keys)


def read(master: bytes, path: Path) -> Copy:
    """The copy of a file.

    Raises:
        CoffreError: it is no copy of a coffre, was altered, or belongs to another master key.
    """
    body, _, seal = path.read_bytes().rstrip(b"\n").rpartition(b"\n")
    if not hmac.compare_digest(seal, _seal(master, body)):
        raise CoffreError(f"{path} : sauvegarde altérée, ou faite sous une autre clé maîtresse ; rien n'est restauré")
    try:
        return _parsed(orjson.loads(body))
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError):
        raise CoffreError(f"{path} : format inconnu de ce programme ; mettez-le à jour") from None


def restore(
    coffre: Coffre, copy: Copy, known: Mapping[str, bool], at: datetime, journals: Journals | None = None
) -> Restored:
    """Put back the keys that are missing, but those of whoever was erased: here, in the copy, or as the journals say.

    ``known``: everybody that the journals know, and whether she was erased. The others wait for their journal.
    ``journals``: what they know of what is confided; what they do not know waits too.

    Nothing is written when a key in place differs from the copy's: what one of them sealed would be lost.

    Raises:
        CoffreError: a key differs.
    """
    erased = [person for person, gone in known.items() if gone]
    gone = {**dict.fromkeys(erased, at), **copy.destroyed, **coffre.destroyed()}
    kept = {person: key for person, key in copy.keys.items() if person not in gone}
    wanted = {person: key for person, key in kept.items() if person in known or person.startswith(SECRET)}
    told = journals or Journals()
    with writing(coffre.engine) as tx:
        confidence_backup.refuse_differing(tx, copy.confided)
        here = {person: bytes(key) for person, key in tx.execute(select(KEYS.c.personne, KEYS.c.cle))}
        differ = [person for person, key in wanted.items() if here.get(person, key) != key]
        if differ:
            raise CoffreError(
                f"{len(differ)} clé(s) en place ne sont pas celles de la sauvegarde : arrêtez les services, mettez le "
                "coffre en place de côté, puis restaurez dans un coffre vide"
            )
        missing = [{"personne": person, "cle": key} for person, key in wanted.items() if person not in here]
        if missing:
            tx.execute(insert(KEYS), missing)
        for person, le in gone.items():
            insert_if_absent(tx, DESTROYED, {"personne": person, "le": le})
        ended = confidence_backup.ended(tx, copy.confided, told)
        received = confidence_backup.put_back(tx, copy.confided, told, ended)
    coffre.destroy(gone, at)  # whatever was in place of theirs goes too
    confidence_backup.destroy_again(coffre, copy.confided, told, ended, at)
    return Restored(len(missing), len(wanted) - len(missing), len(gone), len(kept) - len(wanted), received)


def _seal(master: bytes, body: bytes) -> bytes:
    key = hmac.new(master, SEAL, hashlib.sha256).digest()
    return hmac.new(key, body, hashlib.sha256).hexdigest().encode()


def _parsed(raw: Mapping[str, Any]) -> Copy:
    if raw["format"] not in FORMATS:
        raise ValueError(raw["format"])
    keys = {person: base64.b64decode(key, validate=True) for person, key in raw["cles"].items()}
    destroyed = {person: datetime.fromisoformat(le) for person, le in raw["detruites"].items()}
    return Copy(keys, destroyed, confidence_backup.parsed(raw))
