"""The durables from which the services pull, as their shells build their reactions."""

from __future__ import annotations

import importlib
from unittest.mock import MagicMock

from services.socle.reactions import Reaction

SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication")


def reactions(service: str, *, partage: bool) -> list[Reaction]:
    """Those of a service, where exams are shared with other académies or where none is."""
    env = MagicMock()
    env.settings.echanges = ("2026",) if partage else ()
    found: list[Reaction] = list(importlib.import_module(f"services.{service}.shell.app").SPEC.build(env).reactions)
    return found


def durables(service: str, *, partage: bool) -> list[str]:
    """Where nothing is shared, what follows partners alone pulls from no stream."""
    return [f"{service}-{one.name}" for one in reactions(service, partage=partage) if partage or one.own]
