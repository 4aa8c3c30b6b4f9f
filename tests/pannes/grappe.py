"""Trois nats-server en grappe, chaque journal en trois copies, et les câbles entre eux."""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.exploitation.plateforme import client
from services.socle import jsapi
from services.socle.enveloppe import H_COMMAND
from services.socle.errors import SocleError
from services.socle.jsapi import Transient
from services.socle.provision import provision
from services.socle.server import HOST
from services.socle.subjects import stream_name
from tests.pannes.atelier import Panne, Partie, conclure, fin_du_journal, instant
from tests.pannes.bilan import Compte
from tests.pannes.charge import Acquis, Charge
from tests.pannes.lieu import ENSEMBLE, Lieu, allumer, eteindre, ouvrir_session, preparer, processus_de
from tests.pannes.mandataire import Mandataire
from tests.pannes.processus import PATIENCE, Bloque, Courtier, attendre, port_libre

NOMS = ("n1", "n2", "n3")
COUPURE = 6.0  # secondes : de quoi s'en apercevoir (trois pings) et élire
CONF = """
include ./journal.conf
ping_interval: "1s"
ping_max: 3
cluster {{
  name: essai
  listen: "127.0.0.1:{port}"
  # Personne n'apprend d'autre chemin que les câbles : l'adresse annoncée ne mène nulle part.
  advertise: "127.0.0.1:1"
  no_advertise: true
  routes: [{routes}]
}}
"""


@dataclass
class Grappe(Lieu):
    """Un lieu à trois courtiers."""

    cables: dict[tuple[str, str], Mandataire] = field(default_factory=dict)

    @property
    def flux(self) -> str:
        return stream_name(self.settings.academie, self.settings.sessions[0])

    def noeud(self, nom: str) -> Courtier:
        (trouve,) = [one for one in self.courtiers if one.nom == nom]
        return trouve

    def cables_de(self, nom: str) -> list[Mandataire]:
        return [cable for bouts, cable in self.cables.items() if nom in bouts]

    def etat(self, nom: str) -> dict[str, Any] | None:
        """Ce que ce nœud tient lui-même du journal, quoi qu'en disent les autres."""
        lu: Any = self.noeud(nom).demander("jsz?streams=1&accounts=1")
        for compte in (lu or {}).get("account_details") or []:
            for flux in compte.get("stream_detail") or []:
                if flux["name"] == self.flux:
                    etat: dict[str, Any] = {**flux["state"], "grappe": flux.get("cluster") or {}}
                    return etat
        return None

    def chef(self) -> str | None:
        """Celui que les trois disent, s'ils sont d'accord."""
        dits = {(self.etat(nom) or {}).get("grappe", {}).get("leader") for nom in NOMS}
        (un,) = dits if len(dits) == 1 else (None,)
        return None if not un else str(un).removeprefix("essai-")

    async def chef_elu(self, sauf: str | None = None) -> str:
        """Le chef, dès qu'une majorité en a un."""
        limite = time.monotonic() + PATIENCE
        while time.monotonic() < limite:
            dits = [(await asyncio.to_thread(self.etat, nom) or {}).get("grappe", {}).get("leader") for nom in NOMS]
            for un in filter(None, dits):
                nom = str(un).removeprefix("essai-")
                if dits.count(un) >= 2 and nom != sauf:
                    return nom
            await asyncio.sleep(0.1)
        raise Bloque("la grappe n'a pas de chef")

    async def rattrapee(self) -> None:
        """Attend que chacun ait ce que le plus avancé a maintenant."""
        fin = max((self.etat(nom) or {}).get("last_seq", 0) for nom in NOMS)
        await attendre(
            lambda: all((self.etat(nom) or {}).get("last_seq", 0) >= fin for nom in NOMS),
            f"un nœud n'atteint pas {fin}",
            pas=0.2,
        )

    async def a_jour(self) -> None:
        """Attend que les trois copies soient pareilles."""

        def pareilles() -> bool:
            etats = [self.etat(nom) for nom in NOMS]
            return all(etats) and len({(one["last_seq"], one["messages"]) for one in etats if one}) == 1

        await attendre(pareilles, "les trois copies ne se rejoignent pas", pas=0.2)


@asynccontextmanager
async def grappe(dossier: Path) -> AsyncIterator[Grappe]:
    async with AsyncExitStack() as pile:
        seul = await preparer(pile, dossier, (), replicas=3)
        clients, routes = [port_libre() for _ in NOMS], {nom: port_libre() for nom in NOMS}
        url = ",".join(f"nats://{HOST}:{port}" for port in clients)
        settings = seul.settings.model_copy(update={"nats_url": url})
        cables = {}
        for a, b in itertools.permutations(NOMS, 2):
            cables[a, b] = await pile.enter_async_context(Mandataire(port_libre(), routes[b]))
        courtiers = []
        for nom, port in zip(NOMS, clients, strict=True):
            vers = ", ".join(f'"nats-route://127.0.0.1:{cable.port}"' for (a, _), cable in cables.items() if a == nom)
            conf = settings.deploiement / "nats" / f"{nom}.conf"
            conf.write_text(CONF.format(port=routes[nom], routes=vers), encoding="utf-8")
            la = dossier / nom
            la.mkdir()
            courtiers.append(Courtier(settings, la, port, nom=nom, conf=conf))
        services = processus_de(settings, dossier, ENSEMBLE)
        lieu = Grappe(dossier, settings, courtiers, services, seul.postgres, cables=cables)
        pile.callback(eteindre, lieu)
        await _former(lieu)
        await allumer(lieu)
        await ouvrir_session(lieu)
        yield lieu


