"""Ce qui arrive de travers par le courtier : malformé, en double, en désordre, ou à qui ne lit pas."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from nats.aio.client import Client
from nats.errors import Error
from nats.js.errors import APIError

from services.exploitation.composition import SERVICES
from services.exploitation.plateforme import client
from services.socle.enveloppe import H_COMMAND, H_RANK, H_TYPES, Stored
from services.socle.journal import Journal
from services.socle.server import HOST
from services.socle.subjects import stream_name, subject
from tests.pannes.atelier import Panne, Partie, commun, fin_du_journal, instant, sous_charge
from tests.pannes.bilan import FAUX, INSCRIT, lire_journal
from tests.pannes.charge import Charge, Porte, inscription
from tests.pannes.lieu import Lieu
from tests.pannes.mandataire import Mandataire
from tests.pannes.processus import Bloque, attendre, port_libre
from tests.parcours.histoire import ACADEMIE, DIPLOME, SESSION

MALFORMES = 500  # par tour, moitié aux portes, moitié dans le journal
AGREGATS = 10
GROSSIT = 150 << 20  # octets qu'un service peut prendre de plus


# Malformés -----------------------------------------------------------------------------------------------------------


def corps_malforme(hasard: random.Random, bon: bytes) -> bytes:
    """Des octets, du JSON d'autre chose, ou un bon message dont il manque un bout, ou dont un octet a changé."""
    match hasard.randrange(7):
        case 0:
            return hasard.randbytes(hasard.randrange(0, 400))
        case 1:
            return bon[: hasard.randrange(len(bon))]
        case 2:
            abime = bytearray(bon)
            abime[hasard.randrange(len(bon))] = hasard.randrange(256)
            return bytes(abime) + b"}"
        case 3:
            return orjson.dumps(
                hasard.choice([None, [], 0, "", {}, [[[]]], {"lot": 3}, {"commande": {}}, {"lot": [0]}])
            )
        case 4:
            return b"[" * hasard.randrange(100, 20_000)
        case 5:
            lu = orjson.loads(bon)
            lu.pop(hasard.choice(sorted(lu)))
            return orjson.dumps(lu)
        case _:
            lu = orjson.loads(bon)
            lu[hasard.choice(sorted(lu))] = hasard.choice([None, [], {}, -1, "\x00", "x" * 5_000, 1e308])
            return orjson.dumps(lu)


