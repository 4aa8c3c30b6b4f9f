"""Each object as it is written, before kustomize, which not every machine has: valid for Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from services.exploitation.federation import kubernetes
from services.exploitation.federation.modele import lire
from services.socle.settings import ROOT
from tests.kubernetes.test_manifestes import ICI, VERSIONS

DE_KUSTOMIZE = (None, "Kustomization", "Component")  # and the files that it only carries
D_UN_OPERATEUR = "monitoring.coreos.com/"  # kinds that Kubernetes itself does not know


def objets() -> Iterator[tuple[str, dict[str, Any]]]:
    for chemin in sorted(ICI.rglob("*.yaml")):
        for un in yaml.safe_load_all(chemin.read_text("utf-8")):
            if un.get("kind", "Kustomization") not in ("Kustomization", "Component") and not un[
                "apiVersion"
            ].startswith(D_UN_OPERATEUR):
                yield f"{chemin.relative_to(ICI)}:{un['kind']}/{un['metadata']['name']}", un


TOUS = dict(objets())


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepte_chaque_objet_tel_qu_il_est_ecrit(version: str) -> None:
    for ou, un in TOUS.items():
        try:
            kubernetes_validate.validate(un, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{ou} : {error.message}")


def test_le_regroupement_deploye_est_celui_que_son_fichier_donne() -> None:
    racine = ICI / "overlays" / "regroupement"
    voulus = list(kubernetes.fichiers(lire(racine / "federation.yaml"), ROOT / "deploy", racine))
    for un in voulus:
        assert un.chemin.exists(), un.chemin
        assert un.a_l_operateur or un.chemin.read_text("utf-8") == un.texte, f"{un.chemin} : générez de nouveau"
    la = {un for un in racine.rglob("*") if un.is_file()}
    assert la == {un.chemin for un in voulus} | {racine / "federation.yaml"}


def test_ce_qui_est_a_l_operateur_n_est_pas_change(tmp_path: Path) -> None:
    federation = lire(ICI / "overlays" / "regroupement" / "federation.yaml")
    kubernetes.ecrire(federation, ROOT / "deploy", tmp_path)
    siens = [un.chemin for un in kubernetes.fichiers(federation, ROOT / "deploy", tmp_path) if un.a_l_operateur]
    assert len(siens) == 1 + len(federation.academies)
    for chemin in siens:
        chemin.write_text("à moi", encoding="utf-8")
    reglage = tmp_path / "normandie" / "regroupement.yaml"
    reglage.write_text("à refaire", encoding="utf-8")
    kubernetes.ecrire(federation, ROOT / "deploy", tmp_path)
    assert {chemin.read_text("utf-8") for chemin in siens} == {"à moi"}
    assert "PARCHEMIN_ECHANGES" in reglage.read_text("utf-8")


def test_aucun_fichier_n_est_oublie() -> None:
    lus = {Path(ou.partition(":")[0]).parts[0] for ou in TOUS}
    assert lus == {"base", "composants", "options", "overlays"}
    assert {ou.rpartition(":")[2].partition("/")[0] for ou in TOUS} >= {
        "Deployment", "StatefulSet", "Job", "Pod", "NetworkPolicy", "PodDisruptionBudget", "ConfigMap", "Service",
    }  # fmt: skip
