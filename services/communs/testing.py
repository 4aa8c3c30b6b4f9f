"""Facts as the journal gives them, and a database to project them into."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from contracts.messages import Event
from services.socle.enveloppe import Context, Fact
from services.socle.read_model import Projection
from services.socle.rows import Batch
from services.socle.sql import create_tables, engine_for, writing
from services.socle.subjects import stream_name, subject

SESSION, DIPLOME = "2026", "cap_osrcl"
AGREGATS = {
    "inscription": "candidature-{candidat}",
    "conformite": "dossier-{candidat}",
    "notation": "releve-{candidat}",
    "deliberation": "jury-{jury}",
}


def fait_du_journal(
    event: Event,
    seq: int,
    *,
    academie: str,
    le: datetime,
    acteur: str = "ges1",
    agregat: str | None = None,
    rang: int = 1,
) -> Fact:
    """This event at this position of the journal of the session, on its candidate or jury unless told otherwise."""
    service = event.NAME.partition(".")[0]
    jeton = (agregat or AGREGATS[service]).format_map(event.model_dump())
    return Fact(
        event=event,
        id=f"fait-{seq}",
        name=event.NAME,
        stream=stream_name(academie, SESSION),
        seq=seq,
        index=0,
        subject=subject(academie, SESSION, DIPLOME, service, jeton),
        rang=rang,
        context=Context(f"commande-{seq}", acteur, "gestionnaire", le, f"fil-{seq}"),
    )


def base(folder: Path, projection: Projection) -> Engine:
    """An empty database with the tables of this projection."""
    engine = engine_for(f"sqlite:///{folder / 'lecture.db'}")
    create_tables(engine, projection.tables)
    return engine


def projeter(engine: Engine, projection: Projection, lus: Iterable[Fact], *, ensemble: bool = False) -> None:
    """Write these facts, one transaction each, or all in one."""
    lots = [list(lus)] if ensemble else [[one] for one in lus]
    for lot in lots:
        batch = Batch()
        for one in lot:
            for op in projection.project(one):
                batch.add(op)
        with writing(engine) as connection:
            batch.write(connection)
