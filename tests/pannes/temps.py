"""Le temps : une horloge qui saute, ce qui démarre avant le reste, ce qui s'absente longtemps."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.messages import Data
from services.exploitation.plateforme import client
from services.socle.testing_server import obstacle as obstacle_postgres
from tests.pannes.atelier import (
    Panne,
    Partie,
    base_tombe,
    commun,
    conclure,
    courtier_tombe,
    fin_du_journal,
    instant,
    sous_charge,
)
from tests.pannes.bilan import lire_journal
from tests.pannes.charge import Charge, Porte, inscription
from tests.pannes.lieu import Lieu, ouvrir_session, preparer
from tests.pannes.processus import Bloque, Processus
from tests.parcours.histoire import COMMISSION

TOLERANCE, RETARD = 5, 900  # les réglages livrés : une date peut devancer d'autant, et tarder d'autant
ABSENCE, BREVE, LONGUE = 20.0, 2.0, 300.0  # secondes
CALCUL = 0.25  # part d'un cœur qu'un processus peut prendre à attendre
TRACES, TRACES_PAR_MINUTE = 20, 12  # ce qu'il peut en dire : une perte, puis un rappel de temps en temps

BIBLIOTHEQUES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")


def faketime() -> Path | None:
    """La bibliothèque qui donne à un programme une autre heure."""
    for modele in BIBLIOTHEQUES:
        for trouvee in sorted(Path("/").glob(modele.lstrip("/"))):
            return trouvee
    return None


def sans_faketime() -> str | None:
    return None if faketime() else "libfaketime est absente (Debian : apt-get install libfaketime)"


# L'horloge -----------------------------------------------------------------------------------------------------------


async def horloge(partie: Partie) -> None:
    """L'horloge d'un service saute pendant qu'il travaille : rien ne s'arrête, aucune date absurde n'entre."""
    lieu = await commun(partie)
    inscriptions = lieu.service("inscription")
    ecart = lieu.dossier / "ecart"
    _regler(ecart, 0)
    inscriptions.arreter()
    inscriptions.lancer(
        LD_PRELOAD=str(faketime()),
        FAKETIME_TIMESTAMP_FILE=str(ecart),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        PARCHEMIN_CLOCK_LAG=str(RETARD),
    )
    try:
        await lieu.revenu(instant())
        vus: Counter[str] = Counter()

        async def tour(charge: Charge) -> float:
            heures = partie.hasard.choice([-1, 1]) * partie.hasard.randrange(1, 30)
            _regler(ecart, heures * 3600)
            await charge.encore(5)  # elle travaille à travers le saut
            async with client(lieu.settings) as nc:
                await _exiger_refus(Porte(nc), lieu, heures, vus)
            _regler(ecart, 0)
            return instant()

        await sous_charge(partie, lieu, tour)
        partie.compte.notes.append("dates refusées : " + ", ".join(f"{code} {n}" for code, n in sorted(vus.items())))
        await _exiger_dates(lieu)
    finally:
        inscriptions.arreter()
        inscriptions.lancer()


def _regler(fichier: Path, secondes: int) -> None:
    brouillon = fichier.with_suffix(".neuf")
    brouillon.write_text(f"{secondes:+d}\n", encoding="ascii")
    brouillon.replace(fichier)


async def _exiger_refus(porte: Porte, lieu: Lieu, heures: int, vus: Counter[str]) -> None:
    """Datée de l'heure vraie, la demande de qui n'antidate pas est refusée ; datée d'une heure à venir, toujours.

    Raises:
        Bloque: une date que l'horloge du service dément est acceptée.
    """
    vraie = datetime.now(UTC)
    attendus = {
        "DATE_FUTURE": vraie + timedelta(hours=max(heures, 0), seconds=10 * TOLERANCE),
        "DATE_PASSEE": vraie + timedelta(hours=min(heures, 0), seconds=-2 * RETARD),
    }
    attendus["DATE_FUTURE" if heures < 0 else "DATE_PASSEE"] = vraie
    for code, le in attendus.items():
        recu = await porte.envoyer(_datee(lieu, le))
        if recu.get("code") != code:
            raise Bloque(f"horloge décalée de {heures} h : {code} attendu, {recu.get('code', 'accepté')}")
        vus[code] += 1


def _datee(lieu: Lieu, le: datetime) -> Data:
    return inscription(next(lieu.numeros), le=le.isoformat(), par=COMMISSION)


async def _exiger_dates(lieu: Lieu) -> None:
    """Aucun fait du journal n'est daté d'après le moment où le courtier l'a enregistré.

    Raises:
        Bloque: il y en a un.
    """
    for message in await lire_journal(lieu.settings):
        for fait in message.envelopes:
            le = datetime.fromisoformat(fait["time"])
            if message.recorded is not None and le > message.recorded + timedelta(seconds=TOLERANCE):
                raise Bloque(f"{message.where} est daté du {le.isoformat()}, après son enregistrement")


