"""Folders for a while, for what must not outlive a run: gone at its end; what a killed one left goes at the next."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.socle.files import DRAFT, private_folder, write_private

ELSEWHERE = "ailleurs"  # says where a run also writes, beside what it is to deliver


class Scratch:
    """A folder of the installation that holds one for each run, each held by a lock that dies with its run."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """A new folder that its owner alone reads."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            self._sweep()
            made = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.root))
            held = _hold(made)
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
            if held is not None:
                os.close(held)

    @contextmanager
    def private_folder(self, path: Path) -> Iterator[Path]:
        """`files.private_folder`, whose draft does not outlive a killed run either: it is beside ``path``, and known.

        Raises:
            FileExistsError: there is already something there.
        """
        with self.folder("ailleurs") as own:

            def remember(draft: Path) -> None:
                write_private(own / ELSEWHERE, os.fsencode(draft.absolute()))

            with private_folder(path, remember) as draft:
                yield draft

    def sweep(self) -> None:
        """Removes what killed runs left, and nothing of those that live."""
        if self.root.is_dir():
            with self._alone():
                self._sweep()

    def _sweep(self) -> None:
        for one in [one for one in self.root.iterdir() if one.is_dir() and not one.is_symlink()]:
            held = _hold(one)
            if held is None:
                continue
            try:
                _remove_elsewhere(one / ELSEWHERE)
                shutil.rmtree(one, ignore_errors=True)
            finally:
                os.close(held)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Between the making of a folder and its lock, nobody sweeps."""
        held = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def _hold(folder: Path) -> int | None:
    """The descriptor whose lock says that the folder is in use; nothing when another has it."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


def _remove_elsewhere(note: Path) -> None:
    """The draft that a note names; nothing that is not called as one."""
    if not note.is_file():
        return
    draft = Path(os.fsdecode(note.read_bytes()))
    if re.fullmatch(DRAFT, draft.name) and draft.is_dir() and not draft.is_symlink():
        shutil.rmtree(draft, ignore_errors=True)
