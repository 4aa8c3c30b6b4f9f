"""Un message que des services ne peuvent prendre : vu, repris, écarté, services en marche ou arrêtés."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.exploitation.plateforme import client
from services.exploitation.stationnes.lecture import lister
from services.exploitation.terminal import EntreeRefusee
from services.socle.enveloppe import Context, encode
from services.socle.settings import Settings
from services.socle.subjects import subject
from tests.parcours.histoire import ACADEMIE, ALICE, BASILE, DIPLOME, SESSION, etapes, inscription
from tests.parcours.terminal import Sortie, Terminal, environnement, servir

JOURNAL = "JOURNAL_NORMANDIE_2026"
NOM = "inscription.inscription_modifiee.v1"
LE = datetime.fromisoformat("2026-05-06T08:00:00+02:00")
PATIENCE = 60.0


@dataclass
class Installation:
    """Où des messages ont été publiés à la main, sous l'identité d'un service."""

    dossier: Path
    variables: dict[str, object]
    mauvais: int
    derriere: int


def publier(dossier: Path, *, rang: int, data: Any) -> int:
    """Un message de la candidature de Basile, écrit par une main qui a le mot de passe du service."""
    sujet = subject(ACADEMIE, SESSION, DIPLOME, "inscription", f"candidature-{BASILE.numero}")
    contexte = Context(str(uuid.uuid4()), "main:1", "gestionnaire", LE, "essai")
    body, headers = encode(
        subject=sujet, context=contexte, rang=rang, precedent="", events=[(str(uuid.uuid4()), NOM, data)]
    )

    async def work() -> int:
        async with client(Settings(donnees=dossier, sessions=(SESSION,)), "inscription") as nc:
            return (await nc.jetstream().publish(sujet, body, headers=headers)).seq

    return asyncio.run(work())


def test_sans_aucune_base_on_ne_dit_pas_que_rien_n_est_stationne(tmp_path: Path) -> None:
    """Une commande qui vise une autre installation, ou aucune, rassurerait à tort."""
    with pytest.raises(EntreeRefusee):
        lister(Settings(donnees=tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Des inscriptions, un message illisible sur l'une, un bon derrière ; rien ne tourne plus."""
    dossier = tmp_path_factory.mktemp("stationnes")
    variables = environnement(dossier / "donnees")
    lignes = [one for nom in ("ouverture", "inscriptions") for one in etapes()[nom]]
    (dossier / "jeu.jsonl").write_text("\n".join(map(json.dumps, [*lignes, {"attendre": True}])) + "\n", "utf-8")
    with servir(variables, dossier / "traces.jsonl"), Terminal(variables) as parchemin:
        jeu = parchemin("jouer", dossier / "jeu.jsonl")
        assert jeu.code == 0, jeu.tout
        suivis = parchemin("journal", "--agregat", f"candidature-{BASILE.numero}", "--json").sortie.splitlines()
        data = {"candidat": BASILE.numero, "modes": inscription(BASILE)["modes"]}
        mauvais = publier(dossier / "donnees", rang=len(suivis) + 1, data={**data, "candidat": {"nom": "Yrrbéline"}})
        derriere = publier(dossier / "donnees", rang=len(suivis) + 2, data=data)
        attendre(parchemin, derriere)
    return Installation(dossier, variables, mauvais, derriere)


def attendre(parchemin: Terminal, position: int) -> None:
    """Chaque consommateur a stationné ce qu'il ne pouvait prendre, et ce qui suit."""
    fin = time.monotonic() + PATIENCE
    while time.monotonic() < fin:
        lignes = parchemin("stationnes", "lister", "--tous", "--json").json
        if sum(one["position"] == position for one in lignes) == len(de(lignes, lignes[0]["position"])) > 0:
            return
        time.sleep(0.2)
    pytest.fail("rien n'a été stationné")


def de(lignes: list[dict[str, Any]], position: int) -> list[dict[str, Any]]:
    return [one for one in lignes if one["position"] == position]


