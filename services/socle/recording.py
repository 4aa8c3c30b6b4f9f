"""When a journal recorded a message."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from nats.aio.client import Client
from nats.errors import Error


async def age_of(nc: Client, stream: str, seq: int, timeout: float, path: str = "") -> float | None:
    """Seconds since the journal recorded its first message from there (of a subject, if one is given).

    ``None`` when there is none, or no answer.
    """
    asked = {"seq": seq, "next_by_subj": path} if path else {"seq": seq}
    try:
        reply = await nc.request(f"$JS.API.DIRECT.GET.{stream}", orjson.dumps(asked), timeout=timeout)
        recorded = datetime.fromisoformat((reply.headers or {})["Nats-Time-Stamp"][:19] + "+00:00")
    except (Error, OSError, KeyError, ValueError):
        return None
    return max(0.0, (datetime.now(UTC) - recorded).total_seconds())
