"""Read model: the lots, who deposited them, whether they are closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, select

from contracts.evenements.bordereau import BordereauClos, BordereauDepose
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, Moment, SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()


def _cle() -> Iterator[Column[Any]]:
    for name in ("academie", "session", "diplome", "lot"):
        yield Column(name, SortedText, primary_key=True)


bordereau = Table(
    f"bordereau_v{VERSION}",
    metadata,
    *_cle(),
    Column("epreuve", Text),
    Column("situation", Text),
    Column("etat", Text),  # depose, clos
    Column("candidats", Json),
    Column("nombre", Integer),
    Column("empreinte", Text),
    Column("depose_par", Text),
    Column("depose_le", Moment),
    Column("clos_par", Text),
    Column("clos_le", Moment),
)


class Bordereaux(Projection):
    """One row for each lot."""

    name = "bordereaux"
    VERSION = VERSION
    tables = (bordereau,)
    handles = frozenset({BordereauDepose, BordereauClos})

    def project(self, fact: Fact) -> Iterable[Op]:
        par, le = fact.context.acteur, fact.context.le
        match fact.event:
            case BordereauDepose() as event:
                depot = {"etat": "depose", "empreinte": event.empreinte, "depose_par": par, "depose_le": le}
                yield _ligne(fact, event, depot)
            case BordereauClos() as event:
                yield _ligne(fact, event, {"etat": "clos", "clos_par": par, "clos_le": le})


def _ligne(fact: Fact, event: BordereauDepose | BordereauClos, values: dict[str, object]) -> Upsert:
    subject = split(fact.subject)
    key = {"academie": subject.academie, "session": subject.session, "diplome": subject.diplome, "lot": event.lot}
    what = {"epreuve": event.epreuve, "situation": event.situation, "candidats": list(event.candidats)}
    return Upsert(bordereau, key, {**what, "nombre": len(event.candidats), **values})


# Reading back -------------------------------------------------------------------------------------------------------


def lire_bordereau(
    connection: Connection, *, academie: str, session: str, diplome: str, lot: str
) -> dict[str, Any] | None:
    """The row of a lot; nothing if it was never deposited."""
    found = _lire(connection, academie=academie, session=session, diplome=diplome, lot=lot)
    return found[0] if found else None


def lister_bordereaux(connection: Connection, *, academie: str, session: str, diplome: str) -> list[dict[str, Any]]:
    """Every lot of a session, by code."""
    return _lire(connection, academie=academie, session=session, diplome=diplome)


def _lire(connection: Connection, **key: str) -> list[dict[str, Any]]:
    query = select(bordereau).where(*(bordereau.c[name] == value for name, value in key.items()))
    return [dict(row) for row in connection.execute(query.order_by(bordereau.c.lot)).mappings()]
