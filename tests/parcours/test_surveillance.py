"""Ce que l'installation dit d'elle-même pendant qu'elle tourne : mesures, vie, disponibilité."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import pytest_asyncio
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from contracts import refus
from contracts.commandes import COMMANDES
from contracts.messages import ContractError
from contracts.requetes import REQUETES
from services.exploitation.archive.archiviste import sceller_tout
from services.exploitation.archive.rotation import signataire
from services.exploitation.composition import SERVICES, projections
from services.exploitation.plateforme import Plateforme, client, demarrer
from services.exploitation.surveillance.http import exposer
from services.exploitation.surveillance.vigie import Vigie, vigie
from services.socle import metrics
from services.socle.errors import Misconfigured, SocleError
from services.socle.server import running
from services.socle.settings import Settings
from services.socle.settlement import REFUSALS
from services.socle.testing_server import Postgres
from tests.parcours.histoire import SESSION, etapes, jouer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE = 60.0
JOURNAL = f"JOURNAL_NORMANDIE_{SESSION}"


def port_libre() -> int:
    with socket.socket() as sonde:
        sonde.bind(("127.0.0.1", 0))
        return int(sonde.getsockname()[1])


def reglages(dossier: Path, **autres: Any) -> Settings:
    defaut: dict[str, Any] = {
        "clock_tolerance": 1e9,
        "clock_lag": 0,
        "http_port": port_libre(),
        "surveillance_secondes": 0.2,
        "request_timeout": 1.0,
        "reconnect_wait": 0.05,
    }
    return Settings(donnees=dossier, sessions=(SESSION,), nats_url="", **{**defaut, **autres})


async def lire(settings: Settings, chemin: str, methode: str = "GET") -> tuple[int, str]:
    """Statut et corps d'une réponse."""
    return await asyncio.to_thread(_demander, settings, chemin, methode)


def _demander(settings: Settings, chemin: str, methode: str = "GET") -> tuple[int, str]:
    adresse = f"http://127.0.0.1:{settings.http_port}{chemin}"
    try:
        with urllib.request.urlopen(urllib.request.Request(adresse, method=methode), timeout=30) as reponse:
            return reponse.status, reponse.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


async def pret(settings: Settings) -> tuple[int, list[str]]:
    statut, corps = await lire(settings, "/sante/pret")
    return statut, json.loads(corps)["raisons"]


async def attendre(settings: Settings, voulu: Callable[[int, list[str]], bool]) -> list[str]:
    """Les raisons, dès que la réponse est celle-là."""
    fin = time.monotonic() + PATIENCE
    while True:
        statut, raisons = await pret(settings)
        if voulu(statut, raisons):
            return raisons
        assert time.monotonic() < fin, (statut, raisons)
        await asyncio.sleep(0.05)


async def mesurer_jusqua(settings: Settings, voulue: float, nom: str, **labels: str) -> None:
    """Une mesure vaut cela, tôt ou tard : une question posée avant la panne peut encore répondre après."""
    fin = time.monotonic() + PATIENCE
    while valeur((await lire(settings, "/metrics"))[1], nom, **labels) != voulue:
        assert time.monotonic() < fin, nom
        await asyncio.sleep(0.05)


@asynccontextmanager
async def surveillee(
    settings: Settings, services: tuple[str, ...] = SERVICES
) -> AsyncIterator[tuple[Plateforme, Vigie]]:
    async with (
        vigie(settings, services) as garde,
        exposer(garde),
        demarrer(settings, services) as plateforme,
        client(settings, "exploitation") as archives,
    ):
        garde.observer(plateforme.services, archives)
        yield plateforme, garde
        garde.arreter()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jouee(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Plateforme, Vigie]]:
    """Une session entière, des refus, un sceau ; ce que d'autres essais ont mesuré dans ce processus est oublié."""
    for one in vars(metrics).values():
        if isinstance(one, MetricWrapperBase) and one._labelnames:
            one.clear()
    async with surveillee(reglages(tmp_path_factory.mktemp("surveillee"))) as (plateforme, garde):
        await jouer(plateforme.commander_brut, attendre=plateforme.stabiliser)
        premiere = etapes()["ouverture"][0]
        lui = {**premiere["par"], "role": "candidat"}
        await plateforme.commander_brut({"commande": "inscription.zwyxmont"})
        await plateforme.commander_brut({**premiere, "id": "refus-0001", "par": lui})
        for porte in ("cmd", "qry"):
            await plateforme.nc.request(f"{porte}.normandie.inscription.zwyxmont", b"pas du json", timeout=10)
        await sceller_tout(plateforme.settings, lambda: signataire(plateforme.settings))
        await garde.mesurer()
        yield plateforme, garde


def series(texte: str) -> list[tuple[str, dict[str, str], float]]:
    return [
        (one.name, one.labels, one.value)
        for famille in text_string_to_metric_families(texte)
        for one in famille.samples
    ]


def valeur(texte: str, nom: str, **labels: str) -> float:
    (seule,) = [v for n, lus, v in series(texte) if n == nom and labels.items() <= lus.items()]
    return seule


