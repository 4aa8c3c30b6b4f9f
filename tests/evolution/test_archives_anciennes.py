"""Des journaux écrits par d'anciennes versions du programme, gardés tels quels : ils se lisent pour toujours.

Un dossier par version sous ``archives/`` : l'archive scellée, la clé publique, et ce que cette version répondait. Une
version publiée y ajoute la sienne, et n'y change rien.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest
from sqlalchemy import Engine, select

from contracts.evenements import REGISTRE
from contracts.evenements.conformite import DossierDeclareConforme
from contracts.evenements.notation import NoteSaisie
from contracts.messages import Acteur, Data, Event, Refus, Registry
from contracts.requetes import ListerCandidatures, ListerDossiers, ListerResultats
from services.exploitation.archive.cles import lire_publique
from services.exploitation.archive.dossier import Archive, archives
from services.exploitation.archive.source import ArchiveSeule
from services.exploitation.archive.verification import verifier
from services.exploitation.banc import Banc, banc
from services.exploitation.base.histoires import histoire
from services.exploitation.composition import SERVICES, projections, spec
from services.socle.enveloppe import H_TYPES, Stored
from services.socle.errors import SocleError
from services.socle.memory import MemoryJournal
from services.socle.migrating import migrate
from services.socle.projections import Projection, Projector
from services.socle.replay import compare, replay
from services.socle.sql import engine_for, writing

ANCIENNES = sorted((Path(__file__).parent / "archives").iterdir())
AVANT_LES_EMPREINTES = "0.1.0-a"  # les empreintes des règlements ont changé une fois, avant la première version
LIEU = {"session": "2026", "diplome": "cap_osrcl"}
QUI = Acteur(id="essai:gestionnaire", role="gestionnaire", academie="normandie")
QUESTIONS = {"resultats": ListerResultats, "candidatures": ListerCandidatures, "dossiers": ListerDossiers}
PROJECTIONS = [(nom, one) for nom in SERVICES for one in projections(nom)]


@pytest.fixture(params=ANCIENNES, ids=lambda dossier: dossier.name)
def dossier(request: pytest.FixtureRequest) -> Path:
    chemin: Path = request.param
    return chemin


def messages(dossier: Path) -> list[Stored]:
    return [one for archive in archives(dossier) for lot in archive.messages() for one in lot]


async def sur_le_banc(dossier: Path) -> AsyncIterator[Banc]:
    """Les cinq services d'aujourd'hui, sur le journal d'hier."""
    async with banc("2026") as neuf:
        for one in messages(dossier):
            neuf.journals["2026"].take(one)
        yield neuf


def test_une_archive_ancienne_se_verifie_avec_sa_cle_publique(dossier: Path) -> None:
    bilans = verifier(dossier, [lire_publique(dossier / "publique.pem")])
    assert [one.constats for one in bilans] == [[]]


def test_chaque_evenement_ancien_se_lit_a_sa_derniere_version() -> None:
    lus = {
        (one["type"], REGISTRE.load(one["type"], one["data"]).NAME)
        for dossier in ANCIENNES
        for message in messages(dossier)
        for one in message.envelopes
    }
    montes = {ancien for ancien, nouveau in lus if ancien != nouveau}
    assert len(montes) >= 10, "ces archives n'éprouvent aucune montée de version"


async def test_les_questions_recoivent_les_reponses_d_alors(dossier: Path) -> None:
    attendues: dict[str, list[Data]] = json.loads((dossier / "reponses.json").read_text("utf-8"))
    async for neuf in sur_le_banc(dossier):
        for nom, question in QUESTIONS.items():
            recues = await neuf.demander(question(par=QUI, **LIEU))
            champs = attendues[nom][0].keys()
            assert [{champ: one.get(champ) for champ in champs} for one in recues] == attendues[nom]


