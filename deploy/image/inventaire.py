"""The software inventory (CycloneDX 1.6) of the environment that runs this file, on the standard output."""

import json
import sys
from importlib.metadata import Distribution, distributions


def composant(one: Distribution) -> dict[str, object]:
    nom, version = one.metadata["Name"], one.version
    licence = one.metadata.get("License-Expression") or one.metadata.get("License") or ""
    purl = f"pkg:pypi/{nom.lower().replace('_', '-')}@{version}"
    dit: dict[str, object] = {"type": "library", "name": nom, "version": version, "purl": purl, "bom-ref": purl}
    if licence and "\n" not in licence:
        dit["licenses"] = [{"license": {"name": licence}}]
    return dit


def inventaire() -> dict[str, object]:
    composants = sorted((composant(one) for one in distributions()), key=lambda un: str(un["purl"]))
    [soi] = [un for un in composants if un["name"] == "parchemin"]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": soi | {"type": "application"}},
        "components": [un for un in composants if un is not soi],
    }


if __name__ == "__main__":
    json.dump(inventaire(), sys.stdout, ensure_ascii=False, indent=1)
