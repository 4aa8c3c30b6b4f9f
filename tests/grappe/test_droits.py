"""What each identity may and may not do, asked of the real server: one try, one expected answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.exploitation.courtier_droits import differents
from services.socle import jsapi
from services.socle.connection import connect, options
from services.socle.journal import Journal
from services.socle.settings import ROOT
from services.socle.subjects import subject
from services.socle.tests.decisions import store
from tests.grappe.grappe import IDENTITES, Grappe, eventuellement

SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication")
FLUX, AUTRE = "JOURNAL_NORMANDIE_2026", "JOURNAL_NORMANDIE_2024"
TOUS = frozenset(IDENTITES)
LECTEURS = frozenset({*SERVICES, "exploitation"})
PERSONNE: frozenset[str] = frozenset()
SAUF_PROVISION = frozenset({"provision"})

# What is published, and by whom it may be. `{autre}` is every service but the identity itself.
PUBLICATIONS: dict[str, frozenset[str]] = {
    "ev.normandie.2026.d.{autre}.a": PERSONNE,
    "ev.normandie.2024.d.{autre}.a.b": PERSONNE,
    "cmd.normandie.{autre}.x": frozenset({"commandes"}),
    "qry.normandie.{autre}.x": frozenset({"commandes"}),
    "_INBOX.commandes.x": frozenset(SERVICES),
    "_INBOX.{autre}.x": PERSONNE,
    "_INBOX.provision.x": PERSONNE,
    "_INBOX.exploitation.x": PERSONNE,
    **{
        f"$JS.API.STREAM.{verbe}": SAUF_PROVISION
        for verbe in (
            "CREATE.X", f"UPDATE.{FLUX}", f"DELETE.{FLUX}", f"PURGE.{FLUX}", f"MSG.DELETE.{FLUX}", f"RESTORE.{FLUX}",
            f"SNAPSHOT.{FLUX}", f"PEER.REMOVE.{FLUX}", f"LEADER.STEPDOWN.{FLUX}", "CREATE.KV_x", "CREATE.OBJ_x",
        )
    },
    f"$JS.API.STREAM.INFO.{FLUX}": LECTEURS | SAUF_PROVISION,
    f"$JS.API.DIRECT.GET.{FLUX}": LECTEURS | SAUF_PROVISION,
    f"$JS.API.DIRECT.GET.{FLUX}.ev.normandie.2026.d.notation.a": LECTEURS | SAUF_PROVISION,
    "$JS.API.STREAM.LIST": frozenset({"provision", "exploitation"}),
    f"$JS.API.STREAM.MSG.GET.{FLUX}": frozenset({"provision", "exploitation"}),
    f"$JS.API.CONSUMER.LIST.{FLUX}": frozenset({"provision", "exploitation"}),
    f"$JS.API.CONSUMER.NAMES.{FLUX}": frozenset({"provision", "exploitation"}),
    f"$JS.API.CONSUMER.CREATE.{FLUX}.lecture-x": LECTEURS | SAUF_PROVISION,
    f"$JS.API.CONSUMER.CREATE.{FLUX}": SAUF_PROVISION,
    f"$JS.API.CONSUMER.DURABLE.CREATE.{FLUX}.x": SAUF_PROVISION,
    f"$JS.API.CONSUMER.DELETE.{FLUX}.x": SAUF_PROVISION,
    f"$JS.API.CONSUMER.PAUSE.{FLUX}.x": SAUF_PROVISION,
    f"$JS.API.CONSUMER.RESET.{FLUX}.x": SAUF_PROVISION,
    f"$JS.API.CONSUMER.UNPIN.{FLUX}.x": SAUF_PROVISION,
    f"$JS.API.CONSUMER.CREATE.{FLUX}.notation-suivre_dossier": frozenset({"notation", "provision"}),
    f"$JS.API.CONSUMER.CREATE.{FLUX}.notation-suivre_dossier.ev.>": frozenset({"notation", "provision"}),
    f"$JS.API.CONSUMER.MSG.NEXT.{FLUX}.notation-suivre_dossier": frozenset({"notation", "provision"}),
    f"$JS.ACK.{FLUX}.notation-suivre_dossier.1.1.1.1.0": frozenset({"notation"}),
    f"$JS.ACK.{FLUX}.publication-effacement.1.1.1.1.0": frozenset({"publication"}),
    "$KV.x.cle": PERSONNE,
    "$O.x.C.y": PERSONNE,
    "$JS.API.META.LEADER.STEPDOWN": PERSONNE,
    "$JS.API.SERVER.REMOVE": PERSONNE,
    "$JS.API.ACCOUNT.PURGE.JOURNAL": PERSONNE,
    "$JS.FC.x": PERSONNE,
    "$SYS.REQ.SERVER.PING": PERSONNE,
    "$SYS.REQ.ACCOUNT.JOURNAL.CONNZ": PERSONNE,
    "$SRV.PING": PERSONNE,
}  # fmt: skip
ECOUTES: dict[str, frozenset[str]] = {
    "cmd.*.{autre}.>": PERSONNE,
    "cmd.normandie.{autre}.x": PERSONNE,
    "qry.normandie.{autre}.>": PERSONNE,
    "_INBOX.{autre}.>": PERSONNE,
    "_INBOX.commandes.>": frozenset({"commandes"}),
    "_INBOX.provision.>": frozenset({"provision"}),
    "_INBOX.>": PERSONNE,
    "ev.>": PERSONNE,
    "ev.normandie.2026.d.notation.a": PERSONNE,
    "$JS.API.>": PERSONNE,
    "$JS.ACK.>": PERSONNE,
    "$JS.EVENT.ADVISORY.>": frozenset({"exploitation"}),
    "$KV.>": PERSONNE,
    "$SYS.>": PERSONNE,
    ">": PERSONNE,
}


class Essai:
    """A connection that remembers what the server forbade it."""

    def __init__(self) -> None:
        self.refus: list[str] = []

    async def ouvrir(self, grappe: Grappe, identite: str) -> None:
        async def noter(error: Exception) -> None:
            self.refus.append(str(error).lower())

        self.nc: Client = await nats.connect(**options(grappe.settings, identite) | {"error_cb": noter})

    async def permis(self, sens: str, sujet: str) -> bool:
        if sens == "publish":
            await self.nc.publish(sujet, b"?")
        else:
            await (await self.nc.subscribe(sujet)).unsubscribe(0)
        # The client sends its first PING ahead of what waits to be written; the second one comes after.
        await self.nc.flush()
        await self.nc.flush()
        mot = "publish" if sens == "publish" else "subscription"
        return not any(mot in refus and f'"{sujet.lower()}"' in refus for refus in self.refus)


def _sujets(modele: str, identite: str) -> list[str]:
    if "{autre}" not in modele:
        return [modele]
    return [modele.format(autre=autre) for autre in SERVICES if autre != identite]


@pytest.mark.parametrize("identite", sorted(TOUS))
async def test_chaque_identite_ne_fait_que_ce_qui_lui_revient(grappe: Grappe, identite: str) -> None:
    essai = Essai()
    await essai.ouvrir(grappe, identite)
    tables = [("publish", PUBLICATIONS), ("subscribe", ECOUTES)]
    ecarts = []
    for sens, table in tables:
        for modele, permis in table.items():
            for sujet in _sujets(modele, identite):
                if await essai.permis(sens, sujet) != (identite in permis):
                    ecarts.append((sens, sujet, "permis" if identite not in permis else "refusé"))
    await essai.nc.close()
    assert ecarts == []


async def test_les_journaux_n_ont_rien_senti_de_ces_tentatives(grappe: Grappe) -> None:
    nc = await connect(grappe.settings, "provision")
    noms = (await jsapi.call(nc, "STREAM.NAMES", None, 5))["streams"]
    await nc.close()
    assert noms == [AUTRE, FLUX]


def test_les_droits_deployes_sont_ceux_de_leur_source() -> None:
    assert differents(ROOT / "deploy") == []


# A push consumer delivers with the rights of the server, wherever it is told to -----------------------------------


class Attaque:
    """A service that has the server deliver its own event where it may not write itself."""

    def __init__(self, grappe: Grappe, ops: Client, attaquant: Client, journal: Journal) -> None:
        self.grappe, self.ops, self.attaquant, self.journal = grappe, ops, attaquant, journal

    async def lancer(self, nom: str, vers: str) -> None:
        config = {
            "name": nom, "deliver_subject": vers, "deliver_policy": "all", "ack_policy": "none", "mem_storage": True,
            "inactive_threshold": 60_000_000_000, "filter_subject": "ev.normandie.2026.essai.publication.>",
        }  # fmt: skip
        verbe = f"CONSUMER.CREATE.{FLUX}.{nom}.{config['filter_subject']}"
        await jsapi.call(self.attaquant, verbe, {"stream_name": FLUX, "config": config}, 5)

    async def livre(self, nom: str) -> int:
        """How many messages the server has delivered for it."""
        told = await jsapi.call(self.ops, f"CONSUMER.INFO.{FLUX}.{nom}", None, 5)
        return int(told["delivered"]["consumer_seq"])


@pytest.fixture
async def attaque(grappe: Grappe) -> AsyncIterator[Attaque]:
    async with AsyncExitStack() as pile:
        clients = {}
        for identite in ("exploitation", "publication"):
            clients[identite] = await connect(grappe.settings, identite)
            pile.push_async_callback(clients[identite].close)
        journal = await pile.enter_async_context(Journal(clients["publication"], FLUX, grappe.settings.bounds))
        yield Attaque(grappe, clients["exploitation"], clients["publication"], journal)


async def _ecrire(attaque: Attaque, nom: str) -> None:
    await store(attaque.journal, subject("normandie", "2026", "essai", "publication", nom), f"commande-{nom}")


async def test_temoin_une_livraison_poussee_arrive_la_ou_un_sujet_exact_est_ecoute(attaque: Attaque) -> None:
    # Without it the refusals below would prove nothing: this is what a delivery looks like when there is one.
    recus: asyncio.Queue[Msg] = asyncio.Queue()
    await attaque.attaquant.subscribe("_INBOX.publication.temoin", cb=recus.put)
    await _ecrire(attaque, "temoin")
    await attaque.lancer("pousse-temoin", "_INBOX.publication.temoin")
    async with asyncio.timeout(60):
        assert (await recus.get()).data
    assert await attaque.livre("pousse-temoin") >= 1


@pytest.mark.parametrize(
    ("nom", "vers"),
    [
        ("porte", "cmd.normandie.notation.saisir_note"),
        ("question", "qry.normandie.notation.sante"),
        ("reponse", "_INBOX.commandes.abc.def"),
        ("journal", "ev.normandie.2024.essai.notation.a"),
        ("api", f"$JS.API.STREAM.DELETE.{AUTRE}"),
        ("systeme", "$SYS.REQ.SERVER.PING"),
    ],
)
async def test_une_livraison_poussee_vers_autrui_n_arrive_nulle_part(attaque: Attaque, nom: str, vers: str) -> None:
    recus: list[str] = []

    async def noter(message: Msg) -> None:
        recus.append(message.subject)

    async with AsyncExitStack() as pile:
        victimes = {"notation": ["cmd.normandie.notation.>", "qry.normandie.notation.>"], "commandes": []}
        for identite, portes in victimes.items():
            nc = await connect(attaque.grappe.settings, identite)
            pile.push_async_callback(nc.close)
            for porte in portes:  # as a service opens its doors
                await nc.subscribe(porte, queue=identite, cb=noter)
            if not portes:  # as a client awaits its answers
                await nc.subscribe("_INBOX.commandes.abc.*", cb=noter)
            await nc.flush()
        avant = await _etat(attaque.ops, AUTRE)
        await attaque.lancer(f"pousse-{nom}", vers)
        await _ecrire(attaque, f"vers-{nom}")
        # Delivered to a subject that is heard literally, at the same moment: the server has had its chance.
        entendus: asyncio.Queue[Msg] = asyncio.Queue()
        await attaque.attaquant.subscribe(f"_INBOX.publication.{nom}", cb=entendus.put)
        await attaque.lancer(f"temoin-{nom}", f"_INBOX.publication.{nom}")
        async with asyncio.timeout(60):
            await entendus.get()
        assert await attaque.livre(f"pousse-{nom}") == 0
        assert await _etat(attaque.ops, AUTRE) == avant
    assert recus == []


async def test_une_livraison_poussee_dans_le_meme_journal_est_refusee(attaque: Attaque) -> None:
    with pytest.raises(jsapi.ApiError, match="cycle"):
        await attaque.lancer("pousse-cycle", "ev.normandie.2026.essai.notation.a")


async def test_le_nom_du_corps_ne_remplace_pas_celui_du_sujet(attaque: Attaque) -> None:
    # The right to create is judged on the subject: the body must not name another consumer.
    for corps in ({"name": "notation-suivre_dossier"}, {"durable_name": "notation-suivre_dossier"}):
        config = {"deliver_policy": "all", "ack_policy": "explicit", **corps}
        body = json.dumps({"stream_name": FLUX, "config": config}).encode()
        # Refused, or made under the name of the subject.
        await attaque.attaquant.request(f"$JS.API.CONSUMER.CREATE.{FLUX}.lecture-x", body, timeout=10)
    listes = await jsapi.call(attaque.ops, f"CONSUMER.NAMES.{FLUX}", None, 5)
    assert "notation-suivre_dossier" not in (listes["consumers"] or [])


async def _etat(nc: Client, stream: str) -> tuple[int, str]:
    """How many messages a journal has, and which one it is."""

    async def lu() -> tuple[int, str]:
        told = await jsapi.call(nc, f"STREAM.INFO.{stream}", None, 5)
        return told["state"]["messages"], told["created"]

    return await eventuellement(lu, f"{stream} répond")
