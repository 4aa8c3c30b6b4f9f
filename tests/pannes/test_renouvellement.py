"""Une mise à jour sous charge : chaque service remplacé à son tour par le programme suivant, un moment les deux."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.exploitation.composition import SERVICES
from services.socle.server import HOST
from services.socle.settings import ROOT
from services.socle.testing_server import obstacle
from tests.pannes import version_suivante
from tests.pannes.bilan import Compte, compter, lire_journal
from tests.pannes.charge import Charge
from tests.pannes.lieu import Lieu, installer
from tests.pannes.processus import Processus, attendre, port_libre

PROGRAMME = "tests.pannes.version_suivante"
ORDRE = ("publication", "deliberation", "notation", "conformite", "inscription")  # celui du guide : qui lit d'abord


def _pret(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/sante/pret", timeout=5) as reponse:
            return bool(reponse.status == 200)
    except OSError:
        return False


async def _remplacer(lieu: Lieu, nom: str, charge: Charge, pile: ExitStack) -> Processus:
    """Comme un renouvellement de Kubernetes : le suivant prêt, l'ancien s'arrête ; entre les deux, ils se partagent."""
    port = port_libre()
    suivant = lieu.autre_instance(f"{nom}-suivant", (nom,), PROGRAMME, PARCHEMIN_HTTP_PORT=str(port))
    pile.callback(suivant.arreter)
    suivant.lancer()
    await attendre(lambda: _pret(port), f"{nom} : le suivant n'est pas prêt")
    await charge.encore(12)
    ancien = lieu.service(nom)
    await asyncio.to_thread(ancien.arreter)
    assert ancien.code == 0, f"{nom} : l'ancien ne s'est pas arrêté de lui-même"
    await charge.encore(6)
    return suivant


def _rejouer(suivant: Processus) -> subprocess.CompletedProcess[str]:
    """Les lectures refaites du journal par le programme suivant, et comparées."""
    milieu = {**suivant.environnement}
    del milieu["PARCHEMIN_HTTP_PORT"]
    commande = [sys.executable, "-m", PROGRAMME, "rejouer"]
    return subprocess.run(commande, env=milieu, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.chaos
@pytest.mark.skipif(obstacle() is not None, reason=f"{obstacle()}")
async def test_deux_versions_d_un_service_ensemble_sous_charge_ne_perdent_rien(tmp_path: Path) -> None:
    assert set(ORDRE) == set(SERVICES)
    compte = Compte("renouvellement")
    with ExitStack() as pile:
        async with installer(tmp_path) as lieu:
            charge = lieu.charge(20260601)
            async with charge.en_cours():
                await charge.encore(12)
                lieu.services = [await _remplacer(lieu, nom, charge, pile) for nom in ORDRE]
            await lieu.revenu(asyncio.get_running_loop().time(), controle=False)
            await lieu.stabiliser()
            await compter(compte, lieu.settings, charge.acquis)
            types = {nom for one in await lire_journal(lieu.settings) for nom in one.types}
            rejeu = await asyncio.to_thread(_rejouer, lieu.services[0])
    assert compte.bon, (compte.echec, compte.notes)
    assert compte.acquittees == compte.retrouvees >= 90
    assert {version_suivante.ANCIEN, version_suivante.NOUVEAU} <= types
    assert rejeu.returncode == 0, rejeu.stdout + rejeu.stderr
