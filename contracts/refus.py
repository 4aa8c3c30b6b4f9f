"""What each command may answer with a no: ids of the rules catalogue, and technical codes with what to do.

The lists are in ``refus.yaml``, filled by ``python -m tests.recenser_refus`` from what the specs refuse; every
``then_refused`` of a spec fails when its code is not declared here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.commandes import COMMANDES
from contracts.lecture_yaml import charger

ICI = Path(__file__).parent

COMMUNS: frozenset[str] = frozenset(
    {
        "CANDIDAT_TRANSFERE",
        "COMMANDE_INCONNUE",
        "COMMANDE_MALFORMEE",
        "DATE_FUTURE",
        "DATE_PASSEE",
        "DROIT_ACADEMIE",
        "DROIT_ROLE",
        "DROIT_PORTEE",
        "IDENTIFIANT_REUTILISE",
        "PERSONNE_EFFACEE",
        "SESSION_INCONNUE",
        "SESSION_NON_OUVERTE",
        "REGLEMENT_CHANGE",
        "TEXTE_NOMINATIF",
    }
)
"""Answers that any command may get, before or beside its own rule."""

COMMUNS_REQUETES: frozenset[str] = frozenset(
    {
        "REQUETE_INCONNUE",
        "REQUETE_MALFORMEE",
        "DROIT_ACADEMIE",
        "DROIT_ROLE",
        "DROIT_PORTEE",
        "SESSION_INCONNUE",
        "TR-G01",
        "ACCES_REVOQUE",
        "IDENTITE_NON_CONFIEE",
    }
)


def _lire(name: str) -> Any:
    return charger((ICI / name).read_text("utf-8"))


_FICHIER: Mapping[str, Any] = _lire("refus.yaml")

CODES: Mapping[str, str] = _FICHIER["codes"]
"""Technical codes: what it means, what to do."""

REFUS: Mapping[str, frozenset[str]] = {name: frozenset(_FICHIER["commandes"].get(name, ())) for name in COMMANDES}

_CATALOGUE: Mapping[str, Any] = _lire("regles.yaml")
REGLES: Mapping[str, Mapping[str, str]] = _CATALOGUE["regles"]
CAS: Mapping[str, str] = _CATALOGUE["cas"]


class RefusNonDeclare(AssertionError):
    """A decider answered a code that its contract does not announce."""


def texte(code: str) -> str:
    """What a code means, in French; empty when nobody knows it."""
    return CODES.get(code) or REGLES.get(code, {}).get("texte", "")


def annonces(service: str) -> frozenset[str]:
    """Every code that a service may answer with a no."""
    siens = (codes for nom, codes in REFUS.items() if nom.startswith(f"{service}."))
    return COMMUNS | COMMUNS_REQUETES | frozenset[str]().union(*siens)


def exiger_declare(commande: str, code: str) -> None:
    """Nothing when ``commande`` announces ``code`` (or is no command of the contracts).

    Raises:
        RefusNonDeclare: it does not.
    """
    if commande in REFUS and code not in REFUS[commande] | COMMUNS:
        raise RefusNonDeclare(
            f"{commande} : refus « {code} » non déclaré ; « python -m tests.recenser_refus » l'ajoute à "
            "contracts/refus.yaml"
        )
