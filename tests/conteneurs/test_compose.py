"""docker-compose.yml as it is, with a small session played through it from the command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.commandes import write_command
from services.conformite.projections.dossiers import dossiers
from services.inscription.projections.candidats import candidats
from tests.conteneurs.moteur import PREFIXE, RACINE, VERSIONS, docker
from tests.grappe.grappe import libres
from tests.parcours.test_arrets_brutaux import inscription, ouverture

pytestmark = pytest.mark.conteneurs

TABLE = f"inscription.{candidats.name}"
SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication", "archiviste")


@dataclass
class Compose:
    """A project of its own: other ports, other volumes, other secrets than those of whoever works here."""

    projet: str
    milieu: Mapping[str, str]

    def __call__(self, *arguments: str) -> str:
        return docker("compose", "-p", self.projet, *arguments, milieu=self.milieu)

    def parchemin(self, *arguments: str, entree: Path | None = None) -> Any:
        """`parchemin` of this machine, through the published port, with the keys of who may come in."""
        cles = self.milieu["PARCHEMIN_SECRETS"] + "/nats"
        milieu = {
            **os.environ,
            "PARCHEMIN_NATS_URL": f"nats://127.0.0.1:{self.milieu['PARCHEMIN_PORT_NATS']}",
            "PARCHEMIN_NATS_CLES": cles,
            "PARCHEMIN_SESSIONS": "2026",
            "PARCHEMIN_DONNEES": self.milieu["PARCHEMIN_SECRETS"] + "/ici",
        }
        command = [sys.executable, "-m", "services.exploitation", *arguments, "--json"]
        told = subprocess.run(command, env=milieu, capture_output=True, text=True, timeout=300, cwd=RACINE)
        assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
        return [json.loads(ligne) for ligne in told.stdout.splitlines()] if entree else json.loads(told.stdout)

    def sql(self, requete: str) -> str:
        commande = ["psql", "-U", "postgres", "-d", "parchemin", "-At", "-c", requete]
        return self("exec", "-T", "postgres", *commande).strip()

    def conteneur(self, service: str) -> dict[str, Any]:
        [dit] = json.loads(docker("inspect", self("ps", "-aq", service).strip()))
        found: dict[str, Any] = dit
        return found


@pytest.fixture(scope="module")
def compose(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    secrets = tmp_path_factory.mktemp("secrets")
    subprocess.run([str(RACINE / "deploy" / "conteneurs" / "secrets"), str(secrets)], check=True, timeout=300)
    nats, postgres = libres(2)
    projet = f"parchemin-essai-{uuid.uuid4().hex[:6]}"
    milieu = {
        **{nom: VERSIONS[nom] for nom in ("NATS_TAG", "POSTGRES_TAG", "PYTHON_TAG")},
        "IMAGE_PREFIX": PREFIXE,
        "PARCHEMIN_IMAGE": image,
        "PARCHEMIN_SECRETS": str(secrets),
        "PARCHEMIN_PORT_NATS": str(nats),
        "PARCHEMIN_PORT_POSTGRES": str(postgres),
        "PARCHEMIN_CLOCK_LAG": "0",
        "PARCHEMIN_ARCHIVE_SECONDES": "5",
    }
    one = Compose(projet, milieu)
    try:
        try:
            one("up", "--no-build", "--wait", "--wait-timeout", "300", "-d")
        except AssertionError:
            print(docker("compose", "-p", projet, "logs", "--tail", "40", check=False, milieu=milieu))
            raise
        yield one
    finally:
        docker("compose", "-p", projet, "down", "-v", "--remove-orphans", "-t", "10", check=False, milieu=milieu)


def _lignes(compose: Compose, nom: str, *numeros: int) -> Path:
    fichier = Path(compose.milieu["PARCHEMIN_SECRETS"]) / f"{nom}.jsonl"
    commandes = [ouverture(), *(inscription(numero) for numero in numeros)]
    with fichier.open("w", encoding="utf-8") as sortie:
        for une in commandes:
            print(json.dumps(write_command(une), default=str), file=sortie)
    return fichier


def _jouer(compose: Compose, nom: str, *numeros: int) -> None:
    fichier = _lignes(compose, nom, *numeros)
    reponses = compose.parchemin("jouer", str(fichier), entree=fichier)
    assert len(reponses) == 1 + len(numeros)


def test_une_commande_devient_un_evenement_puis_une_ligne_de_postgresql(compose: Compose) -> None:
    _jouer(compose, "session", 1, 2, 3)
    etat = compose.parchemin("etat", "--candidat", "N26000001")
    assert etat
    told = compose.sql(f"select count(*) from {TABLE} where candidat like 'N26%'")
    assert int(told) == 3
    assert int(compose.sql(f"select count(*) from conformite.{dossiers.name}")) >= 3


def test_tout_va_bien_vu_du_terminal_des_conteneurs(compose: Compose) -> None:
    dit = json.loads(compose("run", "--rm", "-T", "terminal", "sante", "--json"))
    assert dit["ok"], dit


def test_un_service_tue_reprend_et_rien_n_est_perdu(compose: Compose) -> None:
    _jouer(compose, "avant", *range(10, 20))
    compose("kill", "inscription", "conformite", "nats")
    compose("up", "--no-build", "--wait", "--wait-timeout", "300", "-d")
    _jouer(compose, "apres", *range(10, 30))  # the same ones, and others: done once
    told = compose.sql(f"select count(*) from {TABLE} where candidat like 'N260000%'")
    assert int(told) >= 20
    noms = compose.sql(f"select candidat from {TABLE} order by 1").split()
    assert {f"N26{numero:06d}" for numero in range(10, 30)} <= set(noms)
    assert len(noms) == len(set(noms))
    assert json.loads(compose("run", "--rm", "-T", "terminal", "sante", "--json"))["ok"]


@pytest.mark.parametrize("service", SERVICES)
def test_chaque_service_est_ferme(compose: Compose, service: str) -> None:
    dit = compose.conteneur(service)
    hote = dit["HostConfig"]
    assert dit["Config"]["User"] == "10001:10001"
    assert hote["ReadonlyRootfs"] is True
    assert hote["CapDrop"] == ["ALL"]
    assert hote["CapAdd"] is None
    assert "no-new-privileges:true" in hote["SecurityOpt"]
    assert hote["Memory"] > 0
    assert hote["PidsLimit"] == 200
    assert not hote["PortBindings"]
    montes = {un["Destination"] for un in dit["Mounts"]}
    graines = {un for un in montes if un.endswith(".nk")}
    assert graines == {f"/run/secrets/{'exploitation' if service == 'archiviste' else service}.nk"}
    assert not re.search("://[^/@]*:[^/@]*@|MDP", json.dumps(dit["Config"]["Env"])), "un mot de passe est à nu"


@pytest.mark.parametrize("service", ["nats", "postgres"])
def test_ce_qui_est_publie_ne_l_est_que_sur_la_machine(compose: Compose, service: str) -> None:
    dit = compose.conteneur(service)
    publies = [un for liste in dit["NetworkSettings"]["Ports"].values() for un in liste or []]
    assert publies
    assert {un["HostIp"] for un in publies} == {"127.0.0.1"}
    assert dit["HostConfig"]["ReadonlyRootfs"] is True


def test_un_service_ne_lit_pas_le_schema_d_un_autre(compose: Compose) -> None:
    passe = json.loads((Path(compose.milieu["PARCHEMIN_SECRETS"]) / "base-notation").read_text("utf-8"))["notation"]
    adresse = f"postgresql://parchemin_notation:{passe}@127.0.0.1/parchemin"

    def lire(table: str) -> str:
        commande = ["exec", "-T", "postgres", "psql", adresse, "-At", "-c", f"select count(*) from {table}"]
        return docker("compose", "-p", compose.projet, *commande, check=False, milieu=compose.milieu)

    assert lire("pg_roles").strip().isdecimal()  # it does get in
    assert "permission denied" in lire(TABLE)


def test_la_cle_qui_scelle_n_est_pas_avec_ce_qu_elle_scelle(compose: Compose) -> None:
    ou = {un["Destination"]: un["Name"] for un in compose.conteneur("archiviste")["Mounts"] if un["Type"] == "volume"}
    assert ou["/donnees"] != ou["/scellement"]
    assert compose("exec", "-T", "archiviste", "ls", "/scellement").split() == ["cle.pem"]
    partout = shlex.split("/ '(' -path /proc -o -path /sys -o ! -readable ')' -prune -o -name cle.pem -print")
    assert compose("exec", "-T", "archiviste", "find", *partout).split() == ["/scellement/cle.pem"]
    assert compose("run", "--rm", "-T", "--entrypoint", "find", "terminal", *partout).split() == []
    assert "BEGIN PUBLIC KEY" in compose("exec", "-T", "archiviste", "parchemin", "archive", "cle")


def test_l_archive_se_scelle(compose: Compose) -> None:
    fin = time.monotonic() + 120
    while not (etats := json.loads(compose("run", "--rm", "-T", "terminal", "archive", "etat", "--json"))):
        assert time.monotonic() < fin, "rien n'est scellé"
    assert etats[0]["dernier"] > 0
