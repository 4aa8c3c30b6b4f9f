"""A cluster is filled again from an archive, closed to every service; then it serves what the archive holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.exploitation.archive.tests.donnees import JOURNAL, scellee
from services.exploitation.plateforme import client
from services.exploitation.sauvegarde.restauration import restaurer
from services.socle.errors import BrokerDenied
from services.socle.provision import provision
from tests.grappe.grappe import NOEUDS, Grappe, eventuellement

MESSAGES = 300


async def refusees(grappe: Grappe, *identites: str) -> None:
    for une in identites:
        with pytest.raises(BrokerDenied):
            async with client(grappe.settings, une):
                pass


@pytest.mark.chaos
async def test_une_grappe_vide_se_refait_de_l_archive_puis_sert(tmp_path: Path) -> None:
    archive = scellee(tmp_path / "archive", MESSAGES, 100)
    with Grappe(tmp_path / "grappe", "restauration.conf") as grappe:
        await grappe.prete()
        async with client(grappe.settings, "provision") as nc:
            await provision(nc, "normandie", ["2026"], 3)
        async with client(grappe.settings, "restauration") as nc:
            faite = await restaurer(nc, archive, MESSAGES, grappe.settings.bounds)
        assert (faite.journal, faite.messages) == (JOURNAL, MESSAGES)
        await refusees(grappe, "inscription", "commandes", "exploitation")

        for nom in NOEUDS:
            grappe.kill(nom)
        grappe.configuration = "noeud.conf"
        for nom in NOEUDS:
            grappe.start(nom)
        await grappe.prete()

        async def trois_copies() -> bool:
            tenus = [grappe.detenu(nom, JOURNAL) for nom in NOEUDS]
            return all(un is not None and un[0] == MESSAGES for un in tenus)

        await eventuellement(trois_copies, "chaque nœud tient tout le journal")
        async with client(grappe.settings, "inscription"):
            pass
        await refusees(grappe, "restauration")
