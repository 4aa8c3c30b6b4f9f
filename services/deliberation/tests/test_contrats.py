"""What this service says can be read back, and what it does not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.commandes import deliberation as commandes
from contracts.droits import DROITS
from contracts.evenements import REGISTRE
from contracts.evenements.deliberation import EVENEMENTS, PointsDeJuryAccordes
from services.deliberation.shell.reactions import REACTIONS

EXEMPLES = Path(__file__).parents[3] / "contracts" / "evenements" / "exemples" / "deliberation"


@pytest.mark.parametrize("path", sorted(EXEMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_chaque_exemple_se_relit_et_se_reecrit_a_l_identique(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    name = ".".join(path.name.split(".")[:3])
    event = REGISTRE.load(name, stored)
    assert json.loads(event.model_dump_json(exclude_unset=True)) == stored


def test_chaque_evenement_a_son_exemple() -> None:
    assert {event.NAME for event in EVENEMENTS} <= {path.stem for path in EXEMPLES.glob("*.json")}


def test_un_accord_sans_note_arretee_se_relit() -> None:
    stored = json.loads((EXEMPLES / "deliberation.points_de_jury_accordes.v1.sans_arretee.json").read_text("utf-8"))
    event = REGISTRE.load(PointsDeJuryAccordes.NAME, stored)
    assert isinstance(event, PointsDeJuryAccordes)
    assert event.arretee is None


def test_chaque_ordre_a_ses_droits() -> None:
    assert {one.NAME for one in commandes.COMMANDES} == {name for name in DROITS if name.startswith("deliberation.")}


def test_tr_d01_aucune_reaction_ne_decide_a_la_place_du_jury() -> None:
    assert REACTIONS == ()
