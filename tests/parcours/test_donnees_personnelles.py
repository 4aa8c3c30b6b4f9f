"""Ce qui identifie un candidat ne se lit nulle part, sauf où il le faut ; sa clé détruite, plus personne ne le lit."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from pypdf import PdfReader
from sqlalchemy import delete, select

from contracts.messages import Acteur, Data
from contracts.requetes import REQUETES, VoirCandidature
from services.exploitation.composition import SERVICES
from services.exploitation.plateforme import Plateforme, client, demarrer, ouvrir
from services.exploitation.rejeu import rejouer
from services.socle.coffre import KEYS, Coffre, CoffreError, master_key
from services.socle.journal import Journal
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import stream_name
from tests.parcours.histoire import (
    ACADEMIE,
    ALICE,
    BASILE,
    GESTIONNAIRE,
    JULES,
    LIEU,
    RECTEUR,
    SESSION,
    TOUS,
    Candidat,
    etapes,
    jouer,
)
from tests.parcours.terminal import environnement, servir

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUI = Acteur(**GESTIONNAIRE)
CANDIDATS = (*TOUS, JULES)


def mots(one: Candidat) -> Iterator[str]:
    """Chaque mot qui dit qui est ce candidat, comme il pourrait s'écrire ; le code postal seul n'en dit rien."""
    identite = one.identite
    assert identite.ine is not None
    textes = [identite.nom, identite.prenoms, identite.ine, identite.lieu_naissance, identite.adresse, identite.ville]
    textes += [identite.courriel, identite.nom_usage or identite.nom]
    ne = identite.naissance
    textes += [f"{ne:%Y-%m-%d}", f"{ne:%d/%m/%Y}", f"{ne:%d-%m-%Y}"]  # huit chiffres seuls se trouvent partout
    for texte in dict.fromkeys(textes):
        yield from dict.fromkeys((texte, texte.upper(), texte.lower(), _sans_accent(texte)))


def _sans_accent(texte: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", texte) if not unicodedata.combining(one))


def motifs(one: Candidat) -> dict[str, bytes]:
    """Les mêmes en octets : tels quels, comme JSON les échappe, en base64 (trois alignements), en UTF-16."""
    told: dict[str, bytes] = {}
    for mot in mots(one):
        told[mot] = mot.encode()
        told[f"{mot} (échappé)"] = mot.encode("unicode_escape")
        told[f"{mot} (UTF-16)"] = mot.encode("utf-16-le")
        for decalage in range(3):
            code = base64.b64encode(b"\0" * decalage + mot.encode())
            told[f"{mot} (base64 {decalage})"] = code[4 if decalage else 0 : -4]
    return {nom: motif for nom, motif in told.items() if len(motif) >= 6}


MOTIFS = {nom: motif for one in CANDIDATS for nom, motif in motifs(one).items()}


def fuites(contenu: bytes) -> list[str]:
    return [nom for nom, motif in MOTIFS.items() if motif in contenu]


@dataclass(frozen=True)
class Installation:
    """Une plateforme servie par un autre processus, la session jouée, et tout ce qu'elle a écrit."""

    settings: Settings
    plateforme: Plateforme
    traces: Path
    reponses: list[Data]

    def base(self, service: str) -> Path:
        return Path(self.settings.database_url(service).removeprefix("sqlite:///"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    dossier = tmp_path_factory.mktemp("personnelles")
    settings = Settings(donnees=dossier / "donnees", sessions=(SESSION,), nats_url="")
    variables = environnement(settings.donnees) | {"PARCHEMIN_LOG_LEVEL": "DEBUG"}
    with servir(variables, dossier / "traces.jsonl"):
        async with ouvrir(settings) as plateforme:
            yield await _jouee(settings, plateforme, dossier / "traces.jsonl")


async def _jouee(settings: Settings, plateforme: Plateforme, traces: Path) -> Installation:
    reponses = await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
    reponses += [reponse async for reponse in _maladresses(plateforme)]
    return Installation(settings, plateforme, traces, reponses)


async def _maladresses(plateforme: Plateforme) -> AsyncIterator[Data]:
    """Des commandes refusées ou illisibles, pleines de ce qu'une erreur ne doit pas répéter."""
    bonne = next(one for one in etapes()["inscriptions"] if one["candidat"] == ALICE.numero)
    identite = ALICE.identite.model_dump(mode="json")
    for rang, autrement in enumerate(
        (
            {"identite": identite | {"naissance": f"{identite['naissance']}T"}},
            {"identite": identite | {"ine": f"{identite['ine']}{identite['nom']}"}},
            {"identite": identite | {"surnom": identite["prenoms"]}},
            {"identite": identite["nom"]},
            {"candidat": identite["nom"]},
            {"categorie": identite["prenoms"]},
            {"id": identite["courriel"]},
            {"candidat": "N26Z0001", "categorie": "individuel", "etablissement": None},  # la même personne, ailleurs
            {"candidat": ALICE.numero, "identite": identite | {"prenoms": "Autrement"}},
        )
    ):
        yield await plateforme.commander_brut({**bonne, "id": f"maladresse-{rang}", **autrement})
    for corps in (orjson.dumps(identite), orjson.dumps({"commande": identite["nom"]}), identite["nom"].encode()):
        for porte in ("cmd", "qry"):
            answer = await plateforme.nc.request(f"{porte}.{ACADEMIE}.inscription.x", corps, timeout=10.0)
            yield orjson.loads(answer.data)


async def _voir(plateforme: Plateforme, one: Candidat) -> Any:
    answer = await plateforme.demander(VoirCandidature(par=QUI, **LIEU, candidat=one.numero))
    assert answer["ok"], answer
    return answer["reponse"]


# Nulle part --------------------------------------------------------------------------------------------------------


async def test_la_recherche_trouve_ce_qu_elle_cherche(installation: Installation) -> None:
    """Sans cela, ne rien trouver ne prouverait rien."""
    for one in CANDIDATS:
        vue = await _voir(installation.plateforme, one)
        assert vue["identite"] == one.identite.model_dump(mode="json")
        trouves = fuites(orjson.dumps(vue))
        assert {one.identite.nom, one.identite.prenoms, one.identite.ine, str(one.identite.naissance)} <= set(trouves)
        assert fuites(base64.b64encode(orjson.dumps(vue)))


async def test_ni_sujet_ni_en_tete_ni_corps_d_un_message_ne_nomme_personne(installation: Installation) -> None:
    messages = 0
    async with (
        client(installation.settings, "exploitation") as nc,
        Journal(nc, stream_name(ACADEMIE, SESSION), installation.settings.bounds) as journal,
    ):
        async for batch in journal.read(0, follow=False):
            for stored in batch:
                messages += 1
                entetes = b"\n".join(f"{nom}: {valeur}".encode() for nom, valeur in stored.headers.items())
                for quoi, contenu in (("sujet", stored.subject.encode()), ("entêtes", entetes), ("corps", stored.body)):
                    assert not fuites(contenu), (stored.where, stored.types, quoi)
    assert messages > 250


async def test_aucun_fichier_des_donnees_hors_des_documents_ne_nomme_personne(installation: Installation) -> None:
    """Bases, journaux du courtier, clés, secrets, traces : octet par octet, fichiers annexes de SQLite compris."""
    racine, documents = installation.settings.donnees, installation.settings.documents_dir
    fichiers = [path for path in racine.rglob("*") if path.is_file() and documents not in path.parents]
    assert {path.suffix for path in fichiers} >= {".db", ".json", ".cle", ".blk", ".log"}
    for path in (*fichiers, installation.traces):
        assert not fuites(path.read_bytes()), path
        assert not fuites(str(path).encode()), path


async def test_les_traces_disent_chaque_commande_sans_nommer_personne(installation: Installation) -> None:
    """Tout au niveau le plus bavard : commandes de toutes issues, réactions, questions ; et rien de personne."""
    lignes = [orjson.loads(ligne) for ligne in installation.traces.read_bytes().splitlines()]
    commandes = [one for one in lignes if one["event"] == "commande"]
    assert len(commandes) > 250
    assert {one["issue"] for one in commandes} >= {"ajoutee", "refusee", "sans_effet"}
    assert all(one["position"] and one["journal"] for one in commandes if one["issue"] == "ajoutee")
    assert {one["code"] for one in commandes if one["issue"] == "refusee"} >= {"AMB-56", "COMMANDE_MALFORMEE"}
    assert {one["service"] for one in commandes} == set(SERVICES)
    derivees = [one for one in commandes if one.get("id", "").startswith("r:")]
    assert derivees
    assert any(one["correlation"].startswith("histoire-") for one in derivees)
    assert {"reaction", "question"} <= {one["event"] for one in lignes}
    assert any(one.get("regles") for one in commandes)
    for ligne in installation.traces.read_bytes().splitlines():
        assert not fuites(ligne), ligne


async def test_les_documents_ne_nomment_que_leur_candidat(installation: Installation) -> None:
    pdfs = sorted(installation.settings.documents_dir.rglob("*.pdf"))
    assert len(pdfs) >= 13
    for path in pdfs:
        assert not fuites(path.name.encode())
        lu = PdfReader(path)
        texte = "\n".join(page.extract_text() for page in lu.pages) + str(lu.metadata)
        nommes = {one.numero for one in CANDIDATS if one.identite.nom.upper() in texte.upper()}
        assert nommes <= {one.numero for one in CANDIDATS if one.numero in path.name}, path.name
        for one in CANDIDATS:
            for secret in (one.identite.ine, one.identite.adresse, one.identite.courriel, one.identite.ville):
                assert str(secret) not in texte, path.name
    for path in installation.settings.documents_dir.rglob("*.csv"):
        assert not fuites(path.read_bytes()), path.name


async def test_aucune_reponse_a_une_commande_ne_nomme_personne(installation: Installation) -> None:
    refus = [one for one in installation.reponses if not one["ok"]]
    assert len(refus) > 20
    for reponse in installation.reponses:
        assert not fuites(orjson.dumps(reponse)), reponse
        assert not fuites(str(reponse).encode()), reponse


async def test_un_nom_mis_a_la_place_d_un_champ_n_est_pas_repete(installation: Installation) -> None:
    bonne = next(one for one in etapes()["inscriptions"] if one["candidat"] == ALICE.numero)
    reponse = await installation.plateforme.commander_brut({**bonne, ALICE.identite.nom: ALICE.identite.prenoms})
    assert reponse["code"] == "COMMANDE_MALFORMEE"
    assert not fuites(orjson.dumps(reponse))


async def test_seule_voir_candidature_donne_une_identite(installation: Installation) -> None:
    for nom, question in REQUETES.items():
        champs = {"candidat": BASILE.numero, "jury": "J1", "lot": "UG1"}
        connus = {cle: valeur for cle, valeur in champs.items() if cle in question.model_fields}
        par = Acteur(**RECTEUR)
        reponse = await installation.plateforme.demander(question(par=par, **LIEU, **connus))
        assert reponse["ok"], (nom, reponse)
        assert bool(fuites(orjson.dumps(reponse))) == (question is VoirCandidature), nom


# Le coffre ---------------------------------------------------------------------------------------------------------


async def test_le_coffre_ne_garde_que_des_cles_scellees_par_la_cle_maitresse(
    installation: Installation, tmp_path: Path
) -> None:
    settings = installation.settings
    fichier = settings.coffre_cle_file
    assert fichier.stat().st_mode & 0o077 == 0, "lisible de son seul propriétaire"
    coffre = engine_for(settings.coffre())
    with coffre.connect() as connection:
        gardees = {personne: bytes(cle) for personne, cle in connection.execute(select(KEYS.c.personne, KEYS.c.cle))}
    assert {one.numero for one in CANDIDATS} <= gardees.keys()
    assert all(len(one) == 12 + 32 + 16 for one in gardees.values()), "nonce, clé chiffrée, sceau : rien en clair"
    maitresse = base64.b64decode(fichier.read_bytes())
    for service in ("inscription", "conformite", "publication"):
        assert maitresse not in installation.base(service).read_bytes()
    scelle = await _scelle(installation, BASILE)
    assert Coffre(coffre, master_key(fichier)).open(BASILE.numero, scelle) is not None
    with pytest.raises(CoffreError):
        Coffre(coffre, master_key(tmp_path / "autre.cle")).open(BASILE.numero, scelle)
    with pytest.raises(CoffreError):
        Coffre(coffre, master_key(fichier)).open(ALICE.numero, scelle)
    coffre.dispose()


async def _scelle(installation: Installation, one: Candidat) -> str:
    """L'identité telle que le journal la garde."""
    async with client(installation.settings, "exploitation") as nc:
        path = f"ev.{ACADEMIE}.{SESSION}.cap_osrcl.inscription.candidature-{one.numero}"
        async with Journal(nc, stream_name(ACADEMIE, SESSION), installation.settings.bounds) as journal:
            premier = (await journal.load(path)).messages[0].envelopes[0]
    return str(premier["data"]["identite"]["scelle"]["chiffre"])


async def test_une_personne_effacee_l_est_partout_et_le_reste_tient(tmp_path: Path) -> None:
    settings = Settings(donnees=tmp_path, sessions=(SESSION,), nats_url="", clock_tolerance=1e9, clock_lag=0)
    async with demarrer(settings) as plateforme:
        await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
    coffre = engine_for(settings.coffre())
    with coffre.begin() as connection:
        assert connection.execute(delete(KEYS).where(KEYS.c.personne == BASILE.numero)).rowcount == 1
    coffre.dispose()
    async with demarrer(settings) as plateforme:  # relancé : rien n'en reste en mémoire
        assert (await _voir(plateforme, BASILE))["identite"] is None
        assert (await _voir(plateforme, ALICE))["identite"]["nom"] == ALICE.identite.nom
        vues = {
            nom: await plateforme.demander(_question(nom))
            for nom in ("voir_decision", "voir_documents", "voir_dossier")
        }
        assert vues["voir_decision"]["reponse"]["decision"] == "admis", "ce que la loi dit de garder reste"
        assert all(one["ok"] and one["reponse"] for one in vues.values())
        assert [one async for one in rejouer(settings) if not one.egal] == []
        refaire = {
            "commande": "publication.editer_releve",
            "jury": "J1",
            "le": "2026-09-01T10:00:00+02:00",
            "par": GESTIONNAIRE,
        }
        for one, code in ((BASILE, "IDENTITE_EFFACEE"), (ALICE, None)):
            ordre = {**refaire, **LIEU, "id": f"refaire-{one.numero}", "candidat": one.numero}
            assert (await plateforme.commander_brut(ordre)).get("code") == code
        amenager = {"commande": "inscription.accorder_amenagement", "nature": "tiers-temps", "par": GESTIONNAIRE}
        ordre = {
            **amenager,
            **LIEU,
            "id": "amenager-efface",
            "le": "2026-09-01T10:00:00+02:00",
            "candidat": BASILE.numero,
        }
        assert (await plateforme.commander_brut(ordre))["ok"], "on agit encore sur lui, par son numéro"


def _question(nom: str) -> Any:
    question = next(one for cle, one in REQUETES.items() if cle.endswith(f".{nom}"))
    return question.model_validate({"par": QUI, **LIEU, "candidat": BASILE.numero})
