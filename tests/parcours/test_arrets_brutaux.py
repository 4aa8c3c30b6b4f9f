"""Killed at any point and started again: no acknowledged event lost, none twice, read models exact."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

import pytest

from contracts.commandes import write_command
from contracts.commandes.inscription import InscrireCandidat, OuvrirSession
from contracts.messages import Acteur, Command
from contracts.vocabulaire import Categorie, Identite
from services.exploitation.lecture import lire
from services.exploitation.plateforme import Plateforme, client
from services.exploitation.rejeu import rejouer
from services.socle.errors import SocleError
from services.socle.server import running
from services.socle.settings import Settings
from tests.parcours.donnees import LE, PARAMETRES, VALEURS

QUI = Acteur(id="essai:gestionnaire", role="gestionnaire", academie="normandie")
COMMANDES = 120
MORTS = 20


class Processus:
    """`parchemin servir` in a process of its own, on its own data directory."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings, self._log = settings, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "PARCHEMIN_DONNEES": str(self._settings.donnees),
            "PARCHEMIN_CLOCK_LAG": "0",
            "PARCHEMIN_SESSIONS": ",".join(self._settings.sessions),
            "PARCHEMIN_HTTP_PORT": str(self._settings.http_port),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.exploitation", "servir"], env=environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def kill_broker(self) -> None:
        found = running(self._settings)
        if found is not None:
            os.kill(found.pid, signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def processus(settings: Settings, log: Path) -> Iterator[Processus]:
    one = Processus(settings, log)
    one.start()
    try:
        yield one
    finally:
        one.stop()


@asynccontextmanager
async def porte(settings: Settings) -> AsyncIterator[Plateforme]:
    """A client that waits for the broker to be there."""
    deadline = time.monotonic() + 120
    while True:
        try:
            async with client(settings) as nc:
                yield Plateforme(settings, nc, {})
                return
        except SocleError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def inscription(number: int) -> Command:
    identite = Identite(nom=f"Nom{number}", prenoms="Alix", naissance=date(2008, 1, 1), lieu_naissance="Rouen")
    return InscrireCandidat(
        id=f"arret-{number:06d}",
        candidat=f"N26{number:06d}",
        identite=identite,
        categorie=Categorie.SCOLAIRE_PUBLIC,
        etablissement="0760001A",
        le=LE,
        par=QUI,
        session="2026",
        diplome="cap_osrcl",
    )


def ouverture() -> Command:
    return OuvrirSession(
        id="arret-ouverture",
        reglement="CAP-OSRCL-2026",
        parametres=PARAMETRES,
        valeurs=VALEURS,
        le=LE,
        par=QUI,
        session="2026",
        diplome="cap_osrcl",
    )


async def commander(plateforme: Plateforme, command: Command) -> None:
    """Send it until it is acknowledged: the same command, with the same id."""
    deadline = time.monotonic() + 300
    while True:
        try:
            answer = await plateforme.commander_brut(write_command(command))
            if answer["ok"]:
                return
            assert not answer["refus"], answer
        except SocleError:
            pass
        assert time.monotonic() < deadline, "la plateforme ne revient pas"
        await asyncio.sleep(0.2)


async def charge(settings: Settings, first: int, count: int) -> set[str]:
    """The ids of the commands acknowledged, many in flight."""
    async with porte(settings) as plateforme:
        await commander(plateforme, ouverture())
        slots = asyncio.Semaphore(20)

        async def one(number: int) -> str:
            async with slots:
                command = inscription(number)
                await commander(plateforme, command)
                return command.id

        return set(await asyncio.gather(*(one(number) for number in range(first, first + count))))


async def verifier(settings: Settings, acknowledged: set[str]) -> None:
    """Acknowledged once, found once; every read model equal to the one the journal rebuilds."""
    async with porte(settings) as plateforme:
        await plateforme.stabiliser(300)
    found: Counter[str] = Counter()
    async for entree in lire(settings):
        for fait in entree.faits:
            if fait.evenement == "inscription.candidat_inscrit.v2":
                found[fait.donnees["candidat"]] += 1
    expected = {f"N26{int(one.rpartition('-')[2]):06d}" for one in acknowledged}
    assert set(found) == expected
    assert set(found.values()) == {1}
    verdicts = [one async for one in rejouer(settings)]
    assert [one for one in verdicts if not one.egal] == []


async def tuer(victime: str, process: Processus, kills: int) -> None:
    """Kill at random moments, and bring back."""
    chance = random.Random(26)
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        if victime == "courtier":
            process.kill_broker()
        else:
            process.kill()
            process.start()


@pytest.mark.parametrize(("victime", "kills"), [("services", 2), ("courtier", 2)])
async def test_tue_sous_charge_rien_de_perdu_rien_de_double(tmp_path: Path, victime: str, kills: int) -> None:
    settings = Settings(donnees=tmp_path / "donnees", sessions=("2026",), nats_url="", clock_lag=0)
    with processus(settings, tmp_path / "log.txt") as process:
        (acknowledged, _) = await asyncio.gather(charge(settings, 1, COMMANDES), tuer(victime, process, kills))
        acknowledged |= await charge(settings, COMMANDES + 1, 20)
        await verifier(settings, acknowledged)


class SansFin:
    """Work that goes on until told to end; what is acknowledged, as it comes."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.ended = settings, False
        self.acknowledged: set[str] = set()
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        async with porte(self.settings) as plateforme:
            await commander(plateforme, ouverture())
            await asyncio.gather(*(self._one_by_one(plateforme) for _ in range(8)))

    async def _one_by_one(self, plateforme: Plateforme) -> None:
        while not self.ended:
            command = inscription(next(self._numbers))
            await commander(plateforme, command)
            self.acknowledged.add(command.id)

    async def goes_on(self, count: int) -> None:
        """That many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(300):
            while len(self.acknowledged) < wanted:  # noqa: ASYNC110 - filled by many tasks
                await asyncio.sleep(0.05)


@pytest.mark.chaos
@pytest.mark.parametrize("victime", ["services", "courtier"])
async def test_vingt_morts_chacune_en_plein_travail(tmp_path: Path, victime: str) -> None:
    """All the services at once, or the broker, each time once work goes on again; `make chaos` kills one by one."""
    settings = Settings(donnees=tmp_path / "donnees", sessions=("2026",), nats_url="", clock_lag=0)
    work = SansFin(settings)
    with processus(settings, tmp_path / "log.txt") as process:

        async def morts() -> None:
            try:
                for _ in range(MORTS):
                    await work.goes_on(10)
                    await tuer(victime, process, 1)
                await work.goes_on(10)
            finally:
                work.ended = True

        await asyncio.gather(work.run(), morts())
        await verifier(settings, work.acknowledged)