# Les absents ---------------------------------------------------------------------------------------------------------


async def ordre(partie: Partie) -> None:
    """Tout démarre dans un ordre quelconque : ce qui manque est attendu, personne n'est relancé."""
    for _ in range(partie.tours):
        async with AsyncExitStack() as pile:
            lieu = await preparer(pile, partie.atelier.neuf("ordre"))
            if lieu.postgres is not None:
                await asyncio.to_thread(lieu.postgres.stop)
            await _dans_le_desordre(partie, lieu)
            debut = instant()
            await ouvrir_session(lieu)
            partie.compte.retours.append(instant() - debut)
            _exiger_vivants(lieu)
            depuis = await fin_du_journal(lieu)
            charge = lieu.charge(partie.hasard.getrandbits(32))
            async with charge.en_cours():
                await charge.encore(20)
            await conclure(partie, lieu, charge, depuis)
        partie.compte.tours += 1


async def _dans_le_desordre(partie: Partie, lieu: Lieu) -> None:
    """Les services d'abord, ou parmi les autres ; plus longtemps sans courtier que ce qu'un démarrage attendait."""
    for un in lieu.services:
        un.lancer()
    absence = BREVE if partie.courte else ABSENCE
    await asyncio.sleep(absence / 4)
    choses = ["courtier", *(["base"] if lieu.postgres is not None else [])]
    partie.hasard.shuffle(choses)
    for une in choses:
        await asyncio.sleep(absence * partie.hasard.uniform(0.8, 2))
        if une == "courtier":
            await lieu.courtier.relancer()
        elif lieu.postgres is not None:
            await asyncio.to_thread(lieu.postgres.start)
    _exiger_vivants(lieu)


def _exiger_vivants(lieu: Lieu) -> None:
    morts = [one.nom for one in lieu.services if not one.vivant]
    if morts:
        raise Bloque(f"n'ont pas attendu : {', '.join(morts)}")


async def sans_courtier(partie: Partie) -> None:
    lieu = await commun(partie)
    await sous_charge(partie, lieu, lambda _: courtier_tombe(lieu, lambda: _absence(partie, lieu)), absence=LONGUE)


async def sans_base(partie: Partie) -> None:
    lieu = await commun(partie)
    await sous_charge(
        partie, lieu, lambda _: base_tombe(lieu, lambda: _absence(partie, lieu)), clients=2, absence=LONGUE
    )


async def _absence(partie: Partie, lieu: Lieu) -> None:
    """Une absence qui dure, la première cinq minutes : ni mort, ni relance, ni boucle serrée, ni litanie.

    Raises:
        Bloque: l'un ou l'autre.
    """
    nes = {one.nom: one.pid for one in lieu.services}
    calcul = {one.nom: one.temps_de_calcul() for one in lieu.services}
    places = {one.nom: one.position() for one in lieu.services}
    debut = instant()
    await asyncio.sleep(ABSENCE if partie.compte.tours else LONGUE)
    _exiger_vivants(lieu)
    assert nes == {one.nom: one.pid for one in lieu.services}, "un service a été relancé"
    duree = instant() - debut
    parts = {one.nom: (one.temps_de_calcul() - calcul[one.nom]) / duree for one in lieu.services}
    lignes = {one.nom: _traces(one, places[one.nom]) for one in lieu.services}
    partie.compte.notes.append(f"{duree:.0f} s d'absence : {_note(parts, lignes)}")
    boucles = [f"{nom} {part:.0%}" for nom, part in parts.items() if part > CALCUL]
    if boucles:
        raise Bloque(f"boucle pendant l'absence : {', '.join(boucles)}")
    litanies = [nom for nom, dites in lignes.items() if dites.total() > TRACES + TRACES_PAR_MINUTE * duree / 60]
    if litanies:
        raise Bloque(f"litanie pendant l'absence : {', '.join(litanies)}")


def _traces(un: Processus, depuis: int) -> Counter[str]:
    return Counter(str(one.get("event")) for one in un.lignes(depuis) if one.get("level") != "debug")


def _note(parts: dict[str, float], lignes: dict[str, Counter[str]]) -> str:
    bavard = max(lignes, key=lambda nom: lignes[nom].total())
    dites = ", ".join(f"{mot} {n}" for mot, n in lignes[bavard].most_common(4))
    return f"calcul {max(parts.values()):.0%} d'un cœur au plus ; {lignes[bavard].total()} traces au plus ({dites})"


PARTAGEES = (
    Panne("horloge", "horloge d'un service qui saute de plusieurs heures", 20, 1, horloge, sans_faketime),
    Panne("sans-courtier", "courtier absent longtemps", 3, 0, sans_courtier),
    Panne("sans-base", "PostgreSQL absent longtemps", 3, 0, sans_base, obstacle_postgres),
)
SEULES = (Panne("ordre", "tout démarre dans un ordre quelconque", 2, 1, ordre),)
