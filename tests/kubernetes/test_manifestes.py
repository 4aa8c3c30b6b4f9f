"""What kustomize makes of the overlays: valid for Kubernetes, closed, and true to what the programs need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from services.exploitation.composition import SERVICES
from services.exploitation.courtier_cles import ecrire_certificats, ecrire_cles
from services.socle.server import program
from services.socle.settings import ROOT, Settings

ICI = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("academie", "regroupement")
VERSIONS = ("1.32", "1.37")
KUSTOMIZE = shutil.which("kustomize") or shutil.which("kustomize", path=str(ROOT / ".venv" / "bin"))

if KUSTOMIZE is None and os.environ.get("PARCHEMIN_CONTENEURS") == "requis":
    raise pytest.UsageError(
        "PARCHEMIN_CONTENEURS=requis, mais kustomize manque (« deploy/conteneurs/moteur demarrer »)"
    )
pytestmark = pytest.mark.skipif(KUSTOMIZE is None, reason="kustomize manque")

Objet = dict[str, Any]


@cache
def construit(overlay: str) -> tuple[Objet, ...]:
    told = subprocess.run(
        [str(KUSTOMIZE), "build", str(ICI / "overlays" / overlay)], capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    return tuple(yaml.safe_load_all(told.stdout))


def de(overlay: str, kind: str) -> Iterator[Objet]:
    return (un for un in construit(overlay) if un["kind"] == kind)


def pods(overlay: str) -> Iterator[tuple[str, Objet]]:
    """Every pod that will run: its name and its template."""
    for un in construit(overlay):
        if un["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield un["metadata"]["name"], un["spec"]["template"]


def un_academie(kind: str, nom: str) -> Objet:
    [found] = [un for un in de("academie", kind) if un["metadata"]["name"] == nom]
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepte_chaque_objet(overlay: str, version: str) -> None:
    for un in construit(overlay):
        kubernetes_validate.validate(un, version, strict=True)


def test_le_controle_refuse_un_champ_inconnu() -> None:
    faux = un_academie("Deployment", "notation") | {"spec": {"replique": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(faux, VERSIONS[0], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_aucun_pod_n_est_ouvert(overlay: str) -> None:
    for nom, modele in pods(overlay):
        spec = modele["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, nom
        assert spec["securityContext"]["runAsUser"] >= 1000, nom
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, nom
        assert spec["automountServiceAccountToken"] is False, nom
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}, nom
        for conteneur in spec["containers"]:
            ferme = conteneur["securityContext"]
            assert ferme["readOnlyRootFilesystem"] is True, nom
            assert ferme["allowPrivilegeEscalation"] is False, nom
            assert ferme["capabilities"] == {"drop": ["ALL"]}, nom
            assert conteneur["resources"]["limits"]["memory"], nom
            assert conteneur["resources"]["requests"].keys() == {"cpu", "memory"}, nom
            assert re.search(r":[0-9][\w.-]+$", conteneur["image"]), f"{nom} : version non fixée"
        assert not any("hostPath" in volume for volume in spec["volumes"]), nom


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_aucun_secret_n_est_dans_les_manifestes(overlay: str) -> None:
    assert list(de(overlay, "Secret")) == []
    for nom, modele in pods(overlay):
        for conteneur in modele["spec"]["containers"]:
            for variable in conteneur.get("env", ()):
                sensible = re.search("MDP|CHIFFREMENT|PASSWORD", variable["name"])
                assert not (sensible and "value" in variable), f"{nom} : {variable['name']}"
    for un in de(overlay, "ConfigMap"):
        assert not re.search(r"://[^/\s:@]+:[^@\s]+@|\bSU[A-Z2-7]{56}\b|PRIVATE KEY", yaml.safe_dump(un))


def _references(modele: Objet) -> set[str]:
    """The secrets that a pod is given, as files or as variables."""
    volumes = modele["spec"]["volumes"]
    fichiers = {un["secret"]["secretName"] for un in volumes if "secret" in un}
    fichiers |= {source["secret"]["name"] for un in volumes for source in un.get("projected", {}).get("sources", ())}
    variables = [une for conteneur in modele["spec"]["containers"] for une in conteneur.get("env", ())]
    return fichiers | {
        une["valueFrom"]["secretKeyRef"]["name"] for une in variables if "secretKeyRef" in une.get("valueFrom", {})
    }


def test_chaque_pod_n_a_que_sa_propre_cle() -> None:
    cles = {nom: {un for un in _references(modele) if un.startswith("courtier-")} for nom, modele in pods("academie")}
    for service in SERVICES:
        assert cles[service] == {f"courtier-{service}", "courtier-tls"}
        montes = _references(un_academie("Deployment", service)["spec"]["template"])
        assert {un for un in montes if un.startswith("base-")} == {f"base-{service}"}
    assert cles["archiviste"] == {"courtier-exploitation", "courtier-tls"}
    assert cles["bases"] == set()
    assert cles["provision"] == {"courtier-provision", "courtier-tls"}


def test_chaque_secret_reference_est_dit_dans_le_guide() -> None:
    guide = (ROOT / "docs" / "exploitation" / "grappe.md").read_text("utf-8")
    for _, modele in pods("academie"):
        for nom in _references(modele):
            assert f"`{nom}`" in guide, nom


def test_les_services_ont_leurs_sondes_et_survivent_a_une_maintenance() -> None:
    for service in SERVICES:
        deploiement = un_academie("Deployment", service)
        [conteneur] = deploiement["spec"]["template"]["spec"]["containers"]
        assert conteneur["args"] == ["servir", service]
        assert conteneur["livenessProbe"]["httpGet"]["path"] == "/sante/vivant"
        assert conteneur["readinessProbe"]["httpGet"]["path"] == "/sante/pret"
        assert deploiement["spec"]["replicas"] >= 2
        assert deploiement["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert un_academie("PodDisruptionBudget", service)["spec"]["minAvailable"] == 1
    courtier = un_academie("StatefulSet", "nats")
    assert courtier["spec"]["replicas"] == 3
    [regle] = courtier["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert regle["topologyKey"] == "kubernetes.io/hostname"
    assert un_academie("PodDisruptionBudget", "nats")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "PodDisruptionBudget", "Service"])
def test_chaque_selection_designe_des_pods_qui_existent(kind: str) -> None:
    etiquettes = [modele["metadata"]["labels"] for _, modele in pods("academie")]
    for un in de("academie", kind):
        choix = un["spec"]["selector"]
        choix = choix.get("matchLabels", choix)
        assert any(choix.items() <= une.items() for une in etiquettes), un["metadata"]["name"]


def test_rien_ne_passe_qui_ne_soit_ecrit() -> None:
    politiques = {un["metadata"]["name"]: un["spec"] for un in de("academie", "NetworkPolicy")}
    assert politiques["rien-par-defaut"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    [choix] = politiques["vers-les-bases"]["podSelector"]["matchExpressions"]
    assert choix["values"] == ["service", "bases", "terminal"]
    entree = politiques["courtier"]["ingress"]
    assert [un["ports"][0]["port"] for un in entree] == [4222, 6222, 8222]
    assert all(un["from"] for un in entree)
    roles = {modele["metadata"]["labels"]["parchemin/role"] for _, modele in pods("academie")}
    [clients] = [un["podSelector"]["matchExpressions"][0]["values"] for un in entree[0]["from"]]
    assert roles - {"courtier", "bases"} <= set(clients)
    assert "bases" not in clients


def test_chaque_reglage_existe() -> None:
    connus = {f"PARCHEMIN_{nom.upper()}" for nom in Settings.model_fields}
    dits = set(un_academie("ConfigMap", "parchemin")["data"]) - {"PARCHEMIN_DOSSIER_SECRETS"}
    assert dits <= connus
    assert un_academie("ConfigMap", "parchemin")["data"]["PARCHEMIN_ACADEMIE"] == "normandie"


def test_le_courtier_accepte_sa_configuration_telle_que_montee(tmp_path: Path) -> None:
    modele = un_academie("StatefulSet", "nats")["spec"]["template"]["spec"]
    [volume] = [un for un in modele["volumes"] if un["name"] == "configuration"]
    carte = un_academie("ConfigMap", volume["configMap"]["name"])["data"]
    for un in volume["configMap"]["items"]:
        chemin = tmp_path / un["path"]
        chemin.parent.mkdir(exist_ok=True)
        chemin.write_text(carte[un["key"]], encoding="utf-8")
    [conteneur] = modele["containers"]
    milieu = {un["name"]: un.get("value", "nats-0") for un in conteneur["env"]}
    ecrire_cles(tmp_path / "cles", [*SERVICES, "provision", "exploitation", "commandes"])
    (tmp_path / "tls").mkdir()
    ecrire_certificats(tmp_path / "tls", [("nats-0", ["nats-0.nats"])], 1)
    lignes = (tmp_path / "cles" / "publiques.env").read_text("utf-8").splitlines()
    milieu |= dict(ligne.split("=", 1) for ligne in lignes)
    fichiers = {"AUTORITE": "autorite.pem", "CERTIFICAT": "nats-0.pem", "CERTIFICAT_CLE": "nats-0.cle"}
    for variable, fichier in fichiers.items():
        milieu[f"PARCHEMIN_NATS_{variable}"] = f'"{tmp_path / "tls" / fichier}"'
    told = subprocess.run(
        [str(program(Settings())), "-t", "-c", str(tmp_path / "grappe" / "noeud.conf")],
        env=milieu, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert conteneur["args"] == ["-c", "/etc/parchemin/nats/grappe/noeud.conf"]


def test_chaque_academie_du_regroupement_est_entiere() -> None:
    espaces = {un["metadata"]["name"] for un in de("regroupement", "Namespace")}
    assert len(espaces) >= 2
    for espace in espaces:
        noms = {un["metadata"]["name"] for un in construit("regroupement") if un["metadata"].get("namespace") == espace}
        assert {"nats", "archiviste", "provision", "bases", *SERVICES} <= noms
    dites = [un["data"].get("PARCHEMIN_ACADEMIE") for un in de("regroupement", "ConfigMap")]
    assert len({une for une in dites if une}) == len(espaces)


def test_la_surveillance_facultative_vise_les_memes_pods() -> None:
    option = yaml.safe_load((ICI / "options" / "podmonitor.yaml").read_text("utf-8"))
    [regle] = option["spec"]["selector"]["matchExpressions"]
    roles = {modele["metadata"]["labels"]["parchemin/role"] for _, modele in pods("academie")}
    assert set(regle["values"]) <= roles


def test_le_terminal_facultatif_est_ferme_et_passe_ou_il_doit() -> None:
    pod = yaml.safe_load((ICI / "options" / "terminal.yaml").read_text("utf-8"))
    for version in VERSIONS:
        kubernetes_validate.validate(pod, version, strict=True)
    [bases] = [modele for nom, modele in pods("academie") if nom == "bases"]
    assert pod["spec"]["securityContext"] == bases["spec"]["securityContext"]
    [conteneur], [modele] = pod["spec"]["containers"], bases["spec"]["containers"]
    assert conteneur["securityContext"] == modele["securityContext"]
    guide = (ROOT / "docs" / "exploitation" / "grappe.md").read_text("utf-8")
    for nom in _references(pod):
        assert f"`{nom}`" in guide, nom
    role = pod["metadata"]["labels"]["parchemin/role"]
    politiques = {un["metadata"]["name"]: un["spec"]["podSelector"] for un in de("academie", "NetworkPolicy")}
    for nom in ("vers-le-courtier", "vers-les-bases"):
        assert role in politiques[nom]["matchExpressions"][0]["values"]