async def malformes(partie: Partie) -> None:
    """Les services tiennent, les autres agrégats avancent, la mémoire reste bornée."""
    lieu = await commun(partie)
    avant = {one.nom: one.memoire() for one in lieu.services}
    pids = {one.nom: one.pid for one in lieu.services}
    envoyes = 0

    async def tour(charge: Charge) -> float:
        nonlocal envoyes
        envoyes += await _aux_portes(partie.hasard, lieu, MALFORMES // 2)
        envoyes += await _au_journal(partie.hasard, lieu, MALFORMES // 2)
        await charge.encore(5)
        return instant()

    await sous_charge(partie, lieu, tour)
    _exiger_memoire(partie, lieu, avant, envoyes)
    morts = [one.nom for one in lieu.services if not one.vivant or one.pid != pids[one.nom]]
    if morts:
        raise Bloque(f"morts de messages malformés : {', '.join(morts)}")


def _exiger_memoire(partie: Partie, lieu: Lieu, avant: Mapping[str, int], envoyes: int) -> None:
    apres = {one.nom: one.memoire() for one in lieu.services}
    dit = ", ".join(f"{nom} {avant[nom] >> 20} à {apres[nom] >> 20} Mo" for nom in apres)
    partie.compte.notes.append(f"{envoyes} malformés ; mémoire : {dit}")
    gros = [nom for nom in apres if apres[nom] - avant[nom] > GROSSIT]
    if gros:
        raise Bloque(f"la mémoire de {', '.join(gros)} n'est pas bornée")


async def _aux_portes(hasard: random.Random, lieu: Lieu, combien: int) -> int:
    """Sous l'identité de qui laisse entrer les gens ; une réponse n'est pas attendue de chacun."""
    bon = orjson.dumps(inscription(0))
    async with client(lieu.settings) as nc:
        for rang in range(combien):
            porte, service = hasard.choice(["cmd", "qry"]), hasard.choice(SERVICES)
            nom = hasard.choice(["lot", "essai", "inscrire_candidat", "a.b.c"])
            await nc.publish(f"{porte}.{ACADEMIE}.{service}.{nom}", corps_malforme(hasard, bon))
            if rang % 100 == 99:
                await nc.flush()
        await nc.flush()
    return combien


async def _au_journal(hasard: random.Random, lieu: Lieu, combien: int) -> int:
    """Sous l'identité d'un service : le courtier les garde, personne d'autre ne les croit."""
    (modele, *_) = [one for one in await lire_journal(lieu.settings) if one.types[0].startswith(INSCRIT)]
    gardes = 0
    for service in ("inscription", "conformite", "notation"):
        async with client(lieu.settings, service) as nc:
            for _ in range(combien // 3):
                gardes += await _un_faux(hasard, nc, service, modele)
    return gardes


async def _un_faux(hasard: random.Random, nc: Client, service: str, modele: Stored) -> int:
    jeton = f"{FAUX}{hasard.randrange(AGREGATS)}"
    sujet = subject(ACADEMIE, SESSION, DIPLOME, service, jeton)
    entetes = {
        H_COMMAND: f"faux-{hasard.getrandbits(64):x}",
        H_TYPES: hasard.choice([*modele.types, "inconnu.de_tous.v9", "", "inscription.candidat_inscrit.v999"]),
        H_RANK: hasard.choice(["1", "2", "-1", "zéro", "99999999999999999999", ""]),
    }
    with suppress(Error, APIError):
        recu = await nc.request(sujet, corps_malforme(hasard, modele.body), timeout=5.0, headers=entetes)
        return 0 if "error" in orjson.loads(recu.data) else 1
    return 0


# Qui ne lit pas ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def lecteur_sourd(lieu: Lieu) -> AsyncIterator[tuple[Client, Mandataire]]:
    """Un lecteur du journal, par un câble où ce que dit le courtier peut ne plus passer."""
    async with Mandataire(port_libre(), lieu.courtier.port) as cable:
        settings = lieu.settings.model_copy(update={"nats_url": f"nats://{HOST}:{cable.port}"})
        async with client(settings, "exploitation") as nc:
            yield nc, cable


async def lent(partie: Partie) -> None:
    """Il ne lit plus, le courtier le lâche ; il revient, reprend où il en était et ne manque rien."""
    lieu = await commun(partie)
    flux = stream_name(lieu.settings.academie, SESSION)

    async def tour(charge: Charge) -> float:
        laches = _laches(lieu)
        async with lecteur_sourd(lieu) as (nc, cable), Journal(nc, flux, lieu.settings.bounds) as journal:
            lus: list[int] = []
            lecture = asyncio.create_task(_suivre(journal, lus))
            await attendre(lambda: bool(lus), "le lecteur ne lit rien")
            cable.assourdir()
            demandes = asyncio.create_task(_demander_trop(nc, flux))
            await attendre(lambda: _laches(lieu) > laches, "le courtier garde un client qui ne lit pas")
            demandes.cancel()
            await charge.encore(5)
            cable.retablir()
            debut = instant()
            fin = await fin_du_journal(lieu)
            await attendre(lambda: bool(lus) and lus[-1] >= fin, "le lecteur ne reprend pas")
            lecture.cancel()
        partie.compte.perdues += len(set(range(1, lus[-1] + 1)) - set(lus))
        partie.compte.doublees += len(lus) - len(set(lus))
        return debut

    await sous_charge(partie, lieu, tour)


def _laches(lieu: Lieu) -> int:
    lu: Any = lieu.courtier.demander("varz") or {}
    return int(lu.get("slow_consumers", 0))


async def _suivre(journal: Journal, lus: list[int]) -> None:
    async for lot in journal.read(0):
        lus += [one.seq for one in lot]


async def _demander_trop(nc: Client, flux: str) -> None:
    """Le journal entier, encore et encore, à qui n'écoute pas."""
    boite = nc.new_inbox()
    await nc.subscribe(boite)
    demande = orjson.dumps({"seq": 1, "next_by_subj": "ev.>", "batch": 1000, "max_bytes": 30_000_000})
    with suppress(Error, OSError):
        while True:
            await nc.publish(f"$JS.API.DIRECT.GET.{flux}", demande, reply=boite)
            await asyncio.sleep(0.01)


# En double, en désordre ----------------------------------------------------------------------------------------------


async def livraisons(partie: Partie) -> None:
    """Chaque demande envoyée plusieurs fois à la fois, des messages redonnés en désordre, des copies au journal."""
    lieu = await commun(partie)

    async def tour(_: Charge) -> float:
        await asyncio.gather(
            _dix_fois(partie, lieu),
            _redonner(partie.hasard, lieu),
            _recopier(partie, lieu),
            _redonner(partie.hasard, lieu),
        )
        return instant()

    await sous_charge(partie, lieu, tour)


async def _dix_fois(partie: Partie, lieu: Lieu) -> None:
    """La même commande dix fois ensemble : une seule fois faite, la même réponse à toutes."""
    commande = inscription(next(lieu.numeros))
    async with client(lieu.settings) as nc:
        porte = Porte(nc)
        dits = await asyncio.gather(*(porte.envoyer(commande) for _ in range(10)))
    faits = {orjson.dumps(one.get("evenements")) for one in dits}
    premieres = sum(not one.get("deja", True) for one in dits)
    if len(faits) != 1 or premieres > 1 or not all(one["ok"] for one in dits):
        partie.compte.doublees += 1
        partie.compte.notes.append(f"{commande['id']} : {len(faits)} réponses, {premieres} premières")


async def _redonner(hasard: random.Random, lieu: Lieu) -> None:
    """Prend des messages de la file d'une réaction, puis les rend : sans réponse, en retard, ou deux fois."""
    flux = stream_name(lieu.settings.academie, SESSION)
    async with client(lieu.settings, "notation") as nc:
        boite = await nc.subscribe(nc.new_inbox())
        for _ in range(10):
            demande = {"batch": 20, "expires": 200_000_000}
            file = "notation-suivre_candidature"
            await nc.publish(f"$JS.API.CONSUMER.MSG.NEXT.{flux}.{file}", orjson.dumps(demande), reply=boite.subject)
            pris = []
            with suppress(Error, TimeoutError):
                while True:
                    recu = await boite.next_msg(timeout=0.3)
                    if recu.reply.startswith("$JS.ACK."):
                        pris.append(recu)
            hasard.shuffle(pris)
            for un in pris:
                rendu = hasard.choice([b"-NAK", b'-NAK {"delay": 300000000}', b"+WPI", b""])
                if rendu:
                    await nc.publish(un.reply, rendu)


async def _recopier(partie: Partie, lieu: Lieu) -> None:
    """Des messages du journal publiés encore, tels quels ou sous un autre identifiant : aucun n'y entre deux fois."""
    messages = [one for one in await lire_journal(lieu.settings) if ".inscription." in one.subject]
    async with client(lieu.settings, "inscription") as nc:
        for un in partie.hasard.sample(messages, min(20, len(messages))):
            entetes = {nom: valeur for nom, valeur in un.headers.items() if not nom.startswith("Nats-Batch")}
            entetes["Nats-Expected-Last-Subject-Sequence"] = str(partie.hasard.choice([0, max(0, un.seq - 1)]))
            if partie.hasard.random() < 0.5:
                entetes["Nats-Msg-Id"] = f"copie-{partie.hasard.getrandbits(64):x}"
            with suppress(Error, OSError):
                recu = orjson.loads((await nc.request(un.subject, un.body, timeout=5.0, headers=entetes)).data)
                if "error" not in recu and not recu.get("duplicate"):
                    partie.compte.doublees += 1
                    partie.compte.notes.append(f"copie acceptée : {un.where}")


PANNES = (
    Panne("lent", "un lecteur qui ne lit plus", 6, 0, lent),
    Panne("livraisons", "livraisons en double et en désordre", 20, 1, livraisons),
)
# À la fin de ce qui partage une installation : ce qu'ils y laissent y reste.
SALISSANTES = (Panne("malformes", "messages malformés sous de bonnes identités", 20, 1, malformes),)
