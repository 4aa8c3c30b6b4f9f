"""Là où tout se casse : un courtier, une base, les services chacun dans son processus, que personne ne relance."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from services.exploitation.composition import SERVICES
from services.exploitation.plateforme import Plateforme, client
from services.socle.provision import provision
from services.socle.server import HOST
from services.socle.service import HEALTH
from services.socle.settings import Settings
from services.socle.testing_server import Postgres, obstacle, programs
from tests.pannes.charge import CLIENTS, Charge, Porte, inscription, numeros, ouverture
from tests.pannes.charge import PATIENCE as PATIENCE_CLIENT
from tests.pannes.processus import (
    PATIENCE,
    PROGRAMME,
    Bloque,
    Courtier,
    Processus,
    deployer,
    mots_de_passe,
    port_libre,
    service,
)
from tests.parcours.histoire import SESSION

SEULS = tuple((one,) for one in SERVICES)
ENSEMBLE = (SERVICES,)


@dataclass
class Lieu:
    """Une installation à soi."""

    dossier: Path
    settings: Settings
    courtiers: list[Courtier]
    services: list[Processus]
    postgres: Postgres | None
    numeros: Iterator[int] = field(default_factory=numeros)

    @property
    def courtier(self) -> Courtier:
        return self.courtiers[0]

    def charge(self, graine: int, clients: int = CLIENTS, de_plus: float = 0.0) -> Charge:
        """``de_plus`` : ce que les clients attendent au-delà de leur patience ordinaire, en secondes."""
        return Charge(self.settings, self.numeros, graine, clients, PATIENCE_CLIENT + de_plus)

    async def revenu(self, depuis: float, patience: float = PATIENCE, *, controle: bool = True) -> float:
        """Attend que tout réponde et (``controle``) qu'une inscription passe ; les secondes prises depuis ``depuis``.

        Raises:
            Bloque: ce n'est pas revenu.
        """
        async with client(self.settings.model_copy(update={"connect_timeout": patience})) as nc:
            porte = Porte(nc, patience)
            await asyncio.gather(*(self._repond(porte, one) for one in SERVICES))
            reponse = await porte.envoyer(inscription(next(self.numeros))) if controle else {"ok": True}
            if not reponse["ok"]:
                raise Bloque(f"la commande de contrôle est refusée : {reponse['code']}")
        return time.monotonic() - depuis

    async def _repond(self, porte: Porte, nom: str) -> None:
        """Son bilan de santé, dont aucune lecture n'est arrêtée ni en attente de quoi que ce soit."""
        limite = time.monotonic() + porte.patience
        dit = "muet"
        while time.monotonic() < limite:
            recu = await porte.une_fois(f"qry.@.{nom}.{HEALTH}", {"requete": HEALTH}, 2.0)
            if recu is not None and recu["ok"]:
                dits = recu["reponse"]["projections"]
                arretees = [one for one in dits if one["stopped"]]
                if arretees:
                    raise Bloque(f"{nom} : {arretees[0]['projection']} arrêtée, {arretees[0]['stopped']}")
                troubles = [one["trouble"] for one in dits if one["trouble"]]
                if not troubles:
                    return
                dit = troubles[0]
            elif recu is not None:
                dit = recu["code"]
            await asyncio.sleep(0.05)
        raise Bloque(f"{nom} ne revient pas : {dit}")

    async def stabiliser(self, patience: float = PATIENCE) -> None:
        """Attend que plus aucune réaction ne doive rien."""
        async with client(self.settings) as nc:
            await Plateforme(self.settings, nc, {}).stabiliser(patience)

    def service(self, nom: str) -> Processus:
        (trouve,) = [one for one in self.services if one.nom == nom]
        return trouve

    def autre_instance(
        self, nom: str, noms: Sequence[str] = SERVICES, programme: str = PROGRAMME, **de_plus: str
    ) -> Processus:
        """Un processus de plus pour les mêmes services."""
        return service(self.settings, self.dossier, nom, noms, programme, **de_plus)


