"""What is confided, in the copy of a coffre: pairs and received keys, wrapped as they are stored, and what is gone.

A copy brings back neither a purpose that ended nor a person who was forgotten, whichever of the coffre in place, the
copy or the journals knows it. A purpose that no journal knows waits for its journal, like a person.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from services.socle.coffre import CONFIDED, FORGOTTEN, PAIRS, Coffre, CoffreError
from services.socle.confidence import Confidence
from services.socle.sql import insert_if_absent, moment_text

Received = tuple[str, str, str]
"""A purpose, where the person is from, who she is."""


@dataclass(frozen=True)
class Confided:
    """What a copy holds. ``pairs``: public half and wrapped private half of the purposes that had not ended."""

    pairs: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    ended: Mapping[str, datetime] = field(default_factory=dict)
    keys: Mapping[Received, bytes] = field(default_factory=dict)
    forgotten: Mapping[tuple[str, str], datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Journals:
    """What the journals know: each purpose, and whether it ended; who was erased where she is from."""

    purposes: Mapping[str, bool] = field(default_factory=dict)
    forgotten: frozenset[tuple[str, str]] = frozenset()


def collect(connection: Connection) -> Confided:
    """All that a coffre holds of it."""
    pairs: dict[str, tuple[str, bytes]] = {}
    ended: dict[str, datetime] = {}
    for purpose, public, private, at in connection.execute(select(*PAIRS.c)):
        if private is None:
            ended[purpose] = at
        else:
            pairs[purpose] = (public, bytes(private))
    keys = {(one[0], one[1], one[2]): bytes(one[3]) for one in connection.execute(select(*CONFIDED.c))}
    forgotten = {(one[0], one[1]): one[2] for one in connection.execute(select(*FORGOTTEN.c))}
    return Confided(pairs, ended, keys, forgotten)


def written(told: Confided) -> dict[str, Any]:
    """As the file of a copy says it."""
    return {
        "paires": {purpose: [public, _text(private)] for purpose, (public, private) in sorted(told.pairs.items())},
        "terminees": {purpose: moment_text(at) for purpose, at in sorted(told.ended.items())},
        "confiees": [[*place, _text(key)] for place, key in sorted(told.keys.items())],
        "oubliees": [[*who, moment_text(at)] for who, at in sorted(told.forgotten.items())],
    }


def parsed(raw: Mapping[str, Any]) -> Confided:
    """What the file of a copy says; one made before anything was confided says nothing.

    Raises:
        KeyError, TypeError, ValueError: it is not that.
    """
    return Confided(
        {purpose: (public, _raw(private)) for purpose, (public, private) in raw.get("paires", {}).items()},
        {purpose: datetime.fromisoformat(at) for purpose, at in raw.get("terminees", {}).items()},
        {(purpose, origin, person): _raw(key) for purpose, origin, person, key in raw.get("confiees", ())},
        {(origin, person): datetime.fromisoformat(at) for origin, person, at in raw.get("oubliees", ())},
    )


def put_back(connection: Connection, told: Confided, journals: Journals, gone: Iterable[str]) -> int:
    """Add what is missing and may come back; how many keys were received of others. ``gone``: purposes that ended."""
    live = {one for one, ended in journals.purposes.items() if not ended}.difference(gone)
    for purpose, (public, private) in told.pairs.items():
        if purpose in live:
            insert_if_absent(connection, PAIRS, {"objet": purpose, "publique": public, "privee": private})
    here = {(origin, person) for origin, person in connection.execute(_forgotten())}
    forgotten = {*told.forgotten, *journals.forgotten, *here}
    return sum(
        insert_if_absent(connection, CONFIDED, {"objet": purpose, "origine": origin, "personne": person, "cle": key})
        for (purpose, origin, person), key in told.keys.items()
        if purpose in live and (origin, person) not in forgotten
    )


def ended(connection: Connection, told: Confided, journals: Journals) -> set[str]:
    """The purposes that ended, as the coffre in place, the copy or the journals know."""
    here = connection.execute(select(PAIRS.c.objet).where(PAIRS.c.privee.is_(None))).scalars()
    return {*here, *told.ended, *(one for one, over in journals.purposes.items() if over)}


def destroy_again(coffre: Coffre, told: Confided, journals: Journals, gone: Iterable[str], at: datetime) -> None:
    """What should not be in place goes too."""
    confidence = Confidence(coffre)
    for purpose in sorted(gone):
        confidence.end(purpose, at)
    for origin, person in sorted({*told.forgotten, *journals.forgotten}):
        confidence.forget(origin, [person], at)


def refuse_differing(connection: Connection, told: Confided) -> None:
    """Nothing is written over a pair: what was confided to it would be lost.

    Raises:
        CoffreError: one differs.
    """
    live = select(PAIRS.c.objet, PAIRS.c.publique).where(PAIRS.c.privee.is_not(None))
    here: dict[str, str] = {one.objet: one.publique for one in connection.execute(live)}
    found = sum(here.get(purpose, public) != public for purpose, (public, _) in told.pairs.items())
    if found:
        raise CoffreError(f"{found} paire(s) en place ne sont pas celles de la sauvegarde : restaurez un coffre vide")


def _forgotten() -> Any:
    return select(FORGOTTEN.c.origine, FORGOTTEN.c.personne)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(written: str) -> bytes:
    return base64.b64decode(written, validate=True)
