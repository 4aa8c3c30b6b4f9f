"""Comment une panne se joue : où, combien de fois, sous quelle charge, et ce que l'on compte après."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import SubprocessError

from services.exploitation.plateforme import client
from services.socle.errors import SocleError
from services.socle.reader import identify
from services.socle.subjects import stream_name
from tests.pannes.bilan import Compte, comparer_lectures, compter
from tests.pannes.charge import CLIENTS, Charge
from tests.pannes.lieu import Lieu, installer
from tests.pannes.processus import Bloque
from tests.parcours.histoire import SESSION

Pendant = Callable[[], Awaitable[None]]

Ouvrir = Callable[[Path], AbstractAsyncContextManager[Lieu]]


@dataclass
class Atelier:
    """Les installations ouvertes : celle que partagent les pannes qui laissent tout en état, d'autres à la demande."""

    dossier: Path
    graine: int
    _ouverts: dict[str, tuple[Lieu, AsyncExitStack]] = field(default_factory=dict)
    _rang: int = 0

    def neuf(self, nom: str) -> Path:
        """Un dossier où rien n'est."""
        self._rang += 1
        chemin = self.dossier / f"{self._rang}-{nom}"
        chemin.mkdir()
        return chemin

    async def partage(self, nom: str, ouvrir: Ouvrir = installer) -> Lieu:
        """L'installation de ce nom ; lancée si elle ne l'est pas."""
        if nom not in self._ouverts:
            pile = AsyncExitStack()
            lieu = await pile.enter_async_context(ouvrir(self.neuf(nom)))
            self._ouverts[nom] = (lieu, pile)
        return self._ouverts[nom][0]

    async def fermer(self) -> None:
        """Tout ; une panne qui a échoué ne laisse rien à la suivante."""
        while self._ouverts:
            _, (_, pile) = self._ouverts.popitem()
            await pile.aclose()


@asynccontextmanager
async def atelier(graine: int) -> AsyncIterator[Atelier]:
    with tempfile.TemporaryDirectory(prefix="parchemin-pannes-", ignore_cleanup_errors=True) as dossier:
        un = Atelier(Path(dossier), graine)
        try:
            yield un
        finally:
            await un.fermer()


@dataclass
class Partie:
    """Une panne qui se joue tant de fois ; ses hasards viennent de la graine et de son nom."""

    atelier: Atelier
    tours: int
    hasard: random.Random
    compte: Compte
    courte: bool  # l'essai court : de petites attentes


@dataclass(frozen=True)
class Panne:
    """Ce qui tombe ; combien de fois dans la série entière, et dans l'essai court."""

    nom: str
    titre: str
    tours: int
    courts: int
    jouer: Callable[[Partie], Awaitable[None]]
    obstacle: Callable[[], str | None] = lambda: None
    temoin: bool = False


async def jouer(panne: Panne, ou: Atelier, tours: int, *, courte: bool = False) -> Compte:
    """Le compte d'une panne ; ce qui l'empêche de finir y est dit."""
    compte = Compte(panne.nom, temoin=panne.temoin, obstacle=panne.obstacle())
    if compte.obstacle is not None:
        return compte
    partie = Partie(ou, tours, random.Random(f"{ou.graine}/{panne.nom}"), compte, courte)
    try:
        await panne.jouer(partie)
    except (Bloque, SocleError, TimeoutError, AssertionError, OSError, RuntimeError, SubprocessError) as error:
        compte.echec = f"{type(error).__name__} : {error}"[:400]
    if not (compte.bon and courte):  # une série entière remplit un journal : la suivante en prend un neuf
        await ou.fermer()
    return compte


async def fin_du_journal(lieu: Lieu) -> int:
    async with client(lieu.settings, "exploitation") as nc:
        return (await identify(nc, stream_name(lieu.settings.academie, SESSION), 10.0)).last_seq


async def sous_charge(
    partie: Partie,
    lieu: Lieu,
    tour: Callable[[Charge], Awaitable[float]],
    *,
    clients: int = CLIENTS,
    absence: float = 0.0,
) -> None:
    """Tant de tours pendant que des clients travaillent ; puis tout est relu et compté.

    Un tour rend l'instant d'où se compte le retour ; ``absence`` : combien de temps rien ne peut répondre, en secondes.
    """
    depuis = await fin_du_journal(lieu)
    charge = lieu.charge(partie.hasard.getrandbits(32), clients, absence)
    async with charge.en_cours():
        for _ in range(partie.tours):
            await charge.encore(partie.hasard.randrange(1, 15))
            await asyncio.sleep(partie.hasard.uniform(0, 0.2))
            debut = await tour(charge)
            partie.compte.retours.append(await lieu.revenu(debut))
            partie.compte.tours += 1
    await conclure(partie, lieu, charge, depuis)


async def conclure(partie: Partie, lieu: Lieu, charge: Charge, depuis: int) -> None:
    await lieu.stabiliser()
    await compter(partie.compte, lieu.settings, charge.acquis, depuis=depuis)
    await comparer_lectures(partie.compte, lieu.settings)


async def commun(partie: Partie) -> Lieu:
    """L'installation que partagent les pannes : chaque service dans son processus, les lectures dans PostgreSQL."""
    return await partie.atelier.partage("commun")


async def courtier_tombe(lieu: Lieu, pendant: Pendant | None = None) -> float:
    """Le courtier tué, puis relancé ; ``pendant`` : ce qui se passe entre les deux. Rend l'instant de la relance."""
    lieu.courtier.tuer()
    if pendant is not None:
        await pendant()
    debut = instant()
    await lieu.courtier.relancer()
    return debut


async def base_tombe(lieu: Lieu, pendant: Pendant | None = None) -> float:
    """PostgreSQL tué, puis relancé ; de même."""
    assert lieu.postgres is not None
    await asyncio.to_thread(lieu.postgres.kill)
    if pendant is not None:
        await pendant()
    debut = instant()
    await asyncio.to_thread(lieu.postgres.start)
    return debut


def instant() -> float:
    return time.monotonic()