@asynccontextmanager
async def installer(
    dossier: Path,
    groupes: Sequence[Sequence[str]] = SEULS,
    *,
    postgres: bool = True,
    **reglages: object,
) -> AsyncIterator[Lieu]:
    """Tout lancé, une session ouverte ; à la fin tout est arrêté."""
    async with AsyncExitStack() as pile:
        lieu = await preparer(pile, dossier, groupes, postgres=postgres, **reglages)
        await allumer(lieu)
        await ouvrir_session(lieu)
        yield lieu


async def preparer(
    pile: AsyncExitStack,
    dossier: Path,
    groupes: Sequence[Sequence[str]] = SEULS,
    *,
    postgres: bool = True,
    **reglages: object,
) -> Lieu:
    """Les réglages et les programmes, rien de lancé que la base."""
    base = await asyncio.to_thread(_postgres, pile) if postgres else None
    port = port_libre()
    settings = reglages_de(dossier, f"nats://{HOST}:{port}", base, **reglages)
    mots_de_passe(settings)
    courtier = Courtier(settings, dossier, port)
    lieu = Lieu(dossier, settings, [courtier], processus_de(settings, dossier, groupes), base)
    pile.callback(eteindre, lieu)
    return lieu


def reglages_de(dossier: Path, url: str, base: Postgres | None, **autres: object) -> Settings:
    donnees = dossier / "donnees"
    donnees.mkdir(exist_ok=True)
    bases = {} if base is None else _bases(base)
    return Settings(
        donnees=donnees,
        deploiement=deployer(dossier),
        sessions=(SESSION,),
        nats_url=url,
        nats_secrets=dossier / "secrets.json",
        **{"clock_lag": 0, **bases, **autres},  # type: ignore[arg-type]
    )


def processus_de(settings: Settings, dossier: Path, groupes: Sequence[Sequence[str]]) -> list[Processus]:
    return [service(settings, dossier, one[0] if len(one) == 1 else "ensemble", one) for one in groupes]


async def allumer(lieu: Lieu) -> None:
    """Le courtier, les journaux, les services."""
    for un in lieu.courtiers:
        if not un.vivant:
            await un.relancer()
    async with client(lieu.settings, "provision") as nc:
        await provision(nc, lieu.settings.academie, lieu.settings.sessions, lieu.settings.replicas)
    for service_seul in lieu.services:
        service_seul.lancer()
    await lieu.revenu(time.monotonic(), controle=False)


async def ouvrir_session(lieu: Lieu) -> None:
    """Celle où la charge inscrit ses candidats."""
    async with client(lieu.settings) as nc:
        reponse = await Porte(nc).envoyer(ouverture())
    if not reponse["ok"]:
        raise Bloque(f"la session ne s'ouvre pas : {reponse['code']}, {reponse['detail']}")
    await lieu.revenu(time.monotonic())


def eteindre(lieu: Lieu) -> None:
    for un in [*lieu.services, *lieu.courtiers]:
        un.arreter()


def _postgres(pile: AsyncExitStack) -> Postgres | None:
    binaires = programs()
    if binaires is None or obstacle() is not None:
        return None
    serveur = Postgres(binaires)
    pile.callback(serveur.remove)
    serveur.start()
    return serveur


def _bases(serveur: Postgres) -> dict[str, str]:
    """Une base par service, et celle du coffre."""
    prefixe = f"p{random.randrange(10**8)}"
    with psycopg.connect(serveur.url.replace("+psycopg", ""), autocommit=True) as connexion:
        for nom in (*SERVICES, "coffre"):
            connexion.execute(f'CREATE DATABASE "{prefixe}_{nom}"')
    racine = serveur.url.removesuffix("/postgres")
    return {"db_url": f"{racine}/{prefixe}_{{service}}", "coffre_url": f"{racine}/{prefixe}_coffre"}
