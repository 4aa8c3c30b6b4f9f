"""Un fichier de notes, déjà lu en lignes de texte (CSV ou tableur), devient les lignes d'un bordereau."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from contracts.commandes.bordereau import LigneBordereau
from contracts.messages import Refus

LIGNES_MAX = 900  # the limit of one deposit, as in `DeposerBordereau`
CANDIDAT, NOTE = "candidat", "note"
NUMERO = re.compile(r"[A-Z0-9]{4,20}")
NOMBRE = re.compile(r"[0-9]{1,2}([.,][0-9]{1,2})?")
ABSENT = "ABS"

Ligne = Sequence[str]


@dataclass(frozen=True)
class Erreur:
    """Une case en faute. ``ligne`` compte depuis 1, en-tête comprise ; ``colonne`` est le titre de la colonne."""

    ligne: int
    colonne: str
    code: str
    detail: str


@dataclass(frozen=True)
class Lecture:
    """Ce qui a été lu, et tout ce qui empêche de le déposer."""

    lignes: tuple[LigneBordereau, ...] = ()
    erreurs: tuple[Erreur, ...] = ()


def lire(rangees: Sequence[Ligne]) -> Lecture:
    """Les lignes d'un fichier dont l'en-tête nomme les colonnes ``candidat`` et ``note``, dans n'importe quel ordre.

    Une note s'écrit ``12``, ``12,5`` ou ``12.5``, une absence ``ABS``. Les lignes vides et les autres colonnes sont
    ignorées. Codes d'erreur : ``FICHIER_VIDE``, ``COLONNE_ABSENTE``, ``COLONNE_EN_DOUBLE``, ``CANDIDAT_VIDE``,
    ``CANDIDAT_MALFORME``, ``CANDIDAT_EN_DOUBLE``, ``NOTE_VIDE``, ``NOTE_ILLISIBLE``, ``LIGNES_EN_TROP``.
    """
    pleines = [(numero, ligne) for numero, ligne in enumerate(rangees, 1) if any(case.strip() for case in ligne)]
    if not pleines:
        return Lecture(erreurs=(Erreur(1, "", "FICHIER_VIDE", "le fichier est vide : il lui faut un en-tête"),))
    (rang, entete), *corps = pleines
    titres = [case.strip().lstrip("\ufeff").lower() for case in entete]
    fautes = tuple(_fautes_entete(rang, titres))
    if fautes:
        return Lecture(erreurs=fautes)
    if not corps:
        return Lecture(erreurs=(Erreur(rang, "", "FICHIER_VIDE", "aucune ligne de note sous l'en-tête"),))
    return _lire_corps(corps, titres.index(CANDIDAT), titres.index(NOTE))


def exiger(rangees: Sequence[Ligne]) -> tuple[LigneBordereau, ...]:
    """Les lignes d'un fichier sans faute.

    Raises:
        Refus: ``FICHIER_REFUSE`` ; ``donnees["erreurs"]`` porte la liste complète.
    """
    lecture = lire(rangees)
    if lecture.erreurs:
        dites = " ; ".join(f"ligne {e.ligne}, {e.colonne or 'fichier'} : {e.detail}" for e in lecture.erreurs[:20])
        raise Refus("FICHIER_REFUSE", dites, erreurs=lecture.erreurs)
    return lecture.lignes


def _fautes_entete(rang: int, titres: list[str]) -> Iterator[Erreur]:
    for titre in (CANDIDAT, NOTE):
        if titre not in titres:
            yield Erreur(rang, titre, "COLONNE_ABSENTE", f"l'en-tête n'a pas de colonne « {titre} »")
        elif titres.count(titre) > 1:
            yield Erreur(rang, titre, "COLONNE_EN_DOUBLE", f"l'en-tête a plusieurs colonnes « {titre} »")


def _lire_corps(corps: list[tuple[int, Ligne]], colonne_candidat: int, colonne_note: int) -> Lecture:
    lignes: list[LigneBordereau] = []
    erreurs: list[Erreur] = []
    vus: dict[str, int] = {}
    for rang, ligne in corps:
        candidat = _lire_candidat(rang, _case(ligne, colonne_candidat).upper(), vus)
        note = _lire_note(rang, _case(ligne, colonne_note).upper())
        if isinstance(candidat, Erreur) or isinstance(note, Erreur):
            erreurs.extend(one for one in (candidat, note) if isinstance(one, Erreur))
        else:
            lignes.append(LigneBordereau(candidat=candidat, note=note))
    if len(corps) > LIGNES_MAX:
        trop = f"{len(corps)} lignes, {LIGNES_MAX} au plus par dépôt : partagez le fichier en plusieurs lots"
        erreurs.append(Erreur(corps[LIGNES_MAX][0], "", "LIGNES_EN_TROP", trop))
    return Lecture(() if erreurs else tuple(lignes), tuple(erreurs))


def _case(ligne: Ligne, colonne: int) -> str:
    return ligne[colonne].strip() if colonne < len(ligne) else ""


def _lire_candidat(rang: int, texte: str, vus: dict[str, int]) -> str | Erreur:
    if not texte:
        return Erreur(rang, CANDIDAT, "CANDIDAT_VIDE", "le numéro de candidat manque")
    if not NUMERO.fullmatch(texte):
        return Erreur(rang, CANDIDAT, "CANDIDAT_MALFORME", "un numéro de candidat a 4 à 20 lettres ou chiffres")
    premiere = vus.setdefault(texte, rang)
    if premiere != rang:
        return Erreur(rang, CANDIDAT, "CANDIDAT_EN_DOUBLE", f"ce candidat est déjà ligne {premiere}")
    return texte


def _lire_note(rang: int, texte: str) -> Decimal | Literal["ABS"] | Erreur:
    if not texte:
        return Erreur(rang, NOTE, "NOTE_VIDE", f"la note manque : écrivez {ABSENT} pour un absent")
    if texte == ABSENT:
        return "ABS"
    if not NOMBRE.fullmatch(texte):
        return Erreur(rang, NOTE, "NOTE_ILLISIBLE", f"écrivez 12, 12,5 ou {ABSENT}")
    return Decimal(texte.replace(",", "."))
