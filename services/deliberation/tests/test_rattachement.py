"""One candidate, one jury: the place is taken with the nomination, and two juries at once cannot both take it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.deliberation import ConstituerJury
from contracts.droits import check_rights
from contracts.evenements import REGISTRE
from contracts.evenements.deliberation import CandidatRattache, JuryConstitue
from contracts.messages import Event, Refus
from services.deliberation.domain import jury as du_jury
from services.deliberation.domain import rattachement
from services.deliberation.domain.rattachement import CANDIDATS_MAX, Libre, Place, Rattache, constituer
from services.deliberation.domain.regroupement import Regroupement
from services.deliberation.shell.app import _agregats_constitues, _constituer
from services.deliberation.tests.donnees import ALICE, BASILE, CONSTITUE, qui, session
from services.socle.coffre import Coffre
from services.socle.decided import Outcome
from services.socle.handlers import Handler, Lookups
from services.socle.memory import MemoryJournal
from services.socle.runner import Runner
from services.socle.sql import engine_for

SESSION = session()
CODE = "CANDIDAT_DEJA_AU_JURY"


def nommer(jury: str = "J1", candidats: tuple[str, ...] = (ALICE, BASILE)) -> ConstituerJury:
    valeurs = CONSTITUE.model_dump(exclude={"regle", "jury", "candidats", "origines"})
    return ConstituerJury(**{**qui("rec1", "recteur"), "jury": jury}, **valeurs, candidats=candidats)


def decider(order: ConstituerJury, *deja: CandidatRattache, **autres: Any) -> Any:
    places: dict[str, Place] = {one: Libre() for one in order.candidats}
    for event in deja:
        places[event.candidat] = rattachement.evolve(places[event.candidat], event)
    return constituer(order, du_jury.initial, places, SESSION, **autres)


def test_la_nomination_prend_la_place_de_chaque_candidat() -> None:
    nomination, places = decider(nommer())
    assert [type(one) for one in nomination] == [JuryConstitue]
    assert places == {one: [CandidatRattache(candidat=one, jury="J1")] for one in (ALICE, BASILE)}


def test_une_place_prise_par_un_autre_jury_refuse_toute_la_nomination() -> None:
    with pytest.raises(Refus) as refus:
        decider(nommer(), CandidatRattache(candidat=BASILE, jury="J2"))
    assert (refus.value.regle, refus.value.donnees["candidats"]) == (CODE, {BASILE: "J2"})


def test_amb_55_une_rattachee_l_apprend_avant_toute_autre_irregularite() -> None:
    irregulier = nommer().model_copy(update={"membres": CONSTITUE.membres[:1]})
    with pytest.raises(Refus) as refus:
        decider(irregulier, regroupement=Regroupement("caen", "rouen"))
    assert refus.value.regle == "AMB-55"


def test_un_jury_nomme_avant_que_les_places_ne_s_ecrivent_compte_aussi() -> None:
    with pytest.raises(Refus, match=CODE):
        decider(nommer(), deja={ALICE: "J9"})


def test_nomme_deux_fois_de_la_meme_facon_il_ne_prend_rien_de_plus() -> None:
    nomme = reduce(du_jury.evolve, [CONSTITUE], du_jury.initial)
    assert constituer(nommer(), nomme, {ALICE: Rattache("J1"), BASILE: Libre()}, SESSION) == ([], {})


def test_la_place_reste_au_premier_jury() -> None:
    suite = [CandidatRattache(candidat=ALICE, jury=one) for one in ("J1", "J2")]
    assert reduce(rattachement.evolve, suite, rattachement.initial) == Rattache("J1")


def test_un_jury_de_plus_de_candidats_qu_une_ecriture_n_en_prend_est_refuse() -> None:
    trop = tuple(f"N26{rang:05d}" for rang in range(CANDIDATS_MAX + 1))
    with pytest.raises(Refus, match="JURY_TROP_GRAND"):
        decider(nommer(candidats=trop))
    decider(nommer(candidats=trop[1:]))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Engine]:
    engine = engine_for(f"sqlite:///{tmp_path}/coffre.db")
    yield engine
    engine.dispose()


def test_deux_nominations_au_meme_instant_une_seule_prend_le_candidat(base: Engine) -> None:
    """Neither read model has seen the other: the two writes meet on the place, in the journal."""
    journal, ensemble = MemoryJournal("JOURNAL_ROUEN_2026"), asyncio.Barrier(2)

    async def lookups(_: Any) -> Lookups:
        if len(journal.messages) == 0:
            await ensemble.wait()  # both have looked before either writes
        return {"session": SESSION, "deja": {}}

    def runner() -> Runner:
        return Runner(
            academie="rouen",
            service="deliberation",
            journals={"2026": journal},
            registry=REGISTRE,
            coffre=Coffre(base, b"c" * 32),
            handlers=[Handler(ConstituerJury, _agregats_constitues, _constituer, lookups, direct=True)],
            check=check_rights,
        )

    async def deux() -> list[Outcome | BaseException]:
        ordres = (nommer("J1"), nommer("J2", (BASILE, "N2600003")))
        return await asyncio.gather(*(runner().execute(one) for one in ordres), return_exceptions=True)

    issues = asyncio.run(deux())
    assert sorted(type(one).__name__ for one in issues) == ["Outcome", "Refus"]
    assert [one.regle for one in issues if isinstance(one, Refus)] == [CODE]
    prises = [one for one in _events(journal) if isinstance(one, CandidatRattache) and one.candidat == BASILE]
    assert len(prises) == 1


def _events(journal: MemoryJournal) -> list[Event]:
    return [REGISTRE.load(one["type"], one["data"]) for message in journal.messages for one in message.envelopes]
