"""Rejouer pour l'exploitation : sur place, un agrégat, un moment passé, les documents ; sans jamais rien émettre."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from nats.aio.client import Client
from sqlalchemy import Column, MetaData, select, text
from sqlalchemy.exc import OperationalError

from contracts.messages import Acteur, Data
from contracts.requetes import (
    ListerCandidatures,
    ListerDossiers,
    ListerResultats,
    Requete,
    SurCandidat,
    VoirCandidature,
    VoirDecision,
    VoirDocuments,
    VoirDossier,
    VoirProposition,
    VoirReleve,
    VoirSession,
)
from services.exploitation import plateforme as module_plateforme
from services.exploitation import rejeu as module_rejeu
from services.exploitation.composition import projections
from services.exploitation.consultation import Porte
from services.exploitation.plateforme import Plateforme, client, demarrer
from services.exploitation.rejeu import BaseAbsente, JournalNonSuivi, PositionsDifferentes, connues, rejouer
from services.exploitation.rejeu_agregat import rejouer_agregat
from services.exploitation.rejeu_documents import ABSENT, DIFFERENT, EGAL, refaire_documents
from services.exploitation.rejeu_en_place import en_place, oublier
from services.exploitation.rejeu_passe import passe
from services.exploitation.terminal import EntreeRefusee
from services.socle import feed, jsapi
from services.socle.coffre import KEYS
from services.socle.connection import connect
from services.socle.enveloppe import Fact
from services.socle.journal import Journal
from services.socle.past import NothingWritten, recorded_at
from services.socle.projections import Op, Projection
from services.socle.read_model import position
from services.socle.reader import identify
from services.socle.settings import Settings
from services.socle.sql import SortedText, engine_for, writing
from services.socle.subjects import stream_name
from tests.parcours.histoire import ACADEMIE, ALICE, LIEU, SESSION, TOUS, etapes, jouer

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUI = Acteur(id="essai:gestionnaire", role="gestionnaire", academie=ACADEMIE)
JOURNAL = stream_name(ACADEMIE, SESSION)
AVANT = ("ouverture", "inscriptions", "dossiers", "convocations", "evaluation")
LECTURES = ("$JS.API.STREAM.INFO.", "$JS.API.CONSUMER.CREATE.", "$JS.API.CONSUMER.MSG.NEXT.", "$JS.API.DIRECT.GET.")


@dataclass
class Jouee:
    """Une plateforme où l'histoire est jouée, et ce que ses services répondaient à mi-parcours."""

    plateforme: Plateforme
    position: int
    alors: dict[str, Data] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.plateforme.settings


async def tout_demander(porte: Porte) -> dict[str, Data]:
    """Ce que les services disent de la session et de chaque candidat."""
    sur_session: tuple[type[Requete], ...] = (VoirSession, ListerCandidatures, ListerDossiers, ListerResultats)
    told = {one.NAME: await porte.demander(one(par=QUI, **LIEU)) for one in sur_session}
    sur_candidat: list[type[SurCandidat]] = [
        VoirCandidature,
        VoirDossier,
        VoirReleve,
        VoirDecision,
        VoirDocuments,
        VoirProposition,
    ]
    for candidat in TOUS:
        for question in sur_candidat:
            query = question(par=QUI, **LIEU, candidat=candidat.numero)
            told[f"{question.NAME} {candidat.numero}"] = await porte.demander(query)
    return told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jouee(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Jouee]:
    settings = Settings(
        donnees=tmp_path_factory.mktemp("rejeu"), sessions=(SESSION,), nats_url="", clock_tolerance=1e9, clock_lag=0
    )
    async with demarrer(settings) as plateforme:
        await jouer(plateforme.commander_brut, AVANT)
        await plateforme.stabiliser()
        async with client(settings, "exploitation") as nc:
            position = (await identify(nc, JOURNAL, 5.0)).last_seq
        alors = await tout_demander(plateforme)
        await jouer(
            plateforme.commander_brut, [nom for nom in etapes() if nom not in AVANT], attendre=plateforme.stabiliser
        )
        await plateforme.stabiliser()
        yield Jouee(plateforme, position, alors)


def abimer(settings: Settings, service: str, table: str, colonne: str, candidat: str) -> None:
    engine = engine_for(settings.database_url(service))
    with writing(engine) as connection:
        changed = connection.execute(text(f"UPDATE {table} SET {colonne} = 'faux' WHERE candidat = '{candidat}'"))
        assert changed.rowcount > 0
    engine.dispose()


# Rien ne sort -------------------------------------------------------------------------------------------------------


