"""Ce que le service dit se relit, et chaque ordre a ses droits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.commandes.publication import COMMANDES
from contracts.droits import DROITS
from contracts.evenements import REGISTRE
from contracts.evenements.publication import EVENEMENTS
from services.publication.tests.test_document import releve

EXEMPLES = Path(__file__).parents[3] / "contracts" / "evenements" / "exemples" / "publication"


@pytest.mark.parametrize("path", sorted(EXEMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_chaque_exemple_se_relit_et_se_reecrit_a_l_identique(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    event = REGISTRE.load(".".join(path.name.split(".")[:3]), stored)
    assert json.loads(event.model_dump_json()) == stored


def test_chaque_evenement_a_son_exemple() -> None:
    assert {event.NAME for event in EVENEMENTS} <= {path.stem for path in EXEMPLES.glob("*.json")}


def test_chaque_ordre_a_ses_droits() -> None:
    assert {one.NAME for one in COMMANDES} == {name for name in DROITS if name.startswith("publication.")}


def test_une_empreinte_est_un_sha256() -> None:
    for fausse in ("", "abc", "Z" * 64):
        with pytest.raises(ValidationError):
            releve(empreinte=fausse)
