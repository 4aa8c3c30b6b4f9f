"""Écrire en français sur un document : dates, nombres, apostrophes, noms d'académies, textes venus d'ailleurs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from services.communs.mots import INSECABLE as INSECABLE
from services.communs.mots import date_longue as date_longue

FINE = "\u202f"  # espace fine insécable, devant ; ! ? et dans les nombres
SANS_LARGEUR = "\u200b"  # permet de couper un mot trop long pour la ligne
MOT_MAX = 28

# Académies dont le nom ne se déduit pas de leur code.
ACADEMIES = {
    "aix-marseille": "Aix-Marseille",
    "besancon": "Besançon",
    "clermont-ferrand": "Clermont-Ferrand",
    "creteil": "Créteil",
    "nancy-metz": "Nancy-Metz",
    "orleans-tours": "Orléans-Tours",
    "reunion": "La Réunion",
    "la-reunion": "La Réunion",
}

# Régions académiques (décret 2019-1200) dont le nom n'est pas celui de l'académie.
REGIONS = {
    "aix-marseille": "Provence-Alpes-Côte d’Azur", "amiens": "Hauts-de-France", "besancon": "Bourgogne-Franche-Comté",
    "bordeaux": "Nouvelle-Aquitaine", "clermont-ferrand": "Auvergne-Rhône-Alpes", "creteil": "Île-de-France",
    "dijon": "Bourgogne-Franche-Comté", "grenoble": "Auvergne-Rhône-Alpes", "lille": "Hauts-de-France",
    "limoges": "Nouvelle-Aquitaine", "lyon": "Auvergne-Rhône-Alpes", "montpellier": "Occitanie",
    "nancy-metz": "Grand Est", "nantes": "Pays de la Loire", "nice": "Provence-Alpes-Côte d’Azur",
    "orleans-tours": "Centre-Val de Loire", "paris": "Île-de-France", "poitiers": "Nouvelle-Aquitaine",
    "reims": "Grand Est", "rennes": "Bretagne", "strasbourg": "Grand Est", "toulouse": "Occitanie",
    "versailles": "Île-de-France",
}  # fmt: skip


def region_academique(code: str) -> str:
    """``normandie`` → ``région académique Normandie`` ; ``nantes`` → ``région académique Pays de la Loire``."""
    cle = code.replace("_", "-")
    return f"région académique {REGIONS.get(cle) or ACADEMIES.get(cle) or cle.title()}"


def enumeration(noms: Iterable[str]) -> str:
    """``E1``, ``E1 et E2``, ``E1, E2 et E3``."""
    *premiers, dernier = list(noms) or [""]
    return f"{', '.join(premiers)} et {dernier}" if premiers else dernier


def academie(code: str) -> str:
    """``normandie`` → ``académie de Normandie`` ; ``aix-marseille`` → ``académie d’Aix-Marseille``."""
    nom = ACADEMIES.get(code) or code.replace("_", "-").title()
    return f"académie d’{nom}" if nom[:1] in "AEIOUÉÈ" else f"académie de {nom}"


def lieu(nom: str) -> str:
    """``à Caen``, ``au Havre``, ``aux Andelys``."""
    premier, _, reste = nom.partition(" ")
    contracte = {"le": "au", "les": "aux"}.get(premier.casefold())
    return f"{contracte} {reste}" if contracte and reste else f"à {nom}"


def nombre(valeur: Decimal | str) -> str:
    """``12.50`` → ``12,5`` ; ``32/3`` reste une fraction ; un texte qui n'est pas un nombre reste le même."""
    try:
        exact = Decimal(valeur)
    except InvalidOperation:
        return str(valeur)
    if not exact.is_finite():
        return str(valeur)
    texte = format(exact, "f")
    return (texte.rstrip("0").rstrip(".") if "." in texte else texte).replace(".", ",")


def moyenne(valeur: str | None) -> str:
    """Une moyenne garde ses deux décimales, telles que le jury les a arrêtées : jamais relevée (AMB-38)."""
    return "" if valeur is None else valeur.replace(".", ",")


def typographie(texte: str) -> str:
    """Un intitulé du règlement, avec les signes de l'imprimerie : apostrophe, tiret, espaces insécables."""
    texte = propre(texte).replace("'", "’").replace(" - ", f"{INSECABLE}– ")
    texte = re.sub(r" ([;!?])", f"{FINE}\\1", texte)
    return texte.replace(" :", f"{INSECABLE}:").replace("« ", f"«{INSECABLE}").replace(" »", f"{INSECABLE}»")


def propre(texte: str) -> str:
    """Un texte saisi, sans caractère de commande ni marque invisible (qui inverserait l'ordre des lettres)."""
    compose = unicodedata.normalize("NFC", texte)
    visibles = (" " if one.isspace() else one for one in compose if unicodedata.category(one) not in {"Cf", "Cs"})
    return " ".join("".join(one if unicodedata.category(one) != "Cc" else " " for one in visibles).split())


def coupable(texte: str) -> str:
    """Le même texte ; un mot démesuré peut passer à la ligne au lieu de sortir de la page."""
    return " ".join(
        SANS_LARGEUR.join(mot[debut : debut + MOT_MAX] for debut in range(0, len(mot), MOT_MAX))
        for mot in texte.split(" ")
    )


def capitale(texte: str) -> str:
    """La première lettre en capitale, le reste intact."""
    return texte[:1].upper() + texte[1:]