async def test_les_deux_moteurs_y_lisent_les_memes_lignes(dossier: Path, tmp_path: Path, postgres_base: str) -> None:
    """Dans des bases migrées, comme en production ; chaque projection des cinq services."""
    lignes = 0
    for nom in SERVICES:
        ici, la = engine_for(f"sqlite:///{tmp_path}/{nom}.db"), engine_for(postgres_base)
        for engine in (ici, la):
            migrate(engine, histoire(nom))
            for projection in projections(nom):
                sources = [ArchiveSeule(one) for one in archives(dossier)]
                await replay(projection, registry=spec(nom).registry, sources=sources, engine=engine)
        for projection in projections(nom):
            verdict = compare(ici, la, projection)
            assert verdict.live == verdict.rebuilt, (nom, projection.label, verdict.differences[:3])
            lignes += verdict.rows[0]
        ici.dispose()
        with writing(la) as connection:  # la suivante a des tables du même nom
            for table in histoire(nom).tables:
                table.drop(connection)
        la.dispose()
    assert lignes > 0


async def test_les_reactions_d_aujourd_hui_n_ajoutent_rien_aux_faits_d_hier(dossier: Path) -> None:
    """Chaque commande due est reconnue à son identifiant, ou n'avait rien à faire.

    Un règlement qui n'est plus celui que la session a figé arrête tout : rien n'est décidé sous un autre.
    """
    async for neuf in sur_le_banc(dossier):
        journal = neuf.journals["2026"]
        nombre = len(journal.messages)
        arret = [] if dossier.name != AVANT_LES_EMPREINTES else ["REGLEMENT_CHANGE"]
        assert await _refus(neuf) == arret
        assert len(journal.messages) == nombre


async def _refus(neuf: Banc) -> list[str]:
    try:
        await neuf.reagir()
    except Refus as refus:
        return [refus.regle]
    return []


# Une montée de version pendant que tout tourne ---------------------------------------------------------------------


def suivante(nom: str) -> str:
    """``notation.note_saisie.v1`` → ``notation.note_saisie.v2``."""
    genre, _, version = nom.rpartition(".v")
    return f"{genre}.v{int(version) + 1}"


class NoteSuivante(NoteSaisie):
    """Ce qu'écrirait un programme plus récent."""

    NAME: ClassVar[str] = suivante(NoteSaisie.NAME)
    saisie_par: str = ""


class ConformeSuivant(DossierDeclareConforme):
    NAME: ClassVar[str] = suivante(DossierDeclareConforme.NAME)
    portee: str = ""


SUIVANTS: dict[type[Event], type[Event]] = {NoteSaisie: NoteSuivante, DossierDeclareConforme: ConformeSuivant}
AJOUTS = {NoteSuivante.NAME: {"saisie_par": "correcteur"}, ConformeSuivant.NAME: {"portee": "examen"}}


def montee(registre: Registry) -> Registry:
    """Le même programme, une version plus loin : deux événements ont changé, avec l'étape qui lit les anciens."""
    connus = registre.events
    etapes = dict(_etapes(registre))
    for ancien, nouveau in SUIVANTS.items():
        if ancien in connus:
            etapes[ancien.NAME] = lambda data, ajout=AJOUTS[nouveau.NAME]: {**data, **ajout}
    return Registry([SUIVANTS.get(one, one) for one in connus], etapes)


def _etapes(registre: Registry) -> Iterable[tuple[str, Any]]:
    for (service, genre, version), etape in registre._steps.items():
        yield f"{service}.{genre}.v{version}", etape


def ecrits_apres(dossier: Path) -> list[Stored]:
    """La seconde moitié du journal, telle que l'aurait écrite ce programme plus récent."""
    tous = messages(dossier)
    milieu = len(tous) // 2
    noms = {ancien.NAME: nouveau.NAME for ancien, nouveau in SUIVANTS.items()}
    return [*tous[:milieu], *(_monter(one, noms) for one in tous[milieu:])]


