"""`make chaos` : chaque panne tant de fois, et un tableau de ce qu'elles ont perdu, doublé ou laissé à moitié.

python -m tests.pannes --pannes sigkill,gel --tours 20 --graine 7
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from services.socle.logs import configure
from tests.pannes.atelier import Panne, atelier, jouer
from tests.pannes.bilan import MAUVAIS, NON_JOUEES, Compte, code_de_sortie
from tests.pannes.catalogue import PANNES
from tests.pannes.tableau import dire, ecrire, montrer


def options() -> argparse.Namespace:
    noms = ", ".join(one.nom for one in PANNES)
    codes = (
        f"code de sortie : 0, tout est bon ; {MAUVAIS}, une panne est mauvaise ; {NON_JOUEES}, aucune n'est mauvaise, "
    )
    codes += "mais l'une n'a pas pu être jouée ici"
    premiere = __doc__.splitlines()[0] if __doc__ else ""
    lecteur = argparse.ArgumentParser(prog="make chaos", description=premiere, epilog=codes)
    lecteur.add_argument("--pannes", default="", help=f"lesquelles, séparées par des virgules (toutes : {noms})")
    lecteur.add_argument("--tours", type=int, default=None, help="combien de fois chacune (sinon, sa série entière)")
    lecteur.add_argument("--graine", type=int, default=None, help="celle d'une série à refaire")
    lecteur.add_argument("--courte", action="store_true", help="l'essai court, celui des tests")
    lecteur.add_argument("--ecrire", type=Path, default=None, help="la page dont le tableau est remplacé")
    return lecteur.parse_args()


def choisies(noms: str) -> list[Panne]:
    voulues = [one.strip() for one in noms.split(",") if one.strip()]
    inconnues = set(voulues) - {one.nom for one in PANNES}
    if inconnues:
        sys.exit(f"panne inconnue : {', '.join(sorted(inconnues))} (voyez --help)")
    return [one for one in PANNES if not voulues or one.nom in voulues]


async def serie(pannes: list[Panne], tours: int | None, courte: bool, graine: int) -> list[Compte]:
    comptes = []
    async with atelier(graine) as ou:
        for panne in pannes:
            combien = tours or (max(1, panne.courts) if courte else panne.tours)
            compte = await jouer(panne, ou, combien, courte=courte)
            dire(panne, compte)
            comptes.append(compte)
    return comptes


def main() -> None:
    choix = options()
    configure("ERROR", "texte")
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))  # tout s'arrête et s'efface
    graine = random.SystemRandom().randrange(10**6) if choix.graine is None else choix.graine
    print(f"graine {graine} (la même série : --graine {graine})", flush=True)
    pannes = choisies(choix.pannes)
    comptes = asyncio.run(serie(pannes, choix.tours, choix.courte, graine))
    montrer(comptes)
    if choix.ecrire is not None:
        ecrire(choix.ecrire, comptes, graine)
    absentes = ", ".join(one.panne for one in comptes if not one.jouee)
    if absentes:
        print(f"NON JOUÉES ici : {absentes} (la raison est plus haut)", flush=True)
    sys.exit(code_de_sortie(comptes))


if __name__ == "__main__":
    main()
