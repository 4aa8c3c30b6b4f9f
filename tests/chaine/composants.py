"""The bill of materials of what is distributed (CycloneDX), and the holes that are known in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from tests.chaine.licences import licence
from tests.chaine.paquets import REQUIREMENTS, Epingle, empreintes, epingles, installee

BIN = Path(sys.executable).parent
_NOM = re.compile(r"[A-Za-z0-9._-]+")


class NonVerifie(Exception):
    """The advisories could not be asked: nothing is known, which is not the same as nothing being wrong."""


def sbom() -> dict[str, Any]:
    """The document, from what is installed here: the same environment gives the same bytes."""
    presents = [une for une in epingles("base") if installee(une.nom) is not None]
    refs = {une.nom: f"pkg:pypi/{une.nom}@{une.version}" for une in presents}
    produit = {"type": "application", "bom-ref": "parchemin", "name": "parchemin", "version": version("parchemin")}
    racine = {"ref": "parchemin", "dependsOn": _liens("parchemin", refs)}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**produit, "licenses": [{"expression": "EUPL-1.2"}]}},
        "components": [_composant(une, refs[une.nom]) for une in presents],
        "dependencies": [racine, *({"ref": refs[une.nom], "dependsOn": _liens(une.nom, refs)} for une in presents)],
    }


def _composant(une: Epingle, ref: str) -> dict[str, Any]:
    """With the digests of the only files that are accepted of it."""
    return {
        "type": "library",
        "bom-ref": ref,
        "name": une.nom,
        "version": une.version,
        "purl": ref,
        "licenses": [{"expression": licence(une.nom)}],
        "hashes": [{"alg": "SHA-256", "content": one} for one in empreintes("base", une)],
    }


def _liens(nom: str, refs: Mapping[str, str]) -> list[str]:
    """What it needs, of what is here."""
    noms = {_normal(_NOM.match(one)[0]) for one in requires(nom) or [] if "extra ==" not in one}  # type: ignore[index]
    return sorted(refs[one] for one in noms & refs.keys())


def _normal(nom: str) -> str:
    return re.sub(r"[-_.]+", "-", nom).lower()


def ecrire(sortie: Path) -> int:
    """Write it; how many components it has."""
    document = sbom()
    sortie.parent.mkdir(parents=True, exist_ok=True)
    sortie.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return len(document["components"])


def vulnerabilites(jeu: str) -> list[str]:
    """The advisories about what a set pins, as PyPI tells them.

    Raises:
        NonVerifie: it does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="parchemin-audit-") as dossier:
        sortie = Path(dossier) / "audit.json"
        options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "-f", "json", "-o", str(sortie)]
        audit: list[str | Path] = [BIN / "pip-audit", "-r", REQUIREMENTS / f"{jeu}.txt", *options]
        try:
            done = subprocess.run(audit, capture_output=True, text=True, check=False, timeout=300)
            audite = json.loads(sortie.read_text("utf-8"))["dependencies"]
        except subprocess.TimeoutExpired:
            raise NonVerifie("pas de réponse en cinq minutes") from None
        except (OSError, ValueError, KeyError):
            raise NonVerifie((done.stderr.strip().splitlines() or ["aucune réponse"])[-1][:200]) from None
    sautes = [one["name"] for one in audite if "skip_reason" in one]
    if sautes:
        raise NonVerifie(f"sans réponse pour {', '.join(sautes[:5])} ({len(sautes)} paquets)")
    return [f"{one['name']} {one['version']} : {trou['id']}" for one in audite for trou in one.get("vulns", [])]
