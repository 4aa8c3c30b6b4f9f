"""Calls to the JetStream API as raw JSON, and what its answers mean.

nats-py's own configuration classes drop the settings they do not know; here what is written is what the server gets.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from nats.aio.client import Client
from nats.errors import Error, MaxPayloadError, NoRespondersError

from services.socle.errors import BrokerAway, BrokerDenied, SocleError, StreamMissing, StreamRefused, TooLarge

Data = dict[str, Any]

STALE: Final = frozenset({10071, 10164})  # wrong last sequence, known or in flight
DUPLICATE_IN_BATCH: Final = 10201
STREAM_NOT_FOUND: Final = 10059
OTHER_STREAM: Final = 10060
# Passing: server starting, no leader, same id in flight, batch abandoned, too many batches or requests.
TRANSIENT: Final = frozenset({10008, 10009, 10039, 10074, 10076, 10158, 10167, 10176, 10209, 10210, 10211})
TOO_LARGE: Final = frozenset({10054, 10097})
FULL_OR_SEALED: Final = frozenset({10023, 10028, 10047, 10077, 10109, 10122})


class Transient(Exception):
    """The broker cannot answer now; the same call may succeed in a moment."""


class ApiError(SocleError):
    """An answer of the broker that nothing here foresees."""

    code = "COURTIER_REFUS"

    def __init__(self, where: str, err_code: int, description: str) -> None:
        super().__init__(f"{where} : {description} (code {err_code})")
        self.err_code = err_code
        self.description = description


def failure(where: str, error: Data) -> SocleError | Transient:
    """The exception that stands for an ``error`` object of the broker."""
    number = int(error.get("err_code", 0))
    text = str(error.get("description", ""))
    if number in TRANSIENT:
        return Transient(f"{text} ({number})")
    if number == STREAM_NOT_FOUND:
        return missing(where)
    if number == OTHER_STREAM:
        return StreamMissing(f"{where} : ce sujet est rangé dans un autre journal ; vérifiez l'académie et la session")
    if number in TOO_LARGE:
        return TooLarge(f"{where} : le journal refuse un message de cette taille ({text}) ; découpez la décision")
    if number in FULL_OR_SEALED:
        return StreamRefused(f"{where} : {text} ({number}) ; le journal est scellé, ou le disque du courtier est plein")
    return ApiError(where, number, text)


def missing(where: str) -> StreamMissing:
    return StreamMissing(f"{where} : ce journal n'existe pas sur le courtier ; lancez la création des journaux")


def denied(nc: Client, subject: str) -> BrokerDenied | None:
    """The refusal that a timeout hides: a violation is told to the connection, never to the caller."""
    text = str(nc.last_error or "").lower()
    if "permissions violation" in text and f'"{subject.lower()}"' in text:
        return BrokerDenied(f"publier sur {subject} est interdit à cette identité (deploy/nats/droits.yaml)")
    return None


async def request(nc: Client, subject: str, body: bytes, timeout: float, headers: dict[str, str] | None = None) -> Data:
    """One round trip, answered in JSON.

    Raises:
        NoRespondersError: nobody answers there (no such stream, or no leader yet).
        Transient: silence, or the connection is down.
        BrokerDenied, TooLarge: it cannot work.
    """
    try:
        answer: Data = orjson.loads((await nc.request(subject, body, timeout=timeout, headers=headers)).data)
    except NoRespondersError:
        raise
    except MaxPayloadError:
        raise TooLarge(f"{subject} : {len(body)} octets, plus que le courtier n'accepte") from None
    except (Error, OSError, orjson.JSONDecodeError) as error:
        if nc.is_closed:
            raise BrokerAway("la connexion au courtier est fermée : relancez le programme") from None
        refusal = denied(nc, subject)
        if refusal is not None:
            raise refusal from None
        raise Transient(f"{type(error).__name__} : {error}") from None
    return answer


async def call(nc: Client, verb: str, payload: Data | None, timeout: float) -> Data:
    """``$JS.API.<verb>``.

    Raises:
        Transient: the API is not there for now.
        SocleError: see `failure`.
    """
    try:
        answer = await request(nc, f"$JS.API.{verb}", orjson.dumps(payload) if payload else b"", timeout)
    except NoRespondersError:
        raise Transient("l'API de JetStream ne répond pas") from None
    if "error" in answer:
        raise failure(verb, answer["error"])
    return answer
