"""Measure 3: the journal into read models, replayed from its start and followed as it grows."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from sqlalchemy import Engine

from bench import matiere, pairs
from bench.lieu import Lieu, attendre
from bench.mesure import Essai, Ligne, Tours, dire
from services.socle.projections import Projector
from services.socle.sql import engine_for

REJEU, DIRECT = "banc-rejeu", "banc-direct"
PAIRES = ("nats-py fetch", "nats-py rappel ordonné")


class Lectures:
    """Replay reads everything again each round; live follows what another process writes during the round."""

    def __init__(self, lieu: Lieu, rejeu: int, direct: int) -> None:
        self.lieu, self.rejeu, self.direct = lieu, rejeu, direct
        self.projections = matiere.projections("notation")
        self._bases = 0

    async def preparer(self) -> None:
        lieu = self.lieu
        self.journaux = {academie: await lieu.journal(academie, "notation") for academie in (REJEU, DIRECT)}
        self.nats = await lieu.pair()
        entries = await asyncio.to_thread(matiere.releves_notes, REJEU, "R", self.rejeu)
        await matiere.verser(self.journaux[REJEU], entries)
        self.total = (await self.journaux[REJEU].identity()).last_seq
        self.ecrivain = await lieu.pile.enter_async_context(
            lieu.processus(lieu.settings(DIRECT), "verser", "D", str(self.direct))
        )

    @property
    def bases(self) -> list[str]:
        return ["SQLite", *(["PostgreSQL"] if self.lieu.postgres else [])]

    def essais_rejeu(self) -> Tours:
        stream = self.journaux[REJEU].stream
        essais: dict[str, Essai] = {
            "nats-py fetch": partial(self._lire, pairs.lire_fetch, stream),
            "nats-py rappel ordonné": partial(self._lire, pairs.lire_ordonne, stream),
        }
        for base in self.bases:
            essais[base] = partial(self._rejouer, base)
        return Tours(essais)

    def essais_direct(self) -> Tours:
        essais: dict[str, Essai] = {
            "nats-py fetch": partial(self._suivre, pairs.lire_fetch),
            "nats-py rappel ordonné": partial(self._suivre, pairs.lire_ordonne),
        }
        for base in self.bases:
            essais[base] = partial(self._projeter, base)
        return Tours(essais)

    async def _lire(self, how, stream: str, tour: int) -> float:
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

    async def _ecrire(self) -> None:
        assert self.ecrivain.stdin is not None
        self.ecrivain.stdin.write(b"\n")
        await self.ecrivain.stdin.drain()

    async def _suivre(self, how, tour: int) -> float:
        spent = await how(self.nats, self.journaux[DIRECT].stream, self.direct, nouveaux=True, pret=self._ecrire)
        await attendre(self.ecrivain, b"fini", 60)
        return self.direct / spent

    async def _projeter(self, base: str, tour: int) -> float:
        """The read models follow already; time from the order to write to the last row readable."""
        journal, engine = self.journaux[DIRECT], self._engine(base)
        before = (await journal.identity()).last_seq
        projector = self._projecteur(DIRECT, engine)
        await projector.catch_up()
        async with projector:
            await projector.wait_for(journal.stream, before, timeout=60)
            begun = time.perf_counter()
            await self._ecrire()
            await projector.wait_for(journal.stream, before + self.direct, timeout=120)
            spent = time.perf_counter() - begun
        await attendre(self.ecrivain, b"fini", 60)
        engine.dispose()
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
    tours = 2 if court else 3
    await rejeu.jouer(tours, "rejeu")
    await direct.jouer(tours, "direct")
    rows = []
    for quoi, essais in (("rejeu", rejeu), ("direct", direct)):
        for base in mesure.bases:
            for pair in PAIRES:
                rows.append(
                    essais.ligne("3. lecture", base, pair, libelle=f"{quoi}, {base}", vise=0.6, unite=" événements/s")
                )
    return rows