# Les mesures -------------------------------------------------------------------------------------------------------


async def test_les_mesures_disent_ce_qui_s_est_passe(jouee: tuple[Plateforme, Vigie]) -> None:
    plateforme, _ = jouee
    _, texte = await lire(plateforme.settings, "/metrics")
    async with client(plateforme.settings, "exploitation") as nc:
        info = await nc.jetstream().stream_info(JOURNAL)
    assert valeur(texte, "parchemin_journal_position", journal=JOURNAL) == info.state.last_seq
    assert valeur(texte, "parchemin_archive_position", journal=JOURNAL) == info.state.last_seq
    assert valeur(texte, "parchemin_archive_attente_messages", journal=JOURNAL) == 0
    assert valeur(texte, "parchemin_journal_messages_manquants", journal=JOURNAL) == 0
    for nom in SERVICES:
        assert valeur(texte, "parchemin_base_joignable", service=nom) == 1
        assert valeur(texte, "parchemin_courtier_connecte", service=nom, connexion="reactions") == 1
        for une in projections(nom):
            assert valeur(texte, "parchemin_projection_retard_messages", service=nom, projection=une.label) == 0
    ajouts = sum(v for n, labels, v in series(texte) if n == "parchemin_ajout_duree_secondes_count")
    assert ajouts >= info.state.last_seq / 3  # un ajout d'un lot en porte plusieurs
    assert any(n == "parchemin_reaction_active" and v == 1 for n, _, v in series(texte))
    assert valeur(texte, "parchemin_refus_total", service="inscription", code="DROIT_ROLE") >= 1
    assert valeur(texte, "parchemin_refus_total", service="inscription", code="COMMANDE_MALFORMEE") >= 1
    assert valeur(texte, "process_resident_memory_bytes") > 0


async def test_chaque_etiquette_a_un_ensemble_ferme_de_valeurs(jouee: tuple[Plateforme, Vigie]) -> None:
    plateforme, _ = jouee
    reactions = {one.reaction.name for service in plateforme.services.values() for one in service.reactions.runners}
    durables = {one.durable for service in plateforme.services.values() for one in service.reactions.runners}
    labels = {one.label for nom in SERVICES for one in projections(nom)}
    codes = {
        metrics.OTHER,
        *refus.COMMUNS,
        *refus.COMMUNS_REQUETES,
        *(c for some in refus.REFUS.values() for c in some),
        *REFUSALS,
    }
    permis: dict[str, set[str]] = {
        "service": set(SERVICES),
        "commande": {*COMMANDES, metrics.OTHER},
        "requete": {*REQUETES, "sante", metrics.OTHER},
        "issue": {*metrics.OUTCOMES, *metrics.VERDICTS, metrics.ANSWERED},
        "mode": {metrics.ALONE, metrics.BATCH},
        "connexion": set(metrics.CONNECTIONS),
        "projection": labels,
        "reaction": reactions,
        "consommateur": {*labels, *durables, metrics.OTHER},
        "journal": {JOURNAL},
        "sonde": set(metrics.STATES),
        "generation": {"0", "1", "2"},
        "le": {*(str(float(one)) for one in metrics.FAST), "+Inf"},
    }
    permis["code"] = codes
    erreurs = {"ERREUR_INTERNE", *_codes(SocleError), *_codes(ContractError)}
    _, texte = await lire(plateforme.settings, "/metrics")
    for nom, lus, _ in series(texte):
        if nom.startswith("python_info"):
            continue
        for etiquette, lue in lus.items():
            assert etiquette in permis, (nom, etiquette)
            erreur = nom.startswith("parchemin_erreurs") and etiquette == "code"
            assert lue in (erreurs if erreur else permis[etiquette]), (nom, etiquette, lue)
    assert "zwyxmont" not in texte


def _codes(famille: Any) -> set[str]:
    """Ceux des classes d'erreurs du programme."""
    return {famille.code}.union(*map(_codes, famille.__subclasses__()))


async def test_toutes_les_etiquettes_declarees_sont_connues() -> None:
    declarees = {nom for one in vars(metrics).values() for nom in getattr(one, "_labelnames", ())}
    assert declarees == {
        "service", "commande", "requete", "issue", "code", "mode", "connexion", "projection", "reaction",
        "consommateur", "journal", "sonde",
    }  # fmt: skip


# Vivant et prêt ----------------------------------------------------------------------------------------------------


async def test_prete_et_vivante_quand_tout_va(jouee: tuple[Plateforme, Vigie]) -> None:
    settings = jouee[0].settings
    await attendre(settings, lambda statut, raisons: statut == 200 and not raisons)
    assert (await lire(settings, "/sante/vivant"))[0] == 200
    assert (await lire(settings, "/ailleurs"))[0] == 404
    assert (await lire(settings, "/sante/pret", "POST"))[0] == 405


