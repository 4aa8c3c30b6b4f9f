"""Les grilles officielles : ce qu'une grille remplie doit contenir pour être reçue (TR-N01)."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.messages import Refus
from contracts.reglement import Grille


def exiger_grille(grille: Grille, criteres: Mapping[str, int]) -> None:
    """Les compétences évaluées sont celles de la grille, chacune sur assez de critères.

    ``criteres`` : nombre de critères évalués par compétence ; zéro vaut compétence non évaluée.

    Raises:
        Refus: la règle de la grille (CAP24-N04 : compétences ; CAP24-N05 : nombre de critères).
    """
    evaluees = {competence for competence, nombre in criteres.items() if nombre > 0}
    if not evaluees:
        raise Refus(grille.regle, f"grille {grille.annexe} vide : aucune compétence n'est évaluée")
    _exiger_competences(grille, evaluees)
    _exiger_decompte(grille, criteres, evaluees)
    maigres = sorted(one for one in evaluees if criteres[one] < grille.criteres_min)
    if maigres:
        raise Refus(
            grille.regle,
            f"grille {grille.annexe} incomplète : au moins {grille.criteres_min} critères par compétence "
            f"(trop peu pour {', '.join(maigres)})",
        )


def _exiger_competences(grille: Grille, evaluees: set[str]) -> None:
    """La grille nomme ses compétences : les obligatoires, et le nombre dit parmi celles au choix, rien d'autre."""
    absentes = sorted(set(grille.obligatoires) - evaluees)
    if absentes:
        raise Refus(grille.regle, f"grille {grille.annexe} : {', '.join(absentes)} doit être évaluée")
    choisies = evaluees & set(grille.au_choix)
    if len(choisies) != grille.nombre_au_choix:
        raise Refus(
            grille.regle,
            f"grille {grille.annexe} : {grille.nombre_au_choix} compétence à choisir parmi "
            f"{', '.join(grille.au_choix)}, {len(choisies)} évaluée(s)",
        )
    hors_grille = sorted(evaluees - set(grille.obligatoires) - choisies)
    if hors_grille and (grille.obligatoires or grille.au_choix):
        raise Refus(grille.regle, f"grille {grille.annexe} : {', '.join(hors_grille)} n'y figure pas")


def _exiger_decompte(grille: Grille, criteres: Mapping[str, int], evaluees: set[str]) -> None:
    """Quand la grille dénombre ses critères : pas d'autre compétence, pas plus de critères qu'elle n'en a."""
    if not grille.competences:
        return
    inconnues = sorted(evaluees - set(grille.competences))
    if inconnues:
        raise Refus(grille.regle, f"grille {grille.annexe} : {', '.join(inconnues)} n'y figure pas")
    en_trop = sorted(one for one in evaluees if criteres[one] > grille.competences[one])
    if en_trop:
        dits = ", ".join(f"{one} en a {grille.competences[one]}" for one in en_trop)
        raise Refus(grille.regle, f"grille {grille.annexe} : plus de critères que la grille n'en a ({dits})")
