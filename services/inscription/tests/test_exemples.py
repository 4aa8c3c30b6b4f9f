"""Chaque fait de l'inscription a son exemple, qui se relit et où aucune identité n'est en clair."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import contracts
from contracts.evenements import REGISTRE
from contracts.evenements.inscription import EVENEMENTS

DOSSIER = Path(contracts.__file__).parent / "evenements" / "exemples" / "inscription"
EXEMPLES = sorted(DOSSIER.glob("*.json"))


def nom(chemin: Path) -> str:
    """``inscription.centre_ouvert.v1.annexe.json`` → ``inscription.centre_ouvert.v1``."""
    return ".".join(chemin.name.split(".")[:3])


@pytest.mark.parametrize("chemin", EXEMPLES, ids=lambda chemin: chemin.stem)
def test_un_exemple_se_relit_sans_rien_perdre(chemin: Path) -> None:
    donnees = json.loads(chemin.read_text("utf-8"))
    event = REGISTRE.load(nom(chemin), donnees)
    assert nom(chemin) in REGISTRE.names(type(event))
    assert donnees.keys() <= type(event).model_fields.keys()
    for champ in event.PERSONAL:
        assert getattr(event, champ).clair is None
        assert getattr(event, champ).scelle.personne == donnees["candidat"]


def test_tout_fait_a_son_exemple() -> None:
    assert {nom(chemin) for chemin in EXEMPLES} == {name for event in EVENEMENTS for name in REGISTRE.names(event)}
