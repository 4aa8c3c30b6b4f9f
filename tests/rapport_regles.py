"""Which test carries which rule: ``make regles ARGS="--cadre CAP24 --json --strict"``.

A test carries a rule of ``contracts/regles.yaml`` when its name does (``test_cap24_n05_…``, ``test_cl_031_…``), or when
a string in it, in its decorators or in a table that they name, is or cites the id; what it only takes as given does
not count. ``tests/hors_logiciel.yaml`` says why a rule is not for software.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
ID = re.compile(r"\b(?:CAP24|CAP26|BTS|MC|TP|TR|DC|AMB|CL)-[A-Z]*[0-9]+\b")
GIVEN = frozenset({"given", "etant_donne"})  # facts taken as given prove nothing
NAMES_ONLY = frozenset({"test_regles.py", "test_contrats.py", "test_refus.py"})  # their strings cite rules as examples
PLAYS_CASES = re.compile(r"cas\.yaml")
STRICT_CASES = range(1, 141)


@dataclass(frozen=True)
class Ligne:
    """One rule of the report. Exactly one of: tests, a reason, or nothing (not tested)."""

    id: str
    texte: str
    tests: tuple[str, ...]
    hors_logiciel: str

    @property
    def tenue(self) -> bool:
        return bool(self.tests or self.hors_logiciel)

    @property
    def cadre(self) -> str:
        return "DC-CAP" if self.id.startswith("DC-CAP") else self.id.partition("-")[0]


@cache
def catalogue() -> dict[str, str]:
    """Every id, with its text."""
    raw = yaml.safe_load((ROOT / "contracts/regles.yaml").read_text("utf-8"))
    return {**{name: rule["texte"] for name, rule in raw["regles"].items()}, **raw["cas"]}


@cache
def hors_logiciel() -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((ROOT / "tests/hors_logiciel.yaml").read_text("utf-8"))
    return found


def rapport(root: Path = ROOT) -> list[Ligne]:
    """One line for each id of the catalogue, in its order."""
    carried: dict[str, set[str]] = {}
    for test, ids in [*_tests(root), *_worked_cases(root)]:
        for one in ids:
            carried.setdefault(one, set()).add(test)
    return [
        Ligne(name, text, tuple(sorted(carried.get(name, ()))), hors_logiciel().get(name, ""))
        for name, text in catalogue().items()
    ]


def strict(lignes: Iterable[Ligne]) -> list[Ligne]:
    """What must be tested and is not: CAP24, CAP26 and every edge case."""
    cases = {f"CL-{number:03}" for number in STRICT_CASES}
    return [one for one in lignes if not one.tenue and (one.cadre in ("CAP24", "CAP26") or one.id in cases)]


def _test_files(root: Path) -> list[Path]:
    folders = [*sorted((root / "services").glob("*/tests")), root / "contracts/tests", root / "tests"]
    return [path for folder in folders for path in sorted(folder.rglob("test_*.py"))]


def _tests(root: Path) -> Iterator[tuple[str, set[str]]]:
    for path in _test_files(root):
        tree = ast.parse(path.read_text("utf-8"), filename=str(path))
        tables = _tables(tree)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                found = _in_name(node.name) if path.name in NAMES_ONLY else _carried(node, tables)
                yield f"{path.relative_to(root)}::{node.name}", found


def _tables(tree: ast.Module) -> dict[str, ast.expr]:
    """Module constants by name: the tables that ``parametrize`` may name."""
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _carried(node: ast.FunctionDef | ast.AsyncFunctionDef, tables: dict[str, ast.expr]) -> set[str]:
    named = {table.id for one in node.decorator_list for table in ast.walk(one) if isinstance(table, ast.Name)}
    roots: list[ast.AST] = [node, *(tables[name] for name in sorted(named & tables.keys()))]
    cited = {one for root in roots for text in _strings(root) for one in ID.findall(text)}
    return (cited | _in_name(node.name)) & catalogue().keys()


def _strings(node: ast.AST) -> Iterator[str]:
    """Every string under a node, but what is inside ``given(…)``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    skipped: Sequence[ast.AST] = ()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GIVEN:
        skipped = [*node.args, *node.keywords]
    for child in ast.iter_child_nodes(node):
        if child not in skipped:
            yield from _strings(child)


def _in_name(name: str) -> set[str]:
    return {one for one, slug in _slugs().items() if f"_{slug}_" in f"{name}_"}


@cache
def _slugs() -> dict[str, str]:
    return {one: one.lower().replace("-", "_") for one in catalogue()}


def _worked_cases(root: Path) -> Iterator[tuple[str, set[str]]]:
    """The worked cases beside the règlements count when a test plays them."""
    if not any(PLAYS_CASES.search(path.read_text("utf-8")) for path in _test_files(root)):
        return
    for path in sorted((root / "contracts/reglements").glob("*/*.cas.yaml")):
        for name, case in _cases(yaml.safe_load(path.read_text("utf-8"))):
            yield f"{path.relative_to(root)}::{name}", {i for i in ID.findall(f"{name} {case}") if i in catalogue()}


def _cases(raw: Any) -> Iterator[tuple[str, str]]:
    """The cases of a file, listed or named, each as text."""
    found = raw.get("cas", raw) if isinstance(raw, dict) else raw
    if isinstance(found, dict):
        yield from ((str(name), json.dumps(case, ensure_ascii=False, default=str)) for name, case in found.items())
    else:
        for number, case in enumerate(found or (), 1):
            name = str(case.get("id", case.get("nom", number))) if isinstance(case, dict) else str(number)
            yield name, json.dumps(case, ensure_ascii=False, default=str)


def _text(lignes: Sequence[Ligne]) -> Iterator[str]:
    for one in lignes:
        if one.tests:
            yield f"{one.id:<10} {len(one.tests)} test(s)  {one.tests[0]}"
            yield from (f"{'':<21} {test}" for test in one.tests[1:])
        elif one.hors_logiciel:
            yield f"{one.id:<10} hors logiciel  {' '.join(one.hors_logiciel.split())}"
        else:
            yield f"{one.id:<10} SANS TEST  {one.texte}"
    yield ""
    yield f"{'cadre':<10}{'règles':>8}{'testées':>9}{'hors logiciel':>15}{'sans test':>11}"
    for cadre in dict.fromkeys(one.cadre for one in lignes):
        some = [one for one in lignes if one.cadre == cadre]
        tested, outside = sum(bool(one.tests) for one in some), sum(not one.tests and one.tenue for one in some)
        yield f"{cadre:<10}{len(some):>8}{tested:>9}{outside:>15}{sum(not one.tenue for one in some):>11}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.rapport_regles", description="Quels tests portent une règle."
    )
    parser.add_argument("--cadre", help="un cadre seulement : CAP24, CAP26, DC-CAP, AMB, CL…")
    parser.add_argument("--json", action="store_true", help="le rapport en JSON")
    parser.add_argument("--strict", action="store_true", help="échouer si CAP24, CAP26 ou CL-001 à CL-063 a un trou")
    chosen = parser.parse_args(arguments)
    lignes = rapport()
    shown = [one for one in lignes if chosen.cadre in (None, one.cadre, one.id)]
    if chosen.json:
        print(json.dumps([asdict(one) for one in shown], ensure_ascii=False, indent=2))
    else:
        print("\n".join(_text(shown)))
    missing = strict(lignes)
    if chosen.strict and missing:
        print(f"sans test : {', '.join(one.id for one in missing)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
