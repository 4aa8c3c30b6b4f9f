"""What kustomize makes of the overlays: valid for Kubernetes, closed, and true to what the programs need."""

from __future__ import annotations

import json
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
from services.exploitation.federation.cles import Trousseau
from services.exploitation.federation.generation import generer
from services.exploitation.federation.kubernetes import cles_de_grappe, ecrire, espace
from services.exploitation.federation.modele import lire, verifier_modele
from services.exploitation.federation.rendu import GRAINE
from services.socle.server import program
from services.socle.settings import ROOT, Settings

ICI = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("academie", "regroupement")
REGROUPEES = ("normandie", "hauts-de-france", "la_reunion")  # the pilot first
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


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_chaque_secret_reference_est_dit_dans_le_guide(overlay: str) -> None:
    guide = (ROOT / "docs" / "exploitation" / "grappe.md").read_text("utf-8")
    for _, modele in pods(overlay):
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
        [etalement] = deploiement["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert (etalement["topologyKey"], etalement["maxSkew"]) == ("kubernetes.io/hostname", 1)
        assert etalement["labelSelector"] == deploiement["spec"]["selector"]  # its own instances, and no other's
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


def _dans(kind: str, nom: str, academie: str) -> Objet:
    """An object of an académie of the regroupement; alone, that of « academie » when none is named."""
    [found] = [
        un
        for un in de("regroupement" if academie else "academie", kind)
        if un["metadata"]["name"] == nom and academie in ("", un["metadata"]["labels"].get("parchemin/academie"))
    ]
    return found


def _poser(modele: Objet, academie: str, ou: Path) -> None:
    """The configuration of the broker, as it is mounted."""
    [volume] = [un for un in modele["volumes"] if un["name"] == "configuration"]
    carte = _dans("ConfigMap", volume["configMap"]["name"], academie)["data"]
    for un in volume["configMap"]["items"]:
        chemin = ou / un["path"]
        chemin.parent.mkdir(exist_ok=True, parents=True)
        chemin.write_text(carte[un["key"]], encoding="utf-8")


def _milieu(conteneur: Objet, academie: str, ou: Path) -> dict[str, str]:
    """What the broker is told: the values written, keys and certificates as the guide has them made."""
    milieu = {un["name"]: un.get("value", "nats-0") for un in conteneur["env"]}
    ecrire_cles(ou / "cles", [*SERVICES, "provision", "exploitation", "commandes"])
    (ou / "tls").mkdir()
    ecrire_certificats(ou / "tls", [("nats-0", ["nats-0.nats"])], 1)
    publiques = [ou / "cles" / "publiques.env"]
    prefixes = {"PARCHEMIN_NATS": ("AUTORITE", "CERTIFICAT", "CERTIFICAT_CLE")}
    if academie:
        federation = lire(ICI / "overlays" / "regroupement" / "federation.yaml")
        generer(federation, ROOT / "deploy", ou / "federation")
        cles_de_grappe(federation, Trousseau(ou / "federation"))
        publiques.append(ou / "federation" / academie / "publiques.env")
        prefixes["PARCHEMIN_LIEN"] = ("AUTORITE", "CERTIFICAT", "CLE")
        if academie != federation.pilote:
            milieu[GRAINE] = (ou / "federation" / "secrets" / academie / "lien.nk").read_text("ascii")
    for chemin in publiques:
        milieu |= dict(ligne.split("=", 1) for ligne in chemin.read_text("utf-8").splitlines())
    fichiers = {"AUTORITE": "autorite.pem", "CERTIFICAT": "nats-0.pem", "CERTIFICAT_CLE": "nats-0.cle"}
    fichiers["CLE"] = fichiers["CERTIFICAT_CLE"]
    for prefixe, variables in prefixes.items():
        milieu |= {f"{prefixe}_{une}": json.dumps(str(ou / "tls" / fichiers[une])) for une in variables}
    return milieu


@pytest.mark.parametrize("academie", ["", *REGROUPEES])
def test_le_courtier_accepte_sa_configuration_telle_que_montee(academie: str, tmp_path: Path) -> None:
    modele = _dans("StatefulSet", "nats", academie)["spec"]["template"]["spec"]
    [conteneur] = modele["containers"]
    _poser(modele, academie, tmp_path)
    told = subprocess.run(
        [str(program(Settings())), "-t", "-c", str(tmp_path / "grappe" / "noeud.conf")],
        env=_milieu(conteneur, academie, tmp_path), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert conteneur["args"] == ["-c", "/etc/parchemin/nats/grappe/noeud.conf"]


def test_chaque_academie_du_regroupement_est_entiere() -> None:
    espaces = {un["metadata"]["name"] for un in de("regroupement", "Namespace")}
    assert len(espaces) >= 2
    for un_espace in espaces:
        siens = (un["metadata"] for un in construit("regroupement") if un["metadata"].get("namespace") == un_espace)
        noms = {un["name"] for un in siens}
        assert {"nats", "archiviste", "provision", "bases", *SERVICES} <= noms
    dites = [un["data"].get("PARCHEMIN_ACADEMIE") for un in de("regroupement", "ConfigMap")]
    assert len({une for une in dites if une}) == len(espaces)


@pytest.mark.parametrize("academie", REGROUPEES)
def test_chaque_academie_du_regroupement_ecoute_les_autres(academie: str) -> None:
    donnees = _dans("ConfigMap", "parchemin", academie)["data"]
    assert donnees["PARCHEMIN_ECHANGES"] == "2026"
    assert set(donnees["PARCHEMIN_ECHANGES"].split(",")) <= set(donnees["PARCHEMIN_SESSIONS"].split(","))
    modele = _dans("Job", "provision", academie)["spec"]["template"]["spec"]
    [conteneur] = modele["containers"]
    assert conteneur["command"][-1].endswith("parchemin federation appliquer /run/regroupement/federation.yaml")
    [montee] = [un["mountPath"] for un in conteneur["volumeMounts"] if un["name"] == "regroupement"]
    [volume] = [un["configMap"]["name"] for un in modele["volumes"] if un["name"] == "regroupement"]
    decrite = _dans("ConfigMap", volume, academie)["data"]["federation.yaml"]
    assert (montee, set(verifier_modele(yaml.safe_load(decrite)).academies)) == ("/run/regroupement", set(REGROUPEES))
    assert {"courtier-provision", "courtier-sas", "courtier-tls"} == _references({"spec": modele})


@pytest.mark.parametrize("academie", REGROUPEES)
def test_les_cles_du_lien_sont_des_secrets_nommes_que_le_courtier_seul_recoit(academie: str) -> None:
    pilote = academie == REGROUPEES[0]
    du_lien = {"lien-tls"} if pilote else {"lien-tls", "lien-graine"}
    for un in construit("regroupement"):
        if un["kind"] in ("Deployment", "StatefulSet", "Job") and un["metadata"]["namespace"] == espace(academie):
            attendus = du_lien if un["metadata"]["name"] == "nats" else set()
            assert {nom for nom in _references(un["spec"]["template"]) if nom.startswith("lien-")} == attendus


def test_le_lien_passe_des_courtiers_des_rattachees_a_ceux_de_la_pilote_et_par_un_seul_port() -> None:
    pilote, *membres = REGROUPEES
    courtiers = {"podSelector": {"matchLabels": {"parchemin/role": "courtier"}}}

    def chez(academie: str) -> Objet:
        return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": espace(academie)}}} | courtiers

    port = [{"protocol": "TCP", "port": 7422}]
    assert _dans("NetworkPolicy", "lien", pilote)["spec"] == courtiers | {
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [chez(un) for un in membres], "ports": port}],
    }
    for un in membres:
        assert _dans("NetworkPolicy", "lien", un)["spec"] == courtiers | {
            "policyTypes": ["Egress"],
            "egress": [{"to": [chez(pilote)], "ports": port}],
        }
    nommes = [
        un["metadata"]["name"] for un in de("regroupement", "NetworkPolicy") if f"{espace('')}" in str(un["spec"])
    ]
    assert set(nommes) == {"lien"}  # nothing else goes from an académie to another
    services = [un for un in de("regroupement", "Service") if un["metadata"]["name"] == "nats-liens"]
    assert [(un["metadata"]["namespace"], un["spec"]["ports"][0]["port"]) for un in services] == [
        (espace(pilote), 7422)
    ]
    assert (
        lire(ICI / "overlays" / "regroupement" / "federation.yaml").liaison.hote == f"nats-liens.{espace(pilote)}.svc"
    )
    [conteneur] = _dans("StatefulSet", "nats", pilote)["spec"]["template"]["spec"]["containers"]
    assert {"name": "liens", "containerPort": 7422} in conteneur["ports"]


