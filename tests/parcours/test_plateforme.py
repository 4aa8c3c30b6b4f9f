"""La plateforme telle qu'elle tourne : un vrai courtier, les cinq services, et ce qui leur arrive de travers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from nats.errors import NoRespondersError

from contracts.messages import Acteur, Data
from contracts.requetes import VoirCandidature, VoirDecision, VoirDossier, VoirReleve
from services.exploitation.banc import banc
from services.exploitation.composition import SERVICES, projections, spec
from services.exploitation.lecture import lire
from services.exploitation.plateforme import Plateforme, client, demarrer
from services.exploitation.rejeu import rejouer
from services.exploitation.sante import BON, bilan_de_sante
from services.socle.enveloppe import Context, encode
from services.socle.journal import Journal
from services.socle.replay import compare, replay
from services.socle.service import Service
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import stream_name, subject
from tests.parcours.histoire import (
    ACADEMIE,
    ALICE,
    BASILE,
    CELIA,
    DIPLOME,
    GESTIONNAIRE,
    LIEU,
    RECTEUR,
    SESSION,
    TOUS,
    acteur,
    etapes,
    inscription,
    jouer,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUI = Acteur(id="essai:gestionnaire", role="gestionnaire", academie=ACADEMIE)
LONGTEMPS = 100 * 365 * 86_400.0  # l'histoire se joue quelle que soit la date de la machine
AVANT_DOSSIERS = ("ouverture", "inscriptions")


def reglages(dossier: Path, **autres: Any) -> Settings:
    defaut: dict[str, Any] = {"clock_tolerance": LONGTEMPS, "clock_lag": 0, **autres}
    return Settings(donnees=dossier, sessions=(SESSION,), nats_url="", **defaut)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jouee(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plateforme]:
    """Une plateforme où l'histoire est jouée jusqu'au bout ; les tests qui la partagent n'y ajoutent rien."""
    async with demarrer(reglages(tmp_path_factory.mktemp("jouee"))) as plateforme:
        await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
        yield plateforme


@pytest_asyncio.fixture(loop_scope="module")
async def neuve(tmp_path: Path) -> AsyncIterator[Plateforme]:
    """Une plateforme à soi, pour ce qui l'abîme."""
    async with demarrer(reglages(tmp_path)) as plateforme:
        yield plateforme


async def brut(plateforme: Plateforme, corps: bytes, porte: str = "cmd", service: str = "inscription") -> Data:
    """La réponse à des octets quelconques."""
    answer = await plateforme.nc.request(f"{porte}.{ACADEMIE}.{service}.essai", corps, timeout=10.0)
    told: Data = orjson.loads(answer.data)
    return told


async def demander(plateforme: Plateforme, question: type[Any], numero: str, **options: Any) -> Any:
    answer = await plateforme.demander(question(par=QUI, **LIEU, candidat=numero), **options)
    assert answer["ok"], answer
    return answer["reponse"]


def ordre(commande: str, identifiant: str, par: Data = GESTIONNAIRE, **champs: Any) -> Data:
    le = "2025-10-06T09:00:00+02:00"
    return {"commande": commande, "id": identifiant, "le": le, "par": par, **LIEU, **champs}


# Prête, et la même que sur le banc ---------------------------------------------------------------------------------


