"""Le tableau des pannes : encadré dans un terminal, en lignes simples ailleurs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.pannes.atelier import Panne
from tests.pannes.bilan import Compte

DEBUT, FIN = "<!-- tableau -->", "<!-- fin du tableau -->"
COLONNES = (
    "panne", "tours", "acquittées", "retrouvées", "perdues", "doublées", "à moitié", "rejeu égal", "retour médian",
    "retour pire", "verdict",
)  # fmt: skip


def _secondes(valeur: float | None) -> str:
    return "-" if valeur is None else f"{valeur:.1f} s"


def _verdict(compte: Compte) -> str:
    if not compte.jouee:
        return "NON JOUÉE"
    if compte.temoin:
        return "perd, comme il le doit" if compte.bon else "NE PERD RIEN : l'essai ne prouve rien"
    return "bon" if compte.bon else "MAUVAIS"


def ligne(compte: Compte) -> tuple[str, ...]:
    if not compte.jouee:
        return (compte.panne, *"-" * 9, _verdict(compte))
    rejeu = {None: "-", True: "oui", False: "NON"}[compte.rejeu]
    nombres = (compte.tours, compte.acquittees, compte.retrouvees, compte.perdues, compte.doublees, compte.a_moitie)
    return (
        compte.panne, *map(str, nombres), rejeu, _secondes(compte.median), _secondes(compte.pire), _verdict(compte),
    )  # fmt: skip


def dire(panne: Panne, compte: Compte) -> None:
    """Une panne finie, avec ce qu'elle a de particulier à dire."""
    print(f"{panne.nom} ({panne.titre}) : {_verdict(compte)}", flush=True)
    for note in (compte.obstacle, compte.echec, *compte.notes):
        if note:
            print(f"  {note}", flush=True)


def ecrire(page: Path, comptes: Sequence[Compte], graine: int) -> None:
    """Le tableau de cette série, à la place de celui que tient la page."""
    avant, _, suite = page.read_text(encoding="utf-8").partition(DEBUT)
    apres = suite.partition(FIN)[2]
    if not suite or not apres:
        raise SystemExit(f"{page} n'a pas de place pour le tableau ({DEBUT} … {FIN})")
    lignes = [COLONNES, ("---",) * len(COLONNES), *map(ligne, comptes)]
    tableau = "\n".join(f"| {' | '.join(une)} |" for une in lignes)
    page.write_text(f"{avant}{DEBUT}\nGraine {graine}.\n\n{tableau}\n{FIN}{apres}", encoding="utf-8")


def montrer(comptes: Sequence[Compte]) -> None:
    """Toutes, ensemble."""
    lignes = [ligne(one) for one in comptes]
    if sys.stdout.isatty():
        table = Table(title="Pannes")
        for nom in COLONNES:
            table.add_column(nom, justify="left" if nom in ("panne", "verdict") else "right")
        for une in lignes:
            table.add_row(*map(escape, une))
        Console().print(table)
        return
    largeurs = [max(map(len, colonne)) for colonne in zip(COLONNES, *lignes, strict=True)]
    for une in (COLONNES, *lignes):
        print("  ".join(mot.ljust(large) for mot, large in zip(une, largeurs, strict=True)).rstrip())