@dataclass
class Traces:
    """Qui s'est connecté, et les sujets où il a publié."""

    identites: set[str] = field(default_factory=set)
    sujets: list[str] = field(default_factory=list)


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Traces:
    seen = Traces()

    async def espion(settings: Settings, identite: str) -> Client:
        nc = await connect(settings, identite)
        seen.identites.add(identite)
        publish = nc.publish

        async def publier(sujet: str, *arguments: Any, **options: Any) -> None:
            seen.sujets.append(sujet)
            await publish(sujet, *arguments, **options)

        monkeypatch.setattr(nc, "publish", publier)
        return nc

    monkeypatch.setattr(module_plateforme, "connect", espion)
    return seen


async def dehors(settings: Settings) -> dict[str, Any]:
    """Tout ce qu'un rejeu pourrait changer hors de ses propres bases et des projections."""
    nc = await connect(settings, "exploitation")
    try:
        info = await jsapi.call(nc, f"STREAM.INFO.{JOURNAL}", None, 5.0)
        listed = await jsapi.call(nc, f"CONSUMER.LIST.{JOURNAL}", None, 5.0)
    finally:
        await nc.close()
    coffre = engine_for(settings.coffre())
    with coffre.connect() as connection:
        cles = sorted(map(tuple, connection.execute(select(KEYS))))
    coffre.dispose()
    files = {path: path.stat().st_mtime_ns for path in settings.documents_dir.rglob("*")}
    durables = {
        one["name"]: one["delivered"]["consumer_seq"]
        for one in listed["consumers"]
        if one["config"].get("durable_name")
    }
    return {"fin": info["state"]["last_seq"], "cles": cles, "fichiers": files, "reactions": durables}


async def test_aucun_rejeu_n_emet_rien_ni_n_ecrit_hors_de_ses_bases(
    jouee: Jouee, traces: Traces, tmp_path: Path
) -> None:
    avant = await dehors(jouee.settings)
    assert all(one.egal for one in [one async for one in rejouer(jouee.settings, dans=tmp_path / "a")])
    async with passe(jouee.settings, position=jouee.position, dans=tmp_path / "b") as alors:
        await tout_demander(alors)
    await rejouer_agregat(jouee.settings, f"releve-{ALICE.numero}")
    for nom in ("candidats", "resultats"):
        [faite] = await en_place(jouee.settings, nom)
        assert (faite.basculee, faite.egal) == (True, True)
        assert len(await oublier(jouee.settings, nom)) == 1
    delivres, faits = await refaire_documents(jouee.settings, None)
    assert delivres == len(faits) > 0
    assert await dehors(jouee.settings) == avant
    assert traces.identites == {"exploitation"}, "le courtier lui interdit de publier un fait, un ordre, une question"
    assert len(traces.sujets) > 20
    assert [one for one in traces.sujets if not one.startswith(LECTURES)] == []


async def test_le_passe_ne_s_ecrit_pas(jouee: Jouee) -> None:
    async with passe(jouee.settings, position=jouee.position) as alors:
        suivante = etapes()["resultats"][0]
        past = alors.services[suivante["commande"].partition(".")[0]]
        commande = past.spec.read_command(suivante | {"id": "passe-0001"})
        with pytest.raises(NothingWritten):
            await past.environment.runner.execute(commande)


# Le passé -----------------------------------------------------------------------------------------------------------


async def test_a_une_position_les_services_repondent_ce_qu_ils_repondaient(jouee: Jouee) -> None:
    async with passe(jouee.settings, position=jouee.position) as alors:
        assert alors.instant.positions == {JOURNAL: jouee.position}
        told = await tout_demander(alors)
        assert sum(one.evenements for one in alors.comptes()) == jouee.position * len(alors.comptes())
    assert {nom: one for nom, one in told.items() if one != jouee.alors[nom]} == {}
    assert sum(one["ok"] and bool(one["reponse"]) for one in told.values()) > len(TOUS) * 3
    assert await tout_demander(jouee.plateforme) != told


async def test_a_un_moment_le_journal_est_lu_jusqu_a_ce_qu_il_avait_enregistre(jouee: Jouee, tmp_path: Path) -> None:
    async with client(jouee.settings, "exploitation") as nc, Journal(nc, JOURNAL, jouee.settings.bounds) as journal:
        quand = await recorded_at(journal, jouee.position)
        debut = await recorded_at(journal, 1)
    assert quand is not None
    assert debut is not None
    async with passe(jouee.settings, au=quand, dans=tmp_path) as alors:
        assert alors.instant.positions[JOURNAL] >= jouee.position
        atteinte = alors.instant.positions[JOURNAL]
    async with passe(jouee.settings, position=atteinte + 5, dans=tmp_path) as suite:  # repris plus loin
        assert suite.instant.positions == {JOURNAL: atteinte + 5}
    with pytest.raises(EntreeRefusee, match="dossier vide"):
        async with passe(jouee.settings, position=atteinte, dans=tmp_path):
            pass
    with pytest.raises(EntreeRefusee, match="rien"):
        async with passe(jouee.settings, au=debut.replace(year=2001)):
            pass
    with pytest.raises(EntreeRefusee, match="--position"):
        async with passe(jouee.settings, position=10**9):
            pass


