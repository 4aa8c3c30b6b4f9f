"""`parchemin suivre` et `parchemin sante`, contre une installation qui tourne."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.exploitation.composition import SERVICES
from services.exploitation.terminal import ABSENT, FAIT, REFUSE
from services.socle import parking
from services.socle.parking import Parked, now
from services.socle.settings import Settings
from services.socle.sql import engine_for, writing
from services.socle.tests.parked import give_up
from tests.parcours.histoire import ALICE, SESSION, etapes
from tests.parcours.terminal import PARCHEMIN, Terminal, environnement, servir
from tests.parcours.test_donnees_personnelles import fuites

JOURNAL = f"JOURNAL_NORMANDIE_{SESSION}"
PATIENCE = 120.0


@pytest.fixture(scope="module")
def parchemin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Une installation servie, la session ouverte, les candidats inscrits, une commande refusée."""
    dossier = tmp_path_factory.mktemp("suivie")
    variables = environnement(dossier / "donnees")
    ordres = [*etapes()["ouverture"], *etapes()["inscriptions"]]
    refusee = {**ordres[0], "id": "refusee-0001", "par": {**ordres[0]["par"], "role": "candidat"}}
    with servir(variables, dossier / "traces.jsonl"), Terminal(variables) as terminal:
        lignes = dossier / "ordres.jsonl"
        lignes.write_text("\n".join(map(json.dumps, ordres)) + '\n{"attendre": true}\n', "utf-8")
        assert terminal("jouer", lignes).code == FAIT
        autre = dossier / "refusee.jsonl"
        autre.write_text(json.dumps(refusee) + "\n", "utf-8")
        assert terminal("jouer", autre).code == REFUSE
        yield terminal


def test_un_regard_pour_un_programme(parchemin: Terminal) -> None:
    rendu = parchemin("suivre", "--une-fois", "--json")
    assert rendu.code == FAIT, rendu.tout
    dit = rendu.json
    (journal,) = dit["journaux"]
    assert (journal["journal"], journal["defaut"]) == (JOURNAL, "")
    assert journal["position"] > 10
    assert set(dit["services"]) == set(SERVICES)
    assert dit["services"]["inscription"]["commandes"]["ajoutee"] >= 10
    assert dit["refus"]["DROIT_ROLE"] >= 1
    assert dit["services"]["inscription"]["derniers_refus"][-1]["code"] == "DROIT_ROLE"
    assert [one["position"] for one in dit["derniers_evenements"]][-1] == journal["position"]
    assert not fuites(rendu.sortie.encode())
    assert ALICE.numero not in rendu.sortie


def test_un_regard_pour_une_personne(parchemin: Terminal) -> None:
    rendu = parchemin("suivre", "--une-fois")
    assert rendu.code == FAIT, rendu.tout
    for attendu in (*SERVICES, JOURNAL, "DROIT_ROLE", "scellé", "stationnés", "Derniers événements", f"{JOURNAL}@"):
        assert attendu in rendu.sortie, attendu
    assert not fuites(rendu.sortie.encode())
    assert ALICE.numero not in rendu.sortie


def lance(parchemin: Terminal, sortie: int, *options: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, **parchemin._environnement, "COLUMNS": "160", "LINES": "60", "TERM": "xterm"}
    return subprocess.Popen([PARCHEMIN, "suivre", *options], stdin=subprocess.DEVNULL, stdout=sortie, env=environ)


def lire_jusqu_a(descripteur: int, voulu: bytes, fois: int) -> bytes:
    lu, fin = b"", time.monotonic() + PATIENCE
    while lu.count(voulu) < fois:
        assert time.monotonic() < fin, lu
        if select.select([descripteur], [], [], 1.0)[0]:
            lu += os.read(descripteur, 65_536)
    return lu


def suivi(parchemin: Terminal, lecture: int, ecriture: int, voulu: bytes, fois: int) -> bytes:
    """Ce que la vue écrit jusque-là ; Ctrl-C la quitte alors proprement."""
    process = lance(parchemin, ecriture, "--pas", "0.2")
    os.close(ecriture)
    try:
        lu = lire_jusqu_a(lecture, voulu, fois)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == FAIT
    finally:
        process.kill()
        os.close(lecture)
    return lu


def test_hors_d_un_terminal_une_ligne_par_pas_jusqu_a_ctrl_c(parchemin: Terminal) -> None:
    lu = suivi(parchemin, *os.pipe(), b"\n", 3)
    lignes = lu.decode().splitlines()
    assert all(ligne.startswith(JOURNAL) and "refus" in ligne for ligne in lignes[:3]), lignes
    assert b"\x1b" not in lu


def test_dans_un_terminal_un_ecran_rafraichi_jusqu_a_ctrl_c(parchemin: Terminal) -> None:
    lu = suivi(parchemin, *pty.openpty(), b"Journaux", 2)
    assert b"\x1b[" in lu
    assert not fuites(lu)


def test_la_sante_dit_la_base_et_les_retards_en_messages_et_en_temps(parchemin: Terminal) -> None:
    rendu = parchemin("sante", "--json")
    assert rendu.code == FAIT, rendu.tout
    lignes = {quoi: (etat, detail) for quoi, etat, detail in rendu.json["lignes"]}
    for service in SERVICES:
        assert lignes[f"{service}.base"] == ("bon", "répond")
    suivent = [detail for quoi, (_, detail) in lignes.items() if quoi.endswith(f" {JOURNAL}") and "." in quoi]
    assert len(suivent) > 10
    assert all("à jour" in detail or "retard" in detail for detail in suivent), suivent


def test_un_message_stationne_rend_la_sante_mauvaise(parchemin: Terminal) -> None:
    settings = Settings(donnees=Path(parchemin._environnement["PARCHEMIN_DONNEES"]))
    engine = engine_for(settings.database_url("notation"))
    un = Parked("notation", "notation-essai", JOURNAL, 1, "ev.essai", "MESSAGE_MALFORME", "pour l'essai", now())
    with writing(engine) as connection:
        parking.park(connection, [un])
    try:
        sante = parchemin("sante", "--json")
        assert sante.code == REFUSE
        assert any("stationné" in quoi and "MESSAGE_MALFORME" in detail for quoi, _, detail in sante.json["lignes"])
        suivi = parchemin("suivre", "--une-fois", "--json")
        assert (suivi.code, suivi.json["stationnes"]) == (REFUSE, 1)
    finally:
        assert give_up(engine, un)
        engine.dispose()
    assert parchemin("sante").code == FAIT


def test_un_service_arrete_se_voit(parchemin: Terminal) -> None:
    """Une base que rien ne sert : chaque service s'y dit muet."""
    rendu = parchemin("suivre", "--une-fois", "--json", PARCHEMIN_ACADEMIE="ailleurs")
    assert rendu.code == REFUSE
    assert all(told is None for told in rendu.json["services"].values())


def test_sans_installation_il_le_dit(tmp_path: Path) -> None:
    with Terminal(environnement(tmp_path / "donnees")) as terminal:
        rendu = terminal("suivre", "--une-fois")
    assert rendu.code == ABSENT
    assert "Traceback" not in rendu.tout
