"""Ce qui empêche de mettre un document en page."""

from __future__ import annotations


class RenduImpossible(Exception):
    """Le document ne peut pas être mis en page. Le texte ne cite aucune donnée personnelle."""

    code = "RENDU_IMPOSSIBLE"
