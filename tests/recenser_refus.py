"""Completes ``contracts/refus.yaml`` from what the specs refuse: ``python -m tests.recenser_refus [paths]``.

Runs the domain tests, notes each (command, code) that a spec met, then those that its commands meet on the states of
all the others (`tests.croisement`), and adds them. Removes nothing, except with ``--refaire``, which keeps only what
was met. Says which codes still lack a sentence under « codes ».
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from contracts.messages import Command
from contracts.refus import CODES, COMMUNS, REFUS, REGLES
from services.socle import spec
from tests.croisement import Croisement

ROOT = Path(__file__).resolve().parents[1]
FICHIER = ROOT / "contracts/refus.yaml"
ETATS, PAR_CLASSE = 300, 20
"""States of each decider and commands of each class that the census crosses: a minute of it."""


class Recorder:
    """A pytest plugin: takes the place of the check for one run."""

    def __init__(self) -> None:
        self.met: dict[str, set[str]] = {}
        self.played = Croisement()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self) -> None:
        spec.on_refused, spec.on_played = self.note, self.played.noter

    def cross(self) -> None:
        """What the commands of the specs meet on the states of all the others."""
        for command, refused in self.played.refus(ETATS, PAR_CLASSE):
            self.note(command, refused.regle)

    def note(self, command: Command, code: str) -> None:
        if command.NAME in REFUS and code not in COMMUNS:
            self.met.setdefault(command.NAME, set()).add(code)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.recenser_refus", description="Recense les refus des specs.")
    parser.add_argument("--refaire", action="store_true", help="ne garder que les refus rencontrés")
    parser.add_argument("chemins", nargs="*", help="tests à jouer (par défaut ceux des services)")
    chosen = parser.parse_args(arguments)
    recorder = Recorder()
    paths = chosen.chemins or [
        str(path) for path in sorted((ROOT / "services").glob("*/tests")) if "socle" not in str(path)
    ]
    pytest.main(
        ["-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--continue-on-collection-errors", *paths],
        plugins=[recorder],
    )
    recorder.cross()
    before = {} if chosen.refaire else REFUS
    commands = {name: sorted(set(before.get(name, ())) | recorder.met.get(name, set())) for name in REFUS}
    _write(commands)
    added = [f"{name} {code}" for name, codes in commands.items() for code in codes if code not in REFUS[name]]
    print(
        "\n".join(["", *(f"ajouté : {line}" for line in added), f"{sum(map(len, commands.values()))} refus déclarés"])
    )
    mute = sorted({code for codes in commands.values() for code in codes} - CODES.keys() - REGLES.keys())
    for code in mute:
        print(f"{code} : ni règle du catalogue, ni phrase sous « codes » de contracts/refus.yaml", file=sys.stderr)
    return 1 if mute else 0


def _write(commands: dict[str, list[str]]) -> None:
    """The head of the file (comments and « codes », written by hand) stays as it is."""
    head = FICHIER.read_text("utf-8").partition("\ncommandes:")[0]
    body = yaml.safe_dump(
        {name: codes for name, codes in commands.items() if codes}, sort_keys=False, default_flow_style=None, width=110
    )
    lines = "".join(f"  {line}\n" for line in body.splitlines()) if body.strip() != "{}" else ""
    FICHIER.write_text(f"{head}\ncommandes:{' {}' if not lines else ''}\n{lines}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