def test_chaque_courtier_du_regroupement_a_son_domaine_et_son_nom_de_grappe(tmp_path: Path) -> None:
    for academie in REGROUPEES:
        modele = _dans("StatefulSet", "nats", academie)["spec"]["template"]["spec"]
        _poser(modele, academie, tmp_path / academie)
        texte = (tmp_path / academie / "grappe" / "noeud.conf").read_text("utf-8")
        assert f'  domain: "{academie}"' in texte
        assert texte.index("  name: parchemin") < texte.index(f'  name: "{academie}"')  # the last word is kept


def test_ajouter_une_academie_est_un_fichier_et_une_commande(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", symlinks=True)
    copie = tmp_path / "deploy" / "kubernetes" / "overlays" / "regroupement"
    decrit = yaml.safe_load((copie / "federation.yaml").read_text("utf-8"))
    decrit["academies"]["mayotte"] = {"fuseau": "Indian/Mayotte"}
    decrit["academies"]["normandie"]["liaison"]["port"] = 7423
    decrit["partages"][0]["membres"].append("mayotte")
    ecrire(verifier_modele(decrit), tmp_path / "deploy", copie)
    told = subprocess.run([str(KUSTOMIZE), "build", str(copie)], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    objets = list(yaml.safe_load_all(told.stdout))
    for un in objets:
        kubernetes_validate.validate(un, VERSIONS[0], strict=True)
    assert "parchemin-mayotte" in {un["metadata"]["name"] for un in objets if un["kind"] == "Namespace"}
    [service] = [un for un in objets if un["metadata"]["name"] == "nats-liens"]
    assert [un["port"] for un in service["spec"]["ports"]] == [7423]
    [pilote] = [
        un for un in objets if un["kind"] == "StatefulSet" and un["metadata"]["namespace"] == "parchemin-normandie"
    ]
    [conteneur] = pilote["spec"]["template"]["spec"]["containers"]
    assert [un["containerPort"] for un in conteneur["ports"] if un["name"] == "liens"] == [7423]


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
