"""Three brokers in containers: the leader is killed, then cut off from its peers, while decisions flow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from services.socle.connection import connect
from services.socle.enveloppe import H_COMMAND
from services.socle.errors import SocleError
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.subjects import subject
from services.socle.tests.decisions import store
from tests.conteneurs.lieu import GrappeDeConteneurs, brut
from tests.grappe.grappe import NOEUDS, eventuellement
from tests.grappe.test_grappe import FLUX, Charge

pytestmark = pytest.mark.conteneurs


async def _provisionner(grappe: GrappeDeConteneurs) -> bool:
    nc = await connect(grappe.settings(), "provision")
    try:
        await provision(nc, "normandie", ["2026"], 3)
    finally:
        await nc.close()
    return True


async def _chef(grappe: GrappeDeConteneurs, vu_de: str, autre_que: str = "") -> str:
    found = await asyncio.to_thread(grappe.detenu, vu_de, FLUX)
    chef = (found[1] if found else None) or ""
    return chef if chef != autre_que else ""


async def _tient(grappe: GrappeDeConteneurs, nom: str, nombre: int) -> bool:
    found = await asyncio.to_thread(grappe.detenu, nom, FLUX)
    return found is not None and found[0] == nombre


@asynccontextmanager
async def _charge(grappe: GrappeDeConteneurs, *noeuds: str) -> AsyncIterator[Charge]:
    """Decisions that flow for as long as this lasts, through these nodes."""
    nc = await connect(grappe.settings(*noeuds), "publication")
    async with Journal(nc, FLUX, grappe.settings().bounds) as journal:
        charge = Charge(journal)
        voies = [asyncio.create_task(charge.ecrire(f"{len(noeuds)}-{voie}")) for voie in range(4)]
        await charge.au_moins(30)
        yield charge
        charge.arreter()
        await asyncio.gather(*voies)
    await nc.close()


async def test_le_chef_tue_puis_coupe_des_siens_rien_d_acquitte_n_est_perdu(tmp_path: Path) -> None:
    with GrappeDeConteneurs(tmp_path / "grappe") as grappe:
        await eventuellement(lambda: _provisionner(grappe), "la grappe est formée", 180)
        async with _charge(grappe) as premiere:
            tue = await eventuellement(lambda: _chef(grappe, "nats-0"), "un nœud mène")
            brut(grappe.noeuds[tue]).kill()
            await premiere.au_moins(30)
            brut(grappe.noeuds[tue]).start()
        await eventuellement(partial(_a_jour, grappe, tue), f"{tue} a rattrapé", 180)

        coupe = await eventuellement(lambda: _chef(grappe, tue), "un nœud mène")
        autres = [nom for nom in NOEUDS if nom != coupe]
        async with _charge(grappe, *autres) as seconde:
            grappe.couper(coupe)
            await eventuellement(lambda: _chef(grappe, autres[0], coupe), "la majorité se donne un chef", 180)
            await _la_minorite_n_acquitte_rien(grappe, coupe)
            await seconde.au_moins(30)
            grappe.recoller(coupe)
        await eventuellement(partial(_a_jour, grappe, coupe), f"{coupe} a rattrapé", 180)

        acquittees = premiere.acquittees | seconde.acquittees
        lues = await _lues(grappe, len(acquittees))
        assert sorted(lues) == sorted(acquittees)
        for nom in NOEUDS:
            await eventuellement(partial(_tient, grappe, nom, len(lues)), f"{nom} tient tout le journal", 180)


async def _lues(grappe: GrappeDeConteneurs, nombre: int) -> list[str]:
    """The commands in the journal, once no deposed leader can answer for it any more."""
    await eventuellement(partial(_tient, grappe, NOEUDS[0], nombre), "le journal est entier", 180)
    nc = await connect(grappe.settings(), "publication")
    async with Journal(nc, FLUX, grappe.settings().bounds) as journal:
        lues = [un.headers[H_COMMAND] async for lot in journal.read(stop_at=nombre) for un in lot]
    await nc.close()
    return lues


async def _a_jour(grappe: GrappeDeConteneurs, nom: str) -> bool:
    fait = grappe.noeuds[nom].exec(["wget", "-q", "-O", "-", "http://127.0.0.1:8222/healthz"])
    return bool(fait.exit_code == 0)


async def _la_minorite_n_acquitte_rien(grappe: GrappeDeConteneurs, coupe: str) -> None:
    """A client that sees nobody but the node cut off gets no acknowledgement from it."""
    settings = grappe.settings(coupe).model_copy(update={"request_timeout": 1.0, "attempts": 2})
    nc = await connect(settings, "publication")
    try:
        async with Journal(nc, FLUX, settings.bounds) as seul:
            with pytest.raises(SocleError):
                await store(seul, subject("normandie", "2026", "essai", "publication", "minorite"), "minorite")
    finally:
        await nc.close()
