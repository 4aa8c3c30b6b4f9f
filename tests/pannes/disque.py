"""Le disque : plein, ou dont un bit s'est retourné."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.exploitation.archive.archiviste import sceller_tout
from services.exploitation.archive.cles import signataire
from services.exploitation.archive.continuite import Continuite, comparer
from services.exploitation.archive.dossier import Archive
from services.exploitation.plateforme import client
from services.exploitation.sauvegarde.copie import adopter
from services.exploitation.sauvegarde.reancrage import reancrer
from services.exploitation.sauvegarde.restauration import restaurer
from services.socle.errors import SocleError
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.subjects import stream_name
from tests.pannes.atelier import Panne, Partie, conclure, fin_du_journal, instant, sous_charge
from tests.pannes.bilan import lire_journal
from tests.pannes.charge import Charge
from tests.pannes.lieu import ENSEMBLE, Lieu, installer
from tests.pannes.processus import Bloque, Courtier

PLEIN = 4.0  # secondes sans un octet libre


def obstacle_montage() -> str | None:
    """Ce qui empêche de monter un disque à soi."""
    if os.geteuid() != 0:
        return "monter un disque demande d'être root"
    essai = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    return None if essai.returncode == 0 else "ce système ne laisse rien monter"


@contextmanager
def petit_disque(ou: Path, mega: int) -> Iterator[Path]:
    """Un tmpfs de cette taille."""
    ou.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mega}m,mode=755", "tmpfs", str(ou)], check=True)
    try:
        yield ou
    finally:
        subprocess.run(["umount", "-l", str(ou)], check=False)


@contextmanager
def rempli(disque: Path) -> Iterator[None]:
    """Plus un octet ; rendu à la fin."""
    bourrage = disque / "bourrage"
    try:
        with bourrage.open("wb", buffering=0) as file:
            for taille in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * taille)
                except OSError:
                    continue
        yield
    finally:
        bourrage.unlink(missing_ok=True)


async def plein_courtier(partie: Partie) -> None:
    """Le disque du courtier est plein : il refuse, il n'oublie rien ; la place rendue et lui relancé, tout reprend."""
    dossier = partie.atelier.neuf("plein-courtier")
    relances = 0
    with petit_disque(dossier / "petit", 96) as disque:
        async with installer(dossier, ENSEMBLE, postgres=False) as lieu:
            await _sur(lieu, disque)

            async def tour(_: Charge) -> float:
                nonlocal relances
                with rempli(disque):
                    await asyncio.sleep(PLEIN)
                debut = instant()
                if await asyncio.to_thread(lieu.courtier.demander, "healthz") is None:
                    # nats-server n'écrit plus dans un journal où une écriture a échoué, et le dit : on le relance.
                    relances += 1
                    lieu.courtier.arreter()
                    await lieu.courtier.relancer()
                return debut

            await sous_charge(partie, lieu, tour)
    partie.compte.notes.append(f"nats-server relancé {relances} fois sur {partie.tours}")


async def _sur(lieu: Lieu, disque: Path) -> None:
    """Les journaux déménagent sur ce disque."""
    lieu.courtier.arreter()
    shutil.copytree(lieu.courtier.donnees, disque / "journaux")
    shutil.rmtree(lieu.courtier.donnees)
    lieu.courtier.donnees.symlink_to(disque / "journaux")
    await lieu.courtier.relancer()


async def plein_lectures(partie: Partie) -> None:
    """Le disque des lectures est plein : elles attendent, et reprennent d'elles-mêmes quand il y a de la place."""
    dossier = partie.atelier.neuf("plein-lectures")
    with petit_disque(dossier / "petit", 64) as disque:
        base = f"sqlite:///{disque}/{{service}}.db"
        async with installer(dossier, ENSEMBLE, postgres=False, db_url=base) as lieu:

            async def tour(charge: Charge) -> float:
                with rempli(disque):
                    await charge.encore(5)  # les commandes ne dépendent pas des lectures
                    await asyncio.sleep(PLEIN)
                return instant()

            await sous_charge(partie, lieu, tour, clients=3)


