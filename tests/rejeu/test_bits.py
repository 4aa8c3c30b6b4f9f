"""Un bit retourné dans un fichier du journal ne passe pas inaperçu, et ce qui est intact rend l'original.

Le serveur arrêté, un bit change dans un fichier de blocs. Relancé, ou bien son journal est intact (des octets qui ne
servent pas), ou bien quelqu'un le dit : le serveur qui ne démarre plus, la lecture où il manque des messages, ou la
comparaison avec l'archive.
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tirage
from hypothesis import strategies as st

from services.exploitation.archive import ligne
from services.exploitation.archive.continuite import comparer
from services.exploitation.archive.dossier import Archive, ArchiveEndommagee
from services.exploitation.archive.verification import verifier
from services.exploitation.banc import banc
from services.socle.enveloppe import Stored
from services.socle.errors import BrokerFailed, NotDense
from services.socle.journal import Journal
from services.socle.server import EmbeddedServer
from services.socle.settings import Settings
from tests.parcours import histoire
from tests.rejeu.etats import Cle, journaux, lire_tout, refaire, reglages, sceller, sceller_journal
from tests.rejeu.hasard import jouer_au_hasard, sessions

GRAINE = 20260601
PATIENCE = 20.0
PLUS_D_UN_BLOC = 25_000  # événements
INTACT, SERVEUR, LECTURE, COMPARAISON = "contenu intact", "serveur", "lecture", "comparaison"


@dataclass
class Intacte:
    """Un serveur arrêté, son archive, et ce que son journal contient."""

    settings: Settings
    racine: Path
    messages: list[Stored]

    @property
    def archive(self) -> Archive:
        return Archive(self.racine, self.messages[0].stream)

    @property
    def blocs(self) -> list[Path]:
        return sorted((self.settings.donnees / "nats" / "journaux").rglob("msgs/*.blk"))

    @property
    def octets(self) -> int:
        return sum(one.stat().st_size for one in self.blocs)


@dataclass
class Bilan:
    """Qui a vu chaque bit retourné, et ce qu'il en a dit."""

    par_qui: Counter[str] = field(default_factory=Counter)
    dits: Counter[str] = field(default_factory=Counter)

    def dire(self, record_property: Callable[[str, object], None]) -> None:
        for nom, combien in {**self.par_qui, **self.dits}.items():
            record_property(nom, combien)
        print(dict(self.par_qui), dict(self.dits))


def intacte(dossier: Path, messages: list[Stored]) -> Intacte:
    """Ces messages dans un vrai journal et dans son archive."""

    settings = reglages(dossier / "donnees", [messages[0].stream.rpartition("_")[2]])

    async def preparer() -> list[Stored]:
        sceller(dossier / "banc", messages)
        await refaire(settings, dossier / "banc")
        async with EmbeddedServer(settings), journaux(settings) as (journal,):
            await sceller_journal(dossier / "archive", journal)
            return await lire_tout(journal)

    return Intacte(settings, dossier / "archive", asyncio.run(preparer()))


@pytest.fixture(scope="module")
def courte(tmp_path_factory: pytest.TempPathFactory) -> Intacte:
    """L'histoire des parcours, jouée sur le banc : le serveur en écrit encore le seul bloc."""

    async def jouee() -> list[Stored]:
        async with banc(histoire.SESSION) as neuf:
            await histoire.jouer(neuf.commander_brut)
            return neuf.journals[histoire.SESSION].messages

    return intacte(tmp_path_factory.mktemp("courte"), asyncio.run(jouee()))


def retourner(chemins: list[Path], bit: int) -> None:
    """Le bit de ce rang, les fichiers mis bout à bout."""
    rang, reste = divmod(bit, 8)
    for chemin in chemins:
        taille = chemin.stat().st_size
        if rang < taille:
            octets = bytearray(chemin.read_bytes())
            octets[rang] ^= 1 << reste
            chemin.write_bytes(octets)
            return
        rang -= taille
    raise AssertionError("au-delà des blocs")


async def observer(altere: Intacte) -> tuple[str, str]:
    """Qui voit que le journal n'est plus celui qui est archivé, et par quel code ; sinon, il doit être intact."""
    try:
        async with EmbeddedServer(altere.settings), journaux(altere.settings) as (journal,):
            try:
                async with asyncio.timeout(PATIENCE):
                    suite = await comparer(altere.archive, journal)
                    if suite.constats:
                        assert all(one.ou.startswith(journal.stream) for one in suite.constats)
                        return COMPARAISON, suite.constats[0].code
                    assert suite.communs == len(altere.messages)
                    assert await lire_tout(journal) == altere.messages
                    return INTACT, "-"
            except NotDense as error:
                return LECTURE, error.code if await perdu(journal, error.detail) else "MESSAGES_NON_NOMMES"
    except BrokerFailed as error:
        return SERVEUR, error.code


