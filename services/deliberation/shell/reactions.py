"""What this service commands itself when it learns of others' facts: nothing.

A jury acts on a person's order alone (TR-D01); what others say reaches it through the read model `dossiers_jury`.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.messages import Command
from services.socle.enveloppe import Fact

REACTIONS: tuple[Callable[[Fact], list[Command]], ...] = ()
