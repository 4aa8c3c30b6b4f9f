"""Une coupure de courant : tout ce qui n'était pas sur le disque est perdu.

Les journaux sont sur un système de fichiers à part (ext4, dans un fichier, par un périphérique « loop »). Ce qu'un
programme écrit sans le synchroniser reste dans la mémoire du noyau et n'est pas encore dans ce fichier. Couper le
courant, c'est arrêter le courtier net, prendre ce fichier tel qu'il est, et repartir de cette copie : le noyau, lui,
n'a pas eu le temps de rien écrire de plus. Deux copies de suite identiques : rien ne s'écrivait pendant qu'on copiait.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.pannes.atelier import Panne, Partie, conclure, fin_du_journal, instant
from tests.pannes.bilan import compter
from tests.pannes.charge import Charge
from tests.pannes.disque import obstacle_montage, petit_disque
from tests.pannes.lieu import ENSEMBLE, Lieu, installer
from tests.pannes.processus import Bloque

MEGA = 96
COPIES = 40


def obstacle() -> str | None:
    """Ce qui empêche d'avoir un disque à débrancher."""
    sans_montage = obstacle_montage()
    if sans_montage is not None:
        return sans_montage
    if not Path("/dev/loop-control").exists() or shutil.which("mkfs.ext4") is None:
        return "il faut des périphériques « loop » et mkfs.ext4"
    libre = subprocess.run(["losetup", "-f"], check=False, capture_output=True)
    return None if libre.returncode == 0 else "aucun périphérique « loop » n'est libre"


class Disque:
    """Un système de fichiers que l'on débranche."""

    def __init__(self, dossier: Path, ou: Path) -> None:
        self.dossier, self.ou = dossier, ou
        self.image = dossier / "disque.img"

    def former(self) -> None:
        with self.image.open("wb") as file:
            file.truncate(MEGA << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self.image)], check=True)

    def brancher(self) -> None:
        self.ou.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.ou)], check=True)

    def debrancher(self) -> None:
        subprocess.run(["umount", "-l", str(self.ou)], check=True)

    def photographier(self) -> Path:
        """Ce que le disque tient à un instant, et rien de ce qui attend en mémoire d'y être écrit.

        Raises:
            Bloque: il s'y écrit sans cesse.
        """
        avant = self.image.read_bytes()
        for _ in range(COPIES):
            apres = self.image.read_bytes()
            if avant == apres:
                copie = self.dossier / "copie.img"
                copie.write_bytes(apres)
                return copie
            avant = apres
        raise Bloque("le disque n'est jamais tranquille")

    def reprendre(self, copie: Path) -> None:
        """Le courant est revenu : ce qui n'était pas sur le disque n'existe plus."""
        self.debrancher()
        copie.replace(self.image)  # l'ancien fichier disparaît avec ce que le noyau y écrirait encore
        self.brancher()


@contextmanager
def disque(dossier: Path) -> Iterator[Disque]:
    un = Disque(dossier, dossier / "monte")
    un.former()
    un.brancher()
    try:
        yield un
    finally:
        un.debrancher()


async def toujours(partie: Partie) -> None:
    """Le réglage livré : rien d'acquitté ne manque."""
    await _couper(partie, None)


async def temoin(partie: Partie) -> None:
    """Le réglage par défaut de nats-server, toutes les deux minutes : le même essai trouve des pertes."""
    await _couper(partie, "2m")


async def _couper(partie: Partie, intervalle: str | None) -> None:
    for _ in range(partie.tours):
        dossier = partie.atelier.neuf("courant")
        with petit_disque(dossier / "hors", 3 * MEGA + 16) as hors, disque(hors) as un:
            async with installer(dossier, ENSEMBLE, postgres=False) as lieu:
                await _demenager(lieu, un.ou, intervalle)
                await _un_tour(partie, lieu, un, reactions=intervalle is None)
        partie.compte.tours += 1


async def _demenager(lieu: Lieu, ou: Path, intervalle: str | None) -> None:
    """Les journaux sur ce disque, et cet intervalle entre deux synchronisations."""
    lieu.courtier.arreter()
    if intervalle is not None:
        conf = lieu.settings.deploiement / "nats" / "serveur.conf"
        texte = conf.read_text(encoding="utf-8")
        assert "sync_interval: always" in texte
        conf.write_text(texte.replace("sync_interval: always", f'sync_interval: "{intervalle}"'), encoding="utf-8")
    shutil.copytree(lieu.courtier.donnees, ou / "journaux")
    os.sync()
    shutil.rmtree(lieu.courtier.donnees)
    lieu.courtier.donnees.symlink_to(ou / "journaux")
    await lieu.courtier.relancer()


async def _un_tour(partie: Partie, lieu: Lieu, un: Disque, *, reactions: bool) -> None:
    depuis = await fin_du_journal(lieu)
    charge = lieu.charge(partie.hasard.getrandbits(32))
    if not reactions:
        await _sans_retour(partie, lieu, un, charge)
        return
    async with charge.en_cours():
        await charge.encore(partie.hasard.randrange(20, 120))
        copie = await _coupure(lieu, un)
        debut = instant()
        await asyncio.to_thread(un.reprendre, copie)
        await lieu.courtier.relancer()
        partie.compte.retours.append(await lieu.revenu(debut))
    await conclure(partie, lieu, charge, depuis)


async def _sans_retour(partie: Partie, lieu: Lieu, un: Disque, charge: Charge) -> None:
    """Ce que le courtier seul a gardé : les services, eux, verraient que leur journal a reculé."""
    async with charge.en_cours():
        await charge.encore(partie.hasard.randrange(20, 120))
        copie = await _coupure(lieu, un)
        charge.abandonner()
    for service in lieu.services:
        service.tuer()
    await asyncio.to_thread(un.reprendre, copie)
    await lieu.courtier.relancer()
    await compter(partie.compte, lieu.settings, charge.acquis, reactions=False)


async def _coupure(lieu: Lieu, un: Disque) -> Path:
    lieu.courtier.signaler(signal.SIGSTOP)
    copie = await asyncio.to_thread(un.photographier)
    lieu.courtier.tuer()
    return copie


PANNES = (
    Panne("courant", "coupure de courant, réglage livré", 10, 1, toujours, obstacle),
    Panne("courant-temoin", "la même, synchronisation par défaut", 3, 0, temoin, obstacle, temoin=True),
)
