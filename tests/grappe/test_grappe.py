"""Three nodes: TLS, keys, an unreadable disk, and nothing acknowledged lost whatever happens to one of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import nats
import pytest

from services.exploitation.courtier_cles import ecrire_certificats, ecrire_cles
from services.socle import jsapi
from services.socle.connection import connect
from services.socle.enveloppe import H_COMMAND
from services.socle.errors import BrokerAway, BrokerDenied, SocleError
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.settings import Settings
from services.socle.subjects import subject
from services.socle.testing import Bench
from services.socle.tests.decisions import store
from tests.grappe.grappe import IDENTITES, NOEUDS, Grappe, confiance, eventuellement

FLUX = "JOURNAL_NORMANDIE_2026"
MARQUE = "MARQUE-EN-CLAIR-7d1f"


async def test_trois_copies_de_chaque_journal_ecrites_avant_d_etre_acquittees(grappe: Grappe) -> None:
    nc = await connect(grappe.settings, "exploitation")
    told = await jsapi.call(nc, f"STREAM.INFO.{FLUX}", None, 5)
    await nc.close()
    assert told["config"]["num_replicas"] == 3
    copies = [told["cluster"]["leader"], *(un["name"] for un in told["cluster"]["replicas"])]
    assert sorted(copies) == list(NOEUDS)
    for nom in NOEUDS:
        assert grappe.etat(nom, "jsz")["config"]["sync_always"] is True
        assert grappe.etat(nom, "varz")["tls_required"] is True


def _avec(grappe: Grappe, **autres: object) -> Settings:
    return grappe.settings.model_copy(update={"connect_timeout": 5.0, **autres})


async def test_une_cle_inconnue_est_refusee(grappe: Grappe, tmp_path: Path) -> None:
    ecrire_cles(tmp_path / "autres", IDENTITES)
    with pytest.raises(BrokerDenied):
        await connect(_avec(grappe, nats_cles=tmp_path / "autres"), "publication")


async def test_un_mot_de_passe_ne_remplace_pas_la_cle(grappe: Grappe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARCHEMIN_NATS_MDP_PUBLICATION", "secret")
    with pytest.raises(BrokerDenied):
        await connect(_avec(grappe, nats_cles=None), "publication")


async def test_le_clair_est_refuse(grappe: Grappe) -> None:
    port = grappe.clients["nats-0"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(60):
        assert b'"tls_required":true' in await reader.readline()
        writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
        rest = await reader.read()  # to the end: the server hangs up
    assert b"PONG" not in rest
    writer.close()


async def test_un_courtier_que_l_autorite_ne_certifie_pas_est_refuse(grappe: Grappe, tmp_path: Path) -> None:
    ecrire_certificats(tmp_path, [("nats-0", ["127.0.0.1"])], 30)
    with pytest.raises(BrokerAway, match="certificate verify failed"):
        await connect(_avec(grappe, nats_ca=tmp_path / "autorite.pem"), "publication")


async def test_une_poignee_de_main_sans_fin_est_abandonnee(grappe: Grappe) -> None:
    async def muet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","max_payload":1048576,"tls_required":true}\r\n')
        await reader.read()  # what comes is the handshake, to which nothing answers
        writer.close()

    async with await asyncio.start_server(muet, "127.0.0.1", 0) as server:
        url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with asyncio.timeout(60):
            with pytest.raises(BrokerAway):
                await connect(_avec(grappe, nats_url=url, connect_timeout=0.3), "publication")


async def test_un_noeud_sans_certificat_de_l_autorite_n_entre_pas(grappe: Grappe, tmp_path: Path) -> None:
    ecrire_certificats(tmp_path, [("intrus", ["127.0.0.1"])], 30)
    with grappe.intrus(
        PARCHEMIN_NATS_CERTIFICAT=json.dumps(str(tmp_path / "intrus.pem")),
        PARCHEMIN_NATS_CERTIFICAT_CLE=json.dumps(str(tmp_path / "intrus.cle")),
    ):
        trace = grappe.dossier / "nats-0.log"
        await eventuellement(lambda: _vrai("(CN=intrus " in trace.read_text("utf-8")), "l'intrus essaie")
        pairs = {un["remote_name"] for un in grappe.etat("nats-0", "routez")["routes"]}
    assert pairs == {"nats-1", "nats-2"}


async def test_le_disque_est_illisible(grappe: Grappe, journal: Bench) -> None:
    nc = await connect(grappe.settings, "publication")
    async with Journal(nc, FLUX, grappe.settings.bounds) as chiffre:
        await store(chiffre, subject("normandie", "2026", "essai", "publication", "disque"), "c-1", texte=MARQUE)
    await nc.close()
    await store(await journal(), journal.subject("disque"), "c-1", texte=MARQUE)
    assert _contient(journal.settings.nats_dir / "journaux", MARQUE), "le témoin en clair doit se voir"
    for nom in NOEUDS:
        await eventuellement(partial(_tenu, grappe, nom, 1), f"{nom} a sa copie")
        assert any(chemin.stat().st_size for chemin in grappe.donnees(nom).rglob("*.blk"))
        for texte in (MARQUE, "publication.essai.v1", "ev.normandie.2026.essai"):
            assert not _contient(grappe.donnees(nom), texte), (nom, texte)


async def _tenu(grappe: Grappe, nom: str, moins: int) -> bool:
    found = await asyncio.to_thread(grappe.detenu, nom, FLUX)
    return found is not None and found[0] >= moins


def _contient(dossier: Path, texte: str) -> bool:
    return any(texte.encode() in chemin.read_bytes() for chemin in dossier.rglob("*") if chemin.is_file())


# One node goes, under load -----------------------------------------------------------------------------------------


class Charge:
    """Decisions appended without pause, each on an aggregate of its own, until told to stop."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._fin = journal, False
        self.acquittees: set[str] = set()

    async def ecrire(self, voie: object) -> None:
        numero = 0
        while not self._fin:
            numero += 1
            nom = f"v{voie}-{numero}"
            await self._insister(nom)
            self.acquittees.add(nom)

    async def _insister(self, nom: str) -> None:
        """The same command until it is acknowledged, as its author would."""
        while True:
            try:
                await store(self._journal, subject("normandie", "2026", "essai", "publication", nom), nom)
            except SocleError:
                await asyncio.sleep(0.1)
            else:
                return

    async def au_moins(self, nombre: int) -> None:
        vise = len(self.acquittees) + nombre
        await eventuellement(lambda: _vrai(len(self.acquittees) >= vise), "la charge avance", 120)

    def arreter(self) -> None:
        self._fin = True


