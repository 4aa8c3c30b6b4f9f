"""Des clients au travail : chacun renvoie la même commande jusqu'à sa réponse, et note ce qui lui est acquitté."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from nats.aio.client import Client
from nats.errors import Error

from contracts.messages import Data
from services.exploitation.plateforme import client
from services.socle.settings import Settings
from tests.pannes.processus import Bloque
from tests.parcours.donnees import LE, PARAMETRES, VALEURS
from tests.parcours.histoire import ACADEMIE, GESTIONNAIRE, LIEU, LYCEE, RECTEUR

CLIENTS = 5
REPOS = 0.3  # secondes entre deux actes d'un client, en moyenne
ATTENTE = 1.5  # secondes avant de redemander
PAUSE = 0.1
PATIENCE = 180.0
LOT = 12
PAS_ENCORE = frozenset({"RELEVE_NON_OUVERT"})  # la réaction qui l'ouvre n'est pas passée


def ouverture() -> Data:
    """La session où tout le monde s'inscrit."""
    return {
        "commande": "inscription.ouvrir_session",
        "id": "panne-ouverture",
        "le": LE.isoformat(),
        "par": RECTEUR,
        **LIEU,
        "reglement": "CAP-OSRCL-2026",
        "parametres": PARAMETRES.model_dump(mode="json"),
        "valeurs": VALEURS.model_dump(mode="json"),
    }


@dataclass
class Acquis:
    """Ce que les clients savent : les commandes acquittées, les lots envoyés, les refus que rien n'explique."""

    acquittees: dict[str, float] = field(default_factory=dict)
    lots: list[tuple[str, ...]] = field(default_factory=list)
    refus: Counter[str] = field(default_factory=Counter)


class Porte:
    """Une connexion par où passent des commandes ; rien n'y attend plus que ce qu'attend un client."""

    def __init__(self, nc: Client, patience: float = PATIENCE) -> None:
        self.nc, self.patience = nc, patience

    async def une_fois(self, chemin: str, corps: Data, attente: float = ATTENTE) -> Data | None:
        """La réponse, ou rien."""
        try:
            recu = await self.nc.request(f"{chemin.replace('@', ACADEMIE)}", orjson.dumps(corps), timeout=attente)
        except (Error, OSError):
            return None
        lu: Data = orjson.loads(recu.data)
        return lu

    async def envoyer(self, commande: Data) -> Data:
        """La même commande, le même identifiant, jusqu'à une réponse qui en est une.

        Raises:
            Bloque: aucune n'est venue.
        """
        service, _, nom = commande["commande"].partition(".")
        return await self.insister(f"cmd.@.{service}.{nom}", commande)

    async def insister(self, chemin: str, corps: Data) -> Data:
        limite = time.monotonic() + self.patience
        dernier: Data | None = None
        while time.monotonic() < limite:
            dernier = await self.une_fois(chemin, corps)
            if dernier is not None and (dernier["ok"] or (dernier["refus"] and dernier["code"] not in PAS_ENCORE)):
                return dernier
            await asyncio.sleep(PAUSE)
        raise Bloque(f"{chemin} : aucune réponse en {self.patience:.0f} s ({(dernier or {}).get('code')})")


