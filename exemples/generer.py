"""Produit les sessions d'exemple : mêmes arguments, mêmes fichiers, à l'octet près.

    python exemples/generer.py [--candidats N] [--sortie DOSSIER] [--graine G]

Les candidats qui ont une histoire sont toujours là, avec leurs camarades ; ``--candidats`` en ajoute sans histoire.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import session_2024
import session_2026
import session_bts_2022
import session_mc_2026
import session_tp_2022
from ecriture import TAILLE_MAX, ecrire
from modele import Session
from personnes import Personne


class Module(Protocol):
    """Ce qu'un module ``session_….py`` doit dire."""

    @property
    def ORDINAIRE(self) -> int:  # noqa: N802 - une constante de module
        """Combien de candidats, quand on n'en demande pas davantage."""

    def construire(self, nombre: int, graine: int, anciens: dict[str, Personne]) -> Session:
        """La session et ses étapes. ``anciens`` : qui s'est présenté à une session d'avant ; elle peut y ajouter."""


# Dans cet ordre, chacune avec sa part des candidats que --candidats ajoute (0 : aucun).
SESSIONS: tuple[tuple[Module, int], ...] = (
    (session_2024, 2),
    (session_2026, 3),
    (session_bts_2022, 1),
    (session_mc_2026, 1),
    (session_tp_2022, 1),
)
MINIMUM = sum(module.ORDINAIRE for module, _ in SESSIONS)
GRAINE = 2026


def generer(sortie: Path, nombre: int = MINIMUM, graine: int = GRAINE) -> None:
    """Écrit chaque session dans son dossier de ``sortie``."""
    anciens: dict[str, Personne] = {}
    dossiers: set[str] = set()
    for (module, _), de_plus in zip(SESSIONS, _repartir(max(0, nombre - MINIMUM)), strict=True):
        session = module.construire(module.ORDINAIRE + de_plus, graine, anciens)
        if session.dossier in dossiers:
            raise ValueError(f"deux sessions s'écriraient dans {session.dossier}")
        dossiers.add(session.dossier)
        ecrire(sortie / session.dossier, str(session.annee), session.diplome, session.etapes)
        lourds = [one.fichier for one in session.etapes if len(one.contenu) > TAILLE_MAX]
        note = f" ; au-delà de {TAILLE_MAX} octets : {', '.join(lourds)}" if lourds else ""
        print(f"{session.dossier} : {len(session.candidats)} candidats, {len(session.etapes)} étapes{note}")


def _repartir(de_plus: int) -> list[int]:
    """Les candidats en plus, selon les parts ; leur somme est juste."""
    parts = [part for _, part in SESSIONS]
    bornes = [de_plus * sum(parts[:rang]) // sum(parts) for rang in range(len(parts) + 1)]
    return [fin - debut for debut, fin in pairwise(bornes)]


def main() -> None:
    arguments = argparse.ArgumentParser(description="Produit les sessions d'exemple.")
    arguments.add_argument("--candidats", type=int, default=MINIMUM, help=f"candidats en tout (au moins {MINIMUM})")
    arguments.add_argument("--sortie", type=Path, default=Path(__file__).parent, help="dossier où écrire")
    arguments.add_argument("--graine", type=int, default=GRAINE, help="autre graine : autres noms, autres notes")
    lus = arguments.parse_args()
    generer(lus.sortie, lus.candidats, lus.graine)


if __name__ == "__main__":
    main()
