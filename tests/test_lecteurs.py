"""``contracts/lecteurs.yaml`` tells the documents who follows which event: it must be what the services really do."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml

from contracts.documents import lecteurs
from contracts.evenements import REGISTRE
from contracts.messages import Event

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication")


def _built(service: str) -> Iterable[Any]:
    """Reactions and projections as the service's shell builds them, on an environment that does nothing."""
    spec = importlib.import_module(f"services.{service}.shell.app").SPEC
    parts = spec.build(MagicMock())
    return [*parts.reactions, *parts.projections]


def _handled(service: str) -> set[str]:
    """Names of the events of other services, or of its own, that a service reacts to or projects."""
    return {event.NAME for one in _built(service) for event in one.handles if issubclass(event, Event)}


def _ready(service: str) -> bool:
    return (ROOT / "services" / service / "shell/app.py").exists()


def reels() -> dict[str, list[str]]:
    """Event → services, as the code has it now."""
    handled = {service: _handled(service) for service in SERVICES if _ready(service)}
    found = {event.NAME: [s for s in SERVICES if event.NAME in handled.get(s, ())] for event in REGISTRE.events}
    return {name: services for name, services in found.items() if services}


def test_les_lecteurs_annonces_sont_ceux_du_code() -> None:
    if not all(map(_ready, SERVICES)):
        pytest.skip("les services ne sont pas tous montés")
    real = reels()
    expected = yaml.safe_dump(real, sort_keys=True, default_flow_style=None, width=110)
    assert lecteurs() == real, f"contracts/lecteurs.yaml devient, puis « make documents » :\n\n{expected}"


def test_les_lecteurs_annonces_existent() -> None:
    assert not set(lecteurs()) - {event.NAME for event in REGISTRE.events}
    assert not {service for services in lecteurs().values() for service in services} - set(SERVICES)
