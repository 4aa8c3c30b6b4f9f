"""SIGTERM sous charge : ce qui a été répondu est au journal une fois, ce qui ne l'a pas été n'est pas à moitié fait."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
from nats.errors import Error

from contracts.commandes import write_command
from contracts.messages import Data
from services.exploitation.lecture import lire
from services.exploitation.plateforme import Plateforme
from services.exploitation.rejeu import rejouer
from services.socle.settings import Settings
from tests.parcours.test_arrets_brutaux import commander, inscription, ouverture, porte, processus
from tests.parcours.test_surveillance import attendre, port_libre

CLIENTS = 8
LANCEE = 40  # réponses reçues avant l'arrêt
BORNE = 30.0  # généreuse : une machine lente n'a pas tort ; visé : 5 s


class Charge:
    """Des clients qui commandent sans cesse, une seule tentative par commande, et ce qui leur est répondu."""

    def __init__(self, plateforme: Plateforme) -> None:
        self._plateforme = plateforme
        self.envoyees: set[int] = set()
        self.repondues: dict[int, Data] = {}
        self.lancee = asyncio.Event()
        self._fin = asyncio.Event()

    async def tourner(self) -> None:
        await asyncio.gather(*(self._client(rang) for rang in range(CLIENTS)))

    def finir(self) -> None:
        self._fin.set()

    async def _client(self, rang: int) -> None:
        numero = rang + 1
        while not self._fin.is_set():
            self.envoyees.add(numero)
            try:
                corps = orjson.dumps(write_command(inscription(numero)))
                reponse = await self._plateforme.nc.request(
                    "cmd.normandie.inscription.inscrire_candidat", corps, timeout=5.0
                )
            except (Error, OSError):  # sans réponse : on ne sait pas
                await asyncio.sleep(0.05)
            else:
                self.repondues[numero] = orjson.loads(reponse.data)
                if len(self.repondues) == LANCEE:
                    self.lancee.set()
            numero += CLIENTS
            await asyncio.sleep(0.01)


async def test_sigterm_sous_charge(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    port = port_libre()
    settings = Settings(
        donnees=tmp_path / "donnees", sessions=("2026",), nats_url="", clock_lag=0, http_port=port, reconnect_wait=0.1
    )
    with processus(settings, tmp_path / "log.txt") as serveur:
        async with porte(settings) as plateforme:
            await commander(plateforme, ouverture())
            await attendre(settings, lambda statut, _: statut == 200)
            charge = Charge(plateforme)
            tourne = asyncio.create_task(charge.tourner())
            await charge.lancee.wait()
            debut = time.monotonic()
            assert serveur._process is not None
            serveur._process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(serveur._process.wait, BORNE)
            record_property("arret_s", round(time.monotonic() - debut, 2))
            charge.finir()
            await asyncio.wait_for(tourne, BORNE)
        assert code == 0, (tmp_path / "log.txt").read_text()
        serveur.start()
        async with porte(settings) as plateforme:
            await _tenir(plateforme, settings, charge)


async def _tenir(plateforme: Plateforme, settings: Settings, charge: Charge) -> None:
    """Renvoyée, chaque commande dit ce qu'elle a fait la première fois, ou se fait."""
    assert all(one["ok"] for one in charge.repondues.values())
    tours = asyncio.Semaphore(CLIENTS)

    async def renvoyer(numero: int) -> None:
        async with tours:
            await commander(plateforme, inscription(numero))
            encore = await plateforme.commander_brut(write_command(inscription(numero)))
        assert encore["deja"], numero
        premiere = charge.repondues.get(numero)
        if premiere is not None:
            assert encore["evenements"] == premiere["evenements"]
            assert encore["position"] == premiere["position"]

    await asyncio.gather(*map(renvoyer, charge.envoyees))
    await plateforme.stabiliser(60)
    trouves: Counter[str] = Counter()
    async for entree in lire(settings):
        trouves.update(f.donnees["candidat"] for f in entree.faits if f.evenement == "inscription.candidat_inscrit.v2")
    assert trouves == Counter(f"N26{numero:06d}" for numero in charge.envoyees)
    assert [one async for one in rejouer(settings) if not one.egal] == []
