"""Produit les sessions d'exemple : mêmes arguments, mêmes fichiers, à l'octet près.

    python exemples/generer.py [--candidats N] [--sortie DOSSIER] [--graine G]

Les candidats qui ont une histoire sont toujours là (144 avec les autres) ; ``--candidats`` en ajoute sans histoire.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import session_2024
import session_2026
from ecriture import TAILLE_MAX, ecrire
from modele import DIPLOME

MINIMUM = session_2024.ORDINAIRE + session_2026.ORDINAIRE
GRAINE = 2026


def generer(sortie: Path, nombre: int = MINIMUM, graine: int = GRAINE) -> None:
    """Écrit les deux sessions dans ``sortie/2024`` et ``sortie/2026``."""
    de_plus = max(0, nombre - MINIMUM)
    premiere, anciens = session_2024.construire(session_2024.ORDINAIRE + de_plus * 2 // 5, graine)
    seconde = session_2026.construire(session_2026.ORDINAIRE + de_plus - de_plus * 2 // 5, graine, anciens)
    for session in (premiere, seconde):
        ecrire(sortie / str(session.annee), str(session.annee), DIPLOME, session.etapes)
        lourds = [one.fichier for one in session.etapes if len(one.contenu) > TAILLE_MAX]
        note = f" ; au-delà de {TAILLE_MAX} octets : {', '.join(lourds)}" if lourds else ""
        print(f"{session.annee} : {len(session.candidats)} candidats, {len(session.etapes)} étapes{note}")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Produit les sessions d'exemple.")
    arguments.add_argument("--candidats", type=int, default=MINIMUM, help=f"candidats en tout (au moins {MINIMUM})")
    arguments.add_argument("--sortie", type=Path, default=Path(__file__).parent, help="dossier où écrire")
    arguments.add_argument("--graine", type=int, default=GRAINE, help="autre graine : autres noms, autres notes")
    lus = arguments.parse_args()
    generer(lus.sortie, lus.candidats, lus.graine)


if __name__ == "__main__":
    main()
