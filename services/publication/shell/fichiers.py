"""Where the files for people are written: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


class Rayon:
    """The folder of one session and diploma."""

    def __init__(self, racine: Path, session: str, diplome: str) -> None:
        self._folder = racine / session / diplome

    def ranger(self, nom: str, contenu: bytes) -> Path:
        """Write a file so that a reader sees the old one or the new one, never a part."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / nom
        part = path.with_name(f".{nom}.{os.getpid()}")
        part.write_bytes(contenu)
        part.replace(path)
        return path
