"""Three nats-server of the wheel on loopback, run with the configuration deployed for a cluster."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from services.exploitation.courtier_cles import ecrire_certificats, ecrire_cles
from services.exploitation.courtier_droits import lire_droits
from services.socle.server import PORTS, program
from services.socle.settings import ROOT, Settings

T = TypeVar("T")

NOEUDS = ("nats-0", "nats-1", "nats-2")
INTRUS = "intrus"
TOUTES = sorted(lire_droits(ROOT / "deploy"))
IDENTITES = [une for une in TOUTES if une != "restauration"]  # those that a node in service knows
PATIENCE = 60.0


class Grappe:
    """A context manager: three nodes up on entering, gone on leaving. ``configuration``: what they start with."""

    def __init__(self, dossier: Path, configuration: str = "noeud.conf") -> None:
        self.dossier, self.configuration = dossier, configuration
        self.deploiement = ROOT / "deploy" / "nats"
        self.milieu: dict[str, str] = {}  # what its nodes are told besides
        self.cles, self.certificats = dossier / "cles", dossier / "certificats"
        for chacun in (self.cles, self.certificats):
            chacun.mkdir(mode=0o700, parents=True)
        ecrire_cles(self.cles, TOUTES)
        ecrire_certificats(self.certificats, [(nom, ["127.0.0.1", "localhost"]) for nom in NOEUDS], 30)
        ports = libres(3 * len(NOEUDS) + 3)
        self.clients = dict(zip(NOEUDS, ports[:3], strict=True))
        self.routes = dict(zip(NOEUDS, ports[3:6], strict=True))
        self.etats = dict(zip((*NOEUDS, INTRUS), ports[6:10], strict=True))
        self._autres = ports[10:]
        self._processus: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> Settings:
        """What a client of this cluster is given."""
        return Settings(
            donnees=self.dossier / "client",
            nats_url=",".join(f"tls://127.0.0.1:{port}" for port in self.clients.values()),
            nats_cles=self.cles,
            nats_ca=self.certificats / "autorite.pem",
            replicas=3,
            connect_timeout=30,
            request_timeout=5,
            attempts=12,
            clock_lag=0,
            provisionnement=False,
        )

    def donnees(self, nom: str) -> Path:
        return self.dossier / nom

    def start(self, nom: str, **autres: str) -> None:
        """Start one node; ``autres`` replaces variables of its environment."""
        lignes = (self.cles / "publiques.env").read_text(encoding="utf-8").splitlines()
        environnement = {
            **os.environ,
            **dict(ligne.split("=", 1) for ligne in lignes),
            "PARCHEMIN_NATS_NOM": nom,
            "PARCHEMIN_NATS_HOTE": "127.0.0.1",
            "PARCHEMIN_NATS_PORT": str(self.clients.get(nom, self._autres[0])),
            "PARCHEMIN_NATS_PORT_ROUTES": str(self.routes.get(nom, self._autres[1])),
            "PARCHEMIN_NATS_PORT_ETAT": str(self.etats[nom]),
            "PARCHEMIN_NATS_ROUTES": json.dumps([f"nats://127.0.0.1:{port}" for port in self.routes.values()]),
            "PARCHEMIN_NATS_ANNONCE": f'"127.0.0.1:{self.clients.get(nom, self._autres[0])}"',
            "PARCHEMIN_NATS_DONNEES": json.dumps(str(self.donnees(nom))),
            "PARCHEMIN_NATS_ESPACE": "1GB",
            "PARCHEMIN_NATS_CHIFFREMENT": (self.cles / "chiffrement.cle").read_text(encoding="utf-8").strip(),
            "PARCHEMIN_NATS_AUTORITE": json.dumps(str(self.certificats / "autorite.pem")),
            "PARCHEMIN_NATS_CERTIFICAT": json.dumps(str(self.certificats / f"{nom}.pem")),
            "PARCHEMIN_NATS_CERTIFICAT_CLE": json.dumps(str(self.certificats / f"{nom}.cle")),
            **self.milieu,
            **autres,
        }
        config = self.deploiement / "grappe" / self.configuration
        command = [str(program(self.settings)), "-c", str(config), "-l", str(self.dossier / f"{nom}.log")]
        self._processus[nom] = subprocess.Popen(command, env=environnement, start_new_session=True)

    @contextmanager
    def intrus(self, **autres: str) -> Iterator[None]:
        """A fourth node that tries to come in."""
        self.start(INTRUS, **autres)
        try:
            yield
        finally:
            self.kill(INTRUS)

    def kill(self, nom: str) -> None:
        """As a power cut would."""
        self._processus[nom].kill()
        self._processus[nom].wait()

    def stop(self, nom: str) -> None:
        """As an upgrade would: clients are asked to leave, the leader hands over."""
        self._processus[nom].send_signal(signal.SIGUSR2)  # lame duck
        self._processus[nom].wait(PATIENCE * 2)

    def etat(self, nom: str, chemin: str) -> Mapping[str, Any]:
        """What a node says of itself, on the port of probes."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.etats[nom]}/{chemin}", timeout=5) as answer:
            told: Mapping[str, Any] = json.loads(answer.read())
        return told

    def detenu(self, nom: str, stream: str) -> tuple[int, str | None] | None:
        """How many messages of a journal a node has in its own store, and who it believes leads; None: it cannot say.

        STREAM.INFO is answered by whoever thinks it leads, a deposed leader included.
        """
        try:
            comptes = self.etat(nom, "jsz?accounts=true&streams=true")
        except (OSError, ValueError):
            return None
        for compte in comptes.get("account_details") or []:
            for un in compte.get("stream_detail") or []:
                if un["name"] == stream:
                    return un["state"]["messages"], (un.get("cluster") or {}).get("leader")
        return None

    async def prete(self) -> None:
        """Every node is there and says that it has caught up."""

        async def bonne() -> bool:
            return all([await asyncio.to_thread(self._en_forme, nom) for nom in NOEUDS])

        await eventuellement(bonne, "la grappe est formée")

    def _en_forme(self, nom: str) -> bool:
        try:
            return self.etat(nom, "healthz")["status"] == "ok"
        except (OSError, ValueError):
            return False

    def __enter__(self) -> Self:
        for nom in NOEUDS:
            self.start(nom)
        return self

    def __exit__(self, *_: object) -> None:
        for processus in self._processus.values():
            processus.kill()
            processus.wait()


async def eventuellement(essai: Callable[[], Awaitable[T]], quoi: str, patience: float = PATIENCE) -> T:
    """The first true answer; what fails meanwhile is tried again."""
    fin, derniere = time.monotonic() + patience, None
    while time.monotonic() < fin:
        try:
            trouve = await essai()
            if trouve:
                return trouve
            derniere = None
        except Exception as error:  # the cluster is broken on purpose
            derniere = error
        await asyncio.sleep(0.2)
    raise AssertionError(f"pas en {patience:.0f} s : {quoi} (dernière erreur : {derniere!r})")


def confiance(grappe: Grappe) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(grappe.certificats / "autorite.pem"))


def libres(nombre: int) -> list[int]:
    """Free ports, below those lent to outgoing connections: they stay free while a node is down."""
    trouves: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as sonde:
            try:
                sonde.bind(("127.0.0.1", port))
            except OSError:
                continue
        trouves.append(port)
        if len(trouves) == nombre:
            break
    return trouves
