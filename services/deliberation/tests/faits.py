"""Facts as the journal gives them, and a database to project them into."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from contracts.evenements.inscription import CandidatInscrit
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Identite, Mode
from services.deliberation.tests.donnees import ALICE, LE
from services.socle.enveloppe import Context, Fact
from services.socle.projections import Projection
from services.socle.rows import Batch
from services.socle.sql import create_tables, engine_for, writing

LIEU = {"academie": "rouen", "session": "2026", "diplome": "cap_osrcl"}
AGREGATS = {
    "inscription": "candidature-{candidat}",
    "conformite": "dossier-{candidat}",
    "notation": "releve-{candidat}",
    "deliberation": "jury-{jury}",
}


def fait(event: Event, seq: int, acteur: str = "ges1") -> Fact:
    """This event at this position of the journal of the session."""
    service = event.NAME.partition(".")[0]
    agregat = AGREGATS[service].format_map(event.model_dump())
    return Fact(
        event=event,
        id=f"fait-{seq}",
        name=event.NAME,
        stream="JOURNAL_ROUEN_2026",
        seq=seq,
        index=0,
        subject=f"ev.rouen.2026.cap_osrcl.{service}.{agregat}",
        rang=1,
        context=Context(f"commande-{seq}", acteur, "gestionnaire", LE, f"fil-{seq}"),
    )


def base(folder: Path, projection: Projection) -> Engine:
    """An empty database with the tables of this projection."""
    engine = engine_for(f"sqlite:///{folder / 'lecture.db'}")
    create_tables(engine, projection.tables)
    return engine


def projeter(engine: Engine, projection: Projection, faits: Iterable[Fact], *, ensemble: bool = False) -> None:
    """Write these facts, one transaction each, or all in one."""
    lots = [list(faits)] if ensemble else [[one] for one in faits]
    for lot in lots:
        batch = Batch()
        for one in lot:
            for op in projection.project(one):
                batch.add(op)
        with writing(engine) as connection:
            batch.write(connection)


def inscrit(**autres: Any) -> CandidatInscrit:
    valeurs: dict[str, Any] = {
        "candidat": ALICE,
        "identite": Personnel[Identite](scelle=Scelle(personne=ALICE, chiffre="c2VjcmV0")),
        "categorie": Categorie.SCOLAIRE_PUBLIC,
        "majeur": True,
        "modes": {"EP1": Mode.PONCTUEL},
        "reglement": "CAP-OSRCL-2026",
    }
    return CandidatInscrit(**valeurs | autres)
