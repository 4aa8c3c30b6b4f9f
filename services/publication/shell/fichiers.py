"""Where the files for people are written: whole or not at all. And how those that name an erased person go."""

from __future__ import annotations

import os
from pathlib import Path

from services.socle.files import make_folder, sync_directory, write_durably

NOMINATIFS = ("releve", "diplome", "attestation")
"""The natures of documents that name their candidate."""

LISIBLE = 0o640  # names, births, marks: for who serves and his group, not for every account of the machine


class Rayon:
    """The folder of one session and diploma."""

    def __init__(self, racine: Path, session: str, diplome: str) -> None:
        self._folder = racine / session / diplome

    def a(self, nom: str) -> bool:
        """Is this file there, whole?"""
        return (self._folder / nom).is_file()

    def ranger(self, nom: str, contenu: bytes) -> Path:
        """Write a file so that a reader sees the old one or the new one, never a part, even after a power cut."""
        make_folder(self._folder)
        path = self._folder / nom
        write_durably(path, contenu, LISIBLE)
        return path

    def nominatifs(self, candidat: str) -> list[Path]:
        """Every file that names this candidate, half-written ones included."""
        if not self._folder.is_dir():
            return []
        debuts = tuple(f"{nature}-{candidat}-v" for nature in NOMINATIFS)
        return sorted(path for path in self._folder.iterdir() if path.name.lstrip(".").startswith(debuts))

    def retirer(self, candidat: str) -> list[Path]:
        """Overwrite and remove every file that names this candidate; those removed."""
        gone = self.nominatifs(candidat)
        for path in gone:
            _detruire(path)
        if gone:
            sync_directory(self._folder)
        return gone


def _detruire(path: Path) -> None:
    """Zeros first: on a disk that writes in place, undeleting the file gives nothing back."""
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:  # another process removes it too
        return
