"""What the image is: nobody's root, nothing to write to, nothing to install with, and it says what it holds."""

from __future__ import annotations

import json

import pytest

from tests.conteneurs.moteur import docker

pytestmark = pytest.mark.conteneurs

FERME = ["--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
ECRITURES = """
import os, pathlib, json
def essai(lieu):
    try:
        pathlib.Path(lieu, "essai").write_text("x")
    except OSError:
        return False
    return True
print(json.dumps({"uid": os.getuid(), "gid": os.getgid(),
                  "ecrits": [lieu for lieu in ("/", "/app", "/opt/parchemin", "/etc", "/usr/share/parchemin", "/var",
                                               "/home", "/root", "/donnees", "/tmp") if essai(lieu)]}))
"""


def test_elle_ne_tourne_pas_en_root_et_n_ecrit_que_dans_ses_donnees(image: str) -> None:
    dit = json.loads(docker("run", *FERME, "--entrypoint", "python3", image, "-c", ECRITURES))
    assert (dit["uid"], dit["gid"]) == (10001, 10001)
    assert dit["ecrits"] == ["/donnees", "/tmp"]


def test_meme_sans_racine_fermee_elle_n_ecrit_pas_dans_son_programme(image: str) -> None:
    dit = json.loads(docker("run", "--rm", "--entrypoint", "python3", image, "-c", ECRITURES))
    assert dit["ecrits"] == ["/donnees", "/tmp"]


def test_la_racine_fermee_suffit_a_une_commande(image: str) -> None:
    dit = docker("run", *FERME, "--network", "none", image, "reglements", "verifier")
    assert "CAP-OSRCL-2026" in dit


def test_rien_pour_installer_dedans(image: str) -> None:
    programme = "import importlib.util as u; print([m for m in ('pip', 'setuptools') if u.find_spec(m)])"
    assert docker("run", *FERME, "--entrypoint", "python3", image, "-c", programme).strip() == "[]"


def test_elle_a_de_quoi_envoyer_des_traces_et_ne_le_charge_pas_sans_adresse(image: str) -> None:
    programme = (
        "import sys; from services.exploitation import cli; nom = 'opentelemetry.exporter.otlp.proto.http'; "
        "avant = nom in sys.modules; __import__(nom); print(avant, nom in sys.modules)"
    )
    assert docker("run", *FERME, "--entrypoint", "python3", image, "-c", programme).strip() == "False True"


def test_son_inventaire_dit_tout_ce_qui_est_installe(image: str) -> None:
    lu = json.loads(docker("run", *FERME, "--entrypoint", "cat", image, "/usr/share/parchemin/sbom.json"))
    assert (lu["bomFormat"], lu["metadata"]["component"]["name"]) == ("CycloneDX", "parchemin")
    programme = "import importlib.metadata as m; print('\\n'.join(d.metadata['Name'] for d in m.distributions()))"
    installes = set(docker("run", *FERME, "--entrypoint", "python3", image, "-c", programme).split())
    assert installes - {"parchemin"} <= {un["name"] for un in lu["components"]}


def test_elle_dit_ce_qu_elle_est_et_comment_elle_va(image: str) -> None:
    [dit] = json.loads(docker("image", "inspect", image))
    config = dit["Config"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "EUPL-1.2"
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][-1].endswith("sonde.py")
    assert set(config["Volumes"]) == {"/donnees"}


def test_un_conteneur_qui_ne_sert_pas_n_est_pas_dit_pret(image: str) -> None:
    dit = docker("run", *FERME, "--entrypoint", "sh", image, "-c", "python3 /app/deploy/image/sonde.py; echo code=$?")
    assert dit.strip() == "code=1"