async def test_sans_courtier_elle_vit_mais_n_est_plus_prete_puis_se_retrouve(tmp_path: Path) -> None:
    settings = reglages(tmp_path)
    async with surveillee(settings, ("notation",)):
        await attendre(settings, lambda statut, _: statut == 200)
        courtier = running(settings)
        assert courtier is not None
        os.kill(courtier.pid, signal.SIGSTOP)  # muet : la connexion reste, plus rien ne répond
        try:
            raisons = await attendre(settings, lambda statut, _: statut == 503)
            assert (await lire(settings, "/sante/vivant"))[0] == 200
            assert all(one.startswith("notation : ") for one in raisons)
        finally:
            os.kill(courtier.pid, signal.SIGCONT)
        await attendre(settings, lambda statut, _: statut == 200)


async def test_sans_base_elle_vit_mais_n_est_plus_prete_puis_se_retrouve(
    tmp_path: Path, postgres: Postgres, postgres_base: str
) -> None:
    settings = reglages(tmp_path, db_url=postgres_base)
    async with surveillee(settings, ("conformite",)):
        await attendre(settings, lambda statut, _: statut == 200)
        postgres.stop("fast")
        try:
            await attendre(settings, lambda statut, dites: statut == 503 and any("base" in one for one in dites))
            assert (await lire(settings, "/sante/vivant"))[0] == 200
            await mesurer_jusqua(settings, 0, "parchemin_base_joignable", service="conformite")
        finally:
            postgres.start()
        await attendre(settings, lambda statut, _: statut == 200)


async def test_une_projection_arretee_n_est_pas_prete(tmp_path: Path) -> None:
    settings = reglages(tmp_path)
    async with surveillee(settings, ("notation",)) as (plateforme, _):
        await attendre(settings, lambda statut, _: statut == 200)
        for feed in plateforme.services["notation"].projector._feeds:
            feed.stop_all("pour l'essai")
        await attendre(settings, lambda statut, dites: statut == 503 and any("arrêtée" in one for one in dites))


async def test_une_reaction_qui_ne_tire_plus_n_est_pas_prete(tmp_path: Path) -> None:
    settings = reglages(tmp_path)
    async with surveillee(settings, ("notation",)) as (plateforme, _):
        await attendre(settings, lambda statut, _: statut == 200)
        await plateforme.services["notation"].reactions.runners[0].stop()
        await attendre(settings, lambda statut, dites: statut == 503 and any("réaction" in one for one in dites))


async def test_elle_n_est_plus_prete_des_qu_on_lui_demande_d_arreter(tmp_path: Path) -> None:
    settings = reglages(tmp_path)
    async with surveillee(settings, ("notation",)) as (_, garde):
        await attendre(settings, lambda statut, _: statut == 200)
        garde.arreter()
        assert await pret(settings) == (503, ["arrêt en cours"])
        assert (await lire(settings, "/sante/vivant"))[0] == 200


async def test_avant_d_avoir_demarre_elle_n_est_pas_prete(tmp_path: Path) -> None:
    settings = reglages(tmp_path)
    async with vigie(settings, SERVICES) as garde, exposer(garde):
        statut, (raison,) = await pret(settings)
        assert statut == 503
        assert "démarrage" in raison
        assert (await lire(settings, "/sante/vivant"))[0] == 200


async def test_une_boucle_bloquee_n_est_plus_vivante_et_se_dit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """L'adresse répond d'un autre fil : le blocage est dit, pas seulement subi."""
    monkeypatch.setattr("services.exploitation.surveillance.vigie.ARRET_CARDIAQUE", 1.0)
    settings = reglages(tmp_path)
    async with vigie(settings, ()) as garde, exposer(garde):
        dites: list[tuple[int, str]] = []
        fil = threading.Thread(target=_guetter, args=(settings, dites))
        fil.start()
        fil.join(PATIENCE)  # bloquer la boucle est l'essai
    (statut, corps), (_, texte) = dites[-2:]
    assert (statut, "la boucle ne tourne plus" in corps) == (503, True)
    assert valeur(texte, "parchemin_etat", sonde="vivant") == 0


def _guetter(settings: Settings, dites: list[tuple[int, str]]) -> None:
    """Demander jusqu'à ce que la boucle soit dite arrêtée."""
    fin = time.monotonic() + PATIENCE
    while time.monotonic() < fin and (not dites or dites[-1][0] != 503):
        dites.append(_demander(settings, "/sante/vivant"))
        time.sleep(0.1)
    dites.append(_demander(settings, "/metrics"))


async def test_un_port_pris_se_dit(tmp_path: Path) -> None:
    with socket.socket() as pris:
        pris.bind(("127.0.0.1", 0))
        pris.listen()
        settings = reglages(tmp_path, http_port=pris.getsockname()[1])
        with pytest.raises(Misconfigured, match="PARCHEMIN_HTTP_PORT"):
            async with vigie(settings, ()) as garde, exposer(garde):
                pass


async def test_sans_port_rien_ne_s_ouvre(tmp_path: Path) -> None:
    async with vigie(reglages(tmp_path, http_port=0), ()) as garde, exposer(garde) as port:
        assert port == 0
