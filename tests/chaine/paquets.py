"""The pinned packages, and what their own metadata says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
REQUIREMENTS = RACINE / "requirements"

_EPINGLE = re.compile(r"(?P<nom>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;\\]+)(\s*;[^\\]*)?\s*\\?")
_EMPREINTE = re.compile(r"\s+--hash=sha256:[0-9a-f]{64}\s*\\?")


@dataclass(frozen=True, order=True)
class Epingle:
    """One package at one version."""

    nom: str
    version: str


def epingles(jeu: str) -> list[Epingle]:
    """What ``requirements/<jeu>.txt`` pins, in its order."""
    lignes = (REQUIREMENTS / f"{jeu}.txt").read_text("utf-8").splitlines()
    trouvees = (_EPINGLE.fullmatch(ligne) for ligne in lignes)
    return [Epingle(une["nom"], une["version"]) for une in trouvees if une]


def empreintes(jeu: str, une: Epingle) -> list[str]:
    """The sha256 of the files that are accepted of it."""
    texte = (REQUIREMENTS / f"{jeu}.txt").read_text("utf-8")
    bloc = re.search(
        rf"^{re.escape(une.nom)}=={re.escape(une.version)}[^\n]*\n((?:\s+--hash=.*\n?)*)", texte, re.MULTILINE
    )
    return re.findall(r"sha256:([0-9a-f]{64})", bloc[1]) if bloc else []


def ecarts(texte: str) -> Iterator[str]:
    """What a file of requirements holds besides pins, each with its hashes: an index, a folder, a range, nothing."""
    empreintes, nom = 1, ""
    for ligne in texte.splitlines():
        if not ligne.strip() or ligne.lstrip().startswith("#"):
            continue
        if _EMPREINTE.fullmatch(ligne):
            empreintes += 1
            continue
        if not empreintes:
            yield f"{nom} : sans empreinte"
        epingle = _EPINGLE.fullmatch(ligne)
        if epingle is None:
            yield f"ligne inattendue : {ligne.strip()}"
            empreintes = 1
        else:
            nom, empreintes = epingle["nom"], 0
    if not empreintes:
        yield f"{nom} : sans empreinte"


def installee(nom: str) -> metadata.PackageMetadata | None:
    """The metadata of a package, if it is here (some are for other systems only)."""
    try:
        return metadata.metadata(nom)
    except metadata.PackageNotFoundError:
        return None