async def _vrai(quoi: bool) -> bool:
    return quoi


async def _sous_charge(dossier: Path, accident: Callable[[Grappe, Charge], Awaitable[None]]) -> None:
    with Grappe(dossier) as grappe:
        await grappe.prete()
        admin = await connect(grappe.settings, "provision")
        await provision(admin, "normandie", ["2026"], 3)
        await admin.close()
        nc = await connect(grappe.settings, "publication")
        async with Journal(nc, FLUX, grappe.settings.bounds) as journal:
            charge = Charge(journal)
            voies = [asyncio.create_task(charge.ecrire(voie)) for voie in range(8)]
            await charge.au_moins(50)
            await accident(grappe, charge)
            charge.arreter()
            await asyncio.gather(*voies)
            await grappe.prete()
            lues = [un.headers[H_COMMAND] async for lot in journal.read(follow=False) for un in lot]
        await nc.close()
        assert sorted(lues) == sorted(charge.acquittees)  # each acknowledged once is there, and once
        for nom in NOEUDS:
            await eventuellement(partial(_egal, grappe, nom, len(lues)), f"{nom} tient tout le journal")


async def _egal(grappe: Grappe, nom: str, nombre: int) -> bool:
    found = await asyncio.to_thread(grappe.detenu, nom, FLUX)
    return found is not None and found[0] == nombre


@pytest.mark.chaos
async def test_le_chef_tue_sous_charge_rien_d_acquitte_n_est_perdu(tmp_path: Path) -> None:
    async def accident(grappe: Grappe, charge: Charge) -> None:
        chef = await eventuellement(lambda: _chef(grappe), "un nœud mène")
        grappe.kill(chef)
        await charge.au_moins(50)  # without it
        grappe.start(chef)

    await _sous_charge(tmp_path / "grappe", accident)


@pytest.mark.chaos
async def test_les_trois_noeuds_renouveles_un_a_un_sous_charge_rien_n_est_perdu(tmp_path: Path) -> None:
    async def accident(grappe: Grappe, charge: Charge) -> None:
        for nom in NOEUDS:
            await asyncio.to_thread(grappe.stop, nom)
            await charge.au_moins(20)
            grappe.start(nom)
            await grappe.prete()
            await charge.au_moins(20)

    await _sous_charge(tmp_path / "grappe", accident)


async def _chef(grappe: Grappe) -> str:
    found = await asyncio.to_thread(grappe.detenu, NOEUDS[0], FLUX)
    return (found[1] if found is not None else None) or ""


async def test_le_client_ordinaire_accepte_la_grappe(grappe: Grappe) -> None:
    # What a tool of the outside needs: the authority, the seed of its identity, its own inbox.
    nc = await nats.connect(
        grappe.settings.nats_url.split(","),
        tls=confiance(grappe),
        nkeys_seed=str(grappe.cles / "commandes.nk"),
        inbox_prefix="_INBOX.commandes",
    )
    await nc.flush()
    await nc.close()
