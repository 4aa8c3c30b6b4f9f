"""The read models of the services may share one base: what names them there is nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.exploitation.composition import SERVICES, projections
from services.socle.projections import Projection


def _toutes() -> Iterator[tuple[str, Projection]]:
    for service in SERVICES:
        for one in projections(service):
            yield service, one


def test_deux_services_ne_nomment_pas_une_lecture_du_meme_nom() -> None:
    """Its position is kept under its name: two of one name would move each other's, and skip events."""
    noms = Counter(one.name for _, one in _toutes())
    assert [nom for nom, fois in noms.items() if fois > 1] == []
    assert len(noms) > len(SERVICES)


def test_deux_lectures_n_ecrivent_pas_dans_la_meme_table() -> None:
    tables = Counter(table.name for _, one in _toutes() for table in one.tables)
    assert [nom for nom, fois in tables.items() if fois > 1] == []
