"""How a journal and an aggregate are addressed: ``ev.<academie>.<session>.<diplome>.<service>.<aggregate>``.

One exact subject per aggregate: loading by wildcard costs the whole stream, and the concurrency check is sound on a
literal subject only.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from services.socle.errors import BadSubject

_TOKEN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_AGGREGATE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_AGGREGATE_MAX = 120


class Subject(NamedTuple):
    """A subject taken apart."""

    academie: str
    session: str
    diplome: str
    service: str
    aggregate: str

    @property
    def stream(self) -> str:
        return stream_name(self.academie, self.session)

    def __str__(self) -> str:
        return "ev." + ".".join(self)


def _token(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise BadSubject(f"{name} « {value} » : attendu des minuscules, des chiffres, « - » ou « _ » (64 au plus)")
    return value


def _aggregate(value: str) -> str:
    if len(value) > _AGGREGATE_MAX or not _AGGREGATE.fullmatch(value):
        raise BadSubject(
            f"agrégat « {value} » : attendu des lettres sans accent, des chiffres, « - », « _ », et « . » entre deux "
            f"parties ({_AGGREGATE_MAX} caractères au plus)"
        )
    return value


def stream_name(academie: str, session: str) -> str:
    """``("aix-marseille", "2026")`` → ``JOURNAL_AIX_MARSEILLE_2026``.

    Raises:
        BadSubject: a token that cannot stand in a subject.
    """
    return f"JOURNAL_{_token('académie', academie)}_{_token('session', session)}".replace("-", "_").upper()


def exchange_name(academie: str, session: str) -> str:
    """``("aix-marseille", "2026")`` → ``ECHANGES_AIX_MARSEILLE_2026``: what partners share with that académie.

    Raises:
        BadSubject: a token that cannot stand in a subject.
    """
    return exchange_of(stream_name(academie, session))


def exchange_of(journal: str) -> str:
    """``JOURNAL_AIX_MARSEILLE_2026`` → ``ECHANGES_AIX_MARSEILLE_2026``."""
    return journal.replace("JOURNAL_", "ECHANGES_", 1)


def is_exchange(stream: str) -> bool:
    """Whether a stream holds what partners share, and not our own journal."""
    return stream.startswith("ECHANGES_")


def subject(academie: str, session: str, diplome: str, service: str, aggregate: str) -> str:
    """The exact subject of an aggregate.

    Raises:
        BadSubject: a part that the broker would read otherwise.
    """
    return str(
        Subject(
            _token("académie", academie),
            _token("session", session),
            _token("diplôme", diplome),
            _token("service", service),
            _aggregate(aggregate),
        )
    )


@lru_cache(4_096)  # a projection asks again for each row of a fact, a lookup for each command
def split(text: str) -> Subject:
    """The parts of an exact subject.

    Raises:
        BadSubject: it is not the subject of an aggregate.
    """
    parts = text.split(".", 5)
    if len(parts) != 6 or parts[0] != "ev" or not _AGGREGATE.fullmatch(parts[5]):
        raise BadSubject(f"« {text} » n'est pas le sujet d'un agrégat (ev.académie.session.diplôme.service.agrégat)")
    return Subject(*parts[1:])
