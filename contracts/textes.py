"""Free texts of the commands: a motive says what happened, never who. What identifies a person is refused at the door.

The journal is never altered, so that a name written in a motive would stay for ever, outside any key. A text cannot be
sealed: the procès-verbal and the explanation of a decision print it. So it is checked before it is accepted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from contracts.messages import Command, Refus
from contracts.vocabulaire import Identite

CODE = "TEXTE_NOMINATIF"
LIBRES = frozenset(
    {
        "accord_archives",
        "acte",
        "activites",
        "arrete",
        "fait_a",
        "mention",
        "motif",
        "motifs",
        "nature",
        "reference",
        "signataire_fonction",
        "signataires",
        "titre_origine",
    }
)
"""Fields where a person writes freely."""

LIEUX = frozenset({"fait_a"})
"""Names of places, which are often those of people: somebody called Étienne may come from Saint-Étienne."""

CODIFIES = frozenset(
    {"choix", "coefficients", "criteres", "fait", "fuseau", "journal", "poids", "regle", "reglement", "session_origine"}
)
"""Texts that the deciders compare with what they know: an unknown one is refused. What names a fact and where it stands
comes from reactions alone.
"""

APPRIS = frozenset({"auteur", "cause", "fait", "journal"})
"""Accounts, codes and places of facts that reactions alone repeat: no order from outside carries them."""

PERSONNELS = frozenset({"identite", "entreprise"})
"""What the events seal, or what tells of a company: nothing to look for there."""

# Each form begins where a word does and is bounded: a text of a megabyte is read in one pass.
FORMES = {
    "une adresse électronique": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.\w"),
    "un numéro de téléphone": re.compile(r"(?<!\d)(?:\+33\s?|0)[1-9](?:[\s.-]?\d{2}){4}(?!\d)"),
    "un numéro de sécurité sociale": re.compile(
        r"(?<!\d)[12]\s?\d{2}\s?(?:0[1-9]|1[0-2])\s?\d[\dAB]\s?\d{3}\s?\d{3}(?!\d)"
    ),
    "un INE": re.compile(r"(?<!\w)(?:\d{9}[A-Z]{2}|\d{10}[A-Z])(?!\w)"),
    "une date de naissance": re.compile(r"\bnée?\s{1,3}le\s{1,3}\d", re.IGNORECASE),
    "une civilité et un nom": re.compile(r"\b(?:Mme|Mlle|Madame|Monsieur|Mr|M\.)\s{1,3}[A-ZÀ-Þ]"),
}
QUALITE = re.compile(r"[a-z0-9_-]{1,40}")
MOT = re.compile(r"[^\W\d_]+")  # a compound name is known by each of its parts
COURT = 3  # letters under which a name is a word like another


def textes(command: Command) -> list[tuple[str, str]]:
    """The free texts of a command, by field."""
    return list(_textes(command.model_dump(mode="json", exclude={"id", "le", "par", *PERSONNELS}), ""))


def _textes(value: Any, nom: str) -> Iterator[tuple[str, str]]:
    match value:
        case str() if nom in LIBRES and value:
            yield nom, value
        case dict():
            for key, one in value.items():
                if key not in PERSONNELS:
                    yield from _textes(one, key)
        case list():
            for one in value:
                yield from _textes(one, nom)


def exiger_sans_coordonnees(ecrits: Iterable[tuple[str, str]]) -> None:
    """Nothing in these texts has the form of what identifies somebody, whoever it is.

    Raises:
        Refus: ``TEXTE_NOMINATIF``; the text itself is not repeated.
    """
    for nom, texte in ecrits:
        if nom == "signataires" and not QUALITE.fullmatch(texte):
            raise Refus(CODE, "« signataires » dit des qualités (tuteur, employeur), jamais des noms")
        for quoi, forme in FORMES.items():
            if forme.search(texte):
                raise Refus(CODE, f"« {nom} » contient {quoi} : dites la chose sans désigner personne")


def exiger_sans_nom(ecrits: Iterable[tuple[str, str]], identite: Identite) -> None:
    """Nothing in these texts names this person: a capital makes a name of a word (« Claire », and not « claire »).

    Raises:
        Refus: ``TEXTE_NOMINATIF``; neither the text nor the name is repeated.
    """
    noms = {mot for texte in (identite.nom, identite.nom_usage or "", identite.prenoms) for mot in _mots(texte)}
    exacts = [one.casefold() for one in (identite.ine, identite.courriel) if one]
    for nom, texte in ecrits:
        nomme = nom not in LIEUX and any(mot[0].isupper() and _simple(mot) in noms for mot in set(MOT.findall(texte)))
        if nomme or any(one in texte.casefold() for one in exacts):
            raise Refus(CODE, f"« {nom} » désigne le candidat par son nom : son numéro suffit")


def _mots(texte: str) -> Iterator[str]:
    return (simple for mot in MOT.findall(texte) if len(simple := _simple(mot)) >= COURT)


def _simple(mot: str) -> str:
    parts = unicodedata.normalize("NFD", mot.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))
