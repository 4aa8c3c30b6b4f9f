"""One reading in a process of its own, so that its memory is its own: ``python -m bench.relecture WHAT …``.

Prints the seconds taken and the peak of memory in MB. Where (archive, journal, base) is in its arguments.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from bench import matiere
from services.exploitation.archive.cles import lire_publique
from services.exploitation.archive.dossier import Archive
from services.exploitation.archive.source import ArchiveSeule
from services.exploitation.archive.verification import verifier
from services.socle.connection import connect
from services.socle.facts import Source
from services.socle.journal import Journal
from services.socle.logs import configure
from services.socle.projections import Projector
from services.socle.service import collect_rarely
from services.socle.settings import Settings
from services.socle.sql import engine_for


async def projeter(source: Source, base: str) -> float:
    """Seconds to project everything into an empty database."""
    engine = engine_for(base)
    projector = Projector(
        "notation", matiere.spec("notation").registry, engine, [source], matiere.projections("notation")
    )
    begun = time.perf_counter()
    await projector.catch_up()
    spent = time.perf_counter() - begun
    await projector.stop()
    engine.dispose()
    return spent


async def depuis_le_journal(journal: str, base: str) -> float:
    settings = Settings()
    nc = await connect(settings, "notation")
    async with Journal(nc, journal, settings.bounds) as source:
        spent = await projeter(source, base)
    await nc.close()
    return spent


async def depuis_l_archive(dossier: str, journal: str, base: str) -> float:
    return await projeter(ArchiveSeule(Archive(Path(dossier), journal)), base)


async def verification(dossier: str, publique: str) -> float:
    begun = time.perf_counter()
    bilans = await asyncio.to_thread(verifier, Path(dossier), [lire_publique(Path(publique))])
    spent = time.perf_counter() - begun
    if not all(one.bon for one in bilans):
        raise SystemExit(f"archive fausse : {bilans[0].constats[:3]}")
    return spent


QUOI: dict[str, Callable[..., Coroutine[Any, Any, float]]] = {
    "archive": depuis_l_archive,
    "journal": depuis_le_journal,
    "verification": verification,
}


def main() -> None:
    configure("ERROR", "texte")
    collect_rarely()
    spent = uvloop.run(QUOI[sys.argv[1]](*sys.argv[2:]))
    # The verification reads in processes of its own: the largest of them counts too.
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(spent, peak / 1024)


if __name__ == "__main__":
    main()
