"""The licences of what is pinned: ``docs/licences.md``, generated, and fit for a distribution under EUPL-1.2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata
from pathlib import Path

from tests.chaine.paquets import RACINE, Epingle, epingles, installee

PAGE = RACINE / "docs/licences.md"
DISTRIBUE, OUTIL = "distribué", "outil"
INCONNUE = "inconnue"

# Those whose terms let the whole be given under EUPL-1.2: permissive ones, and weak copylefts that stop at their own
# files or library (the LGPL library is used as it is, replaceable, and named in the EUPL's own appendix).
COMPATIBLES = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "EUPL-1.2", "ISC", "LGPL-3.0-only", "LGPL-3.0-or-later",
        "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
# What packages write instead of an SPDX identifier.
USAGES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache": "Apache-2.0",  # kubernetes-validate, whose LICENSE file is that text
    "Apache 2 License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
# For other systems, never installed here: read once from their own files.
AILLEURS = {"colorama": "BSD-3-Clause", "pywin32": "PSF-2.0"}

_LIGNE = re.compile(r"\| (?P<nom>[a-z0-9._-]+) \| (?P<version>[0-9]\S*) \| (?P<licence>[^|]+) \| (?P<role>\S+) \|")
_MOT = re.compile(r"[()]|[^\s()]+")

Ligne = tuple[Epingle, str, str]


def licence(nom: str) -> str:
    """The SPDX expression of a package, from its metadata."""
    dite = installee(nom)
    if dite is None:
        return AILLEURS.get(nom, INCONNUE)
    expression = _champ(dite, "License-Expression")
    if expression:
        return expression
    courte = _champ(dite, "License")
    classes = [one for one in dite.get_all("Classifier") or [] if one.startswith("License ::")]
    connues = (USAGES.get(one, one) for one in [courte, *(one.rpartition("::")[2].strip() for one in classes)])
    return next((one for one in connues if one in COMPATIBLES), courte[:60] or INCONNUE)


def _champ(dite: PackageMetadata, nom: str) -> str:
    return dite[nom].strip() if nom in dite else ""


def compatible(expression: str) -> bool:
    """Whether an SPDX expression leaves a choice that fits: one of an OR, all of an AND."""
    mots = _MOT.findall(expression)

    def somme() -> bool:
        trouve = produit()
        while mots and mots[0] == "OR":
            mots.pop(0)
            trouve = produit() or trouve
        return trouve

    def produit() -> bool:
        trouve = terme()
        while mots and mots[0] == "AND":
            mots.pop(0)
            trouve = terme() and trouve
        return trouve

    def terme() -> bool:
        mot = mots.pop(0) if mots else ""
        if mot != "(":
            return mot in COMPATIBLES
        trouve = somme()
        return bool(mots) and mots.pop(0) == ")" and trouve

    return somme() and not mots


def attendues() -> list[tuple[Epingle, str]]:
    """Every package that the product or its tests install, and which of the two."""
    produit = {*epingles("base"), *epingles("traces")}
    return [(une, DISTRIBUE if une in produit else OUTIL) for une in sorted({*epingles("dev"), *produit})]


def page() -> str:
    """The whole page."""
    lignes = [f"| {une.nom} | {une.version} | {licence(une.nom)} | {role} |" for une, role in attendues()]
    return "\n".join(
        [
            "<!-- Page produite par « make licences » à partir de requirements/ : ne pas la corriger ici. -->",
            "",
            "# Licences des paquets",
            "",
            "Parchemin est sous [EUPL-1.2](../LICENSE). « distribué » : installé avec le produit, ou par qui veut ses",
            "traces ; « outil » : ne sert qu'à l'essayer et à le vérifier. Une licence inconnue, ou qui s'étendrait",
            "au tout, est refusée.",
            "",
            "| paquet | version | licence (SPDX) | rôle |",
            "|---|---|---|---|",
            *lignes,
            "",
        ]
    )


def lues(fichier: Path = PAGE) -> list[Ligne]:
    """The rows of the page."""
    trouvees = map(_LIGNE.fullmatch, fichier.read_text("utf-8").splitlines())
    return [(Epingle(une["nom"], une["version"]), une["licence"], une["role"]) for une in trouvees if une]


def ecarts(lignes: list[Ligne]) -> Iterator[str]:
    """What is not told, not any more, told otherwise than the package does, or cannot be distributed."""
    dites = {une: (dite, role) for une, dite, role in lignes}
    voulues = dict(attendues())
    for une in sorted(voulues.keys() ^ dites.keys()):
        yield f"{une.nom} {une.version} : {'absent de' if une in voulues else 'en trop dans'} docs/licences.md"
    for une in sorted(voulues.keys() & dites.keys()):
        dite, role = dites[une]
        if role != voulues[une] or (installee(une.nom) is not None and dite != licence(une.nom)):
            yield f"{une.nom} : docs/licences.md dit « {dite} », « {role} » ; lancez « make licences »"
        if not compatible(dite):
            yield f"{une.nom} : licence « {dite} » inconnue ou incompatible avec une distribution sous EUPL-1.2"
