"""Measure 2: candidates registered by the lot, as `parchemin importer` does."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from bench import matiere, pairs
from bench.commandes import Dans, exiger
from bench.lieu import DIPLOME, SESSION, Lieu
from bench.mesure import Ligne, Tours, dire, en_lots
from contracts.commandes import write_command
from services.exploitation.importation import EN_VOL, LOT, par_lots
from services.exploitation.plateforme import Plateforme, client
from services.socle.subjects import subject

ACADEMIE = "banc-import"
SERVICE, RUNNER = "service (commander_lot)", "Runner (execute_many)"
NUS = {"lots atomiques nus, un à la fois": 1, f"lots atomiques nus, {EN_VOL} en vol": EN_VOL}


class Imports:
    """Each round registers as many candidates, in lots of the size that the product sends."""

    def __init__(self, lieu: Lieu, taille: int) -> None:
        self.lieu, self.taille = lieu, taille
        self.settings = lieu.settings(ACADEMIE)
        self._lots = 0

    async def preparer(self) -> None:
        lieu = self.lieu
        self.journal = await lieu.journal(ACADEMIE, "inscription")
        self.dans = Dans(lieu, self.journal, "inscription")
        await self.dans.runner().execute(matiere.ouvrir_session(ACADEMIE))
        self.nats = await lieu.pair()
        porte = await lieu.pile.enter_async_context(client(self.settings))
        self.plateforme = Plateforme(self.settings, porte, {})
        await lieu.pile.enter_async_context(lieu.processus(self.settings, "servir", "inscription"))
        before = (await self.journal.identity()).last_seq
        exiger(await self.dans.runner().execute_many(self._commandes(LOT)))
        self.modele = [m async for some in self.journal.read(before, follow=False) for m in some]

    def _commandes(self, nombre: int):
        self._lots += 1
        return matiere.inscrire(ACADEMIE, [matiere.numero(f"L{self._lots:03d}", n) for n in range(nombre)])

    def essais(self) -> Tours:
        nus = {nom: partial(self._nu, en_vol) for nom, en_vol in NUS.items()}
        return Tours({**nus, RUNNER: self._runner, SERVICE: self._service})

    async def _runner(self, tour: int) -> float:
        commands, runner = self._commandes(self.taille), self.dans.runner()
        begun = time.perf_counter()
        lots = iter(en_lots(commands, LOT))

        async def suite() -> None:
            for lot in lots:
                exiger(await runner.execute_many(lot))

        await asyncio.gather(*(suite() for _ in range(EN_VOL)))
        return self.taille / (time.perf_counter() - begun)

    async def _service(self, tour: int) -> float:
        raws = [write_command(command) for command in self._commandes(self.taille)]
        begun = time.perf_counter()
        async for answers in par_lots(self.plateforme, "inscription", raws):
            wrong = [one for one in answers if not one["ok"] or one["deja"]]
            if wrong:
                raise RuntimeError(f"{len(wrong)} inscriptions sans effet, dont : {wrong[0]}")
        return self.taille / (time.perf_counter() - begun)

    async def _nu(self, en_vol: int, tour: int) -> float:
        """As many messages, of the same sizes and headers, as the registrations make."""
        self._lots += 1
        lots = []
        each = len(self.modele)
        for start in range(0, self.taille, LOT):
            count = each * min(LOT, self.taille - start) // LOT
            lot = []
            for n, stored in enumerate(self.modele[:count]):
                path = subject(ACADEMIE, SESSION, DIPLOME, "inscription", f"nu-{self._lots}-{start}-{n}-{'x' * 24}")
                headers = {k: v for k, v in stored.headers.items() if not k.startswith("Nats-")}
                headers["Nats-Msg-Id"] = f"{stored.commandeid}@{path}"
                lot.append((path, stored.body, headers))
            lots.append(lot)
        return self.taille / await pairs.ajouter_par_lots(self.nats, lots, en_vol)

    @property
    def messages(self) -> tuple[float, float]:
        """Messages for one candidate, and their mean size."""
        sizes = [len(m.body) for m in self.modele]
        return len(sizes) / LOT, sum(sizes) / len(sizes)


async def mesurer(lieu: Lieu, *, court: bool) -> list[Ligne]:
    """Rows of measure 2."""
    mesure = Imports(lieu, 900 if court else 4_000)
    dire("imports : préparation")
    await mesure.preparer()
    count, size = mesure.messages
    dire(f"  {count:.1f} messages par candidat, de {size:.0f} octets en moyenne")
    tours = mesure.essais()
    await tours.jouer(2 if court else 5, "imports")
    return [
        tours.ligne("2. import", qui, nu, vise=0.5, unite=" candidats/s") for qui in (SERVICE, RUNNER) for nu in NUS
    ]
