"""Each object as it is written, before kustomize, which not every machine has: valid for Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.kubernetes.test_manifestes import ICI, VERSIONS

D_UN_OPERATEUR = "monitoring.coreos.com/"  # kinds that Kubernetes itself does not know


def objets() -> Iterator[tuple[str, dict[str, Any]]]:
    for chemin in sorted(ICI.rglob("*.yaml")):
        for un in yaml.safe_load_all(chemin.read_text("utf-8")):
            if un["kind"] != "Kustomization" and not un["apiVersion"].startswith(D_UN_OPERATEUR):
                yield f"{chemin.relative_to(ICI)}:{un['kind']}/{un['metadata']['name']}", un


TOUS = dict(objets())


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepte_chaque_objet_tel_qu_il_est_ecrit(version: str) -> None:
    for ou, un in TOUS.items():
        try:
            kubernetes_validate.validate(un, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{ou} : {error.message}")


def test_aucun_fichier_n_est_oublie() -> None:
    lus = {Path(ou.partition(":")[0]).parts[0] for ou in TOUS}
    assert lus == {"base", "options", "overlays"}
    assert {ou.rpartition(":")[2].partition("/")[0] for ou in TOUS} >= {
        "Deployment", "StatefulSet", "Job", "Pod", "NetworkPolicy", "PodDisruptionBudget", "ConfigMap", "Service",
    }  # fmt: skip