async def _former(lieu: Grappe) -> None:
    """Lancée ; le journal peut y être créé."""
    for un in lieu.courtiers:
        un.lancer()
    limite = time.monotonic() + PATIENCE
    while True:
        try:
            async with client(lieu.settings, "provision") as nc:
                await provision(nc, lieu.settings.academie, lieu.settings.sessions, 3)
                return
        except (SocleError, Transient) as error:
            if time.monotonic() > limite:
                raise Bloque(f"la grappe ne se forme pas : {error}") from None
            await asyncio.sleep(0.5)


async def chef_mort(partie: Partie) -> None:
    """Celui qui mène le journal est tué ; un autre est élu, et il revient."""
    lieu = await _partagee(partie)

    async def tour(charge: Charge) -> float:
        ancien = await lieu.chef_elu()
        lieu.noeud(ancien).tuer()
        debut = instant()
        await lieu.chef_elu(sauf=ancien)
        await charge.encore(5)
        partie.compte.retours.append(instant() - debut)  # sans le mort
        await lieu.noeud(ancien).relancer()
        return debut

    await _sous_charge(partie, lieu, tour)


async def partition(partie: Partie) -> None:
    """Le chef est coupé des deux autres sans le savoir ; eux élisent, lui n'acquitte rien qui se perde."""
    lieu = await _partagee(partie)

    async def tour(charge: Charge) -> float:
        isole = await lieu.chef_elu() if partie.hasard.random() < 0.7 else partie.hasard.choice(NOMS)
        for cable in lieu.cables_de(isole):
            cable.couper()
        try:
            await asyncio.sleep(COUPURE + partie.hasard.uniform(0, 2))
        finally:
            for cable in lieu.cables_de(isole):
                cable.retablir()
        debut = instant()
        await lieu.revenu(debut)
        partie.compte.retours.append(instant() - debut)
        return debut

    await _sous_charge(partie, lieu, tour)


async def _partagee(partie: Partie) -> Grappe:
    lieu = await partie.atelier.partage("grappe", grappe)
    assert isinstance(lieu, Grappe)
    await lieu.a_jour()
    return lieu


async def _sous_charge(partie: Partie, lieu: Grappe, tour: Any) -> None:
    depuis = await fin_du_journal(lieu)
    charge = lieu.charge(partie.hasard.getrandbits(32))
    async with charge.en_cours():
        for _ in range(partie.tours):
            await charge.encore(partie.hasard.randrange(1, 15))
            await tour(charge)
            await lieu.rattrapee()
            partie.compte.tours += 1
    await lieu.a_jour()
    await conclure(partie, lieu, charge, depuis)
    await _chaque_copie(partie.compte, lieu, charge.acquis)


async def _chaque_copie(compte: Compte, lieu: Grappe, acquis: Acquis) -> None:
    """Chaque nœud mène à son tour, et rend de sa propre copie ce qui a été acquitté."""
    async with client(lieu.settings, "provision") as nc:
        for nom in NOMS:
            await _mener(nc, lieu, nom)
            fin = (lieu.etat(nom) or {})["last_seq"]
            lus = await _commandes(nc, lieu.flux, range(1, fin + 1))
            perdues = acquis.acquittees.keys() - lus
            compte.perdues += len(perdues)
            compte.notes += [f"{nom} n'a pas {one}" for one in sorted(perdues)[:3]]


async def _mener(nc: Any, lieu: Grappe, nom: str) -> None:
    limite = time.monotonic() + PATIENCE
    while await lieu.chef_elu() != nom:
        if time.monotonic() > limite:
            raise Bloque(f"{nom} ne devient pas chef")
        try:
            voulu = {"placement": {"preferred": f"essai-{nom}"}}
            await jsapi.call(nc, f"STREAM.LEADER.STEPDOWN.{lieu.flux}", voulu, 5.0)
        except (SocleError, Transient):
            pass
        await asyncio.sleep(0.5)


async def _commandes(nc: Any, flux: str, seqs: Sequence[int]) -> set[str]:
    """Les commandes de ces messages, lues de la copie du chef."""
    places = asyncio.Semaphore(64)

    async def une(seq: int) -> str:
        async with places:
            told = await jsapi.call(nc, f"STREAM.MSG.GET.{flux}", {"seq": seq}, 10.0)
        return _entete(told["message"].get("hdrs", ""))

    return set(await asyncio.gather(*(une(seq) for seq in seqs)))


def _entete(brut: str) -> str:
    for ligne in base64.b64decode(brut).decode().splitlines():
        nom, _, valeur = ligne.partition(":")
        if nom == H_COMMAND:
            return valeur.strip()
    return ""


PANNES = (
    Panne("chef", "mort du chef d'une grappe de trois", 10, 0, chef_mort),
    Panne("partition", "un nœud de la grappe coupé des deux autres", 10, 0, partition),
)
