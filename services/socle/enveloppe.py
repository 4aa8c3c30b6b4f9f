"""The envelope: one JetStream message = one decision = 1..n CloudEvents of one aggregate.

The body is CloudEvents 1.0 JSON (a single object, or a batch array when n > 1) and carries everything that
the proof needs, so that the hash of the body covers it. Headers repeat what a reader wants before it parses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any

import orjson

from contracts.messages import Data, Event, MalformedMessage

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

H_TYPES = "Parchemin-Types"
H_COMMAND = "Parchemin-Commande"
H_RANK = "Parchemin-Rang"
H_CONTENT = "Content-Type"

GENESIS = ""

TEXTS = ("id", "time", "commandeid", "acteur", "role", "correlationid")
_texts, _TEXT = itemgetter(*TEXTS), frozenset({str})
RANKS = 2**31  # what a column of both engines holds
REQUIRED = frozenset(("id", "type", "source", "time", "data", "commandeid", "acteur", "role", "correlationid", "rang"))


@dataclass(frozen=True, slots=True)
class Context:
    """Who caused a decision, when, and in which conversation."""

    commandeid: str
    acteur: str
    role: str
    le: datetime
    correlationid: str
    traceparent: str | None = None
    sceau: str = ""  # keyed print of what the command asked: its id used for something else is recognised


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as read from the journal, with where it stands."""

    event: Event
    id: str
    name: str
    stream: str
    seq: int
    index: int
    subject: str
    rang: int
    context: Context
    recorded: datetime | None = None


@dataclass(frozen=True)
class Stored:
    """One message of the journal, not parsed yet: ``seq`` is its position, ``body`` its exact bytes."""

    stream: str
    seq: int
    subject: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    recorded: datetime | None = None

    @property
    def types(self) -> tuple[str, ...]:
        """Event names it carries, in order, read from the header alone (no parsing)."""
        return tuple(self.headers.get(H_TYPES, "").split(","))

    @property
    def commandeid(self) -> str:
        return self.headers.get(H_COMMAND, "")

    @cached_property
    def envelopes(self) -> list[Data]:
        """The CloudEvents of the body, as plain dicts.

        Raises:
            MalformedMessage: the body is not CloudEvents 1.0 JSON.
        """
        return parse(self)

    @property
    def where(self) -> str:
        return f"{self.stream}@{self.seq}"

    @property
    def digest(self) -> str:
        return digest(self.body)


def parse(stored: Stored) -> list[Data]:
    """What `Stored.envelopes` keeps; for those who look once, and need nothing kept.

    Raises:
        MalformedMessage: the body is not CloudEvents 1.0 JSON.
    """
    try:
        parsed: Any = orjson.loads(stored.body)
    except orjson.JSONDecodeError as error:
        raise MalformedMessage(stored.where, f"JSON illisible : {error.msg}") from None
    found = parsed if isinstance(parsed, list) else [parsed]
    for one in found:
        if not isinstance(one, dict) or one.get("specversion") != "1.0":
            raise MalformedMessage(stored.where, "ce n'est pas un CloudEvent 1.0")
        if not one.keys() >= REQUIRED or not isinstance(one["type"], str):
            absent = ", ".join(sorted(REQUIRED - one.keys())) or "type"
            raise MalformedMessage(stored.where, f"attributs absents : {absent}")
    if not found:
        raise MalformedMessage(stored.where, "aucun événement")
    if b"\\u0000" in stored.body and has_nul(found):
        raise MalformedMessage(stored.where, "un texte contient un caractère nul, que les bases ne savent pas garder")
    return found


def digest(body: bytes) -> str:
    """Hash that the next message of the aggregate carries as ``precedent`` (sha256, hex)."""
    return hashlib.sha256(body).hexdigest()


def encode(
    *, subject: str, context: Context, rang: int, precedent: str, events: list[tuple[str, str, Data]]
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of one decision. ``events`` are (event id, stable name, sealed data) in order.

    ``rang`` is the version of the aggregate after this message (1 for the first); ``precedent`` the digest of its
    previous message, `GENESIS` for the first.
    """
    envelopes: list[Data] = []
    for event_id, name, data in events:
        one: Data = {
            "specversion": "1.0",
            "id": event_id,
            "source": f"/{subject.replace('.', '/')}",
            "type": name,
            "time": context.le.isoformat(),
            "datacontenttype": "application/json",
            "acteur": context.acteur,
            "role": context.role,
            "commandeid": context.commandeid,
            "correlationid": context.correlationid,
            "rang": rang,
            "precedent": precedent,
            "data": data,
        }
        if context.traceparent:
            one["traceparent"] = context.traceparent
        if context.sceau:
            one["sceau"] = context.sceau
        envelopes.append(one)
    body = orjson.dumps(envelopes[0] if len(envelopes) == 1 else envelopes)
    headers = {
        H_CONTENT: SINGLE if len(envelopes) == 1 else BATCH,
        H_TYPES: ",".join(name for _, name, _ in events),
        H_COMMAND: context.commandeid,
        H_RANK: str(rang),
    }
    return body, headers


def has_nul(value: Any) -> bool:
    """Does a text of this JSON value hold a character that PostgreSQL cannot keep?"""
    waiting = [value]  # not by recursion: whoever writes it chooses how deep it goes
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "\0" in one:
                return True
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return False


def header_rank(stored: Stored) -> int:
    """Version of the aggregate after this message, as its headers say; 0 when they do not, or say what cannot be."""
    text = stored.headers.get(H_RANK, "")
    rank = int(text) if text.isdecimal() and len(text) < 20 else 0
    return rank if rank < RANKS else 0


def rank_of(envelope: Data) -> int:
    """The version of the aggregate that a CloudEvent says.

    Raises:
        ValueError: it is not one.
    """
    rank = int(envelope["rang"])
    if not 0 < rank < RANKS:
        raise ValueError(f"rang {rank}")
    return rank


def context_of(envelope: Data) -> Context:
    """The `Context` of a CloudEvent read back.

    Raises:
        TypeError, ValueError: what should be a text or an aware moment is not.
    """
    texts = _texts(envelope)
    if not _TEXT.issuperset(map(type, texts)):
        raise TypeError("attribut qui n'est pas un texte")
    _, time, commandeid, acteur, role, correlationid = texts
    le = datetime.fromisoformat(time)
    if le.tzinfo is None:
        raise ValueError("date sans fuseau")
    # By position: it is made for each event that is read again.
    return Context(commandeid, acteur, role, le, correlationid, envelope.get("traceparent"), envelope.get("sceau", ""))
