"""Lire une cellule du fichier des candidats. Une faute dit ce qui est attendu, jamais ce qui est écrit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeAlias, TypeVar

from contracts.vocabulaire import Categorie, Forme, Mode, imprimable

T = TypeVar("T")
Lecteur: TypeAlias = Callable[[str], T]

NUMERO = re.compile(r"[A-Z0-9]{4,20}", re.ASCII)
INE = re.compile(r"[0-9A-Z]{11}", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
EPREUVE = re.compile(r"[A-Z][A-Z0-9]{0,9}", re.ASCII)
MODE = re.compile(r"([A-Z][A-Z0-9]{0,9})=([a-z]+)", re.ASCII)
COURRIEL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
DATES = (
    re.compile(r"(?P<annee>\d{4})-(?P<mois>\d\d)-(?P<jour>\d\d)", re.ASCII),
    re.compile(r"(?P<jour>\d\d)/(?P<mois>\d\d)/(?P<annee>\d{4})", re.ASCII),
)
COURRIEL_MAX = 200


class Illisible(Exception):
    """La cellule ne se lit pas : code stable, et ce qui est attendu."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def texte(maximum: int, *, obligatoire: bool = False) -> Lecteur[str]:
    """Un texte court ; vide s'il n'est pas obligatoire."""

    def lire(cellule: str) -> str:
        if obligatoire:
            _exiger_remplie(cellule)
        if len(cellule) > maximum:
            raise Illisible("CHAMP_TROP_LONG", f"{maximum} caractères au plus")
        if not imprimable(cellule):
            raise Illisible("CARACTERE_ILLISIBLE", "un caractère ne s'imprime pas : corrigez-le, ou l'encodage")
        return cellule

    return lire


def _exiger_remplie(cellule: str) -> None:
    if not cellule:
        raise Illisible("CHAMP_VIDE", "cette colonne est obligatoire, remplissez-la")


def _conforme(cellule: str, motif: re.Pattern[str], code_erreur: str, attendu: str) -> str:
    if not motif.fullmatch(cellule):
        raise Illisible(code_erreur, attendu)
    return cellule


def numero(cellule: str) -> str:
    _exiger_remplie(cellule)
    return _conforme(cellule, NUMERO, "NUMERO_MAL_FORME", "attendu 4 à 20 majuscules ou chiffres, sans espace")


def ine(cellule: str) -> str:
    """Onze caractères ; vide s'il est inconnu."""
    if not cellule:
        return ""
    return _conforme(cellule.upper(), INE, "INE_MAL_FORME", "attendu 11 lettres ou chiffres, ou rien")


def code(cellule: str) -> str:
    if not cellule:
        return ""
    return _conforme(cellule, CODE, "CODE_MAL_FORME", "attendu des lettres sans accent, chiffres, « - » ou « _ »")


def courriel(cellule: str) -> str:
    if not cellule:
        return ""
    if len(cellule) > COURRIEL_MAX:
        raise Illisible("CHAMP_TROP_LONG", f"{COURRIEL_MAX} caractères au plus")
    return _conforme(
        cellule, COURRIEL, "COURRIEL_MAL_FORME", "attendu une adresse comme prenom.nom@exemple.fr, ou rien"
    )


def jour(cellule: str) -> date:
    """``2004-03-12`` ou ``12/03/2004``."""
    _exiger_remplie(cellule)
    for forme in DATES:
        if trouve := forme.fullmatch(cellule):
            try:
                return date(int(trouve["annee"]), int(trouve["mois"]), int(trouve["jour"]))
            except ValueError:
                break
    raise Illisible("DATE_MAL_FORMEE", "attendu une date qui existe, AAAA-MM-JJ ou JJ/MM/AAAA")


def jour_facultatif(cellule: str) -> date | None:
    return jour(cellule) if cellule else None


def forme(cellule: str) -> Forme:
    """``globale`` ou ``progressive`` ; vide vaut ``globale``."""
    if cellule.lower() not in ("", *Forme):
        raise Illisible("FORME_INCONNUE", f"attendu l'une de : {', '.join(Forme)}, ou rien")
    return Forme(cellule.lower() or Forme.GLOBALE)


def categorie(cellule: str) -> Categorie:
    _exiger_remplie(cellule)
    try:
        return Categorie(cellule.lower())
    except ValueError:
        raise Illisible("CATEGORIE_INCONNUE", f"attendu l'un de : {', '.join(Categorie)}") from None


def oui_non(cellule: str) -> bool:
    """``oui`` ou ``non`` ; vide vaut ``non``."""
    if cellule.lower() not in ("oui", "non", ""):
        raise Illisible("OUI_NON_ATTENDU", "attendu oui ou non")
    return cellule.lower() == "oui"


def _morceaux(cellule: str) -> list[str]:
    return [morceau for morceau in re.split(r"[,|\s]+", cellule) if morceau]


def epreuves(cellule: str) -> tuple[str, ...]:
    """``UF1,UF2``."""
    codes = tuple(morceau.upper() for morceau in _morceaux(cellule))
    for one in codes:
        _conforme(one, EPREUVE, "EPREUVES_MAL_FORMEES", "attendu des codes d'épreuve comme UF1,UF2")
    if len(set(codes)) != len(codes):
        raise Illisible("EPREUVES_MAL_FORMEES", "une épreuve est répétée, gardez-la une fois")
    return codes


def modes(cellule: str) -> dict[str, Mode]:
    """``EP1=ccf,EP2=ponctuel``."""
    trouves: dict[str, Mode] = {}
    for morceau in _morceaux(cellule):
        trouve = MODE.fullmatch(morceau)
        if trouve is None or trouve[2] not in list(Mode):
            raise Illisible("MODES_MAL_FORMES", f"attendu EP1=ccf,EP2=ponctuel (modes : {', '.join(Mode)})")
        if trouve[1] in trouves:
            raise Illisible("MODES_MAL_FORMES", "une épreuve est citée deux fois, gardez un seul mode")
        trouves[trouve[1]] = Mode(trouve[2])
    return trouves
