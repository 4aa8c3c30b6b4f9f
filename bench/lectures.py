"""Measure 3: the journal into read models, replayed from its start and followed as it grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine

from bench import matiere, pairs
from bench.lieu import Lieu, attendre
from bench.mesure import Essai, Ligne, Tours, dire
from services.socle.projections import Projector
from services.socle.sql import engine_for

REJEU = "banc-rejeu"
Lecteur = Callable[..., Awaitable[float]]
PAIRES = ("nats-py fetch", "nats-py rappel ordonné")


@dataclass
class Ecrivain:
    """The process that fills one journal, a slice at a time."""

    academie: str
    process: asyncio.subprocess.Process

    async def dire(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()

    async def preparer(self) -> None:
        await self.dire()
        await attendre(self.process, b"pret", 60)

    async def fini(self) -> None:
        await attendre(self.process, b"fini", 60)


class Lectures:
    """Replay reads everything again each round; live follows what another process writes during the round."""

    def __init__(self, lieu: Lieu, rejeu: int, direct: int) -> None:
        self.lieu, self.rejeu, self.direct = lieu, rejeu, direct
        self.projections = matiere.projections("notation")
        self._bases = 0
        self.ecrivains: dict[str, Ecrivain] = {}
        self.suivies: dict[str, Engine] = {}

    async def preparer(self) -> None:
        lieu = self.lieu
        self.journaux = {REJEU: await lieu.journal(REJEU, "notation")}
        self.nats = await lieu.pair()
        entries = await asyncio.to_thread(matiere.releves_notes, REJEU, "R", self.rejeu)
        await matiere.verser(self.journaux[REJEU], entries)
        self.total = (await self.journaux[REJEU].identity()).last_seq
        for name in (*PAIRES, *self.bases):
            self.ecrivains[name] = await self._ecrivain(f"banc-direct-{len(self.ecrivains)}")

    async def _ecrivain(self, academie: str) -> Ecrivain:
        """A journal for each subject that follows: the others' rounds would only be more to catch up with."""
        self.journaux[academie] = await self.lieu.journal(academie, "notation")
        process = await self.lieu.pile.enter_async_context(
            self.lieu.processus(self.lieu.settings(academie), "verser", str(self.direct))
        )
        return Ecrivain(academie, process)

    @property
    def bases(self) -> list[str]:
        return ["SQLite", *(["PostgreSQL"] if self.lieu.postgres else [])]

    def essais_rejeu(self) -> Tours:
        stream = self.journaux[REJEU].stream
        essais: dict[str, Essai] = {
            name: partial(self._lire, how, stream)
            for name, how in zip(PAIRES, (pairs.lire_fetch, pairs.lire_ordonne), strict=True)
        }
        for base in self.bases:
            essais[base] = partial(self._rejouer, base)
        return Tours(essais)

    def essais_direct(self) -> Tours:
        essais: dict[str, Essai] = {
            name: partial(self._suivre, name, how)
            for name, how in zip(PAIRES, (pairs.lire_fetch, pairs.lire_ordonne), strict=True)
        }
        for base in self.bases:
            essais[base] = partial(self._projeter, base)
        return Tours(essais)

    async def _lire(self, how: Lecteur, stream: str, tour: int) -> float:
        return self.total / await how(self.nats, stream, self.total)

    async def _rejouer(self, base: str, tour: int) -> float:
        engine = self._engine(base)
        projector = Projector(
            "notation", matiere.spec("notation").registry, engine, [self.journaux[REJEU]], self.projections
        )
        begun = time.perf_counter()
        await projector.catch_up()
        spent = time.perf_counter() - begun
        await projector.stop()
        engine.dispose()
        return self.total / spent

    async def _suivre(self, name: str, how: Lecteur, tour: int) -> float:
        writer = self.ecrivains[name]
        await writer.preparer()
        stream = self.journaux[writer.academie].stream
        spent = await how(self.nats, stream, self.direct, nouveaux=True, pret=writer.dire)
        await writer.fini()
        return self.direct / spent

    async def _projeter(self, base: str, tour: int) -> float:
        """The read models follow already; time from the order to write to the last row readable."""
        writer = self.ecrivains[base]
        journal = self.journaux[writer.academie]
        await writer.preparer()
        if base not in self.suivies:
            self.suivies[base] = self._engine(base)
            self.lieu.pile.callback(self.suivies[base].dispose)
        before = (await journal.identity()).last_seq
        async with self._projecteur(writer.academie, self.suivies[base]) as projector:
            await asyncio.sleep(0.5)  # to be there and waiting, as it is most of the time
            await projector.wait_for(journal.stream, before, timeout=60)
            begun = time.perf_counter()
            await writer.dire()
            await projector.wait_for(journal.stream, before + self.direct, timeout=120)
            spent = time.perf_counter() - begun
        await writer.fini()
        return self.direct / spent

    def _projecteur(self, academie: str, engine: Engine) -> Projector:
        registry = matiere.spec("notation").registry
        return Projector("notation", registry, engine, [self.journaux[academie]], self.projections)

    def _engine(self, base: str) -> Engine:
        self._bases += 1
        url = f"sqlite:///{self.lieu.dossier}/lecture-{self._bases}.db"
        if base == "PostgreSQL":
            url = str(self.lieu.base_postgres())
        return engine_for(url)


async def mesurer(lieu: Lieu, *, court: bool) -> list[Ligne]:
    """Rows of measure 3."""
    mesure = Lectures(lieu, *((20_000, 10_000) if court else (200_000, 40_000)))
    dire("lectures : préparation")
    await mesure.preparer()
    rejeu, direct = mesure.essais_rejeu(), mesure.essais_direct()
    await rejeu.jouer(2, "rejeu")  # each is long enough to be steady
    await direct.jouer(2 if court else 3, "direct")
    rows = []
    for quoi, essais in (("rejeu", rejeu), ("direct", direct)):
        for base in mesure.bases:
            for pair in PAIRES:
                rows.append(
                    essais.ligne("3. lecture", base, pair, libelle=f"{quoi}, {base}", vise=0.6, unite=" événements/s")
                )
    return rows