async def bit(partie: Partie) -> None:
    """Un bit se retourne dans un fichier du journal : la comparaison avec l'archive le voit, l'archive le rend."""
    dossier = partie.atelier.neuf("bit")
    async with installer(dossier, ENSEMBLE, postgres=False) as lieu:
        depuis, vus = await fin_du_journal(lieu), Counter[str]()
        charge = lieu.charge(partie.hasard.getrandbits(32))
        async with charge.en_cours():
            await charge.encore(60)
        for _ in range(partie.tours):
            await lieu.stabiliser()  # ce qu'une réaction écrirait après le sceau ne serait pas dans l'archive
            await sceller_tout(lieu.settings, lambda: signataire(lieu.settings))
            originaux = await lire_journal(lieu.settings)
            lieu.services[0].arreter()
            lieu.courtier.arreter()
            _retourner(partie, lieu)
            vus[await _detecter(lieu, len(originaux))] += 1
            debut = instant()
            await _restaurer(lieu)
            lieu.services[0].lancer()
            partie.compte.retours.append(await lieu.revenu(debut))
            partie.compte.tours += 1
        partie.compte.notes += [f"{quoi} ({combien})" for quoi, combien in vus.items()]
        await conclure(partie, lieu, charge, depuis)


def _retourner(partie: Partie, lieu: Lieu) -> None:
    """Dans le corps d'un message : la fin d'un fichier de blocs en est toujours pleine."""
    (bloc, *_) = sorted(lieu.courtier.donnees.rglob("msgs/*.blk"))
    octets = bytearray(bloc.read_bytes())
    rang = partie.hasard.randrange(len(octets) // 4, len(octets))
    octets[rang] ^= 1 << partie.hasard.randrange(8)
    bloc.write_bytes(octets)


async def _detecter(lieu: Lieu, combien: int) -> str:
    """Qui le voit.

    Raises:
        Bloque: personne, et le journal n'est plus celui qui était scellé.
    """
    await lieu.courtier.relancer()
    flux = stream_name(lieu.settings.academie, lieu.settings.sessions[0])
    try:
        async with client(lieu.settings, "exploitation") as nc, Journal(nc, flux, lieu.settings.bounds) as journal:
            async with asyncio.timeout(60):
                suite: Continuite = await comparer(Archive(lieu.settings.archive_dir, flux), journal)
    except SocleError as error:
        return f"vu à la lecture : {error.code}"
    if suite.constats:
        return f"vu par comparaison : {suite.constats[0].code}"
    if suite.communs != combien:
        raise Bloque("un bit retourné n'est vu de personne")
    return "sans effet : l'octet ne portait rien"


async def _restaurer(lieu: Lieu) -> None:
    """Comme le dit docs/exploitation/restaurer.md, un serveur vide et fermé à tous."""
    settings = lieu.settings
    lieu.courtier.arreter()
    shutil.rmtree(lieu.courtier.donnees)
    lieu.courtier.donnees.mkdir()
    ferme = Courtier(
        settings, lieu.dossier, lieu.courtier.port, nom="ferme", conf=settings.deploiement / "nats/restauration.conf"
    )
    await ferme.relancer()
    archive = Archive(settings.archive_dir, stream_name(settings.academie, settings.sessions[0]))
    dernier = archive.dernier()
    assert dernier is not None
    async with client(settings, "provision") as nc:
        await provision(nc, settings.academie, settings.sessions)
    async with client(settings, "restauration") as nc:
        faite = await restaurer(nc, archive, dernier.dernier, settings.bounds)
    reancrer(settings, [faite], {faite.journal: adopter(settings, archive, faite)})
    ferme.arreter()
    await lieu.courtier.relancer()


PANNES = (
    Panne("disque-courtier", "disque du courtier plein (tmpfs)", 6, 0, plein_courtier, obstacle_montage),
    Panne("disque-lectures", "disque des lectures plein (tmpfs)", 6, 0, plein_lectures, obstacle_montage),
    Panne("bit", "un bit retourné dans un fichier du journal", 10, 0, bit),
)
