"""Reading règlement files: every error names the file, the key and the clause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from contracts.lecture_yaml import Chargeur
from contracts.reglement.modele import Reglement

DOSSIER = Path(__file__).parents[1] / "reglements"
A_REMPLIR = "A_REMPLIR"
"""What `parchemin reglements nouveau` writes where the author must write: a file that still has it does not load."""


@dataclass(frozen=True)
class Faute:
    """One reason why a file does not load. ``nature``: the kind of fault, as pydantic, YAML or the system names it."""

    nature: str
    cle: str
    texte: str
    regle: str = ""
    valeur: str = ""
    attendu: str = ""


class ReglementInvalide(Exception):
    """A règlement file that does not load. The text names file, key and rule; ``fautes`` say them one by one."""

    code = "REGLEMENT_INVALIDE"

    def __init__(self, texte: str, fautes: tuple[Faute, ...] = ()) -> None:
        super().__init__(texte)
        self.fautes = fautes


def load_reglement(path: Path) -> Reglement:
    """The règlement of a file.

    Raises:
        ReglementInvalide: unreadable YAML, place still to fill, unknown or missing key, bad value, rule without source.
    """
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise _unreadable(path, "os", f"fichier illisible ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _unreadable(path, "yaml", f"YAML mal formé : {' '.join(str(error).split())}") from None
    fautes = tuple(_marks(raw))
    if fautes:
        raise _refused(path, fautes)
    try:
        return Reglement.model_validate(raw)
    except ValidationError as error:
        raise _refused(path, tuple(_faute(raw, item) for item in error.errors())) from None


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


class _Loader(Chargeur):
    """YAML where a decimal number stays exact: ``0.5`` loads as ``Decimal("0.5")``."""


def _exact(loader: Chargeur, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)


def _unreadable(path: Path, nature: str, texte: str) -> ReglementInvalide:
    return ReglementInvalide(f"{path} : {texte}", (Faute(nature, "(fichier)", texte),))


def _refused(path: Path, fautes: tuple[Faute, ...]) -> ReglementInvalide:
    lines = [f"  {path} : {one.cle} : {one.texte}{f' (règle {one.regle})' if one.regle else ''}" for one in fautes]
    return ReglementInvalide("règlement refusé :\n" + "\n".join(lines), fautes)


def _marks(node: Any, loc: tuple[int | str, ...] = ()) -> Iterator[Faute]:
    """The places that the author has still to fill: values, and names of keys."""
    if node == A_REMPLIR:
        yield Faute("a_remplir", _where(loc), "place encore à remplir")
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _marks(key, (*loc, str(key)))
            yield from _marks(value, (*loc, str(key)))
    elif isinstance(node, list):
        for rank, value in enumerate(node):
            yield from _marks(value, (*loc, rank))


def _faute(raw: Any, item: Any) -> Faute:
    return Faute(
        nature=str(item["type"]),
        cle=_where(item["loc"]),
        texte=_why(item),
        regle=_rule_near(raw, item["loc"]),
        valeur=str(item["input"]) if isinstance(item["input"], (str, int, Decimal)) else "",
        attendu=str((item.get("ctx") or {}).get("expected", "")),
    )


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
            found = str(node["regle"])
        node = (
            node.get(part)
            if isinstance(node, dict)
            else node[part]
            if isinstance(node, list) and isinstance(part, int) and part < len(node)
            else None
        )
    if isinstance(node, dict) and isinstance(node.get("regle"), str):
        found = str(node["regle"])
    return found
