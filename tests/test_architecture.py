"""What the import rules cannot say: the words, the letters and the numbers of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication")

# `academie`, `session` and `diplome` are tokens of a journal's subject: the socle may name them.
EXAM_WORDS = frozenset(
    """
    ajourne ajournement amenagement bareme bordereau bordereaux bulletin candidat candidats candidature candidatures
    centre coefficient coefficients competence competences conformite convocation convocations copie correcteur
    correcteurs deliberation dispense dispenses dossier dossiers epreuve epreuves examen examens grille inscription
    inscriptions jures jury jurys moyenne notation notee notees notes president reclamation reclamations
    reglement reglements releve releves unites
    """.split()  # noqa: SIM905 (one word a line would bury the rest)
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def sources(*folders: str, tests: bool = True) -> list[Path]:
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path for path in found if "__pycache__" not in path.parts and (tests or "tests" not in path.parts)]


def identifiers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name the file reads or gives: variables, attributes, arguments, functions, classes, imports."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name, line
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, line
            case ast.keyword(arg=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, line
            case ast.MatchMapping(rest=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name, line
            case ast.alias(name=name, asname=asname):
                yield asname or name, line
            case ast.ImportFrom(module=str(name)):
                yield name, line
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from ((name, line) for name in names)


def words(identifier: str) -> set[str]:
    return {word.lower() for word in WORD.findall(identifier)}


def floats(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()) | ast.Name(id="float"):
                yield node.lineno


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_le_socle_ne_connait_aucun_mot_d_examen() -> None:
    found = [
        f"{place(path, line)} {name}"
        for path in sources("services/socle", tests=False)
        for name, line in [(path.stem, 0), *identifiers(parsed(path))]
        if words(name) & EXAM_WORDS
    ]
    assert not found, found


def test_les_messages_n_importent_rien_des_contrats() -> None:
    """`contracts.messages` is all that the socle may import of the contracts: it must stand alone."""
    found = [
        name
        for name, _ in identifiers(parsed(ROOT / "contracts/messages.py"))
        if name == "contracts" or name.startswith("contracts.")
    ]
    assert not found, found


def test_les_identifiants_sont_en_ascii() -> None:
    found = [
        f"{place(path, line)} {name}"
        for path in sources("services", "contracts", "tests", "bench")
        for name, line in identifiers(parsed(path))
        if not name.isascii()
    ]
    assert not found, found


def test_les_noms_de_fichiers_sont_en_ascii() -> None:
    folders = ("services", "contracts", "tests", "bench", "deploy", "docs")
    found = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
    assert not [name for name in found if not name.isascii()]


def test_aucun_flottant_dans_le_domaine_ni_les_contrats() -> None:
    """A mark is exact: `Decimal`, or a fraction; never a float."""
    found = [
        place(path, line)
        for path in sources(*(f"services/{service}/domain" for service in SERVICES), "contracts", tests=False)
        for line in floats(parsed(path))
    ]
    assert not found, found


@pytest.mark.parametrize("service", SERVICES)
def test_chaque_service_a_les_memes_pieces(service: str) -> None:
    missing = [
        room
        for room in ("domain", "shell", "projections", "tests")
        if not (ROOT / "services" / service / room).is_dir()
    ]
    assert not missing, missing


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("NoteSaisie", {"note", "saisie"}),
        ("charger_epreuves", {"charger", "epreuves"}),
        ("H_TYPES", {"h", "types"}),
        ("SQLJury2", {"sql", "jury"}),
    ],
)
def test_un_identifiant_se_lit_mot_a_mot(identifier: str, expected: set[str]) -> None:
    assert words(identifier) == expected
