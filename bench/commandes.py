"""Measure 1: one command, from its asking to its durable answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import orjson

from bench import matiere, pairs
from bench.lieu import Lieu
from bench.matiere import EPREUVES, MODES
from bench.mesure import Ligne, Tours, dire
from contracts.commandes import write_command
from contracts.messages import Command
from services.exploitation.plateforme import client
from services.socle.coffre import Coffre, master_key
from services.socle.journal import Journal
from services.socle.runner import Runner
from services.socle.service import Environment
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import subject

ACADEMIE = "banc-commandes"
UN, CENT = "une à la fois", "100 ensemble"
ENSEMBLE = 100


class Dans:
    """Our runner in this process, over the real journal. A new one each round: its memory is empty."""

    def __init__(self, lieu: Lieu, journal: Journal, service: str) -> None:
        self._settings = settings = lieu.settings(journal_academie(journal))
        self._journal, self._spec = journal, matiere.spec(service)
        self._engine = engine_for(f"sqlite:///{lieu.dossier}/{settings.academie}-{service}-dans.db")
        lieu.pile.callback(self._engine.dispose)
        safe = engine_for(settings.coffre())
        lieu.pile.callback(safe.dispose)
        self._coffre = Coffre(safe, master_key(settings.coffre_cle_file))

    def runner(self) -> Runner:
        journals = {self._settings.sessions[0]: self._journal}
        env = Environment(
            self._settings, self._spec.name, self._journal.nc, journals, self._coffre, self._engine, self._spec.registry
        )
        parts = self._spec.build(env)
        env.runner = Runner(
            academie=self._settings.academie,
            service=self._spec.name,
            journals=journals,
            registry=self._spec.registry,
            coffre=self._coffre,
            handlers=parts.handlers,
            check=self._spec.check,
        )
        return env.runner


def journal_academie(journal: Journal) -> str:
    """``JOURNAL_BANC_COMMANDES_2026`` → ``banc-commandes``."""
    return journal.stream.removeprefix("JOURNAL_").rsplit("_", 1)[0].replace("_", "-").lower()


def exiger(answers: Sequence[object]) -> None:
    """A refusal would be a fast answer: none may be counted as work."""
    wrong = [one for one in answers if isinstance(one, Exception)]
    if wrong:
        raise RuntimeError(f"{len(wrong)} commandes sans effet, dont : {wrong[0]!r}")


class Commandes:
    """One round asks for four marks on each of ``taille / 4`` relevés, whose openings are stored already."""

    def __init__(self, lieu: Lieu, taille: int, taille_un: int) -> None:
        self.lieu, self.taille, self.taille_un = lieu, taille, taille_un
        self.settings: Settings = lieu.settings(ACADEMIE)
        self._lots = 0

    async def preparer(self) -> None:
        lieu = self.lieu
        self.journal = await lieu.journal(ACADEMIE, "notation")
        other = await lieu.journal(ACADEMIE, "inscription")
        await matiere.verser(other, [matiere.session_ouverte(ACADEMIE)])
        self.dans = Dans(lieu, self.journal, "notation")
        self.nats = await lieu.pair()
        self.porte = await lieu.pile.enter_async_context(client(self.settings))
        await lieu.pile.enter_async_context(lieu.processus(self.settings, "servir", "notation"))
        self.applications = {"SQLite": pairs.Bibliotheque(pairs.sur_sqlite(lieu.dossier / "pair.db"))}
        postgres = lieu.base_postgres()
        if postgres is not None:
            self.applications["PostgreSQL"] = pairs.Bibliotheque(pairs.sur_postgres(postgres))
        for application in self.applications.values():
            lieu.pile.callback(application.fermer)
        self.modele = await self._modele()

    async def _modele(self) -> list[tuple[bytes, dict[str, str]]]:
        """The messages that four marks really make, for the bare appends to be of the same size."""
        commands = await self._ouverts(1)
        runner = self.dans.runner()
        outcomes = [await runner.execute(command) for command in commands]
        first = outcomes[0].seq - 1
        stored = [m async for some in self.journal.read(first, stop_at=outcomes[-1].seq) for m in some]
        return [(m.body, dict(m.headers)) for m in stored]

    async def _ouverts(self, releves: int) -> list[Command]:
        """The commands of one round, whose relevés are opened outside its time and by another memory."""
        self._lots += 1
        numeros = [matiere.numero(f"L{self._lots:03d}", n) for n in range(releves)]
        opened = await self.dans.runner().execute_many(matiere.ouvrir_releves(ACADEMIE, numeros))
        exiger(opened)
        return matiere.saisir_notes(ACADEMIE, numeros)

    def essais(self) -> Tours:
        essais = {}
        for nom, taille, ensemble in ((UN, self.taille_un, 1), (CENT, self.taille, ENSEMBLE)):
            essais[f"ajout nu, {nom}"] = self._nu(taille, ensemble)
            essais[f"Runner, {nom}"] = self._runner(taille, ensemble)
            essais[f"service, {nom}"] = self._service(taille, ensemble)
            for base in self.applications:
                essais[f"pyeventsourcing {base}, {nom}"] = self._bibliotheque(base, taille, ensemble)
        return Tours(essais)

    def _runner(self, taille: int, ensemble: int):
        async def essai(tour: int) -> float:
            commands, runner = await self._ouverts(taille // len(EPREUVES)), self.dans.runner()

            async def do(command: Command) -> None:
                outcome = await runner.execute(command)
                assert outcome.events

            return taille / await _en_vol(commands, do, ensemble)

        return essai

    def _service(self, taille: int, ensemble: int):
        path = f"cmd.{ACADEMIE}.notation.saisir_note"

        async def essai(tour: int) -> float:
            commands = await self._ouverts(taille // len(EPREUVES))
            bodies = [orjson.dumps(write_command(command)) for command in commands]

            async def do(body: bytes) -> None:
                answer = orjson.loads((await self.porte.request(path, body, timeout=30)).data)
                if not answer["ok"] or not answer["evenements"]:
                    raise RuntimeError(f"commande sans effet : {answer}")

            return taille / await _en_vol(bodies, do, ensemble)

        return essai

    def _nu(self, taille: int, ensemble: int):
        async def essai(tour: int) -> float:
            self._lots += 1
            names = ("Content-Type", "Parchemin-Types", "Parchemin-Commande", "Parchemin-Rang")
            messages = []
            for place, (body, headers) in enumerate(self.modele):
                kept = {name: headers[name] for name in names}
                for n in range(taille // len(self.modele)):
                    path = subject(ACADEMIE, "2026", "cap_osrcl", "notation", f"nu-{self._lots}-{n}")
                    unique = {"Nats-Msg-Id": f"{kept['Parchemin-Commande']}-{self._lots}-{n}-{place}@{path}"}
                    messages.append((path, body, kept | unique))
            spent = await pairs.ajouter(self.nats, self.journal.stream, messages, ensemble)
            return len(messages) / spent

        return essai

    def _bibliotheque(self, base: str, taille: int, ensemble: int):
        application = self.applications[base]

        async def essai(tour: int) -> float:
            modes = {code: str(mode) for code, mode in MODES.items()}
            opened = await asyncio.to_thread(application.ouvrir, taille // len(EPREUVES), modes)
            orders = [
                (who, epreuve, str(8 + n % 12), f"{n:036d}") for epreuve in EPREUVES for n, who in enumerate(opened)
            ]
            work = application.un_par_un if ensemble == 1 else application.ensemble
            return len(orders) / await asyncio.to_thread(work, orders)

        return essai


async def _en_vol(items, do, ensemble: int) -> float:
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await do(item)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(ensemble)))
    return time.perf_counter() - begun


async def mesurer(lieu: Lieu, *, court: bool) -> list[Ligne]:
    """Rows of measure 1."""
    mesure = Commandes(lieu, *((800, 80) if court else (3_000, 400)))
    dire("commandes : préparation")
    await mesure.preparer()
    tours = mesure.essais()
    await tours.jouer(2 if court else 5, "commandes")
    rows = []
    for nom in (UN, CENT):
        for qui in ("service", "Runner"):
            for base in mesure.applications:
                vise = 3.0 if base == "PostgreSQL" else None
                rows.append(tours.ligne("1. commande", f"{qui}, {nom}", f"pyeventsourcing {base}, {nom}", vise=vise))
            rows.append(
                tours.ligne("1. commande", f"{qui}, {nom}", f"ajout nu, {nom}", vise=0.6 if nom == CENT else None)
            )
    return rows
