"""What the shell of a service asks of the journals through its environment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from services.socle import building
from services.socle.building import Environment
from services.socle.testing import WRITER, Bench
from services.socle.tests.caisse import CAISSE, Depot, Teller


async def test_of_the_aggregates_that_are_asked_for_the_last_ones_alone_stay_in_memory(
    journal: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(building, "CACHE", 2)
    nothing = cast(Any, None)
    store = await journal()
    env = Environment(journal.settings, WRITER, nothing, {journal.session: store}, nothing, nothing, CAISSE)
    teller = Teller(store, journal.subject("x").removesuffix("x"))

    async def told(name: str) -> list[Decimal]:
        found = await env.events(journal.session, "essai", WRITER, name)
        return [one.montant for one in found if isinstance(one, Depot)]

    for rank, name in enumerate("abc", 1):
        await teller.write(name, Depot(compte=name, montant=Decimal(rank)))
        assert await told(name) == [Decimal(rank)]
    assert list(env._seen) == [journal.subject("b"), journal.subject("c")]
    assert await told("a") == [Decimal(1)], "forgotten, it is read again"