# Sur place, un agrégat ----------------------------------------------------------------------------------------------


async def test_une_projection_abimee_est_nommee_puis_reparee_sans_arret(jouee: Jouee) -> None:
    settings, (notes,) = jouee.settings, [one for one in projections("notation") if one.name == "notes"]
    table = notes.tables[1].name
    abimer(settings, "notation", table, "regle", ALICE.numero)
    [vu] = [one async for one in rejouer(settings, "notes")]
    assert not vu.egal
    verdicts = {one.projection: one for one in await rejouer_agregat(settings, f"releve-{ALICE.numero}")}
    fautif = verdicts[notes.label]
    assert (fautif.egal, fautif.echec) == (False, None)
    assert all(table in one and "regle = faux" in one for one in fautif.differences)
    assert all(one.egal for one in verdicts.values() if one is not fautif)
    assert all(one.egal for one in await rejouer_agregat(settings, "releve-N26B0002"))
    [essai] = await en_place(settings, "notation.notes", basculer=False)
    assert (essai.basculee, essai.egal) == (False, False)
    [faite] = await en_place(settings, "notation.notes")
    assert (faite.basculee, faite.egal, faite.nouvelle) == (True, False, essai.nouvelle)
    assert [one async for one in rejouer(settings, "notes") if not one.egal] == []
    assert await oublier(settings, "notes") == [f"notation.{faite.ancienne}"]


def suivante(ancienne: Projection) -> Projection:
    """La même projection dans un programme plus récent : une version de plus, une colonne de plus."""
    version = ancienne.VERSION + 1
    autres = {
        one: one.to_metadata(MetaData(), name=f"{one.name.rpartition('_v')[0]}_v{version}") for one in ancienne.tables
    }
    for table in autres.values():
        table.append_column(Column("en_plus", SortedText))

    class Suivante(Projection):
        name = ancienne.name
        VERSION = version
        tables = tuple(autres.values())
        handles = ancienne.handles

        def project(self, fact: Fact) -> Iterable[Op]:
            return [one._replace(table=autres[one.table]) for one in ancienne.project(fact)]

    return Suivante()


