"""What the project takes from others is pinned by digest, under known licences; nothing tells where it was built."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.chaine import composants, licences
from tests.chaine.paquets import RACINE, REQUIREMENTS, Epingle, ecarts, epingles, installee

EMPREINTE = "    --hash=sha256:" + "0" * 64
# Where packages come from, and folders of one machine: neither belongs to what others install. (Debian has a package
# named docker.io; /opt/parchemin is a folder of the image.)
LIEUX = re.compile(
    rb"(?:^|[\s=\"'(])(?:/opt/(?!parchemin\b)|/work/|/root/|/home/[a-z])|--(?:extra-)?index-url|--trusted-host"
    rb"|\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|debian\.org|docker\.io/|(?:ghcr\.io|quay\.io|gcr\.io)\b)",
    re.MULTILINE,
)


@pytest.mark.parametrize("fichier", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda fichier: fichier.stem)
def test_chaque_paquet_est_epingle_avec_ses_empreintes_et_rien_d_autre(fichier: Path) -> None:
    assert list(ecarts(fichier.read_text("utf-8"))) == []
    assert epingles(fichier.stem)


@pytest.mark.parametrize(
    "texte",
    [
        "a==1.0\n",
        f"a>=1.0 \\\n{EMPREINTE}\n",
        f"a \\\n{EMPREINTE}\n",
        f"--index-url https://exemple.invalid/simple\na==1.0 \\\n{EMPREINTE}\n",
        f"a==1.0 \\\n{EMPREINTE}\nb @ file:///tmp/b.whl\n",
        f"a==1.0 \\\n{EMPREINTE}\nb==2.0\n",
        "a==1.0 \\\n    --hash=md5:00\n",
    ],
)
def test_un_paquet_sans_version_exacte_ou_sans_empreinte_se_voit(texte: str) -> None:
    assert list(ecarts(texte))


def test_les_licences_sont_a_jour_et_compatibles() -> None:
    assert list(licences.ecarts(licences.lues())) == []


@pytest.mark.parametrize(
    ("expression", "attendu"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MIT AND GPL-3.0-only", False),
        ("(AGPL-3.0-only OR SSPL-1.0) AND MIT", False),
        ("GPL-2.0-or-later", False),
        ("inconnue", False),
        ("MIT OR", True),
        ("MIT BSD-3-Clause", False),
        ("", False),
    ],
)
def test_une_licence_inconnue_ou_forte_est_refusee(expression: str, attendu: bool) -> None:
    assert licences.compatible(expression) is attendu


def test_un_paquet_que_la_page_ignore_ou_invente_se_voit() -> None:
    lues = licences.lues()
    assert list(licences.ecarts(lues[1:]))
    assert list(licences.ecarts([*lues, (Epingle("inconnu", "1.0"), "MIT", licences.OUTIL)]))
    une, _, role = lues[0]
    assert list(licences.ecarts([(une, "AGPL-3.0-only", role), *lues[1:]]))


def test_la_nomenclature_dit_chaque_paquet_distribue_et_ses_empreintes() -> None:
    document = composants.sbom()
    trouves = {(one["name"], one["version"]) for one in document["components"]}
    ici = {(une.nom, une.version) for une in epingles("base") if installee(une.nom) is not None}
    assert trouves == ici
    assert all(one["hashes"] and one["licenses"] for one in document["components"])
    refs = {one["bom-ref"] for one in document["components"]}
    assert {ref for one in document["dependencies"] for ref in one["dependsOn"]} <= refs
    [racine] = [one for one in document["dependencies"] if one["ref"] == "parchemin"]
    assert {"pkg:pypi/" + nom for nom in ("nats-py", "sqlalchemy")} <= {
        ref.partition("@")[0] for ref in racine["dependsOn"]
    }
    assert composants.sbom() == document


def test_aucun_fichier_suivi_ne_nomme_un_depot_ni_une_machine() -> None:
    suivis = subprocess.run(["git", "ls-files", "-z"], cwd=RACINE, capture_output=True, check=True).stdout
    trouves = []
    for nom in filter(None, suivis.decode().split("\0")):
        chemin = RACINE / nom
        if chemin.is_file() and chemin != Path(__file__):
            trouves += [f"{nom} : {une[0]!r}" for une in LIEUX.finditer(chemin.read_bytes())]
    assert trouves == []


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the auditor will have written: nothing as long as the file is not there."""
    programme = tmp_path / "pip-audit"
    programme.write_text(f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp {tmp_path}/dit.json "$2"\n')
    programme.chmod(0o755)
    monkeypatch.setattr(composants, "BIN", tmp_path)
    return tmp_path / "dit.json"


def test_ce_qui_n_a_pu_etre_verifie_n_est_jamais_dit_bon(audit: Path) -> None:
    with pytest.raises(composants.NonVerifie):
        composants.vulnerabilites("base")
    audit.write_text('{"dependencies": [{"name": "idna", "skip_reason": "sans réponse"}]}')
    with pytest.raises(composants.NonVerifie, match="idna"):
        composants.vulnerabilites("base")


def test_une_vulnerabilite_connue_est_nommee(audit: Path) -> None:
    trou = '{"name": "idna", "version": "1.0", "vulns": [{"id": "CVE-2000-1"}]}'
    audit.write_text(f'{{"dependencies": [{trou}, {{"name": "typer", "version": "1.0", "vulns": []}}]}}')
    assert composants.vulnerabilites("base") == ["idna 1.0 : CVE-2000-1"]
