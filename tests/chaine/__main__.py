"""``python -m tests.chaine verifier|licences|secrets|vulnerabilites|sbom``: the supply chain.

Exit codes: 0 good, 1 something is wrong, 3 something could not be checked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.chaine import composants, licences, secrets
from tests.chaine.paquets import RACINE, REQUIREMENTS, ecarts, epingles

BON, MAUVAIS, NON_VERIFIE = 0, 1, 3


def _dire(quoi: str, constats: Iterable[str]) -> int:
    trouves = list(constats)
    for one in trouves:
        print(f"{quoi} : {one}", file=sys.stderr)
    if not trouves:
        print(f"{quoi} : rien à redire")
    return MAUVAIS if trouves else BON


def verifier(_: argparse.Namespace) -> int:
    """Pins, hashes and licences: needs nothing but the repository."""
    pins = (f"{one.name} : {told}" for one in sorted(REQUIREMENTS.glob("*.txt")) for told in ecarts(one.read_text()))
    return max(_dire("épingles", pins), _dire("licences", licences.ecarts(licences.lues())))


def ecrire_licences(_: argparse.Namespace) -> int:
    licences.PAGE.write_text(licences.page(), "utf-8")
    return _dire("licences", licences.ecarts(licences.lues()))


def chercher_secrets(_: argparse.Namespace) -> int:
    trouves = [one for textes in (secrets.suivis(), secrets.ajouts()) for one in secrets.suspects(textes)]
    return _dire("secrets", (f"{one.ou} : {one.genre} ({one.empreinte})" for one in trouves))


def vulnerabilites(_: argparse.Namespace) -> int:
    jeux = ("base", "dev")
    try:
        trous = [trou for jeu in jeux for trou in composants.vulnerabilites(jeu)]
    except composants.NonVerifie as error:
        nombre = len({une for jeu in jeux for une in epingles(jeu)})
        print(f"vulnérabilités : NON VÉRIFIÉ, {nombre} paquets ({error})", file=sys.stderr)
        return NON_VERIFIE
    return _dire("vulnérabilités", dict.fromkeys(trous))


def ecrire_sbom(choix: argparse.Namespace) -> int:
    nombre = composants.ecrire(choix.sortie)
    print(f"{choix.sortie} : {nombre} composants")
    return BON


ACTES: dict[str, Callable[[argparse.Namespace], int]] = {
    "verifier": verifier,
    "licences": ecrire_licences,
    "secrets": chercher_secrets,
    "vulnerabilites": vulnerabilites,
    "sbom": ecrire_sbom,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaine", description="Ce que le projet prend aux autres.")
    parser.add_argument("actes", nargs="+", choices=ACTES, metavar="acte", help=", ".join(ACTES))
    parser.add_argument("--sortie", type=Path, default=RACINE / "sortie/sbom.json", help="fichier à écrire (sbom)")
    choix = parser.parse_args()
    return max([ACTES[acte](choix) for acte in choix.actes])


if __name__ == "__main__":
    sys.exit(main())