async def test_une_nouvelle_version_se_construit_pendant_que_l_ancienne_sert_et_l_ancienne_peut_revenir(
    jouee: Jouee, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, (ancienne,) = jouee.settings, [one for one in projections("notation") if one.name == "bordereaux"]
    nouvelle = suivante(ancienne)
    monkeypatch.setattr("services.notation.shell.app.PROJECTIONS", (nouvelle,))
    [essai] = await en_place(settings, "bordereaux", basculer=False)
    assert (essai.basculee, essai.egal, len(essai.changements)) == (False, None, len(ancienne.tables))
    [faite] = await en_place(settings, "bordereaux")
    assert faite.basculee
    assert all("gagne : en_plus" in one and "0 lignes dites autrement" in one for one in faite.changements)
    assert [one async for one in rejouer(settings, "bordereaux") if not one.egal] == []
    monkeypatch.undo()
    [retour] = await en_place(settings, "bordereaux")
    assert (retour.basculee, retour.projection) == (True, ancienne.label)
    assert await oublier(settings, "bordereaux") == [f"notation.{nouvelle.label}, génération 1"]
    assert [one async for one in rejouer(settings, "bordereaux") if not one.egal] == []


async def test_un_agregat_inconnu_ou_a_joker_est_refuse(jouee: Jouee) -> None:
    with pytest.raises(EntreeRefusee):
        await rejouer_agregat(jouee.settings, "releve-N99Z9999")
    for mauvais in ("releve-*", ">"):
        with pytest.raises(Exception, match="SUJET_INVALIDE"):
            await rejouer_agregat(jouee.settings, mauvais)


# Comparer -----------------------------------------------------------------------------------------------------------


async def test_un_evenement_qui_echoue_est_nomme_et_les_autres_projections_continuent(
    jouee: Jouee, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes,) = [one for one in projections("notation") if one.name == "notes"]
    project = type(notes).project

    def fautive(self: Any, fact: Any) -> Any:
        if fact.name.startswith("notation.note_saisie."):
            raise ZeroDivisionError("un nom")
        return project(self, fact)

    monkeypatch.setattr(type(notes), "project", fautive)
    verdicts = {one.projection: one async for one in rejouer(jouee.settings)}
    assert len(verdicts) == len(connues())
    arretee = verdicts.pop(notes.label)
    assert all(one.egal for one in verdicts.values())
    assert not arretee.egal
    assert arretee.echec is not None
    for dit in (f"{JOURNAL}@", "notation.note_saisie.", "ZeroDivisionError"):
        assert dit in arretee.echec
    assert "un nom" not in arretee.echec


async def test_coupe_puis_repris_dans_le_meme_dossier_le_verdict_est_le_meme(
    jouee: Jouee, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MAX_BATCH", 40)
    lus: list[feed.Progress] = []
    coupe = asyncio.Event()

    def suivre(_: str, progress: feed.Progress) -> None:
        lus.append(progress)
        if progress.done >= 80:
            coupe.set()

    async def tout() -> list[Any]:
        return [
            one async for one in rejouer(jouee.settings, "notes", "deliberation.jurys", dans=tmp_path, suivi=suivre)
        ]

    task = asyncio.create_task(tout())
    await coupe.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    entier = max(one.total for one in lus)
    lus.clear()
    verdicts = await tout()
    assert [one.egal for one in verdicts] == [True, True]
    # Celle en service peut avoir avancé entre les deux.
    entier = max(entier, *(one.total for one in lus))
    assert min(one.total for one in lus) <= entier - 80, "repris où il en était"
    lus.clear()
    assert [one.egal for one in await tout()] == [True, True]
    assert lus == [], "plus rien à relire"


async def test_une_base_a_part_plus_avancee_que_le_service_est_refusee(jouee: Jouee, tmp_path: Path) -> None:
    [_] = [one async for one in rejouer(jouee.settings, "deliberation.jurys", dans=tmp_path)]
    (jurys,) = [one for one in projections("deliberation") if one.name == "jurys"]
    apart = engine_for(f"sqlite:///{tmp_path}/deliberation.{jurys.label}.db")
    with writing(apart) as connection:
        connection.execute(text("UPDATE position SET seq = seq + 5"))
    apart.dispose()
    with pytest.raises(PositionsDifferentes, match="dossier vide"):
        [_ async for _ in rejouer(jouee.settings, "deliberation.jurys", dans=tmp_path)]


async def test_un_journal_que_les_reglages_oublient_est_nomme(jouee: Jouee) -> None:
    (jurys,) = [one for one in projections("deliberation") if one.name == "jurys"]
    engine = engine_for(jouee.settings.database_url("deliberation"))
    ailleurs = {"projection": jurys.name, "version": jurys.VERSION, "stream": "JOURNAL_NORMANDIE_2019"}
    with writing(engine) as connection:
        connection.execute(position.insert().values(**ailleurs, seq=3, created="avant"))
    try:
        for work in (rejouer_agregat(jouee.settings, "jury-J1"), en_place(jouee.settings, "deliberation.jurys")):
            with pytest.raises(JournalNonSuivi, match="JOURNAL_NORMANDIE_2019"):
                await work
    finally:
        with writing(engine) as connection:
            connection.execute(position.delete().where(position.c.stream == ailleurs["stream"]))
        engine.dispose()


async def test_une_table_qui_disparait_est_une_erreur_claire(jouee: Jouee, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ainsi quand les services s'arrêtent ou démarrent : la table était là, elle ne l'est plus."""

    def disparue(*_: object) -> None:
        raise OperationalError("SELECT", None, Exception("no such table: position"))

    monkeypatch.setattr(module_rejeu, "compare_if_level", disparue)
    with pytest.raises(BaseAbsente, match="no such table: position"):
        [_ async for _ in rejouer(jouee.settings, "deliberation.jurys")]


# Les documents ------------------------------------------------------------------------------------------------------


async def test_chaque_document_refait_du_journal_a_les_memes_octets(jouee: Jouee) -> None:
    delivres, faits = await refaire_documents(jouee.settings, None)
    assert [one for one in faits if one.verdict != EGAL] == []
    fichiers = {one.fichier for one in faits}
    publies = {
        str(one.relative_to(jouee.settings.documents_dir)) for one in jouee.settings.documents_dir.rglob("*-v*.pdf")
    }
    assert fichiers == {one for one in publies if "pv-" not in one}
    sur, tires = await refaire_documents(jouee.settings, 2)
    assert (sur, len(tires)) == (delivres, 2)
    assert {one.numero for one in tires} == {faits[0].numero, faits[-1].numero}


async def test_un_document_altere_ou_perdu_est_nomme(jouee: Jouee) -> None:
    _, (premier, *_, dernier) = await refaire_documents(jouee.settings, None)
    altere, perdu = (jouee.settings.documents_dir / one.fichier for one in (premier, dernier))
    garde = altere.read_bytes(), perdu.read_bytes()
    try:
        altere.write_bytes(garde[0][:-1] + b"?")
        perdu.unlink()
        _, faits = await refaire_documents(jouee.settings, None)
        mauvais = {one.numero: one.verdict for one in faits if not one.bon}
        assert mauvais == {premier.numero: DIFFERENT, dernier.numero: ABSENT}
    finally:
        altere.write_bytes(garde[0])
        perdu.write_bytes(garde[1])