@pytest.fixture(scope="module")
def parchemin(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Un terminal sur une copie, où tout tourne."""
    donnees = shutil.copytree(installation.dossier / "donnees", tmp_path_factory.mktemp("marche") / "donnees")
    variables = {**installation.variables, "PARCHEMIN_DONNEES": donnees}
    with servir(variables, donnees.parent / "traces.jsonl"), Terminal(variables) as terminal:
        yield terminal


def vise(ligne: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(ligne[nom]) for nom in ("service", "consommateur", "journal", "position"))


def arret(sortie: Sortie) -> Any:
    [une] = sortie.json
    return une["arret"]


def test_la_liste_dit_ou_pourquoi_et_combien_attendent(installation: Installation, parchemin: Terminal) -> None:
    lignes = parchemin("stationnes", "lister", "--json").json
    assert lignes
    for one in lignes:
        assert (one["journal"], one["position"], one["derriere"]) == (JOURNAL, installation.mauvais, 1)
        assert one["code"] == "MESSAGE_MALFORME"
    assert len(parchemin("stationnes", "lister", "--tous", "--json").json) == 2 * len(lignes)
    for service in {one["service"] for one in lignes}:
        siens = parchemin("stationnes", "lister", "--service", service, "--json").json
        assert {one["service"] for one in siens} == {service}
    assert parchemin("stationnes", "lister", "--service", "inconnu").code == 1
    sante = parchemin("sante", "--json")
    assert sante.code == 1
    assert any("stationné" in quoi for quoi, *_ in sante.json["lignes"])


def test_un_message_se_montre_sans_son_contenu(installation: Installation, parchemin: Terminal) -> None:
    une = parchemin("stationnes", "lister", "--json").json[0]
    vu = parchemin("stationnes", "montrer", *vise(une), "--json")
    assert vu.json["enveloppe"]["types"] == [NOM]
    assert vu.json["enveloppe"]["role"] == "gestionnaire"
    assert vu.json["derriere"] == [installation.derriere]
    assert "Yrrbéline" not in vu.tout + parchemin("stationnes", "montrer", *vise(une)).tout
    absent = parchemin("stationnes", "montrer", une["service"], une["consommateur"], JOURNAL, 1)
    assert (absent.code, "NON_STATIONNE" in absent.erreurs) == (1, True)


def test_le_journal_ne_raconte_aucun_agregat_illisible_mais_les_autres(parchemin: Terminal) -> None:
    assert parchemin("etat", "--candidat", ALICE.numero).code == 0


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("inscription",),
        ("--cause", "X", "--agregat", "y"),
        ("inscription", "a", JOURNAL, 1, "--cause", "X"),
    ],
)
def test_il_faut_dire_lesquels_d_une_seule_facon(parchemin: Terminal, options: tuple[object, ...]) -> None:
    assert parchemin("stationnes", "reessayer", *options).code == 2


def test_en_marche_on_reprend_on_ecarte_et_la_suite_passe(installation: Installation, parchemin: Terminal) -> None:
    une, autre, *_ = parchemin("stationnes", "lister", "--json").json
    encore = parchemin("stationnes", "reessayer", *vise(une), "--json")
    assert (encore.code, arret(encore)["code"]) == (1, "MESSAGE_MALFORME")
    derriere = (*vise(une)[:3], str(installation.derriere))
    assert parchemin("stationnes", "reessayer", *derriere, "--json").json[0]["code"] == "EN_ATTENTE"
    sans = parchemin("stationnes", "ecarter", *vise(une), "--json")
    assert (sans.code, sans.json[0]["code"]) == (1, "MOTIF_ATTENDU")
    nominatif = parchemin("stationnes", "ecarter", *vise(une), "--motif", "vu avec Mme Martin", "--json")
    assert nominatif.json[0]["code"] == "TEXTE_NOMINATIF"
    fait = parchemin("stationnes", "ecarter", *vise(une), "--motif", "publié à la main", "--compte", "ops:7")
    assert fait.code == 0, fait.tout
    deux = parchemin("stationnes", "ecarter", *vise(une), "--motif", "autre chose")
    assert (deux.code, "NON_STATIONNE" in deux.erreurs) == (1, True)
    repris = parchemin("stationnes", "reessayer", *derriere, "--motif", "suite", "--json")
    assert (repris.code, repris.json[0]["reprises"]) == (0, 1), repris.tout
    regles = [one for one in parchemin("stationnes", "lister", "--tous", "--json").json if one["etat"] != "stationne"]
    assert [(one["etat"], one["par"], one["motif"]) for one in regles] == [
        ("ecarte", "ops:7", "publié à la main"),
        ("repris", "cli", "suite"),
    ]
    essais = parchemin("stationnes", "montrer", *vise(une), "--json").json["essais"]
    assert [one["acte"].split(".")[1] for one in essais] == ["reprise_demandee", "message_ecarte"]
    assert vise(autre) in {vise(one) for one in parchemin("stationnes", "lister", "--json").json}


def test_arretes_on_ecarte_tous_ceux_d_une_cause_puis_la_suite_passe(
    installation: Installation, tmp_path: Path
) -> None:
    """Dans une copie de l'installation, où rien ne tourne : la commande lance ce qu'il lui faut."""
    donnees = shutil.copytree(installation.dossier / "donnees", tmp_path / "donnees")
    with Terminal({**installation.variables, "PARCHEMIN_DONNEES": donnees}) as parchemin:
        restent = parchemin("stationnes", "lister", "--json").json
        assert restent
        ecartes = parchemin("stationnes", "ecarter", "--cause", "MESSAGE_MALFORME", "--motif", "publiés à la main")
        assert ecartes.code == 0, ecartes.tout
        repris = parchemin("stationnes", "reessayer", "--agregat", f"candidature-{BASILE.numero}", "--json")
        assert repris.code == 0, repris.tout
        assert {one["reprises"] for one in repris.json} == {1}
        assert parchemin("stationnes", "lister", "--json").json == []
        rejoue = parchemin("rejouer", "--json")
        assert rejoue.code == 0, rejoue.tout
        for base in donnees.glob("*.db*"):
            if not base.name.startswith("coffre"):
                base.unlink()
        with servir({**installation.variables, "PARCHEMIN_DONNEES": donnees}, tmp_path / "traces.jsonl"):
            (tmp_path / "attendre.jsonl").write_text('{"attendre": true}\n', "utf-8")
            attendu = parchemin("jouer", tmp_path / "attendre.jsonl")
            assert attendu.code == 0, attendu.tout
            assert parchemin("stationnes", "lister", "--json").json == []
            connus = {vise(one) for one in parchemin("stationnes", "lister", "--tous", "--json").json}
        assert {vise(one) for one in restent} <= connus
