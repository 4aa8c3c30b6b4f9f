"""Les procédures nommées du règlement qui donnent et contrôlent une note. Exactes : `Fraction`, jamais de flottant."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from contracts.messages import Refus
from contracts.reglement import Arrondi, Calcul, Epreuve
from contracts.session import SessionFigee
from contracts.vocabulaire import Mode

Poids = Callable[[str], Fraction]
Notes = Mapping[str | None, Decimal]
"""Note par situation ; la clé nulle est l'épreuve elle-même, quand elle n'a pas de situation."""


def note_directe(notes: Notes, poids: Poids) -> Fraction:
    """La note saisie à l'épreuve, telle quelle."""
    (note,) = notes.values()
    return Fraction(note)


def moyenne_ponderee(notes: Notes, poids: Poids) -> Fraction:
    """La moyenne exacte des situations évaluées, chacune à son poids.

    Raises:
        Refus: AMB-05, un poids n'a pas été fourni.
    """
    parts = [(Fraction(note), poids(situation)) for situation, note in notes.items() if situation is not None]
    return sum((note * part for note, part in parts), Fraction(0)) / sum((part for _, part in parts), Fraction(0))


def situation_notee(notes: Notes, poids: Poids) -> Fraction:
    """La note de la seule situation notée (CAP24-N10 : EP3 vaut S2)."""
    return note_directe(notes, poids)


CALCULS: Mapping[Calcul, Callable[[Notes, Poids], Fraction]] = {
    Calcul.NOTE_DIRECTE: note_directe,
    Calcul.MOYENNE_PONDEREE: moyenne_ponderee,
    Calcul.SITUATION_NOTEE: situation_notee,
}


def demi_point_superieur(note: Fraction) -> Decimal:
    """Une note calculée, portée au demi-point supérieur (DC-CAP11, AMB-37) : 10,1 donne 10,5 ; 10 reste 10."""
    return Decimal(math.ceil(note * 2)) / 2


def aucun_arrondi(note: Fraction) -> Decimal:
    """La note à deux décimales, tronquée : l'exacte reste dans sa fraction."""
    return Decimal(math.floor(note * 100)) / 100


ARRONDIS: Mapping[Arrondi, Callable[[Fraction], Decimal]] = {
    Arrondi.DEMI_POINT_SUPERIEUR: demi_point_superieur,
    Arrondi.AUCUN: aucun_arrondi,
}


def calcul_en(epreuve: Epreuve, mode: Mode) -> Calcul:
    """La procédure qui vaut dans ce mode : sans situation, la note est celle de l'épreuve (MC-N06)."""
    sans_situation = not epreuve.situations_en(mode)
    return Calcul.NOTE_DIRECTE if sans_situation and epreuve.situations else epreuve.calcul


def arrondi_retenu(epreuve: Epreuve, calcul: Calcul, session: SessionFigee) -> Arrondi:
    """L'arrondi d'une note calculée : l'option retenue si le règlement l'offre (AMB-37), sinon celui de l'épreuve.

    Une note saisie ne s'arrondit jamais.
    """
    if calcul is not Calcul.MOYENNE_PONDEREE:
        return Arrondi.AUCUN
    regle = session.reglement.notation.regle_arrondi
    choix = session.reglement.choix.get(regle)
    option = session.option(regle)
    return Arrondi(option) if choix and option in choix.possibles and option in ARRONDIS else epreuve.arrondi


def exiger_note(epreuve: Epreuve, note: Decimal) -> None:
    """Une note saisie est dans l'échelle et tombe sur le pas de l'épreuve.

    Raises:
        Refus: la règle du pas (DC-CAP11 : points entiers ou demi-points).
    """
    if not 0 <= note <= epreuve.note_max:
        raise Refus(epreuve.regle_pas, f"note {en_texte(note)} hors de l'échelle : de 0 à {en_texte(epreuve.note_max)}")
    if note % epreuve.pas:
        raise Refus(epreuve.regle_pas, f"note {en_texte(note)} : une note va par pas de {en_texte(epreuve.pas)} point")


def en_texte(note: Decimal) -> str:
    """``12.5``, ``14`` : sans zéro inutile."""
    texte = format(note, "f")
    return texte.rstrip("0").rstrip(".") if "." in texte else texte


def en_fraction(note: Fraction) -> str:
    """La fraction exacte, ``n/d``."""
    return f"{note.numerator}/{note.denominator}"
