"""Mutation testing of the deciders: ``make mutation ARGS="notation"``, all services one after the other by default.

Each function of ``services/<service>/domain`` is changed in small ways, one at a time, and the service's own tests are
played against each change: those that no test notices survive. It all happens in a copy of the tree. Changes that touch
only what people read are set apart beforehand (see `mutation_textes`) and not played. Property tests are left out:
slow, and drawn at random. What they alone hold counts as surviving.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from tests.mutation_textes import Changement, Textes, changements

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication")
IGNORES = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "mutants", "*.egg-info", "build", "dist")
SEUIL = 90
PAUSE = 20  # seconds between two lines of progress, where lines do not overwrite each other
REGLAGES = """
[tool.mutmut]
source_paths = ["services"]
only_mutate = ["services/{service}/domain/*.py"]
pytest_add_cli_args_test_selection = ["services/{service}/tests"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not (hypothesis or conteneurs or chaos or navigateur)"]
also_copy = ["contracts", "conftest.py", "services", "exemples", "tests", "pyproject.toml"]
timeout_multiplier = 5.0
timeout_constant = 3.0
"""
# Each mutant is played in a fork of a process that has already played the tests: what it kept must be computed again.
HARNAIS = """

def pytest_collection_finish() -> None:
    import sys

    for name, module in list(sys.modules.items()):
        if name.startswith("services.{service}.domain"):
            for one in vars(module).values():
                getattr(one, "cache_clear", lambda: None)()
"""


@dataclass(frozen=True)
class Mutant:
    """One change of one function. ``empreinte`` names it whatever else changes in the file."""

    nom: str
    lieu: str
    change: str
    texte: bool
    empreinte: str


@dataclass(frozen=True)
class Bilan:
    """What the tests of a service noticed."""

    service: str
    mutants: tuple[Mutant, ...]
    issues: dict[str, str]  # by name: killed, survived, timeout…

    @property
    def joues(self) -> list[Mutant]:
        return [one for one in self.mutants if not one.texte]

    @property
    def survivants(self) -> list[Mutant]:
        """Those that no test notices; one that never ends is noticed."""
        return [one for one in self.joues if self.issues.get(one.nom) not in ("killed", "timeout", "segfault")]

    @property
    def taux(self) -> float:
        return 100 * (1 - len(self.survivants) / len(self.joues)) if self.joues else 100


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Tests de mutation des décideurs.")
    parser.add_argument("services", nargs="*", metavar="service", help=f"{', '.join(SERVICES)} (tous)")
    parser.add_argument("--processus", type=int, default=1, help="mutants joués à la fois (1)")
    parser.add_argument("--reprendre", type=Path, metavar="FICHIER", help="y noter les tués, et ne pas les rejouer")
    parser.add_argument("--un-sur", type=int, default=1, metavar="N", help="un échantillon, toujours le même (tous)")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.services if name not in SERVICES]:
        parser.error(f"service inconnu : {', '.join(unknown)} (connus : {', '.join(SERVICES)})")
    bilans = []
    for service in chosen.services or SERVICES:
        bilan = mesurer(service, chosen.processus, chosen.reprendre, chosen.un_sur)
        bilans.append(bilan)
        print(detail(bilan), flush=True)
    print(tableau(bilans))
    return 0 if all(one.taux >= SEUIL for one in bilans) else 1


def mesurer(service: str, processus: int, memoire: Path | None, un_sur: int) -> Bilan:
    """Mutate a copy of the tree, play the tests of the service, read the outcomes."""
    connus = set(json.loads(memoire.read_text("utf-8"))) if memoire and memoire.exists() else set()
    with tempfile.TemporaryDirectory(prefix="parchemin-mutation-") as temporary:
        copie = Path(temporary) / "copie"
        shutil.copytree(ROOT, copie, ignore=shutil.ignore_patterns(*IGNORES))
        with (copie / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(REGLAGES.format(service=service))
        with (copie / "conftest.py").open("a", encoding="utf-8") as fixtures:
            fixtures.write(HARNAIS.format(service=service))
        mutants = [one for one in engendrer(service, copie) if int(one.empreinte, 16) % un_sur == 0]
        a_jouer = [one.nom for one in mutants if not one.texte and one.empreinte not in connus]
        print(f"{service} : {len(mutants)} mutants, {len(a_jouer)} à jouer", flush=True)
        issues = jouer(copie, a_jouer, processus) if a_jouer else {}
    issues |= {one.nom: "killed" for one in mutants if one.empreinte in connus}
    if memoire:
        tues = {one.empreinte for one in mutants if issues.get(one.nom) == "killed"}
        memoire.write_text(json.dumps(sorted(connus | tues)), "utf-8")
    return Bilan(service, tuple(mutants), issues)


def engendrer(service: str, copie: Path) -> list[Mutant]:
    """Every mutant of a service, as mutmut makes and names them."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    services = copie / "services"
    paths = [*sorted((services / service).glob("[!t]*/*.py")), *sorted((services / "communs").glob("*.py"))]
    sources = {path: path.relative_to(copie) for path in paths}
    modules = {_module(name): ast.parse(path.read_text("utf-8")) for path, name in sources.items()}
    textes = Textes(modules)
    found: list[Mutant] = []
    for path, name in sources.items():
        if name.parts[2] != "domain":
            continue
        with contextlib.chdir(copie):
            mutated = mutate_file_contents(str(name), path.read_text("utf-8"))
        made = {one.name: one for one in ast.walk(ast.parse(mutated.code)) if isinstance(one, ast.FunctionDef)}
        for nom in mutated.mutant_names:
            found.append(_mutant(nom, name, made[nom], textes))
    return found


def _mutant(nom: str, path: Path, fait: ast.FunctionDef, textes: Textes) -> Mutant:
    module = _module(path)
    propre = nom.partition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    origine = textes.fonction(module, propre)
    changes = changements(origine, fait)
    line = min((getattr(before, "lineno", origine.lineno) for before, _ in changes), default=origine.lineno)
    content = f"{module}.{propre}\n{ast.dump(origine)}\n{ast.dump(fait)}".replace(nom, "")
    return Mutant(
        nom=f"{module}.{nom}",
        lieu=f"{path}:{line}",
        change=" ; ".join(_dire(one) for one in changes),
        texte=textes.seulement(changes),
        empreinte=hashlib.sha256(content.encode()).hexdigest()[:16],
    )


def _dire(change: Changement) -> str:
    before, after = change
    old, new = _une_ligne(before), "rien" if after is None else _une_ligne(after)
    return f"{old}  →  {new}"


def _une_ligne(node: ast.AST) -> str:
    with contextlib.suppress(AttributeError, ValueError):  # an operator has no text of its own
        text = " ".join(ast.unparse(node).split())
        return text if len(text) <= 90 else f"{text[:87]}..."
    return type(node).__name__


def jouer(copie: Path, noms: list[str], processus: int) -> dict[str, str]:
    """Play the tests against each of these mutants.

    Raises:
        SystemExit: the tests fail before anything is changed.
    """
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    command = [mutmut, "run", "--max-children", str(processus), *noms]
    with subprocess.Popen(command, cwd=copie, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0) as running:
        said = montrer(iter(partial(_lire, running.stdout), b""))
    if running.returncode:
        raise SystemExit(f"{said}\nmutmut : code {running.returncode} ; les tests passent-ils sans mutation ?")
    listed = subprocess.run(
        [mutmut, "results", "--all", "true"], cwd=copie, capture_output=True, text=True, check=True
    ).stdout
    pairs = (line.strip().rsplit(": ", 1) for line in listed.splitlines() if ": " in line)
    return {name: status for name, status in pairs if name in set(noms)}


def _lire(stream: IO[bytes] | None) -> bytes:
    return stream.read(4096) if stream else b""


def montrer(pieces: Iterable[bytes]) -> str:
    """Show how far it is; return the last of what was said."""
    said, last = "", time.monotonic()
    for piece in pieces:
        said = (said + piece.decode(errors="replace"))[-6000:]
        if sys.stdout.isatty():
            print(piece.decode(errors="replace"), end="", flush=True)
        elif time.monotonic() - last > PAUSE:
            last = time.monotonic()
            print(f"  {said.rstrip().rpartition(chr(13))[2][:100]}", flush=True)
    return said


def detail(bilan: Bilan) -> str:
    """The survivors, one line each."""
    lines = [f"\n{bilan.service} : {len(bilan.survivants)} survivants"]
    for one in bilan.survivants:
        etat = bilan.issues.get(one.nom, "not checked")
        note = "" if etat == "survived" else f"  [{'aucun test' if etat == 'no tests' else etat}]"
        lines.append(f"  {one.lieu}: {one.change}{note}")
    return "\n".join(lines)


def tableau(bilans: Iterable[Bilan]) -> str:
    lines = [f"\n{'service':<14}{'mutants':>9}{'texte seul':>12}{'joués':>8}{'tués':>8}{'survivants':>12}{'taux':>9}"]
    for one in bilans:
        joues, survivants = len(one.joues), len(one.survivants)
        textes = len(one.mutants) - joues
        lines.append(
            f"{one.service:<14}{len(one.mutants):>9}{textes:>12}{joues:>8}{joues - survivants:>8}{survivants:>12}"
            f"{one.taux:>8.1f}%"
        )
    return "\n".join([*lines, f"seuil : {SEUIL} %"])


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


if __name__ == "__main__":
    sys.exit(main())