async def test_elle_est_prete_vite_sur_un_dossier_vide(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    debut = time.monotonic()
    async with demarrer(reglages(tmp_path)) as plateforme:
        pret = time.monotonic() - debut
        assert tuple(plateforme.services) == SERVICES
    record_property("pret_s", round(pret, 2))
    assert pret < 10, "visé : 3 s"


async def test_la_session_y_donne_les_memes_faits_que_sur_le_banc(jouee: Plateforme) -> None:
    async with banc(SESSION) as neuf:
        await jouer(neuf.commander_brut)
        messages = neuf.journals[SESSION].messages
        attendus = Counter((one.subject.split(".")[-1], nom) for one in messages for nom in one.types)
    assert await _faits(jouee.settings) == _sans_personne(attendus)
    sante = await bilan_de_sante(jouee.settings)
    assert sante["ok"], sante["lignes"]


async def test_ce_qu_une_commande_vient_de_changer_se_lit_aussitot(jouee: Plateforme) -> None:
    (convoquer, *_) = etapes()["convocations"]
    fait = await jouee.commander_brut(convoquer)
    position = {"journal": fait["journal"], "seq": fait["position"]}
    assert (await demander(jouee, VoirCandidature, convoquer["candidat"], position=position))["convoque"]


async def test_chaque_projection_reconstruite_est_egale_a_celle_en_service(jouee: Plateforme) -> None:
    verdicts = [one async for one in rejouer(jouee.settings)]
    assert len(verdicts) == sum(len(projections(name)) for name in SERVICES)
    assert [one for one in verdicts if not one.egal] == []


# Les droits --------------------------------------------------------------------------------------------------------

LUI = acteur("candidat-1", "candidat", f"candidat:{ALICE.numero}")


@pytest.mark.parametrize(
    ("code", "raw"),
    [
        ("DROIT_ROLE", etapes()["ouverture"][0] | {"par": LUI}),
        ("DROIT_ROLE", ordre("publication.delivrer_diplome", "droit-0001", candidat=ALICE.numero, jury="J1")),
        ("DROIT_ROLE", ordre("notation.fermer_acces", "droit-0002", RECTEUR, candidat=ALICE.numero, regle="CAP26-I05")),
        ("DROIT_PORTEE", {**ordre("inscription.inscrire_candidat", "droit-0003", LUI), **inscription(BASILE)}),
        (
            "DROIT_PORTEE",
            ordre(
                "notation.saisir_note", "droit-0004", acteur("com:13", "commission", "lot:UG2"),
                candidat=ALICE.numero, epreuve="UG1", note="20", lot="UG1",
            ),
        ),
        (
            "DROIT_PORTEE",
            ordre("deliberation.ouvrir_jury", "droit-0005", acteur("PRO1", "president_jury", "jury:J2"), jury="J1"),
        ),
        (
            "DROIT_ACADEMIE",
            ordre(
                "inscription.annuler_inscription", "droit-0006", acteur("dec:x", "gestionnaire", academie="paris"),
                candidat=ALICE.numero, motif="depuis une autre académie",
            ),
        ),
    ],
)  # fmt: skip
async def test_une_commande_hors_des_droits_de_son_auteur_est_refusee(jouee: Plateforme, code: str, raw: Data) -> None:
    reponse = await jouee.commander_brut(raw)
    assert (reponse["ok"], reponse["refus"], reponse["code"]) == (False, True, code), reponse


@pytest.mark.parametrize(
    ("code", "question", "par"),
    [
        ("DROIT_ROLE", VoirReleve, LUI),
        ("DROIT_ROLE", VoirDecision, LUI),
        ("DROIT_PORTEE", VoirDossier, acteur("candidat-2", "candidat", f"candidat:{BASILE.numero}")),
        ("DROIT_PORTEE", VoirDecision, acteur("PRO1", "president_jury", "jury:J2")),
        ("DROIT_ACADEMIE", VoirCandidature, acteur("dec:x", "gestionnaire", academie="paris")),
    ],
)
async def test_une_question_hors_des_droits_de_son_auteur_est_refusee(
    jouee: Plateforme, code: str, question: type[Any], par: Data
) -> None:
    reponse = await jouee.demander(question(par=Acteur(**par), **LIEU, candidat=ALICE.numero))
    assert (reponse["ok"], reponse["code"]) == (False, code), reponse


async def test_un_candidat_voit_son_dossier(jouee: Plateforme) -> None:
    reponse = await jouee.demander(VoirDossier(par=Acteur(**LUI), **LIEU, candidat=ALICE.numero))
    assert reponse["reponse"]["etat"] == "autorise"


async def test_une_date_a_venir_est_refusee_sauf_l_ecart_permis_des_horloges(tmp_path: Path) -> None:
    async with demarrer(reglages(tmp_path, clock_tolerance=300.0), ["inscription"]) as plateforme:
        ouvrir = etapes()["ouverture"][0]
        demain, tout_a_l_heure = (datetime.now(UTC) + timedelta(**one) for one in ({"days": 1}, {"seconds": 60}))
        refus = await plateforme.commander_brut({**ouvrir, "le": demain.isoformat()})
        assert (refus["ok"], refus["code"]) == (False, "DATE_FUTURE")
        assert (await plateforme.commander_brut({**ouvrir, "le": tout_a_l_heure.isoformat()}))["ok"]


async def test_seuls_qui_enregistrent_apres_coup_datent_d_avant(tmp_path: Path) -> None:
    async with demarrer(reglages(tmp_path, clock_lag=900.0), ["inscription", "notation"]) as plateforme:
        await jouer(plateforme.commander_brut, ["ouverture"])
        autrefois = ordre("notation.saisir_note", "passe-0001", acteur("com:1", "commission", "lot:UG1"), lot="UG1")
        note = {"candidat": ALICE.numero, "epreuve": "UG1", "note": "12"}
        assert (await plateforme.commander_brut({**autrefois, **note}))["code"] == "DATE_PASSEE"


async def test_personne_ne_parle_de_dehors_au_nom_d_une_reaction(jouee: Plateforme) -> None:
    systeme = acteur("systeme:notation", "systeme")
    fermer = ordre("notation.fermer_acces", "dehors-001", systeme, candidat=ALICE.numero, regle="CAP26-I05")
    assert (await jouee.commander_brut(fermer))["code"] == "DROIT_ROLE"


# Ce qui n'est pas une commande -------------------------------------------------------------------------------------

ILLISIBLES = [
    b"", b"pas du json", b"\xff\xfe\x00", b"null", b"3", b'"texte"', b"[]", b"{}", b"[" * 60_000,
    b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b'{"commande": null}', b'{"commande": 5}', b'{"commande": ["x"]}',
    b'{"commande": "inscription.inconnue"}', b'{"commande": "notation.saisir_note"}',
    b'{"commande": "inscription.inscrire_candidat", "le": "hier"}', b'{"requete": 5}', b'{"requete": "x.y"}',
    b'{"requete": "inscription.voir_session"}',
]  # fmt: skip


@pytest.mark.parametrize("porte", ["cmd", "qry"])
async def test_tout_ce_qui_n_est_ni_commande_ni_question_recoit_un_code(jouee: Plateforme, porte: str) -> None:
    for corps in ILLISIBLES:
        reponse = await brut(jouee, corps, porte)
        assert (reponse["ok"], reponse["refus"]) == (False, True), (corps[:60], reponse)
        quoi, _, faute = reponse["code"].partition("_")
        assert quoi == {"cmd": "COMMANDE", "qry": "REQUETE"}[porte], (corps[:60], reponse)
        assert faute in ("MALFORMEE", "INCONNUE"), (corps[:60], reponse)
    assert (await jouee.commander_brut(etapes()["ouverture"][0]))["deja"], "le service répond toujours"


@pytest.mark.parametrize("lot", [5, None, "abc", {"a": 1}, [1, None, "x", []]])
async def test_un_lot_malforme_recoit_un_code(jouee: Plateforme, lot: object) -> None:
    reponse = await brut(jouee, orjson.dumps({"lot": lot}))
    told = reponse["lot"] if reponse["ok"] else [reponse]
    assert {one["code"] for one in told} <= {"COMMANDE_MALFORMEE", "COMMANDE_INCONNUE"}, reponse


@pytest.mark.parametrize("position", ["x", {"journal": "J", "seq": "z"}, {"journal": "J", "seq": None}, {"seq": 1}])
async def test_une_position_malformee_recoit_un_code(jouee: Plateforme, position: object) -> None:
    question = {"requete": "inscription.voir_session", "par": GESTIONNAIRE, **LIEU, "position": position}
    assert (await brut(jouee, orjson.dumps(question), "qry"))["code"] == "REQUETE_MALFORMEE"


async def test_une_date_hors_du_temps_recoit_un_code(neuve: Plateforme) -> None:
    await jouer(neuve.commander_brut, ["ouverture"])
    ligne = {**etapes()["inscriptions"][0], "le": "0001-01-01T00:00:00+14:00"}
    assert (await neuve.commander_brut(ligne))["code"] != "ERREUR_INTERNE"


async def test_une_commande_trop_grande_est_refusee_par_un_code_et_le_reste_continue(jouee: Plateforme) -> None:
    depot = next(one for one in etapes()["inscriptions"] if "attestation" in one)
    for octets in (1_030_000, 2_000_000):  # le message tient et pas la décision ; puis ni l'un ni l'autre
        activites = {"activites": ["x" * octets]}
        gros = {**depot, "id": f"gros-{octets}", "piece": "GROS", "attestation": depot["attestation"] | activites}
        reponse = await jouee.commander_brut(gros)
        assert (reponse["ok"], reponse["code"]) == (False, "MESSAGE_TROP_GRAND"), octets
    assert (await jouee.commander_brut(depot))["deja"]


# Un journal abîmé --------------------------------------------------------------------------------------------------


async def ecrire(settings: Settings, service: str, agregat: str, corps: bytes, entetes: dict[str, str]) -> int:
    """Écrire droit dans le journal, sous l'identité d'un service : le courtier n'y voit rien à redire."""
    async with client(settings, service) as nc:
        path = subject(settings.academie, SESSION, DIPLOME, service, agregat)
        ack = orjson.loads((await nc.request(path, corps, headers=entetes, timeout=5.0)).data)
    return int(ack["seq"])


def conforme(settings: Settings, numero: str, version: int = 1, rang: int = 1) -> tuple[bytes, dict[str, str]]:
    """Un dossier déclaré conforme, bien écrit, dans la version voulue."""
    contexte = Context(f"essai-{numero}-{rang}", "essai", "systeme", datetime(2026, 1, 5, tzinfo=UTC), "essai")
    path = subject(settings.academie, SESSION, DIPLOME, "conformite", f"dossier-{numero}")
    nom, donnees = f"conformite.dossier_declare_conforme.v{version}", {"candidat": numero, "regle": "CAP26-I03"}
    evenement = (f"fait-{numero}-{rang}", nom, donnees)
    return encode(subject=path, context=contexte, rang=rang, precedent="", events=[evenement])


async def attendre(quoi: str, condition: Callable[[Data], bool], settings: Settings) -> Data:
    """Le bilan de santé, dès qu'il montre cela."""
    limite = time.monotonic() + 20
    while not condition(bilan := await bilan_de_sante(settings)):
        assert time.monotonic() < limite, f"{quoi} : {bilan['lignes']}"
        await asyncio.sleep(0.05)
    return bilan


def mauvaises(bilan: Data) -> list[str]:
    return [f"{quoi} {detail}" for quoi, etat, detail in bilan["lignes"] if etat != BON]


def _dit(bilan: Data, ceci: str) -> bool:
    return any(ceci in one for one in mauvaises(bilan))


async def test_un_message_malforme_est_mis_de_cote_la_sante_le_montre_et_les_autres_agregats_avancent(
    neuve: Plateforme,
) -> None:
    settings, malade = neuve.settings, "N26X6666"
    await jouer(neuve.commander_brut, AVANT_DOSSIERS, attendre=neuve.stabiliser)
    corps, entetes = conforme(settings, malade)
    seq = await ecrire(settings, "conformite", f"dossier-{malade}", b"{" + corps, entetes)
    await ecrire(settings, "conformite", f"dossier-{malade}", *conforme(settings, malade, rang=2))
    await jouer(neuve.commander_brut, ["dossiers"], attendre=neuve.stabiliser)

    ici = f"{stream_name(ACADEMIE, SESSION)}@{seq} MESSAGE_MALFORME"
    lecteurs = ("inscription-autorisation", "notation-suivre_dossier", "dossiers_v1", "dossiers_jury_v3")
    bilan = await attendre("mis de côté", lambda told: all(_dit(told, f"{un} {ici}") for un in lecteurs), settings)
    assert not bilan["ok"]
    assert all(
        _dit(bilan, f"{un} {ici.replace(f'{seq} MESSAGE_MALFORME', f'{seq + 1} EN_ATTENTE')}") for un in lecteurs
    )

    for one in TOUS:
        candidature = await demander(neuve, VoirCandidature, one.numero)
        assert candidature["autorise"] is (one is not CELIA), "les autres candidats n'ont rien vu"
    reponse = await neuve.commander_brut(ordre("conformite.controler_dossier", "malade-001", candidat=malade))
    assert (reponse["ok"], reponse["code"]) == (False, "MESSAGE_MALFORME"), (
        "on ne décide pas sur une histoire illisible"
    )


async def test_une_version_plus_recente_arrete_la_projection_qui_dit_laquelle(neuve: Plateforme) -> None:
    settings, futur = neuve.settings, "N26X7777"
    await jouer(neuve.commander_brut, AVANT_DOSSIERS, attendre=neuve.stabiliser)
    await ecrire(settings, "conformite", f"dossier-{futur}", *conforme(settings, futur, version=9))
    bilan = await attendre("arrêt", lambda told: len(mauvaises(told)) >= 3, settings)
    arretees = [one for one in mauvaises(bilan) if "conformite.dossier_declare_conforme.v9" in one]
    assert {one.split()[0] for one in arretees} == {
        "conformite.controles_v1",
        "conformite.dossiers_v1",
        "deliberation.dossiers_jury_v3",
    }
    assert all("VERSION_INCONNUE" in one and "v1" in one for one in arretees), arretees

    ailleurs = {**etapes()["inscriptions"][0], "id": "apres-arret", "candidat": "N26Y0001"} | inscription(
        BASILE, "N26Y0001"
    )
    ailleurs["identite"] = ailleurs["identite"] | {"ine": None, "nom": "Autrui"}
    fait = await neuve.commander_brut(ailleurs)
    assert fait["ok"], fait
    position = {"journal": fait["journal"], "seq": fait["position"]}
    assert (await demander(neuve, VoirCandidature, "N26Y0001", position=position))["candidat"] == "N26Y0001"
    question = VoirDossier(par=QUI, **LIEU, candidat=ALICE.numero)
    assert (await neuve.demander(question, position))["code"] == "PROJECTION_ARRETEE"


async def test_aucun_texte_saisi_n_arrete_une_projection(tmp_path: Path, postgres_base: str) -> None:
    async with demarrer(reglages(tmp_path, db_url=postgres_base)) as plateforme:
        await jouer(plateforme.commander_brut, AVANT_DOSSIERS, attendre=plateforme.stabiliser)
        annuler = ordre(
            "inscription.annuler_inscription", "annule-001", candidat=BASILE.numero, motif="fin\x00 de tout"
        )
        await plateforme.commander_brut(annuler)
        await plateforme.stabiliser()
        await demander(plateforme, VoirCandidature, BASILE.numero)
        assert (await bilan_de_sante(plateforme.settings))["ok"]


# Des services qui viennent, partent, se partagent le travail -------------------------------------------------------


async def test_un_service_demarre_apres_les_autres_rattrape_ce_qu_il_a_manque(
    tmp_path: Path, jouee: Plateforme
) -> None:
    sans_notation = ("publication", "deliberation", "conformite", "inscription")
    async with demarrer(reglages(tmp_path), sans_notation) as plateforme:
        await jouer(plateforme.commander_brut, (*AVANT_DOSSIERS, "dossiers"), attendre=plateforme.stabiliser)
        async with Service(plateforme.settings, spec("notation")):
            await plateforme.stabiliser()
            await jouer(plateforme.commander_brut, list(etapes())[3:], attendre=plateforme.stabiliser)
            assert await _faits(plateforme.settings) == await _faits(jouee.settings)


async def test_deux_instances_de_chaque_service_se_partagent_le_travail_sans_rien_doubler(
    tmp_path: Path, jouee: Plateforme
) -> None:
    settings = reglages(tmp_path)
    async with demarrer(settings) as plateforme, AsyncExitStack() as secondes:
        for nom in SERVICES:
            await secondes.enter_async_context(Service(settings, spec(nom)))
        await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
        assert await _faits(settings) == await _faits(jouee.settings)
        assert [one async for one in rejouer(settings) if not one.egal] == []
        assert (await bilan_de_sante(settings))["ok"]


async def test_une_commande_renvoyee_a_une_autre_instance_ne_fait_rien_de_plus_et_la_suite_s_enchaine(
    tmp_path: Path,
) -> None:
    """Chaque instance se souvient d'un candidat plus ou moins loin : aucune ne doit écrire sur ce qu'elle en croit."""
    settings = reglages(tmp_path)
    async with demarrer(settings, ["inscription"]) as plateforme, Service(settings, spec("inscription")) as seconde:
        premiere = plateforme.services["inscription"]
        await jouer(plateforme.commander_brut, ["ouverture"])
        inscrire, affecter = etapes()["inscriptions"][:2]

        def amenager(nature: str) -> bytes:
            commande = ordre(
                "inscription.accorder_amenagement", f"amenager-{nature}", candidat=ALICE.numero, nature=nature
            )
            return orjson.dumps(commande)

        await premiere.command(orjson.dumps(inscrire))
        await seconde.command(orjson.dumps(affecter))  # la première n'en sait rien
        await seconde.command(amenager("tiers-temps"))
        assert (await premiere.command(amenager("tiers-temps")))["deja"]
        for nature in ("secretaire", "pauses", "lecteur"):
            ensemble = await asyncio.gather(premiere.command(amenager(nature)), seconde.command(amenager(nature)))
            assert [one["evenements"] for one in ensemble] == [ensemble[0]["evenements"]] * 2
        assert not (await premiere.command(amenager("agrandi")))["deja"]
        assert not (await seconde.command(amenager("isole")))["deja"]
    async with demarrer(settings, ["inscription"]) as plateforme:  # relancée : toute l'histoire est relue, et suivie
        assert (await plateforme.commander_brut(affecter))["deja"]
        accordes = [one async for one in _evenements(settings) if one == "inscription.amenagement_accorde.v1"]
        assert len(accordes) == 6


async def test_arretee_puis_relancee_elle_reprend_ou_elle_en_etait(tmp_path: Path, jouee: Plateforme) -> None:
    settings, noms = reglages(tmp_path), list(etapes())
    for debut in range(0, len(noms), 3):
        async with demarrer(settings) as plateforme:
            await jouer(plateforme.commander_brut, noms[debut : debut + 3], attendre=plateforme.stabiliser)
    async with demarrer(settings):
        assert await _faits(settings) == await _faits(jouee.settings)
        assert [one async for one in rejouer(settings) if not one.egal] == []


async def test_un_arret_repond_a_ce_qui_est_en_cours_et_ne_perd_rien(tmp_path: Path) -> None:
    settings, nombre = reglages(tmp_path), 150
    async with demarrer(settings, ()) as plateforme:

        async def inscrire(rang: int) -> bool:
            identite = ALICE.identite.model_dump(mode="json") | {"ine": None, "nom": f"Nom{rang}"}
            one = inscription(ALICE, f"N26K{rang:04d}") | {"identite": identite}
            corps = orjson.dumps({**etapes()["inscriptions"][0], "id": f"arret-{rang:05d}", **one})
            try:
                answer = await plateforme.nc.request(f"cmd.{ACADEMIE}.inscription.x", corps, timeout=15.0)
            except NoRespondersError:
                return False  # il n'y avait plus personne : rien n'est fait
            assert orjson.loads(answer.data)["ok"], answer.data
            return True

        async with Service(settings, spec("inscription")):
            await jouer(plateforme.commander_brut, ["ouverture"])
            en_cours = [asyncio.create_task(inscrire(rang)) for rang in range(nombre)]
            await asyncio.wait(en_cours, return_when=asyncio.FIRST_COMPLETED)
        faites = await asyncio.gather(*en_cours)
        assert sum(faites) == await _inscrits(settings), "répondu, donc écrit ; pas répondu, donc pas écrit"
        async with Service(settings, spec("inscription")):
            assert all(await asyncio.gather(*map(inscrire, range(nombre))))
        assert await _inscrits(settings) == nombre


# PostgreSQL --------------------------------------------------------------------------------------------------------


async def test_sur_postgresql_les_memes_faits_donnent_les_memes_lignes_que_sur_sqlite(
    tmp_path: Path, jouee: Plateforme, postgres_base: str
) -> None:
    settings = reglages(tmp_path, db_url=postgres_base, coffre_url=postgres_base)
    async with demarrer(settings) as plateforme:
        await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
        assert await _faits(settings) == await _faits(jouee.settings)
        # En service sur PostgreSQL, reconstruites sur SQLite : les mêmes empreintes.
        assert [one async for one in rejouer(settings) if not one.egal] == []
        assert (await demander(plateforme, VoirCandidature, BASILE.numero))["identite"]["nom"] == BASILE.identite.nom


async def test_le_journal_joue_sur_sqlite_se_reconstruit_a_l_identique_sur_postgresql(
    jouee: Plateforme, postgres_base: str
) -> None:
    scratch = engine_for(postgres_base)
    async with (
        client(jouee.settings, "exploitation") as nc,
        Journal(nc, stream_name(ACADEMIE, SESSION), jouee.settings.bounds) as journal,
    ):
        for service, projection in ((nom, one) for nom in SERVICES for one in projections(nom)):
            await replay(projection, registry=spec(service).registry, sources=[journal], engine=scratch)
            live = engine_for(jouee.settings.database_url(service))
            verdict = compare(live, scratch, projection)
            live.dispose()
            assert verdict.equal, (projection.label, verdict.differences)
    scratch.dispose()


REFUSEE = "exploitation.consultation_refusee.v1"  # ce que d'autres essais ont demandé sans droit


async def _faits(settings: Settings) -> Counter[tuple[str, str]]:
    """Ce que dit chaque agrégat, compté ; dans un ordre qui dépend des services."""
    faits = [(entree.agregat, fait.evenement) async for entree in lire(settings) for fait in entree.faits]
    return _sans_personne(Counter(one for one in faits if one[1] != REFUSEE))


def _sans_personne(faits: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Le nom de l'agrégat d'une personne dépend du secret de l'installation."""
    told: Counter[tuple[str, str]] = Counter()
    for (agregat, genre), nombre in faits.items():
        told["personne" if agregat.startswith("personne-") else agregat, genre] += nombre
    return told


async def _inscrits(settings: Settings) -> int:
    return sum([one == "inscription.candidat_inscrit.v2" async for one in _evenements(settings)])


async def _evenements(settings: Settings) -> AsyncIterator[str]:
    async for entree in lire(settings):
        for fait in entree.faits:
            yield fait.evenement
