"""Une candidate effacée pendant que tout tourne : plus un octet ne la nomme, et tout le reste tient."""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
import pytest_asyncio
import zstandard
from pypdf import PdfReader
from sqlalchemy import select, text

from contracts.messages import Acteur, Data, Refus
from contracts.requetes import VoirCandidature, VoirConservation, VoirDecision, VoirDocuments, VoirReclamations
from services.exploitation.archive import cles
from services.exploitation.archive.archiviste import sceller_tout
from services.exploitation.coffre import cle_maitresse, ouvrir_coffre, restaurer_coffre
from services.exploitation.personne_echeances import echeances
from services.exploitation.personne_effacement import effacer
from services.exploitation.personne_export import exporter
from services.exploitation.personne_journal import une
from services.exploitation.plateforme import Plateforme, client, demarrer, ouvrir
from services.exploitation.rejeu import rejouer
from services.socle.coffre import KEYS
from services.socle.coffre_backup import save
from services.socle.journal import Journal
from services.socle.server import running
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import stream_name
from tests.parcours.histoire import (
    ACADEMIE,
    ALICE,
    BASILE,
    CELIA,
    ELISE,
    GESTIONNAIRE,
    HUGO,
    JULES,
    LIEU,
    SESSION,
    TOUS,
    Candidat,
    jouer,
)
from tests.parcours.terminal import Terminal, environnement, servir
from tests.parcours.test_donnees_personnelles import motifs

