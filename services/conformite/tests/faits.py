"""Facts as the journal gives them, and a database to project them into."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine

from contracts.evenements.inscription import CandidatInscrit
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Identite, Mode
from services.conformite.tests.donnees import ALICE, NOVEMBRE
from services.socle.enveloppe import Context, Fact
from services.socle.projections import Projection
from services.socle.rows import Batch
from services.socle.sql import create_tables, engine_for, writing

LIEU = {"academie": "rouen", "session": "2026", "diplome": "cap_osrcl"}
AGREGATS = {"inscription": "candidature", "conformite": "dossier"}


def fait(event: Event, seq: int = 1, academie: str = "rouen") -> Fact:
    """This event at this position of the journal of the session."""
    service = event.NAME.partition(".")[0]
    agregat = f"{AGREGATS[service]}-{event.model_dump()['candidat']}"
    return Fact(
        event=event,
        id=f"fait-{seq}",
        name=event.NAME,
        stream="JOURNAL_ROUEN_2026",
        seq=seq,
        index=0,
        subject=f"ev.{academie}.2026.cap_osrcl.{service}.{agregat}",
        rang=1,
        context=Context(f"commande-{seq}", "g.durand", "gestionnaire", NOVEMBRE, f"fil-{seq}"),
    )


def faits(events: Iterable[Event]) -> list[Fact]:
    return [fait(event, seq) for seq, event in enumerate(events, 1)]


def inscrit(categorie: Categorie = Categorie.INDIVIDUEL, *, majeur: bool = True) -> CandidatInscrit:
    return CandidatInscrit(
        candidat=ALICE,
        identite=Personnel[Identite](scelle=Scelle(personne=ALICE, chiffre="c2VjcmV0")),
        categorie=categorie,
        majeur=majeur,
        modes={"EP1": Mode.PONCTUEL, "EP2": Mode.PONCTUEL},
        reglement="CAP-OSRCL-2026",
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