def _monter(message: Stored, noms: dict[str, str]) -> Stored:
    enveloppes = [
        {**one, "type": noms[one["type"]], "data": {**one["data"], **AJOUTS[noms[one["type"]]]}}
        if one["type"] in noms
        else one
        for one in message.envelopes
    ]
    types = ",".join(one["type"] for one in enveloppes)
    corps = orjson.dumps(enveloppes[0] if len(enveloppes) == 1 else enveloppes)
    return replace(message, headers={**message.headers, H_TYPES: types}, body=corps)


def journal_de(tous: list[Stored]) -> MemoryJournal:
    journal = MemoryJournal(tous[0].stream)
    for one in tous:
        journal.take(one)
    return journal


@pytest.mark.parametrize(("service", "projection"), PROJECTIONS, ids=lambda one: getattr(one, "name", one))
async def test_l_ancien_programme_s_arrete_avant_ce_qu_il_ne_connait_pas_puis_reprend(
    dossier: Path, tmp_path: Path, service: str, projection: Any
) -> None:
    """Il n'invente rien, ne saute rien ; mis à jour, il finit, et ses lignes sont celles d'une reconstruction."""
    journal, registre = journal_de(ecrits_apres(dossier)), spec(service).registry
    base, neuve = engine_for(f"sqlite:///{tmp_path}/live.db"), engine_for(f"sqlite:///{tmp_path}/neuve.db")
    ancien = Projector(service, registre, base, [journal], [projection])
    nouveaux = {nouveau.NAME for nouveau in SUIVANTS.values()}
    genres = {one.NAME.rpartition(".v")[0] for one in projection.handles}
    suivis = {nom for nom in nouveaux if nom.rpartition(".v")[0] in genres}
    premier = next((one.seq for one in journal.messages if suivis.intersection(one.types)), None)
    arret = await _arret(ancien)
    assert (premier is None) == (arret is None)
    assert arret is None or ("VERSION_INCONNUE" in arret and f"@{premier}" in arret)
    await Projector(service, montee(registre), base, [journal], [projection]).catch_up()
    await replay(projection, registry=montee(registre), sources=[journal], engine=neuve)
    assert compare(base, neuve, projection).equal
    base.dispose()
    neuve.dispose()


async def _arret(projector: Projector) -> str | None:
    """Ce qui a arrêté la lecture, ou rien."""
    try:
        await projector.catch_up()
    except SocleError as error:
        return str(error)
    return None


async def test_le_nouveau_programme_lit_les_deux(dossier: Path, tmp_path: Path) -> None:
    """Ce que disent les lignes ne dépend pas de la version sous laquelle le fait a été écrit."""
    for service, projection in PROJECTIONS:
        lues = []
        for rang, tous in enumerate((messages(dossier), ecrits_apres(dossier))):
            base = engine_for(f"sqlite:///{tmp_path}/{service}-{projection.name}-{rang}.db")
            registre = montee(spec(service).registry)
            await replay(projection, registry=registre, sources=[journal_de(tous)], engine=base)
            lues.append(_lignes(base, projection))
            base.dispose()
        assert lues[0] == lues[1], projection.label


def _lignes(base: Engine, projection: Projection) -> list[Data]:
    """Toutes ses lignes, sans le nom sous lequel le journal garde chaque événement."""
    with base.connect() as connexion:
        lues = [dict(one._mapping) for table in projection.tables for one in connexion.execute(select(table))]
    return sorted(({k: v for k, v in one.items() if k != "type"} for one in lues), key=repr)


async def test_une_projection_se_rejoue_depuis_l_archive_seule(dossier: Path, tmp_path: Path) -> None:
    (archive,) = [Archive(dossier, one.journal) for one in archives(dossier)]
    for service, projection in PROJECTIONS:
        base = engine_for(f"sqlite:///{tmp_path}/{service}-{projection.name}.db")
        atteintes = await replay(
            projection, registry=spec(service).registry, sources=[ArchiveSeule(archive)], engine=base
        )
        assert set(atteintes.values()) == {len(messages(dossier))}
        base.dispose()
