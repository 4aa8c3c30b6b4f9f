"""Reading règlement files: every error names the file, the key and the clause."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from contracts.reglement.modele import Reglement

DOSSIER = Path(__file__).parents[1] / "reglements"


class ReglementInvalide(Exception):
    """A règlement file that does not load. The text names file, key and rule."""

    code = "REGLEMENT_INVALIDE"


def load_reglement(path: Path) -> Reglement:
    """The règlement of a file.

    Raises:
        ReglementInvalide: unreadable YAML, unknown or missing key, bad value, rule without source.
    """
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise ReglementInvalide(f"{path} : fichier illisible ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReglementInvalide(f"{path} : YAML mal formé : {' '.join(str(error).split())}") from None
    try:
        return Reglement.model_validate(raw)
    except ValidationError as error:
        lines = [
            f"  {path} : {_where(item['loc'])} : {_why(item)}{_rule_near(raw, item['loc'])}" for item in error.errors()
        ]
        raise ReglementInvalide("règlement refusé :\n" + "\n".join(lines)) from None


def load_all(root: Path = DOSSIER) -> dict[str, Reglement]:
    """All the règlements by id, sorted.

    Raises:
        ReglementInvalide: one of them does not load, or two have the same id.
    """
    found: dict[str, Reglement] = {}
    for path in sorted(root.glob("*/*.yaml")):
        if path.name.endswith(".cas.yaml"):
            continue
        one = load_reglement(path)
        if one.id in found:
            raise ReglementInvalide(f"{path} : id : {one.id} existe déjà")
        found[one.id] = one
    return found


class _Loader(yaml.SafeLoader):
    """YAML where a decimal number stays exact: ``0.5`` loads as ``Decimal("0.5")``."""


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)


def _where(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "(racine)"


def _why(item: Any) -> str:
    reasons = {"missing": "clé absente", "extra_forbidden": "clé inconnue du schéma"}
    return reasons.get(item["type"], str(item["msg"]).removeprefix("Value error, "))


def _rule_near(raw: Any, loc: tuple[int | str, ...]) -> str:
    """The nearest ``regle`` above the faulty key, to say which clause is concerned."""
    found, node = "", raw
    for part in loc:
        if isinstance(node, dict) and isinstance(node.get("regle"), str):
            found = f" (règle {node['regle']})"
        node = (
            node.get(part)
            if isinstance(node, dict)
            else node[part]
            if isinstance(node, list) and isinstance(part, int) and part < len(node)
            else None
        )
    if isinstance(node, dict) and isinstance(node.get("regle"), str):
        found = f" (règle {node['regle']})"
    return found
