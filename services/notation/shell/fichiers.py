"""Marks files, for who imports them."""

from __future__ import annotations

from services.notation.domain.fichier_bordereau import Erreur, Lecture, lire

__all__ = ["Erreur", "Lecture", "lire"]
