"""Ce que `deploy/surveillance` promet : des mesures qui existent, des alertes qui disent quoi faire, du PromQL lu."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase

from services.socle import metrics

ROOT = Path(__file__).resolve().parents[1]
DOSSIER = ROOT / "deploy" / "surveillance"
ALERTES = DOSSIER / "alertes.yaml"
TABLEAU = DOSSIER / "tableau-de-bord.json"
NOM = re.compile(r"\b(?:parchemin|process|python)_[a-z_]+\b")
ETIQUETTES = re.compile(r"\{\{ ?\$labels\.([a-z]+) ?\}\}|\{\{([a-z]+)\}\}")
DE_PROMETHEUS = {"instance", "job", "academie"}
TITRE = re.compile(r"^#+ (.+)$", re.MULTILINE)


def publiees() -> dict[str, set[str]]:
    """Chaque nom de série que le programme peut exposer, et ses étiquettes."""
    trouvees = {
        "process_resident_memory_bytes": set[str](), "process_cpu_seconds_total": set[str](),
    }  # fmt: skip
    for one in vars(metrics).values():
        if isinstance(one, MetricWrapperBase):
            suffixes: tuple[str, ...] = ("_total",) if isinstance(one, Counter) else ("",)
            if isinstance(one, Histogram):
                suffixes = ("_bucket", "_count", "_sum")
            for suffixe in suffixes:
                trouvees[f"{one._name}{suffixe}"] = {*one._labelnames, *({"le"} if suffixe == "_bucket" else ())}
    return trouvees


def alertes() -> list[dict[str, Any]]:
    lues = yaml.safe_load(ALERTES.read_text("utf-8"))
    return [regle for groupe in lues["groups"] for regle in groupe["rules"]]


def panneaux() -> list[dict[str, Any]]:
    return [one for one in json.loads(TABLEAU.read_text("utf-8"))["panels"] if one["type"] != "row"]


def expressions() -> Iterator[tuple[str, str, str]]:
    """Où, l'expression, et le texte qui cite ses étiquettes."""
    for one in alertes():
        yield one["alert"], one["expr"], " ".join(one["annotations"].values())
    for panneau in panneaux():
        for cible in panneau["targets"]:
            yield panneau["title"], cible["expr"], cible["legendFormat"]


@pytest.mark.parametrize(("ou", "expression", "texte"), list(expressions()))
def test_chaque_mesure_nommee_existe_avec_ses_etiquettes(ou: str, expression: str, texte: str) -> None:
    connues = publiees()
    nommees = set(NOM.findall(expression)) - {"parchemin"}
    assert nommees <= connues.keys(), nommees - connues.keys()
    citees = {a or b for a, b in ETIQUETTES.findall(texte)}
    groupees = {one.strip() for some in re.findall(r"\bby \(([^)]*)\)", expression) for one in some.split(",")}
    permises = DE_PROMETHEUS.union(*(connues[nom] for nom in nommees))
    assert (citees | groupees) <= permises, (ou, citees | groupees)


def test_chaque_mesure_du_programme_sert_a_quelqu_un() -> None:
    """Ce que personne ne regarde ni n'attend coûte pour rien."""
    lues = {nom for _, expression, _ in expressions() for nom in NOM.findall(expression)}
    racines = {re.sub(r"_(total|bucket|count|sum)$", "", nom) for nom in lues}
    declarees = {one._name for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)}
    assert declarees <= racines, declarees - racines


@pytest.mark.parametrize("alerte", alertes(), ids=lambda one: one["alert"])
def test_chaque_alerte_dit_sa_gravite_et_ce_qu_il_faut_faire(alerte: dict[str, Any]) -> None:
    assert alerte["labels"]["severity"] in {"critique", "avertissement", "information"}
    dits = alerte["annotations"]
    assert dits["summary"]
    assert dits["description"].endswith(".")
    chemin, _, ancre = dits["runbook_url"].partition("#")
    page = ROOT / chemin
    assert page.parent == ROOT / "docs" / "exploitation"
    assert page.is_file(), f"{page} manque"
    if ancre:
        ancres = {re.sub(r"[^\w -]", "", titre.lower()).strip().replace(" ", "-") for titre in
                  TITRE.findall(page.read_text("utf-8"))}  # fmt: skip
        assert ancre in ancres, (ancre, sorted(ancres))


def test_chaque_alerte_a_son_essai() -> None:
    essais = yaml.safe_load((DOSSIER / "alertes.test.yaml").read_text("utf-8"))["tests"]
    assert {one["name"] for one in essais} == {one["alert"] for one in alertes()}
    for one in essais:
        calme, sonne = one["alert_rule_test"]
        assert calme["exp_alerts"] == []
        assert sonne["exp_alerts"]


def test_les_identifiants_du_tableau_sont_uniques_et_les_panneaux_ne_se_recouvrent_pas() -> None:
    tous = json.loads(TABLEAU.read_text("utf-8"))["panels"]
    assert len({one["id"] for one in tous}) == len(tous)
    cases = [
        (x, y)
        for one in tous
        for x in range(one["gridPos"]["x"], one["gridPos"]["x"] + one["gridPos"]["w"])
        for y in range(one["gridPos"]["y"], one["gridPos"]["y"] + one["gridPos"]["h"])
    ]
    assert len(set(cases)) == len(cases)
    assert max(x for x, _ in cases) < 24


# Avec promtool, où il est installé (paquet Debian « prometheus ») -------------------------------------------------

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool n'est pas installé")


def _promtool(*arguments: str) -> str:
    fait = subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=DOSSIER, timeout=120)
    assert fait.returncode == 0, fait.stdout + fait.stderr
    return fait.stdout + fait.stderr


@promtool
def test_promtool_accepte_la_configuration_et_les_regles() -> None:
    dit = _promtool("check", "config", "prometheus.yml")
    assert f"{len(alertes())} rules found" in dit


@promtool
def test_promtool_joue_les_essais_des_alertes() -> None:
    _promtool("test", "rules", "alertes.test.yaml")


@promtool
def test_promtool_lit_chaque_expression_du_tableau(tmp_path: Path) -> None:
    """Comme règles d'enregistrement : la même grammaire."""
    regles = [
        {"record": f"essai_{rang}", "expr": cible["expr"].replace("$__rate_interval", "5m")}
        for rang, cible in enumerate(cible for panneau in panneaux() for cible in panneau["targets"])
    ]
    fichier = tmp_path / "tableau.yaml"
    fichier.write_text(yaml.safe_dump({"groups": [{"name": "tableau", "rules": regles}]}), "utf-8")
    _promtool("check", "rules", str(fichier))
