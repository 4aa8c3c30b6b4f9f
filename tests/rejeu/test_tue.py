"""Un rejeu tué n'importe quand, autant de fois que l'on veut, finit dans l'état de celui qu'on laisse tranquille."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from services.exploitation.archive.dossier import archives
from services.exploitation.banc import Banc, banc
from services.exploitation.composition import SERVICES
from services.socle.replay import compare, positions
from services.socle.testing_server import Postgres
from tests.rejeu import reprise
from tests.rejeu.etats import TOUTES, base, sceller
from tests.rejeu.hasard import jouer_au_hasard, sessions

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENEMENTS, MORTS = 200, 5
PLUS_D_EVENEMENTS, PLUS_DE_MORTS = 3_000, 20
GRAINE = 20260601

PROCESSUS = multiprocessing.get_context("forkserver")  # le programme n'est chargé qu'une fois
PROCESSUS.set_forkserver_preload(["tests.rejeu.reprise"])


@dataclass
class Scellee:
    """Une histoire au hasard sous scellés, et les bases vivantes qu'elle a faites."""

    racine: Path
    vives: dict[str, Engine]

    @property
    def messages(self) -> int:
        """Ce que lit une projection qui va au bout."""
        derniers = [one.dernier() for one in archives(self.racine)]
        return sum(one.dernier for one in derniers if one is not None)

    def en_cours(self, faits: int) -> bool:
        """Si un rejeu qui a pris tant de messages, ses projections ensemble, a commencé sans être au bout."""
        return 0 < faits < len(TOUTES) * self.messages


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scellee(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scellee]:
    async with banc(*sessions()) as joue:
        yield await _sceller(joue, tmp_path_factory.mktemp("scellee"), EVENEMENTS)


async def _sceller(joue: Banc, racine: Path, evenements: int) -> Scellee:
    hasard = await jouer_au_hasard(joue, evenements, GRAINE)
    for messages in hasard.messages.values():
        if messages:
            sceller(racine, messages, par_segment=100)
    return Scellee(racine, {nom: joue.base(nom) for nom in SERVICES})


@contextmanager
def lance(racine: Path, url: str) -> Iterator[BaseProcess]:
    """Un rejeu qui commence ; tué à la fin s'il tourne encore."""
    ici, la = PROCESSUS.Pipe(duplex=False)
    processus = PROCESSUS.Process(target=reprise.processus, args=(racine, url, la))
    processus.start()
    la.close()  # il n'est plus qu'à lui : mort avant de commencer, il ne se fait pas attendre
    try:
        assert ici.recv() == "debut"
        yield processus
    finally:
        processus.kill()
        processus.join()


def faits(url: str) -> int:
    """Les messages que toutes les projections ont pris, ensemble."""
    with base(url) as engine, suppress(DBAPIError):  # tuée avant d'avoir créé ses tables
        return sum(sum(positions(engine, one).values()) for _, one in TOUTES)
    return 0


def tuer(scellee: Scellee, bases: Callable[[], str], morts: int, duree: float) -> tuple[list[str], list[int]]:
    """Tue ``morts`` rejeux, un au moins en plein travail ; celui qui finit avant laisse la place, dans une base neuve.

    Rend toutes les bases, et où en était le rejeu à chaque mort.
    """
    hasard, urls, arrets, attente = random.Random(GRAINE), [bases()], list[int](), 2 * duree / morts
    while len(arrets) < morts or not any(map(scellee.en_cours, arrets)):
        assert len(arrets) < 10 * morts, arrets
        with lance(scellee.racine, urls[-1]) as processus:
            processus.join(hasard.uniform(0, attente))
        if processus.exitcode == -signal.SIGKILL:
            arrets.append(faits(urls[-1]))
            attente *= 1 if arrets[-1] else 1.5  # tué avant d'avoir rien écrit : la machine est plus lente qu'alors
        else:
            assert processus.exitcode == 0
            urls.append(bases())
    return urls, arrets


async def eprouver(
    scellee: Scellee, bases: Callable[[], str], morts: int, record_property: Callable[[str, object], None]
) -> None:
    debut, tranquille = time.monotonic(), bases()
    with lance(scellee.racine, tranquille) as processus:
        processus.join()
    assert processus.exitcode == 0
    urls, arrets = tuer(scellee, bases, morts, time.monotonic() - debut)
    record_property("arrets", arrets)
    print(f"{len(arrets)} morts, à {arrets} messages sur {len(TOUTES) * scellee.messages}")
    for url in urls:
        await reprise.rejouer(scellee.racine, url)
    for url in (tranquille, *urls):
        with base(url) as engine:
            for service, projection in TOUTES:
                verdict = compare(scellee.vives[service], engine, projection)
                assert verdict.equal, (url, projection.label, verdict.differences[:3])


def fichiers(dossier: Path) -> Callable[[], str]:
    """Une base SQLite neuve à chaque fois."""
    return lambda: f"sqlite:///{dossier}/{len(list(dossier.glob('*.db')))}-{random.getrandbits(32):x}.db"


async def test_tue_il_reprend_dans_sqlite(
    scellee: Scellee, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    await eprouver(scellee, fichiers(tmp_path), MORTS, record_property)


@pytest.mark.chaos
async def test_tue_il_reprend_dans_postgresql(
    scellee: Scellee, postgres: Postgres, record_property: Callable[[str, object], None]
) -> None:
    await eprouver(scellee, postgres.database, MORTS, record_property)


@pytest.mark.chaos
async def test_tue_vingt_fois_il_reprend(
    tmp_path: Path, postgres: Postgres, record_property: Callable[[str, object], None]
) -> None:
    async with banc(*sessions()) as joue:
        longue = await _sceller(joue, tmp_path / "archive", PLUS_D_EVENEMENTS)
        for bases in (fichiers(tmp_path), postgres.database):
            await eprouver(longue, bases, PLUS_DE_MORTS, record_property)