class Charge:
    """Des candidats inscrits un par un ou par lots, et une note pour chacun de ceux que l'on a inscrits seuls."""

    def __init__(
        self,
        settings: Settings,
        numeros: Iterator[int],
        graine: int,
        clients: int = CLIENTS,
        patience: float = PATIENCE,
    ) -> None:
        self.settings, self.numeros, self.clients = settings, numeros, clients
        self.patience = patience
        self.acquis = Acquis()
        self._hasard = random.Random(graine)
        self._fini = asyncio.Event()
        self._avance = asyncio.Condition()
        self._taches: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def en_cours(self) -> AsyncIterator[Charge]:
        """Sous charge pendant le bloc ; à la fin, chaque client finit ce qu'il a commencé."""
        async with client(self.settings) as nc:
            porte = Porte(nc, self.patience)
            taches = self._taches = [asyncio.create_task(self._client(porte)) for _ in range(self.clients)]
            try:
                yield self
            except BaseException:
                for tache in taches:
                    tache.cancel()
                raise
            finally:
                self._fini.set()
                rendus = await asyncio.gather(*taches, return_exceptions=True)
            for un in rendus:
                if isinstance(un, Exception):
                    raise un

    def abandonner(self) -> None:
        """Ce qui n'a pas de réponse n'en aura pas : les clients s'en vont."""
        self._fini.set()
        for tache in self._taches:
            tache.cancel()

    async def encore(self, combien: int = 1) -> None:
        """Attend que tant de commandes de plus soient acquittées."""
        voulu = len(self.acquis.acquittees) + combien
        async with self._avance, asyncio.timeout(PATIENCE):
            await self._avance.wait_for(lambda: len(self.acquis.acquittees) >= voulu)

    async def _client(self, porte: Porte) -> None:
        while not self._fini.is_set():
            await asyncio.sleep(self._hasard.uniform(0, 2 * REPOS))
            tirage = self._hasard.random()
            if tirage < 0.06:
                await self._lot(porte)
            elif tirage < 0.08:
                await self._lot_abandonne(porte)
            else:
                await self._candidat(porte)

    async def _candidat(self, porte: Porte) -> None:
        commande = inscription(next(self.numeros))
        await self._faire(porte, commande)
        await self._faire(porte, note(commande["candidat"], self._hasard.randrange(0, 41)))

    async def _lot(self, porte: Porte) -> None:
        lignes = [inscription(next(self.numeros)) for _ in range(LOT)]
        self.acquis.lots.append(tuple(one["id"] for one in lignes))
        reponse = await porte.insister("cmd.@.inscription.lot", {"lot": lignes, "essai": False})
        if not reponse["ok"]:
            self.acquis.refus[reponse["code"]] += 1
            return
        for ligne, dit in zip(lignes, reponse["lot"], strict=True):
            await self._noter(ligne["id"], dit)

    async def _lot_abandonne(self, porte: Porte) -> None:
        """Un client qui meurt avec sa demande : tout le lot y sera, ou rien."""
        lignes = [inscription(next(self.numeros)) for _ in range(LOT)]
        self.acquis.lots.append(tuple(one["id"] for one in lignes))
        try:
            await porte.nc.publish(f"cmd.{ACADEMIE}.inscription.lot", orjson.dumps({"lot": lignes, "essai": False}))
        except (Error, OSError):
            await asyncio.sleep(PAUSE)

    async def _faire(self, porte: Porte, commande: Data) -> None:
        await self._noter(commande["id"], await porte.envoyer(commande))

    async def _noter(self, identifiant: str, reponse: Data) -> None:
        if not reponse["ok"]:
            self.acquis.refus[reponse["code"]] += 1
            return
        async with self._avance:
            self.acquis.acquittees[identifiant] = time.monotonic()
            self._avance.notify_all()


def inscription(numero: int, **autrement: Any) -> Data:
    candidat = f"N26{numero:06d}"
    return {
        "commande": "inscription.inscrire_candidat",
        "id": f"panne-i-{numero:06d}",
        "le": LE.isoformat(),
        "par": GESTIONNAIRE,
        **LIEU,
        "candidat": candidat,
        "identite": {
            "nom": f"Nom{numero}",
            "prenoms": "Alix",
            "naissance": "2009-01-01",
            "lieu_naissance": "Rouen",
        },
        "categorie": "scolaire_public",
        "etablissement": LYCEE,
        **autrement,
    }


def note(candidat: str, demis: int) -> Data:
    return {
        "commande": "notation.saisir_note",
        "id": f"panne-n-{candidat[3:]}",
        "le": LE.isoformat(),
        "par": GESTIONNAIRE,
        **LIEU,
        "candidat": candidat,
        "epreuve": "UG1",
        "note": str(demis / 2),
    }


def numeros() -> Iterator[int]:
    """Des candidats que personne d'autre n'inscrit ici."""
    return itertools.count(1)
