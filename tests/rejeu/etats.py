"""Ce que les tests de rejeu partagent : des états reconstruits, une archive scellée, un serveur restauré."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from services.exploitation.archive.archiviste import Archiviste, Cadence
from services.exploitation.archive.continuite import comparer
from services.exploitation.archive.dossier import Archive, Restauration
from services.exploitation.archive.source import ArchivePuisJournal, ArchiveSeule
from services.exploitation.composition import SERVICES, projections, spec
from services.exploitation.plateforme import client
from services.exploitation.sauvegarde.restauration import restaurer
from services.socle.enveloppe import Stored
from services.socle.facts import Source
from services.socle.journal import Journal
from services.socle.projections import Projection
from services.socle.provision import provision
from services.socle.replay import compare, replay
from services.socle.server import EmbeddedServer
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import stream_name

ACADEMIE = "normandie"
DE_L_ARCHIVE, DU_JOURNAL, DES_DEUX, RESTAURE = "archive", "journal", "archive puis journal", "journal restauré"
PROVENANCES = (DE_L_ARCHIVE, DU_JOURNAL, DES_DEUX, RESTAURE)
LE = datetime(2026, 6, 1, 8, tzinfo=UTC)
BANC = "memoire"  # identité d'un journal du banc

TOUTES: tuple[tuple[str, Projection], ...] = tuple((nom, one) for nom in SERVICES for one in projections(nom))

# Seule, une académie n'y écrit rien.
DE_REGROUPEMENT = frozenset(
    {
        "inscription.regroupements_v1",
        "inscription.accueils_v1",
        "inscription.transferts_v1",
        "notation.resultats_accueil_v1",
        "deliberation.regroupement_v1",
    }
)


class Cle:
    """Une clé de scellement en mémoire."""

    def __init__(self) -> None:
        self._cle = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    @property
    def publique(self) -> bytes:
        return self._cle.public_key().public_bytes_raw()

    def signer(self, octets: bytes) -> bytes:
        return self._cle.sign(octets)


@contextmanager
def base(url: str) -> Iterator[Engine]:
    engine = engine_for(url)
    try:
        yield engine
    finally:
        engine.dispose()


async def exiger_memes_etats(
    vives: Mapping[str, Engine], sources: Sequence[Source], url: Callable[[str], str]
) -> dict[str, int]:
    """Chaque projection de chaque service, reconstruite de ces journaux dans ``url(service)``, a les lignes vivantes.

    Rend le nombre de lignes de chacune.
    """
    lignes = {}
    for service in SERVICES:
        with base(url(service)) as engine:
            for projection in projections(service):
                await replay(projection, registry=spec(service).registry, sources=sources, engine=engine)
                verdict = compare(vives[service], engine, projection)
                assert verdict.equal, (service, projection.label, verdict.differences[:3])
                assert verdict.rows[0] == verdict.rows[1]
                lignes[f"{service}.{projection.label}"] = verdict.rows[0]
    return lignes


def exiger_lignes(lignes: Mapping[str, int]) -> None:
    """Chaque projection a des lignes à comparer, sauf celles qu'une académie seule ne remplit pas."""
    assert len(lignes) == len(TOUTES)
    assert {nom for nom, combien in lignes.items() if not combien} <= DE_REGROUPEMENT


# Archive et serveur ------------------------------------------------------------------------------------------------


def sceller(racine: Path, messages: Sequence[Stored], *, par_segment: int = 500, cree: str = BANC) -> Archive:
    """L'archive de ces messages, qui se suivent depuis le premier."""
    archive = Archive(racine, messages[0].stream)
    for debut in range(0, len(messages), par_segment):
        archive.sceller(messages[debut : debut + par_segment], cree, Cle(), LE)
    return archive


async def sceller_journal(racine: Path, journal: Journal, par_segment: int = 500) -> Archive:
    """L'archive d'un journal, par l'archiviste."""
    archive = Archive(racine, journal.stream)
    await Archiviste(journal, archive, Cadence(par_segment, 0), Cle).rattraper()
    return archive


def reglages(dossier: Path, sessions: Sequence[str], patience: float = 2.0) -> Settings:
    """``patience`` : secondes laissées au serveur pour répondre."""
    return Settings(
        donnees=dossier, sessions=tuple(sessions), academie=ACADEMIE, nats_url="", log_format="texte",
        request_timeout=patience, reconnect_wait=0.05,
    )  # fmt: skip


@asynccontextmanager
async def journaux(settings: Settings, identite: str = "exploitation") -> AsyncIterator[list[Journal]]:
    """Les journaux d'un serveur qui tourne, vus par qui ne fait que lire."""
    async with client(settings, identite) as nc:
        ouverts = [Journal(nc, stream_name(settings.academie, one), settings.bounds) for one in settings.sessions]
        try:
            yield ouverts
        finally:
            for one in ouverts:
                await one.close()


async def refaire(settings: Settings, racine: Path) -> None:
    """Les journaux de cette archive dans un serveur neuf ; l'archive sait ensuite qu'ils en viennent."""
    async with EmbeddedServer(settings, "restauration.conf"):
        async with client(settings, "provision") as nc:
            await provision(nc, settings.academie, settings.sessions)
        async with client(settings, "restauration") as nc:
            for session in settings.sessions:
                archive = Archive(racine, stream_name(settings.academie, session))
                dernier = archive.dernier()
                assert dernier is not None
                faite = await restaurer(nc, archive, dernier.dernier, settings.bounds)
                note = Restauration(ancien=faite.ancien, nouveau=faite.nouveau, jusqu_a=faite.messages, le=LE)
                archive.noter_restauration(note, Cle())
                async with Journal(nc, archive.journal, settings.bounds) as journal:
                    suite = await comparer(archive, journal)
                assert (suite.communs, suite.constats) == (faite.messages, [])


async def lire_tout(source: Source) -> list[Stored]:
    """Tout ce qu'un journal contient à présent."""
    fin = (await source.identity()).last_seq
    if not fin:
        return []
    return [one async for lot in source.read(0, stop_at=fin) for one in lot]


# Un état vivant et ses reprises -----------------------------------------------------------------------------------


@dataclass
class Repris:
    """Un état vivant, et de quoi le reprendre : des journaux, par provenance."""

    vives: Mapping[str, Engine]
    sources: Mapping[str, list[Source]]


async def provenances(
    pile: AsyncExitStack, scelles: Settings, racines: tuple[Path, Path], restaure: Settings
) -> dict[str, list[Source]]:
    """Une archive entière, une archive des deux premiers tiers, le journal d'où elles viennent, un autre refait."""
    entiere, partielle = racines
    la = await pile.enter_async_context(journaux(scelles))
    for journal in la:
        archive = await sceller_journal(entiere, journal)
        messages = [one for lot in archive.messages() for one in lot]
        sceller(partielle, messages[: 2 * len(messages) // 3], cree=(await journal.identity()).created)
    await refaire(restaure, entiere)
    await pile.enter_async_context(EmbeddedServer(restaure))
    return {
        DE_L_ARCHIVE: [ArchiveSeule(Archive(entiere, one.stream)) for one in la],
        DU_JOURNAL: list(la),
        DES_DEUX: [ArchivePuisJournal(Archive(partielle, one.stream), one) for one in la],
        RESTAURE: list(await pile.enter_async_context(journaux(restaure))),
    }
