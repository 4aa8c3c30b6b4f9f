"""Une session entière, de l'inscription aux documents et aux réclamations, pendant que tout tombe à tour de rôle."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from contracts.messages import Data
from services.exploitation.banc import banc
from services.exploitation.plateforme import client
from services.socle.enveloppe import Stored
from services.socle.testing_server import Postgres
from services.socle.testing_server import obstacle as obstacle_postgres
from tests.pannes.atelier import Panne, Partie
from tests.pannes.bilan import comparer_lectures, lire_journal
from tests.pannes.charge import Porte
from tests.pannes.lieu import Lieu, allumer, preparer
from tests.parcours.histoire import SESSION, etapes, jouer

LONGTEMPS = 100 * 365 * 86_400.0  # l'histoire se joue quelle que soit la date de la machine
Faits = Counter[tuple[str, str]]


async def session(partie: Partie) -> None:
    """Les faits sont ceux d'une session tranquille : pas un de moins, pas un de plus, documents compris."""
    async with banc(SESSION) as calme:
        await jouer(calme.commander_brut)
        attendus = _faits(calme.journals[SESSION].messages)
    for _ in range(partie.tours):
        async with AsyncExitStack() as pile:
            lieu = await preparer(pile, partie.atelier.neuf("session"), clock_tolerance=LONGTEMPS)
            await allumer(lieu)
            await _jouer_sous_les_coups(partie, lieu)
            _compter(partie, attendus, _faits(await lire_journal(lieu.settings)))
            await comparer_lectures(partie.compte, lieu.settings)
        partie.compte.tours += 1


async def _jouer_sous_les_coups(partie: Partie, lieu: Lieu) -> None:
    fini = asyncio.Event()
    async with client(lieu.settings) as nc:
        porte = Porte(nc)

        async def commander(commande: Mapping[str, Any]) -> Data:
            reponse = await porte.envoyer(dict(commande))
            partie.compte.acquittees += bool(reponse["ok"])
            return reponse

        coups = asyncio.create_task(_frapper(partie, lieu, fini))
        try:
            await jouer(commander, attendre=lieu.stabiliser)
        finally:
            fini.set()
            morts = await coups
    partie.compte.notes.append(f"{morts} morts en une session de {sum(map(len, etapes().values()))} commandes")
    await lieu.revenu(time.monotonic(), controle=False)
    await lieu.stabiliser()


async def _frapper(partie: Partie, lieu: Lieu, fini: asyncio.Event) -> int:
    """Un mort après l'autre, chacun relancé aussitôt, jusqu'à la fin de l'histoire."""
    morts = 0
    while not fini.is_set():
        debut = time.monotonic()
        un = partie.hasard.choice([*lieu.services, lieu.courtier, lieu.postgres])
        if isinstance(un, Postgres):
            await asyncio.to_thread(un.kill)
            await asyncio.to_thread(un.start)
        elif un is not None:
            un.tuer()
            un.lancer()
        morts += 1
        partie.compte.retours.append(await lieu.revenu(debut, controle=False))
        await asyncio.sleep(partie.hasard.uniform(0, 0.5))
    return morts


def _faits(messages: Iterable[Stored]) -> Faits:
    """Ce que dit chaque agrégat, compté ; le nom de celui d'une personne dépend du secret de l'installation."""
    told: Faits = Counter()
    for un in messages:
        agregat = un.subject.rpartition(".")[2]
        for nom in un.types:
            told["personne" if agregat.startswith("personne-") else agregat, nom] += 1
    return told


def _compter(partie: Partie, attendus: Faits, trouves: Faits) -> None:
    compte = partie.compte
    manquent, en_trop = attendus - trouves, trouves - attendus
    compte.retrouvees = compte.acquittees
    compte.perdues += manquent.total()
    compte.doublees += en_trop.total()
    compte.notes += [f"manque : {quoi} {n}" for quoi, n in manquent.most_common(3)]
    compte.notes += [f"en trop : {quoi} {n}" for quoi, n in en_trop.most_common(3)]


PANNES = (Panne("session", "une session entière, tout tombe à tour de rôle", 2, 0, session, obstacle_postgres),)
