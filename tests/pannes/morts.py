"""Morts subites et gels : les services, le courtier, la base."""

from __future__ import annotations

import asyncio
import signal

from services.socle.testing_server import obstacle as obstacle_postgres
from tests.pannes.atelier import Panne, Partie, base_tombe, commun, courtier_tombe, instant, sous_charge
from tests.pannes.charge import Charge

GEL = 8.0  # secondes : plus que ce que le courtier laisse à une réaction avant de la confier à une autre


async def services(partie: Partie) -> None:
    lieu = await commun(partie)

    async def tour(_: Charge) -> float:
        un = partie.hasard.choice(lieu.services)
        un.tuer()
        debut = instant()
        un.lancer()
        if partie.hasard.random() < 0.2:  # et encore, pendant qu'il démarre
            await asyncio.sleep(partie.hasard.uniform(0, 2))
            un.tuer()
            debut = instant()
            un.lancer()
        return debut

    await sous_charge(partie, lieu, tour)


async def courtier(partie: Partie) -> None:
    lieu = await commun(partie)
    await sous_charge(partie, lieu, lambda _: courtier_tombe(lieu))


async def base(partie: Partie) -> None:
    lieu = await commun(partie)
    await sous_charge(partie, lieu, lambda _: base_tombe(lieu))


async def gel(partie: Partie) -> None:
    """Une autre instance fait le travail ; celle qui se réveille ne refait rien."""
    lieu = await commun(partie)
    rivale = lieu.autre_instance("rivale")
    rivale.lancer()
    try:

        async def tour(charge: Charge) -> float:
            un = partie.hasard.choice([*lieu.services, *lieu.services, lieu.courtier])
            un.signaler(signal.SIGSTOP)
            try:
                if un is not lieu.courtier:
                    await charge.encore(5)  # la rivale travaille
                await asyncio.sleep(GEL)
            finally:
                un.signaler(signal.SIGCONT)
            return instant()

        await sous_charge(partie, lieu, tour)
    finally:
        await asyncio.to_thread(rivale.arreter)


PANNES = (
    Panne("sigkill", "mort subite d'un service", 70, 2, services),
    Panne("courtier", "mort subite de nats-server", 70, 2, courtier),
    Panne("postgresql", "mort subite de PostgreSQL", 70, 2, base, obstacle_postgres),
    Panne("gel", "service ou courtier gelé, une instance rivale travaille", 8, 1, gel),
)
