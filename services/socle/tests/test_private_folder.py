"""A folder for one's own eyes: whole or absent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.socle.files import create_secret, private_folder, write_durably, write_private


def test_a_private_folder_appears_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    with private_folder(wanted) as draft:
        write_private(draft / "sous" / "un", b"1")
        assert not wanted.exists()
    assert wanted.stat().st_mode & 0o777 == 0o700
    assert (wanted / "sous" / "un").stat().st_mode & 0o777 == 0o600
    assert list(wanted.parent.iterdir()) == [wanted]


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    def fill() -> None:
        with private_folder(tmp_path / "a") as draft:
            write_private(draft / "un", b"1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_never_mixed_with(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), private_folder(tmp_path):
        pass


def test_what_goes_wrong_is_told_of_the_name_asked_for(tmp_path: Path) -> None:
    """Nobody knows the name of a draft."""
    (tmp_path / "dossier").mkdir()
    for wrong, write in [
        (tmp_path / "absent" / "un", lambda path: write_durably(path, b"1")),
        (tmp_path / "dossier", lambda path: write_durably(path, b"1")),
        (tmp_path / ("n" * 300), lambda path: create_secret(path, b"1")),
    ]:
        with pytest.raises(OSError, match=re.escape(wrong.name)) as told:
            write(wrong)
        assert told.value.filename == str(wrong)
    assert [one.name for one in tmp_path.iterdir()] == ["dossier"]
