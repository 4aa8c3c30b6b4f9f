"""What an erasure that was granted makes happen: the key destroyed, the documents that name the person removed.

At least once, and the same however often: a crash at any step is finished by the redelivery of the event, or by the
command given again. What is left to do follows from what is still there, not from a note of what was done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from contracts.evenements.publication import EffacementAccorde
from contracts.messages import Command
from services.publication.projections.identites import effacable
from services.publication.shell.fichiers import Rayon
from services.socle.enveloppe import Fact
from services.socle.service import Environment
from services.socle.sql import in_writer
from services.socle.subjects import split

log = structlog.get_logger("effacement")


class Effacements:
    """The reaction to an erasure, on one environment."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    async def effacer(self, fact: Fact) -> Iterable[Command]:
        """Nothing is owed by anybody else: the read models follow the same event."""
        event, where = fact.event, split(fact.subject)
        if isinstance(event, EffacementAccorde):
            for session in self._env.journals:  # registered elsewhere under this number: the key still serves there
                await self._env.up_to_date(session)
            await self._detruire(event)
            rayon = Rayon(self._env.settings.documents_dir, where.session, where.diplome)
            retires = await asyncio.to_thread(rayon.retirer, event.candidat)
            log.info("identite_effacee", candidat=event.candidat, session=where.session, fichiers=len(retires))
        return []

    async def _detruire(self, event: EffacementAccorde) -> None:
        with self._env.engine.connect() as connection:
            partout = effacable(connection, event.candidat)
        if partout:
            coffre = self._env.coffre
            await in_writer(coffre.engine, coffre.destroy, [event.candidat], event.le)
