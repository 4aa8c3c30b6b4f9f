"""Ce qu'il reste après une panne : le journal et les lectures, relus et comptés."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from services.exploitation.plateforme import client
from services.exploitation.rejeu import rejouer
from services.socle.coffre import KEYS
from services.socle.enveloppe import Stored
from services.socle.journal import Journal
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import split, stream_name
from tests.pannes.charge import Acquis
from tests.parcours.histoire import SESSION

INSCRIT = "inscription.candidat_inscrit"
FAUX = "faux-"  # commence le nom des agrégats des messages malformés, que personne n'a acquittés
OUVERT = "notation.releve_ouvert"
UNIQUES = (INSCRIT, OUVERT, "conformite.dossier_ouvert", "publication.releve_edite", "publication.diplome_delivre")


@dataclass
class Compte:
    """Une panne, en nombres."""

    panne: str
    tours: int = 0
    acquittees: int = 0
    retrouvees: int = 0
    perdues: int = 0
    doublees: int = 0
    a_moitie: int = 0
    rejeu: bool | None = None  # rien : il n'y a pas de lecture à comparer
    retours: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    temoin: bool = False  # un essai qui doit perdre, pour que les autres prouvent quelque chose
    echec: str | None = None
    obstacle: str | None = None

    @property
    def median(self) -> float | None:
        return statistics.median(self.retours) if self.retours else None

    @property
    def pire(self) -> float | None:
        return max(self.retours, default=None)

    @property
    def jouee(self) -> bool:
        return self.obstacle is None

    @property
    def bon(self) -> bool:
        """Jouée, et rien à redire : ce qui n'a pas été joué n'est ni bon ni mauvais."""
        if not self.jouee or self.echec is not None:
            return False
        if self.temoin:
            return self.perdues > 0
        return not (self.perdues or self.doublees or self.a_moitie) and self.rejeu is not False


BON, MAUVAIS, NON_JOUEES = 0, 1, 75


def code_de_sortie(comptes: Iterable[Compte]) -> int:
    """Celui de la série : une panne mauvaise l'emporte sur une panne qui n'a pas pu se jouer."""
    comptes = list(comptes)
    if any(one.jouee and not one.bon for one in comptes):
        return MAUVAIS
    return BON if all(one.jouee for one in comptes) else NON_JOUEES


async def lire_journal(settings: Settings, identite: str = "exploitation") -> list[Stored]:
    """Tout le journal, dans l'ordre."""
    flux = stream_name(settings.academie, SESSION)
    async with client(settings, identite) as nc, Journal(nc, flux, settings.bounds) as journal:
        return [one async for lot in journal.read(0, follow=False) for one in lot]


async def compter(
    compte: Compte, settings: Settings, acquis: Acquis, *, depuis: int = 0, reactions: bool = True
) -> None:
    """Le journal contre ce que les clients savent ; ``depuis`` : ce qui précède a déjà été compté."""
    messages = [one for one in await lire_journal(settings) if f".{FAUX}" not in one.subject]
    presents = {one.commandeid for one in messages}
    compte.acquittees += len(acquis.acquittees)
    compte.retrouvees += len(acquis.acquittees.keys() & presents)
    perdues = sorted(acquis.acquittees.keys() - presents)
    compte.perdues += len(perdues)
    compte.notes += [f"perdue : {one}" for one in perdues[:3]]
    deux_fois = doublees(messages, depuis)
    compte.doublees += len(deux_fois)
    compte.notes += [f"doublée : {one}" for one in deux_fois[:3]]
    compte.a_moitie += a_moitie(messages, acquis.lots)
    if reactions:
        _effets(compte, settings, [one for one in messages if one.seq > depuis])
    if acquis.refus:
        compte.notes.append("refus inattendus : " + ", ".join(f"{nom} {n}" for nom, n in acquis.refus.items()))
        compte.echec = compte.echec or "des commandes sont refusées sans raison"


def doublees(messages: Sequence[Stored], depuis: int) -> list[str]:
    """Deux messages d'une commande sur un agrégat, ou deux fois ce qui n'arrive qu'une fois à chacun."""
    vus: dict[str, list[int]] = defaultdict(list)
    for one in messages:
        vus[f"{one.commandeid} {one.subject}"].append(one.seq)
        for nom in one.types:
            if nom.rpartition(".")[0] in UNIQUES:
                vus[f"{nom} {one.subject}"].append(one.seq)
    return [quoi for quoi, ou in vus.items() for seq in ou[1:] if seq > depuis]


def a_moitie(messages: Sequence[Stored], lots: Iterable[Sequence[str]]) -> int:
    """Les lots dont une partie manque, ou qui ne sont pas d'un seul tenant."""
    ou = {one.commandeid: one.seq for one in messages}
    moities = 0
    for lot in lots:
        places = sorted(ou[one] for one in lot if one in ou)
        entier = len(places) == len(lot) and _serres(messages, places, set(lot))
        moities += bool(places) and not entier
    return moities


def _serres(messages: Sequence[Stored], places: Sequence[int], lot: set[str]) -> bool:
    par_seq = {one.seq: one.commandeid for one in messages if places[0] <= one.seq <= places[-1]}
    return all(par_seq.get(seq) in lot for seq in range(places[0], places[-1] + 1))


def _effets(compte: Compte, settings: Settings, messages: Sequence[Stored]) -> None:
    """À chaque inscription, son relevé d'épreuves et la clé qui lit son identité."""
    inscrits = _agregats(messages, INSCRIT)
    sans_releve = inscrits - _agregats(messages, OUVERT)
    engine = engine_for(settings.coffre())
    try:
        with engine.connect() as connexion:
            cles = {one.rpartition(":")[2] for one in connexion.scalars(select(KEYS.c.personne))}
    finally:
        engine.dispose()
    sans_cle = inscrits - cles
    compte.perdues += len(sans_releve) + len(sans_cle)
    compte.notes += [f"relevé jamais ouvert : {one}" for one in sorted(sans_releve)[:3]]
    compte.notes += [f"clé absente du coffre : {one}" for one in sorted(sans_cle)[:3]]


def _agregats(messages: Iterable[Stored], nom: str) -> set[str]:
    return {
        split(one.subject).aggregate.rpartition("-")[2]
        for one in messages
        if any(quoi.rpartition(".")[0] == nom for quoi in one.types)
    }


async def comparer_lectures(compte: Compte, settings: Settings) -> None:
    """Chaque lecture refaite du journal a l'empreinte de celle qui a traversé la panne."""
    verdicts = [one async for one in rejouer(settings)]
    autres = [one for one in verdicts if not one.egal]
    compte.rejeu = not autres
    compte.notes += [
        f"{one.service}.{one.projection} diffère : {one.echec or one.differences[:2]}" for one in autres[:3]
    ]
