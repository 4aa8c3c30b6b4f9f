"""Un rejeu dans son propre processus, que l'on peut tuer : les projections de tous les services, de l'archive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from services.exploitation.archive.dossier import archives
from services.exploitation.archive.source import ArchiveSeule
from services.exploitation.composition import spec
from services.socle.enveloppe import Stored
from services.socle.replay import replay
from services.socle.sql import engine_for
from tests.rejeu.etats import TOUTES

LOT, PAUSE = 20, 0.002


class ParPetitsLots(ArchiveSeule):
    """Quelques messages à la fois, pour que chaque projection se fasse en beaucoup de transactions."""

    async def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncIterator[list[Stored]]:
        async for lot in super().read(after, filters=filters, created=created, stop_at=stop_at):
            for debut in range(0, len(lot), LOT):
                await asyncio.sleep(PAUSE)
                yield lot[debut : debut + LOT]


async def rejouer(racine: Path, url: str) -> None:
    """Toutes les projections, de là où elles en sont dans cette base."""
    engine = engine_for(url)
    sources = [ParPetitsLots(one) for one in archives(racine)]
    for service, projection in TOUTES:
        await replay(projection, registry=spec(service).registry, sources=sources, engine=engine, resume=True)
    engine.dispose()


def processus(racine: Path, url: str, pret: Connection) -> None:
    """Corps du processus : dit qu'il commence, et reprend ce qu'un autre avait commencé."""
    pret.send("debut")
    asyncio.run(rejouer(racine, url))
