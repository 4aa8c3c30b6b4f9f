"""What this service commands itself when it learns of facts of its own académie: nothing.

A jury acts on a person's order alone (TR-D01); what others say reaches it through the read model `dossiers_jury`. Of
what a partner says too late, the closed jury is only told (`tardifs`).
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.messages import Command
from services.socle.enveloppe import Fact

REACTIONS: tuple[Callable[[Fact], list[Command]], ...] = ()