pytest_plugins = ["services.socle.testing_postgres"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

QUI = Acteur(**GESTIONNAIRE)
PARIS = ZoneInfo("Europe/Paris")
TROP_TOT, APRES = datetime(2027, 7, 6, 12, tzinfo=PARIS), datetime(2027, 10, 1, 9, tzinfo=PARIS)
ACCORD = {"motif": "durées de conservation finies", "accord": "AD76/2027/12"}
EFFACEES = (BASILE, ELISE)  # deux diplômes différents de destin : l'un admis, l'autre ajourné après réclamation


def vestiges(contenu: bytes, one: Candidat) -> list[str]:
    """Ce qui la désigne dans ces octets, tels quels et une fois décompressés ; l'adresse d'un centre n'en est pas."""
    textes = [contenu, *_decompresses(contenu)]
    return [nom for nom, motif in motifs(one).items() if any(motif in texte for texte in textes)]


def _decompresses(contenu: bytes) -> Iterator[bytes]:
    if contenu.startswith(b"\x1f\x8b"):
        yield gzip.decompress(contenu)
    if contenu.startswith(b"\x28\xb5\x2f\xfd"):  # les segments de l'archive
        yield zstandard.ZstdDecompressor().decompress(contenu)
    debut = 0
    while (debut := contenu.find(b"stream\n", debut)) >= 0:  # les flux d'un PDF
        debut += len(b"stream\n")
        try:
            yield zlib.decompressobj().decompress(contenu[debut:])
        except zlib.error:
            continue


@dataclass
class Installation:
    """Une plateforme servie par un autre processus, et tout ce qu'elle écrit."""

    settings: Settings
    plateforme: Plateforme
    traces: Path

    def partout(self, one: Candidat) -> dict[str, list[str]]:
        """Fichier par fichier, ce qui la désigne : noms, octets, texte des documents."""
        fichiers = [path for path in self.settings.donnees.rglob("*") if path.is_file()]
        found = {str(path): vestiges(path.read_bytes(), one) for path in (*fichiers, self.traces)}
        found["noms des fichiers"] = vestiges("\n".join(found).encode(), one)
        for path in (path for path in fichiers if path.suffix == ".pdf"):
            pages = "\n".join(page.extract_text() for page in PdfReader(path).pages)
            found[str(path)] += vestiges(pages.encode(), one)
        return {path: quoi for path, quoi in found.items() if quoi}

    async def dans_le_journal(self, one: Candidat) -> list[str]:
        """Le courtier compresse ses fichiers : voici les messages tels qu'on les lit."""
        found: list[str] = []
        async with client(self.settings, "exploitation") as nc, self._journal(nc) as journal:
            async for batch in journal.read(0, follow=False):
                for stored in batch:
                    entetes = "\n".join(f"{nom}: {valeur}" for nom, valeur in stored.headers.items())
                    found += vestiges(stored.body + stored.subject.encode() + entetes.encode(), one)
        return found

    async def agregats(self) -> dict[str, int]:
        """Le rang de chaque agrégat, sa chaîne vérifiée de bout en bout."""
        async with client(self.settings, "exploitation") as nc, self._journal(nc) as journal:
            sujets = {stored.subject async for batch in journal.read(0, follow=False) for stored in batch}
            return {sujet: (await journal.load(sujet)).rank for sujet in sorted(sujets)}

    def _journal(self, nc: object) -> Journal:
        return Journal(nc, stream_name(ACADEMIE, SESSION), self.settings.bounds)  # type: ignore[arg-type]

    async def identite(self, one: Candidat) -> Data | None:
        answer = await self.plateforme.demander(VoirCandidature(par=QUI, **LIEU, candidat=one.numero))
        assert answer["ok"], answer
        found: Data | None = answer["reponse"]["identite"]
        return found

    def cle(self, one: Candidat) -> bytes:
        """La clé telle que le coffre la range."""
        engine = engine_for(self.settings.coffre())
        with engine.connect() as connection:
            found = connection.execute(select(KEYS.c.cle).where(KEYS.c.personne == one.numero)).scalar_one()
        engine.dispose()
        return bytes(found)

    def documents(self, one: Candidat) -> list[str]:
        return sorted(path.name for path in self.settings.documents_dir.rglob(f"*{one.numero}*"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    dossier = tmp_path_factory.mktemp("effacement")
    settings = _reglages(dossier)
    with servir(environnement(settings.donnees) | {"PARCHEMIN_LOG_LEVEL": "DEBUG"}, dossier / "traces.jsonl"):
        async with ouvrir(settings) as plateforme:
            await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
            yield Installation(settings, plateforme, dossier / "traces.jsonl")


def _reglages(dossier: Path, **autres: object) -> Settings:
    champs = {"donnees": dossier / "donnees", "sessions": (SESSION,), "nats_url": "", **autres}
    return Settings(**champs, clock_tolerance=1e9, clock_lag=0)  # type: ignore[arg-type]


# Refusé -------------------------------------------------------------------------------------------------------------


async def test_dc_arc01_dc_arc02_rien_n_est_touche_tant_qu_une_regle_retient_l_identite(
    installation: Installation, tmp_path: Path
) -> None:
    settings = installation.settings
    for le, accord, regle in ((TROP_TOT, ACCORD["accord"], "DC-ARC01"), (APRES, "", "DC-ARC02")):
        with pytest.raises(Refus) as refus:
            await effacer(settings, BASILE.numero, motif=ACCORD["motif"], accord=accord, le=le)
        assert refus.value.regle == regle
    with pytest.raises(Refus) as refus:
        await effacer(settings, "N26Z9999", le=APRES, **ACCORD)
    assert refus.value.regle == "CANDIDAT_INCONNU"
    assert await installation.identite(BASILE) is not None
    assert not (await une(settings, BASILE.numero)).accordes
    assert installation.documents(BASILE)


async def test_un_motif_qui_nomme_la_candidate_est_refuse(installation: Installation) -> None:
    for motif in (
        f"demande de {ELISE.identite.prenoms}",
        f"demandé par {ELISE.identite.nom.upper()}",
        f"son courriel : {ELISE.identite.courriel}",
        "demandé au 06 12 34 56 78",
        f"INE {ELISE.identite.ine}",
    ):
        with pytest.raises(Refus) as refus:
            await effacer(installation.settings, ELISE.numero, motif=motif, accord="AD76/2027/12", le=APRES)
        assert refus.value.regle == "TEXTE_NOMINATIF"
        assert not vestiges(str(refus.value).encode(), ELISE)


async def test_les_echeances_sont_celles_des_durees(installation: Installation) -> None:
    settings = installation.settings
    assert await echeances(settings, SESSION, TROP_TOT.date()) == []
    dus = {one.candidat for one in await echeances(settings, SESSION, APRES.date())}
    assert {BASILE.numero, ELISE.numero, JULES.numero} <= dus, (
        "l'inscription annulée de Jules n'est pas gardée sans fin"
    )


# Le droit d'accès ---------------------------------------------------------------------------------------------------


async def test_dc_rgp01_la_personne_recoit_tout_ce_qui_est_detenu_et_rien_des_autres(
    installation: Installation, tmp_path: Path
) -> None:
    sortie = tmp_path / "export"
    tout = await exporter(installation.settings, ELISE.numero, sortie, APRES)
    assert [sortie.stat().st_mode & 0o777, (sortie / "personne.json").stat().st_mode & 0o777] == [0o700, 0o600]
    assert os.listdir(tmp_path) == ["export"], "rien d'intermédiaire ne reste"
    [inscription] = tout["inscriptions"]
    assert inscription["candidature"]["identite"] == ELISE.identite.model_dump(mode="json")
    assert [one["numero"] for one in inscription["reclamations"]] == ["R1"]
    types = {one["type"].rpartition(".v")[0] for one in tout["evenements"]}
    assert types >= {
        "inscription.candidat_inscrit",
        "conformite.dossier_declare_conforme",
        "notation.note_saisie",
        "deliberation.decision_prise",
        "publication.resultats_publies",
        "publication.reclamation_close",
    }
    ecrit = (sortie / "personne.json").read_bytes() + (sortie / "resume.html").read_bytes()
    assert {ELISE.identite.nom, ELISE.identite.prenoms, str(ELISE.identite.naissance)} <= set(vestiges(ecrit, ELISE))
    for autre in (*TOUS, JULES):
        if autre is not ELISE:
            assert autre.numero.encode() not in ecrit
            assert not vestiges(ecrit, autre)
    assert os.listdir(sortie / "documents") == [f"{SESSION}-cap_osrcl-releve-{ELISE.numero}-v1.pdf"]


async def test_un_export_ne_recouvre_rien(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "deja").mkdir()
    with pytest.raises(FileExistsError):
        await exporter(installation.settings, ELISE.numero, tmp_path / "deja", APRES)


# Accordé ------------------------------------------------------------------------------------------------------------


async def test_une_personne_effacee_ne_se_lit_plus_nulle_part_et_le_reste_tient(
    installation: Installation, tmp_path: Path
) -> None:
    settings, copie = installation.settings, tmp_path / "coffre.json"
    rangees = {one.numero: installation.cle(one) for one in EFFACEES}
    documents, avant = {one.numero: installation.documents(one) for one in TOUS}, await installation.agregats()
    for one in EFFACEES:
        assert installation.partout(one), "la recherche trouve ce qu'elle cherche : les documents la nomment"
        assert await installation.identite(one) is not None, "les services viennent de la lire"
    await sceller_tout(settings, lambda: cles.signataire(settings))
    archive = _contenus(settings.archive_dir)
    assert archive, "l'archive est cherchée aussi"
    with ouvrir_coffre(settings) as coffre:
        save(coffre, cle_maitresse(settings), copie, APRES)

    for one in EFFACEES:
        told = await effacer(settings, one.numero, le=APRES, **ACCORD)
        assert (told.cles, told.fichiers, told.deja) == (1, len(documents[one.numero]), False)

    for one in EFFACEES:
        assert await installation.identite(one) is None, "dans les services en marche aussi"
        assert installation.partout(one) == {}
        assert await installation.dans_le_journal(one) == []
        assert not [
            path for path in settings.donnees.rglob("*") if path.is_file() and rangees[one.numero] in path.read_bytes()
        ]
        assert installation.documents(one) == []
        assert await _decision(installation, one), "ce que la loi dit de garder reste, sans identité"
        await _trace(installation, one)
    for one in (*TOUS, JULES):
        if one not in EFFACEES:
            assert await installation.identite(one) == one.identite.model_dump(mode="json")
            assert installation.documents(one) == documents.get(one.numero, [])
    await _tout_tient(installation, avant)
    assert archive.items() <= _contenus(settings.archive_dir).items(), "l'archive scellée ne change pas"
    for one in EFFACEES:
        assert (await effacer(settings, one.numero, le=APRES, **ACCORD)).deja, "redemandé, il n'y a rien à faire"

    remis = await restaurer_coffre(settings, copie)
    assert remis.erased == len(EFFACEES), "une vieille sauvegarde ne ramène personne"
    assert await installation.identite(BASILE) is None


def _contenus(dossier: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in dossier.rglob("*.zst")}


async def _decision(installation: Installation, one: Candidat) -> Data:
    for question in (VoirDecision, VoirDocuments, VoirReclamations):
        answer = await installation.plateforme.demander(question(par=QUI, **LIEU, candidat=one.numero))
        assert answer["ok"], answer
        assert not vestiges(orjson.dumps(answer, default=str), one)
    answer = await installation.plateforme.demander(VoirDecision(par=QUI, **LIEU, candidat=one.numero))
    found: Data = answer["reponse"]
    return found


async def _trace(installation: Installation, one: Candidat) -> None:
    """Qui, quand, pourquoi : l'effacement se dit, sans donnée personnelle."""
    [accord] = (await une(installation.settings, one.numero)).accordes.values()
    assert (accord.le, accord.motif, accord.accord_archives) == (APRES, ACCORD["motif"], ACCORD["accord"])
    answer = await installation.plateforme.demander(VoirConservation(par=QUI, **LIEU, candidat=one.numero))
    assert datetime.fromisoformat(answer["reponse"][0]["efface_le"]) == APRES


async def _tout_tient(installation: Installation, avant: dict[str, int]) -> None:
    apres = await installation.agregats()
    accordes = {f"ev.{ACADEMIE}.{SESSION}.cap_osrcl.publication.reclamation-{one.numero}" for one in EFFACEES}
    assert {sujet for sujet, rang in apres.items() if avant.get(sujet, 0) != rang} == accordes
    assert [one async for one in rejouer(installation.settings) if not one.egal] == []


async def test_rien_de_personnel_ne_s_ajoute_plus_sous_un_numero_efface(installation: Installation) -> None:
    refaire = {"commande": "publication.editer_releve", "jury": "J1", "le": APRES.isoformat(), "par": GESTIONNAIRE}
    for one, code in ((BASILE, "IDENTITE_EFFACEE"), (ALICE, None)):
        ordre = {**refaire, **LIEU, "id": f"refaire-{one.numero}", "candidat": one.numero}
        assert (await installation.plateforme.commander_brut(ordre)).get("code") == code
    assert installation.documents(BASILE) == []
    ailleurs = BASILE.identite.model_dump(mode="json") | {"ine": None, "nom": "Autrenom"}
    inscrire = {"commande": "inscription.inscrire_candidat", "id": "reinscrire-efface", "candidat": BASILE.numero}
    choix = {"identite": ailleurs, "categorie": "individuel", "le": "2025-10-06T10:00:00+02:00", "par": GESTIONNAIRE}
    reponse = await installation.plateforme.commander_brut({**inscrire, **choix, **LIEU})
    assert reponse["code"] == "DEJA_INSCRIT"


async def test_une_inscription_annulee_s_efface_aussi(installation: Installation) -> None:
    assert (await effacer(installation.settings, JULES.numero, le=APRES, **ACCORD)).cles == 1
    assert await installation.identite(JULES) is None
    assert installation.partout(JULES) == {}


async def test_la_ligne_de_commande_dit_ce_qui_est_fait_et_ce_qui_est_refuse(
    installation: Installation, tmp_path: Path
) -> None:
    copie, sortie = tmp_path / "coffre.json", tmp_path / "remis"
    with Terminal(environnement(installation.settings.donnees)) as parchemin:
        effacer_ = ("personne", "effacer", HUGO.numero, "--le", APRES.isoformat(), "--motif", "durées finies")
        refus = parchemin(*effacer_)
        assert (refus.code, refus.erreurs.partition(" ")[0]) == (1, "DC-ARC02")
        exporter_ = ("personne", "exporter", HUGO.numero, "--sortie", sortie)
        assert [parchemin(*exporter_).code, parchemin(*exporter_).code] == [0, 1], "le second dossier existe déjà"
        assert parchemin("coffre", "sauvegarder", copie, "--json").json["cles"] > 0
        fait = parchemin(*effacer_, "--accord-archives", "AD76/2027/12", "--json")
        assert (fait.code, fait.json["cles"], fait.json["deja"]) == (0, 1, False)
        assert parchemin(*effacer_, "--accord-archives", "AD76/2027/12", "--json").json["deja"]
        dus = parchemin("personne", "echeances", "--le", APRES.isoformat(), "--json").json
        assert HUGO.numero not in {one["candidat"] for one in dus}
        assert CELIA.numero in {one["candidat"] for one in dus}
        assert parchemin("coffre", "restaurer", copie, "--json").json["effacees"] >= 1
        copie.write_bytes(copie.read_bytes().replace(b"N26", b"N62"))
        altere = parchemin("coffre", "restaurer", copie)
        assert (altere.code, altere.erreurs.partition(" ")[0]) == (3, "COFFRE")
        assert {"DC-ARC01", "MC-R01"} <= {one["regle"] for one in parchemin("personne", "conservation", "--json").json}
        dits = parchemin("personne", "conservation").sortie + parchemin("etat", "--candidat", HUGO.numero).sortie
        assert "identité effacée" in dits
    assert await installation.identite(HUGO) is None


@pytest.mark.chaos
async def test_tue_en_plein_effacement_il_s_acheve_au_retour(tmp_path: Path, postgres_base: str) -> None:
    """À quelque étape que la mort vienne : ce qui est dû se déduit de ce qui reste. Coffre PostgreSQL."""
    settings, traces = _reglages(tmp_path, coffre_url=postgres_base), tmp_path / "traces.jsonl"
    cles = await _tue_pendant(settings, traces)
    async with demarrer(settings) as plateforme:
        await plateforme.stabiliser()
        ici = Installation(settings, plateforme, traces)
        for one in (BASILE, HUGO):
            assert (await ici.identite(one), ici.partout(one), ici.documents(one)) == (None, {}, [])
            assert (await effacer(settings, one.numero, le=APRES, **ACCORD)).deja
        assert await ici.identite(CELIA) is not None
        assert [one async for one in rejouer(settings) if not one.egal] == []
    base = _octets_de_postgresql(postgres_base)
    assert ici.cle(CELIA) in base, "la recherche trouve ce qu'elle cherche"
    assert not [cle for cle in cles if cle in base]
    assert not vestiges(base, BASILE)


async def _tue_pendant(settings: Settings, traces: Path) -> list[bytes]:
    """Tous les services tués dès que l'effacement est accordé ; les clés qu'avaient ces personnes."""
    variables = environnement(settings.donnees) | {"PARCHEMIN_COFFRE_URL": settings.coffre_url}
    with servir(variables, traces) as process:
        async with ouvrir(settings) as plateforme:
            await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
            cles = [Installation(settings, plateforme, traces).cle(one) for one in (BASILE, HUGO)]
            for one in (BASILE, HUGO):
                demande = {"commande": "publication.demander_effacement", "id": f"effacer-{one.numero}", **LIEU}
                accord = {"motif": ACCORD["motif"], "accord_archives": ACCORD["accord"], "par": GESTIONNAIRE}
                ordre = {**demande, **accord, "candidat": one.numero, "le": APRES.isoformat()}
                assert (await plateforme.commander_brut(ordre))["ok"]
            process.kill()
            process.wait()
    while running(settings) is not None:
        time.sleep(0.05)  # noqa: ASYNC251 - nothing else runs here
    return cles


def _octets_de_postgresql(url: str) -> bytes:
    engine = engine_for(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        dossier = Path(connection.execute(text("SHOW data_directory")).scalar_one(), "base")
    engine.dispose()
    return b"".join(path.read_bytes() for path in dossier.rglob("*") if path.is_file())
