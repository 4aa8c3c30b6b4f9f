"""Le dossier d'une réclamation, prêt à mettre en page : des textes, sans calcul ; qui le compose est l'exploitation."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from services.publication.documents.donnees import EnTete
from services.publication.documents.francais import INSECABLE, typographie

T = TypeVar("T")
HEURE = re.compile(r"(?<=[0-9]) h (?=[0-9]{2})")
MODELE = "dossier.v1"
Ligne = tuple[str, ...]
"""Les cellules d'une ligne de tableau."""


@dataclass(frozen=True)
class FaitDit:
    """Ce qui s'est passé. ``alerte`` : ce qui ne doit pas échapper au lecteur d'une note changée."""

    phrase: str
    alerte: str = ""
    motif: str = ""
    changements: tuple[str, ...] = ()
    regles: str = ""


@dataclass(frozen=True)
class EntreeDite:
    """Une décision : quand, qui, où dans le journal, et ses faits."""

    quand: str
    qui: str
    ou: str
    faits: tuple[FaitDit, ...]


@dataclass(frozen=True)
class ClauseDite:
    """Une clause d'explication ; ``niveau`` : 0 pour une clause, 1 pour ce qui la détaille."""

    niveau: int
    regle: str
    texte: str
    source: str = ""
    chiffres: str = ""
    effet: str = ""


@dataclass(frozen=True)
class Etape:
    """Un titre et les décisions qui y ont été prises."""

    titre: str
    entrees: tuple[EntreeDite, ...]


@dataclass(frozen=True)
class ReclamationDite:
    titre: str
    faits: tuple[EntreeDite, ...]
    clauses: tuple[ClauseDite, ...]


@dataclass(frozen=True)
class EpreuveDite:
    """Une épreuve : chaque ligne dit quand, où, quoi, avant et après, sous quelles règles."""

    titre: str
    lignes: tuple[Ligne, ...]


@dataclass(frozen=True)
class DecisionDite:
    """Une décision expliquée ; ``vu`` : jusqu'où dans le journal elle a été prise."""

    titre: str
    quand: str
    vu: str
    resultat: str
    lignes: tuple[Ligne, ...]
    clauses: tuple[ClauseDite, ...]


@dataclass(frozen=True)
class JuryDit:
    titre: str
    arrete: str
    membres: tuple[Ligne, ...]
    faits: tuple[EntreeDite, ...]
    preuve: tuple[Ligne, ...]


@dataclass(frozen=True)
class DonneesDossier:
    """Tout le dossier. Les tableaux sont faits de textes, dans l'ordre où le gabarit nomme leurs colonnes."""

    entete: EnTete
    candidat: str
    identite: str
    couverture: tuple[Ligne, ...]
    prouve: tuple[str, ...]
    verifier: tuple[str, ...]
    reclamations: tuple[ReclamationDite, ...]
    recit: tuple[Etape, ...]
    notes: tuple[EpreuveDite, ...]
    decisions: tuple[DecisionDite, ...]
    jurys: tuple[JuryDit, ...]
    documents: tuple[Ligne, ...]
    pieces: tuple[Ligne, ...]
    agregats: tuple[Ligne, ...]
    regles: tuple[Ligne, ...]


# Ce que les polices fournies savent dessiner ; le reste se dit par son numéro, pour que rien ne soit perdu.
DESSINES = (
    (0x20, 0x24F), (0x370, 0x52F), (0x1E00, 0x1FFF), (0x2010, 0x205F), (0x20A0, 0x20BF), (0x2190, 0x2193),
    (0x2200, 0x22FF),
)  # fmt: skip


def imprimable(donnees: T) -> T:
    """Les mêmes données, chaque texte avec les signes de l'imprimerie et rien qu'une police ne sache écrire."""
    rendu: T = _imprimable(donnees)
    return rendu


def _imprimable(valeur: Any) -> Any:
    if isinstance(valeur, str):
        return HEURE.sub(f"{INSECABLE}h{INSECABLE}", "".join(map(_signe, typographie(valeur))))
    if isinstance(valeur, tuple):
        return tuple(map(_imprimable, valeur))
    if is_dataclass(valeur) and not isinstance(valeur, (EnTete, type)):
        return replace(valeur, **{one.name: _imprimable(getattr(valeur, one.name)) for one in fields(valeur)})
    return valeur


def _signe(signe: str) -> str:
    connu = any(debut <= ord(signe) <= fin for debut, fin in DESSINES) and unicodedata.category(signe) != "Cn"
    return signe if connu else f"[U+{ord(signe):04X}]"
