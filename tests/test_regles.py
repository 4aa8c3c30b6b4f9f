"""Every rule of the CAP has its test, or the reason why it is not for software."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from contracts.reglement import load_all
from tests import rapport_regles
from tests.rapport_regles import ROOT, catalogue, hors_logiciel, rapport, strict


def test_chaque_regle_du_cap_a_son_test() -> None:
    missing = [f"{one.id} : {one.texte}" for one in strict(rapport())]
    assert not missing, "sans test (« make regles ») :\n" + "\n".join(missing)


def test_une_raison_hors_logiciel_ne_cache_pas_une_regle_programmee() -> None:
    cited = {rule for reglement in load_all().values() for rule in reglement.sources}
    assert not sorted(hors_logiciel().keys() & cited), "ces règles sont dans un règlement : elles se testent"
    assert not sorted(hors_logiciel().keys() - catalogue().keys())
    assert all(len(reason) > 40 for reason in hors_logiciel().values())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def test_cap24_n05_cinq_criteres(): ...", {"CAP24-N05"}),
        ("def test_cl_031_amb_38(): ...", {"CL-031", "AMB-38"}),
        ("def test_x():\n    refuse('CAP24-N04')", {"CAP24-N04"}),
        ("def test_x():\n    given(Note(regle='CAP24-N04')).when(x).then(y('DC-CAP11'))", {"DC-CAP11"}),
        ("@parametrize('c', CAS)\ndef test_x(c): ...\nCAS = [('CL-047', 1)]", {"CL-047"}),
        ("def test_x():\n    assert regle == 'CAP24-N99'", set()),
        ("def test_cl_0311(): ...", set()),
        ("REGLE = 'CAP24-N04'\ndef test_x(): ...", set()),
    ],
)
def test_ce_qui_porte_une_regle(tmp_path: Path, source: str, expected: set[str]) -> None:
    ast.parse(source)
    folder = tmp_path / "services/notation/tests"
    folder.mkdir(parents=True)
    (folder / "test_un.py").write_text(source, "utf-8")
    carried = {one.id for one in rapport(tmp_path) if one.tests}
    assert carried == expected


def test_le_rapport_dit_ce_qui_manque(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lignes = rapport(tmp_path)
    assert {one.id for one in strict(lignes)} >= {"CAP24-N05", "CAP26-I05", "CL-001", "CL-140"}
    assert "BTS-C05" not in {one.id for one in strict(lignes)}
    monkeypatch.setattr(rapport_regles, "rapport", lambda: lignes)
    assert rapport_regles.main(["--strict", "--cadre", "CAP24"]) == 1
    assert rapport_regles.main(["--cadre", "CAP24"]) == 0
    assert ROOT.name
