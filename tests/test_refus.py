"""Every no that a command may answer is announced, and says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.refus import COMMUNS, COMMUNS_REQUETES, REFUS, RefusNonDeclare, exiger_declare, texte

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("inscription", "conformite", "notation", "deliberation", "publication")
LOOKS_LIKE_A_CODE = re.compile(r"[A-Z]{3,}(_[A-Z]+)+")
FICHIERS = {"fichier_candidats.py", "champs.py", "fichier_bordereau.py"}  # they tell the lines of a file, not commands
DANS_LE_DETAIL = {"CANDIDAT_EN_DOUBLE"}  # of a line, inside BORDEREAU_REFUSE
AILLEURS = DANS_LE_DETAIL | COMMUNS | COMMUNS_REQUETES


def test_chaque_code_annonce_a_son_sens() -> None:
    codes = {code for codes in REFUS.values() for code in codes} | AILLEURS
    assert not sorted(code for code in codes if not texte(code))


@pytest.mark.parametrize("service", SERVICES)
def test_chaque_refus_ecrit_dans_le_domaine_est_annonce(service: str) -> None:
    """A code written out in the domain belongs to some command of the service (specs tell which)."""
    announced = {code for name, codes in REFUS.items() if name.startswith(f"{service}.") for code in codes}
    missing = sorted({code for code in _written(service) if code not in announced | AILLEURS})
    assert not missing, f"{service} : {missing} (une spec par refus, puis « python -m tests.recenser_refus »)"


def test_un_refus_non_annonce_est_dit() -> None:
    with pytest.raises(RefusNonDeclare, match=r"CAP99-X01.*recenser_refus"):
        exiger_declare("inscription.ouvrir_centre", "CAP99-X01")
    exiger_declare("inscription.ouvrir_centre", "DROIT_ROLE")
    exiger_declare("caisse.deposer", "CAP99-X01")  # not a command of the contracts


def _written(service: str) -> Iterator[str]:
    """First words of `Refus("…")`, and every constant that looks like a technical code."""
    paths = sorted((ROOT / "services" / service / "domain").rglob("*.py"))
    for path in (path for path in paths if path.name not in FICHIERS):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Refus"), args=[ast.Constant(value=str(code)), *_]):
                    yield code
                case ast.Constant(value=str(code)) if LOOKS_LIKE_A_CODE.fullmatch(code):
                    yield code
