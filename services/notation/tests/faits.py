"""Facts as the journal gives them, and a database to project them into."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine

from contracts.messages import Event
from services.notation.tests.donnees import LE
from services.socle.enveloppe import Context, Fact
from services.socle.projections import Projection
from services.socle.rows import Batch
from services.socle.sql import create_tables, engine_for, writing

LIEU = {"academie": "normandie", "session": "2026", "diplome": "cap_osrcl"}
AGREGATS = {
    "inscription": "candidature-{candidat}",
    "conformite": "dossier-{candidat}",
    "notation": "releve-{candidat}",
}


def fait_lu(event: Event, seq: int = 1, acteur: str = "ges1") -> Fact:
    """This event at this position of the journal of the session."""
    service = event.NAME.partition(".")[0]
    agregat = f"bordereau-{event.lot}" if "bordereau" in event.NAME else AGREGATS[service]  # type: ignore[attr-defined]
    return Fact(
        event=event,
        id=f"fait-{seq:04}",
        name=event.NAME,
        stream="JOURNAL_NORMANDIE_2026",
        seq=seq,
        index=0,
        subject=f"ev.normandie.2026.cap_osrcl.{service}.{agregat.format_map(event.model_dump())}",
        rang=seq,
        context=Context(f"commande-{seq}", acteur, "gestionnaire", LE, f"fil-{seq}"),
    )


def base(folder: Path, projection: Projection) -> Engine:
    """An empty database with the tables of this projection."""
    engine = engine_for(f"sqlite:///{folder / 'lecture.db'}")
    create_tables(engine, projection.tables)
    return engine


def projeter(engine: Engine, projection: Projection, faits: Iterable[Fact]) -> None:
    """Write these facts in one transaction."""
    batch = Batch()
    for one in faits:
        for op in projection.project(one):
            batch.add(op)
    with writing(engine) as connection:
        batch.write(connection)
