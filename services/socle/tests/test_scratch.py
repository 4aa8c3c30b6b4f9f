"""What a killed run left goes at the next; what a living one writes stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from services.socle.scratch import ELSEWHERE, Scratch

KILLED = """
import os, signal, sys
from pathlib import Path
from services.socle.scratch import Scratch
scratch, wanted = Scratch(Path(sys.argv[1])), Path(sys.argv[2])
with scratch.folder("un") as own, scratch.private_folder(wanted) as draft:
    for folder in (own, draft):
        (folder / "nom").write_text("Mme X")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def files(root: Path) -> list[str]:
    return sorted(one.name for one in root.rglob("*") if one.is_file())


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Where a run that was killed left two files that name somebody."""
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "donnees", tmp_path / "remis" / "dossier"], check=False)
    assert files(tmp_path) == [ELSEWHERE, "nom", "nom"]
    assert not (tmp_path / "remis" / "dossier").exists()
    return tmp_path


def test_the_next_run_removes_what_a_killed_one_left(killed: Path) -> None:
    with Scratch(killed / "donnees").folder("deux"):
        assert files(killed) == []
    assert list((killed / "remis").iterdir()) == []


def test_what_is_being_written_stays(killed: Path) -> None:
    scratch = Scratch(killed / "donnees")
    with scratch.private_folder(killed / "autre") as draft:
        (draft / "vivant").write_text("Mme Y")
        scratch.sweep()
        assert files(killed) == [ELSEWHERE, "vivant"]
    assert files(killed) == ["vivant"]
    assert (killed / "autre").stat().st_mode & 0o777 == 0o700


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    def fill() -> None:
        with Scratch(tmp_path / "donnees").private_folder(tmp_path / "a") as draft:
            (draft / "un").write_text("1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill()
    assert (files(tmp_path), (tmp_path / "a").exists()) == ([], False)


def test_a_note_makes_nothing_but_a_draft_be_removed(tmp_path: Path) -> None:
    kept, left = tmp_path / "precieux", tmp_path / "donnees" / "ailleurs-1"
    for one in (kept, left):
        one.mkdir(parents=True)
    (kept / "un").write_text("1")
    (left / ELSEWHERE).write_text(str(kept))
    Scratch(tmp_path / "donnees").sweep()
    assert (files(tmp_path), left.exists()) == (["un"], False)


def test_sweeping_makes_no_folder(tmp_path: Path) -> None:
    Scratch(tmp_path / "donnees").sweep()
    assert list(tmp_path.iterdir()) == []
