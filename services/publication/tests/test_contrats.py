"""Ce que le service dit se relit, et chaque ordre a ses droits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.commandes.publication import COMMANDES
from contracts.droits import DROITS
from contracts.evenements import REGISTRE
from contracts.evenements.publication import EVENEMENTS
from services.publication.tests.test_document import releve

EXEMPLES = Path(__file__).parents[3] / "contracts" / "evenements" / "exemples" / "publication"


@pytest.mark.parametrize("path", sorted(EXEMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_chaque_exemple_se_relit_et_se_reecrit(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    event = REGISTRE.load(".".join(path.name.split(".")[:3]), stored)
    relu = json.loads(event.model_dump_json())
    assert contient(relu, stored)
    assert REGISTRE.load(event.NAME, relu) == event


def contient(relu: Any, ecrit: Any) -> bool:
    """What was written is all there; a field added since has its default."""
    match relu, ecrit:
        case dict(), dict():
            return all(key in relu and contient(relu[key], one) for key, one in ecrit.items())
        case list(), list():
            return len(relu) == len(ecrit) and all(map(contient, relu, ecrit))
        case _:
            return bool(relu == ecrit)


def test_chaque_evenement_a_son_exemple() -> None:
    assert {event.NAME for event in EVENEMENTS} <= {path.stem for path in EXEMPLES.glob("*.json")}


def test_chaque_ordre_a_ses_droits() -> None:
    assert {one.NAME for one in COMMANDES} == {name for name in DROITS if name.startswith("publication.")}


def test_une_empreinte_est_un_sha256() -> None:
    for fausse in ("", "abc", "Z" * 64):
        with pytest.raises(ValidationError):
            releve(empreinte=fausse)
