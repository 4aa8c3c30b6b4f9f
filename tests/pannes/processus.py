"""Les processus que l'on casse : un courtier, des services, chacun dans le sien."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from services.socle.server import HOST, PR_SET_PDEATHSIG, identities, program
from services.socle.settings import PASSWORD_PREFIX, ROOT, Settings

PATIENCE = 120.0
PROGRAMME = "services.exploitation"
TOUR_HORLOGE = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Bloque(AssertionError):
    """Ce que l'on attendait n'est pas venu."""


def port_libre() -> int:
    """Au-dessous de ceux que prennent les connexions sortantes : libre encore quand le serveur sera relancé."""
    for _ in range(200):
        with socket.socket() as prise, suppress(OSError):
            port = 20_000 + secrets.randbelow(12_000)
            prise.bind((HOST, port))
            return port
    raise Bloque("aucun port libre")


class Processus:
    """Un programme que l'on tue, gèle et relance ; ce qu'il dit va dans un fichier."""

    def __init__(self, nom: str, commande: Sequence[str], environnement: Mapping[str, str], log: Path) -> None:
        self.nom, self.log = nom, log
        self._commande, self.environnement = list(commande), dict(environnement)
        self._processus: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._processus is not None, self.nom
        return self._processus.pid

    @property
    def vivant(self) -> bool:
        return self._processus is not None and self._processus.poll() is None

    @property
    def code(self) -> int | None:
        """Celui de sa fin."""
        return None if self._processus is None else self._processus.poll()

    def dit(self, mot: str) -> bool:
        """S'il a tracé cela."""
        return any(one.get("event") == mot for one in self.lignes())

    def lancer(self, **de_plus: str) -> None:
        assert not self.vivant, self.nom
        with self.log.open("ab") as log:
            self._processus = subprocess.Popen(
                self._commande,
                env={**os.environ, **self.environnement, **de_plus},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_mourir_avec_l_essai,
            )

    def signaler(self, lequel: signal.Signals) -> None:
        if self.vivant:
            os.kill(self.pid, lequel)

    def tuer(self) -> None:
        self.signaler(signal.SIGKILL)
        if self._processus is not None:
            self._processus.wait()

    def arreter(self) -> None:
        self.signaler(signal.SIGCONT)
        self.signaler(signal.SIGTERM)
        if self._processus is not None:
            try:
                self._processus.wait(20)
            except subprocess.TimeoutExpired:
                self.tuer()

    def temps_de_calcul(self) -> float:
        """Les secondes de processeur prises depuis le début."""
        champs = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(champs[11]) + int(champs[12])) / TOUR_HORLOGE

    def memoire(self) -> int:
        """Les octets en mémoire vive."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE

    def lignes(self, depuis: int = 0) -> list[dict[str, object]]:
        """Ce qu'il a tracé après ce point de son fichier ; ce qui n'est pas une trace est laissé."""
        told = []
        with self.log.open("rb") as file:
            file.seek(depuis)
            for ligne in file:
                with suppress(ValueError):
                    lue = json.loads(ligne)
                    if isinstance(lue, dict):
                        told.append(lue)
        return told

    def position(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0


_LIBC = ctypes.CDLL(None)


def _mourir_avec_l_essai() -> None:
    """Dans l'enfant : un essai tué ne laisse pas ses victimes tourner."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def mots_de_passe(settings: Settings) -> None:
    """Le fichier de secrets de ce lieu : un mot de passe par identité."""
    connus = {nom: "s" + secrets.token_hex(16) for nom in identities(settings)}
    settings.secrets_file.write_text(json.dumps(connus), encoding="utf-8")


def deployer(dossier: Path) -> Path:
    """La configuration livrée, copiée là où une panne peut la changer."""
    copie = dossier / "deploy"
    shutil.copytree(ROOT / "deploy", copie)
    return copie


class Courtier(Processus):
    """Un nats-server de la configuration livrée, sans personne pour le relancer que l'essai."""

    def __init__(
        self, settings: Settings, dossier: Path, port: int, *, nom: str = "seul", conf: Path | None = None
    ) -> None:
        self.port, self.suivi, self.donnees = port, port_libre(), dossier / "journaux"
        self.donnees.mkdir(parents=True, exist_ok=True)
        conf = conf or settings.deploiement / "nats" / "journal.conf"
        commande = [str(program(settings)), "-c", str(conf), "-m", str(self.suivi)]
        environnement = {
            "PARCHEMIN_NATS_NOM": f"essai-{nom}",
            "PARCHEMIN_NATS_HOTE": HOST,
            "PARCHEMIN_NATS_PORT": str(port),
            "PARCHEMIN_NATS_DONNEES": json.dumps(str(self.donnees)),
            **{PASSWORD_PREFIX + one.upper(): settings.password(one) for one in identities(settings)},
        }
        super().__init__(nom, commande, environnement, dossier / f"courtier-{nom}.log")

    @property
    def url(self) -> str:
        return f"nats://{HOST}:{self.port}"

    def demander(self, chemin: str) -> dict[str, object] | None:
        """Ce que répond sa page de suivi ; rien s'il n'est pas en état."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.suivi}/{chemin}", timeout=2) as reponse:
                lu: dict[str, object] = json.loads(reponse.read())
                return lu
        except (OSError, ValueError, urllib.error.URLError):
            return None

    async def pret(self) -> None:
        """Attend que ses journaux soient ouverts."""
        await attendre(lambda: self.demander("healthz") is not None, f"le courtier {self.nom} ne vient pas")

    async def relancer(self) -> None:
        self.lancer()
        await self.pret()


def service(
    settings: Settings, dossier: Path, nom: str, noms: Sequence[str], programme: str = PROGRAMME, **de_plus: str
) -> Processus:
    """`parchemin servir` pour ces services."""
    environnement = {
        "PARCHEMIN_DONNEES": str(settings.donnees),
        "PARCHEMIN_DEPLOIEMENT": str(settings.deploiement),
        "PARCHEMIN_NATS_URL": settings.nats_url,
        "PARCHEMIN_NATS_SECRETS": str(settings.secrets_file),
        "PARCHEMIN_SESSIONS": ",".join(settings.sessions),
        "PARCHEMIN_REPLICAS": str(settings.replicas),
        "PARCHEMIN_DB_URL": settings.db_url,
        "PARCHEMIN_COFFRE_URL": settings.coffre_url,
        "PARCHEMIN_CLOCK_TOLERANCE": str(settings.clock_tolerance),
        "PARCHEMIN_CLOCK_LAG": str(settings.clock_lag),
        "PARCHEMIN_LOG_FORMAT": "json",
        **de_plus,
    }
    commande = [sys.executable, "-m", programme, "servir", *noms]
    return Processus(nom, commande, environnement, dossier / f"service-{nom}.log")


async def attendre(vrai: object, sinon: str, patience: float = PATIENCE, pas: float = 0.05) -> None:
    """Regarde jusqu'à ce que ce soit vrai.

    Raises:
        Bloque: ce n'est pas venu à temps.
    """
    assert callable(vrai)
    limite = time.monotonic() + patience
    while not await asyncio.to_thread(vrai):
        if time.monotonic() > limite:
            raise Bloque(sinon)
        await asyncio.sleep(pas)