async def perdu(journal: Journal, detail: str) -> bool:
    """Le message que cette erreur nomme ne se lit plus, seul non plus ; sinon, elle dit combien il en manque."""
    nomme = re.search(r"rend pas (\d+)", detail)
    if nomme is None:
        return re.search(r"manque [1-9]", detail) is not None
    seq = int(nomme[1])
    try:
        lus = [one.seq async for lot in journal.read(seq - 1, stop_at=seq) for one in lot]
    except NotDense:
        return True
    return seq not in lus


async def exiger_original(altere: Intacte) -> None:
    """Le serveur vidé, le journal refait de l'archive est mot pour mot celui d'avant."""
    shutil.rmtree(altere.settings.donnees)
    await refaire(altere.settings, altere.racine)
    async with EmbeddedServer(altere.settings), journaux(altere.settings) as (journal,):
        refaits = await lire_tout(journal)
    assert [ligne.contenu(one) for one in refaits] == [ligne.contenu(one) for one in altere.messages]


def eprouver(intacte: Intacte, dossier: Path, combien: int) -> Bilan:
    bilan = Bilan()

    @tirage(max_examples=combien, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(bit=st.integers(0, intacte.octets * 8 - 1))
    def un_bit(bit: int) -> None:
        shutil.rmtree(dossier, ignore_errors=True)
        shutil.copytree(intacte.settings.donnees, dossier / "donnees")
        shutil.copytree(intacte.racine, dossier / "archive")
        settings = intacte.settings.model_copy(update={"donnees": dossier / "donnees"})
        altere = Intacte(settings, dossier / "archive", intacte.messages)
        retourner(altere.blocs, bit)
        par_qui, code = asyncio.run(observer(altere))
        bilan.par_qui[par_qui] += 1
        bilan.dits[code] += 1
        assert code != "MESSAGES_NON_NOMMES"
        if par_qui != INTACT:
            asyncio.run(exiger_original(altere))

    un_bit()
    return bilan


@pytest.fixture
def longue(tmp_path_factory: pytest.TempPathFactory) -> Intacte:
    """Une histoire au hasard, assez longue pour que le serveur ait clos un bloc."""

    async def jouee() -> list[Stored]:
        async with banc(*sessions()) as neuf:
            hasard = await jouer_au_hasard(neuf, PLUS_D_UN_BLOC, GRAINE)
            return max(hasard.messages.values(), key=len)

    faite = intacte(tmp_path_factory.mktemp("longue"), asyncio.run(jouee()))
    assert len(faite.blocs) > 1
    return faite


def test_un_bit_retourne_dans_le_journal_est_vu_et_l_archive_rend_l_original(
    courte: Intacte, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    bilan = eprouver(courte, tmp_path, 4)
    bilan.dire(record_property)
    assert bilan.par_qui.total() - bilan.par_qui[INTACT] > 0


@pytest.mark.chaos
def test_deux_cents_bits_retournes_dans_un_journal_sont_vus(
    courte: Intacte, longue: Intacte, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    for un_journal in (courte, longue):
        bilan = eprouver(un_journal, tmp_path, 100)
        bilan.dire(record_property)
        assert bilan.par_qui.total() - bilan.par_qui[INTACT] > 0


def test_un_bit_retourne_dans_l_archive_est_vu_et_le_journal_en_rend_une_autre(courte: Intacte, tmp_path: Path) -> None:
    shutil.copytree(courte.racine, tmp_path / "archive")
    altere = Intacte(courte.settings, tmp_path / "archive", courte.messages)
    segments = sorted(altere.archive.segments.glob("*.zst"))
    retourner(segments, random.Random(GRAINE).randrange(8 * sum(one.stat().st_size for one in segments)))
    (bilan,) = verifier(tmp_path / "archive", [Cle().publique])
    assert {one.code for one in bilan.constats} & {"SEGMENT_ALTERE", "SEGMENT_ILLISIBLE"}

    async def resceller() -> Archive:
        async with EmbeddedServer(courte.settings), journaux(courte.settings) as (journal,):
            with pytest.raises(ArchiveEndommagee):
                await comparer(altere.archive, journal)
            return await sceller_journal(tmp_path / "neuve", journal)

    neuve = asyncio.run(resceller())
    (bilan,) = verifier(tmp_path / "neuve", [Cle().publique])
    assert bilan.bon
    assert lignes(neuve) == lignes(courte.archive)


def lignes(archive: Archive) -> list[bytes]:
    """Toutes celles qui sont scellées."""
    return [une for numero in archive.numeros() for une in archive.lignes(archive.scelle(numero).manifeste)]
