"""Creates the journals that are missing, from the settings deployed as data. It never repairs one by force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import structlog
import yaml
from nats.aio.client import Client

from services.socle import jsapi
from services.socle.errors import BrokerAway, StreamMismatch, StreamMissing
from services.socle.settings import ROOT
from services.socle.subjects import stream_name

TEMPLATE = ROOT / "deploy" / "nats" / "journal.stream.yaml"
TIMEOUT = 10.0

# What may be changed on a living journal without touching what it holds or who may alter it.
ADJUSTABLE: Final = frozenset({"num_replicas", "max_msg_size", "duplicate_window", "compression"})

log = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What was done for one journal. ``changes`` maps a setting to its old and new value."""

    stream: str
    action: Literal["cree", "inchange", "ajuste", "scelle"]
    changes: dict[str, tuple[Any, Any]]


async def provision(
    nc: Client, academie: str, sessions: Iterable[str], replicas: int = 1, template: Path = TEMPLATE
) -> list[Provisioned]:
    """Every session's journal exists with the settings deployed. ``nc`` must be the identity ``provision``.

    Raises:
        StreamMismatch: one exists that differs in what protects its content; nothing was done to it.
        BrokerAway, BrokerDenied, BadSubject: it could not be done.
    """
    return [await _one(nc, wanted(academie, session, replicas, template)) for session in sessions]


def wanted(academie: str, session: str, replicas: int = 1, template: Path = TEMPLATE) -> jsapi.Data:
    """The settings of one journal, as the server's API takes them."""
    stream = stream_name(academie, session)
    config: jsapi.Data = yaml.safe_load(template.read_text(encoding="utf-8"))
    return config | {"name": stream, "subjects": [f"ev.{academie}.{session}.>"], "num_replicas": replicas}


async def _one(nc: Client, config: jsapi.Data) -> Provisioned:
    stream = config["name"]
    try:
        found = await _existing(nc, stream)
        if found is None:
            await jsapi.call(nc, f"STREAM.CREATE.{stream}", config, TIMEOUT)
            done = Provisioned(stream, "cree", {})
        else:
            done = await _reconcile(nc, config, found)
    except jsapi.Transient as error:
        raise BrokerAway(f"{stream} : le courtier ne répond pas ({error})") from None
    log.info("journal_" + done.action, journal=stream, changements={k: list(v) for k, v in done.changes.items()})
    return done


async def _existing(nc: Client, stream: str) -> jsapi.Data | None:
    try:
        info = await jsapi.call(nc, f"STREAM.INFO.{stream}", None, TIMEOUT)
    except StreamMissing:
        return None
    config: jsapi.Data = info["config"]
    return config


async def _reconcile(nc: Client, config: jsapi.Data, found: jsapi.Data) -> Provisioned:
    stream = config["name"]
    if found.get("sealed"):  # the session is closed for good
        return Provisioned(stream, "scelle", {})
    changes = differences(config, found)
    grave = {key: pair for key, pair in changes.items() if key not in ADJUSTABLE}
    if grave:
        listed = " ; ".join(f"{key} vaut {old!r} au lieu de {new!r}" for key, (old, new) in sorted(grave.items()))
        raise StreamMismatch(f"{stream} : {listed}. Cherchez qui l'a changé ; rien n'a été touché")
    if not changes:
        return Provisioned(stream, "inchange", {})
    # Starting from what exists: an update resets every setting it does not name.
    await jsapi.call(nc, f"STREAM.UPDATE.{stream}", found | {key: config[key] for key in changes}, TIMEOUT)
    return Provisioned(stream, "ajuste", changes)


def differences(config: jsapi.Data, found: jsapi.Data) -> dict[str, tuple[Any, Any]]:
    """Old and new value of each setting that differs; the server leaves out what is false, zero or empty."""
    keys = (key for key in config if (found.get(key) or None) != (config[key] or None))
    return {key: (found.get(key), config[key]) for key in keys}
