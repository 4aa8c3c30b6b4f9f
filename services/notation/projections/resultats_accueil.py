"""Read model: what was transmitted of hosted candidates, and what came for ours that could not be written down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, Text, select

from contracts.evenements.resultats_accueil import ResultatEcarte, ResultatTransmis
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Moment, SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()


def _table(name: str, *propres: Column[Any]) -> Table:
    """``academie``: whose journal says it. ``situation`` is empty for a whole épreuve."""
    cle = ("academie", "session", "diplome", "candidat", "autre", "epreuve", "situation")
    resultat = (Column("centre", Text), Column("note", ExactDecimal), Column("absent", Boolean))
    keys = [Column(one, SortedText, primary_key=True) for one in cle]
    return Table(f"{name}_v{VERSION}", metadata, *keys, *resultat, *propres, Column("le", Moment))


transmis = _table("resultats_transmis", Column("par", Text))
ecartes = _table("resultats_ecartes", Column("cause", Text))


class ResultatsAccueil(Projection):
    """What `notation.voir_releve` shows of marks that came from elsewhere; `autre` is the other académie."""

    name = "resultats_accueil"
    VERSION = VERSION
    tables = (transmis, ecartes)
    handles = frozenset({ResultatTransmis, ResultatEcarte})

    def project(self, fact: Fact) -> Iterable[Op]:
        match fact.event:
            case ResultatTransmis(origine=origine, auteur=auteur) as event:
                yield Upsert(transmis, _cle(fact, event, origine), {**_dit(fact, event), "par": auteur})
            case ResultatEcarte(academie=academie, cause=cause) as event:
                yield Upsert(ecartes, _cle(fact, event, academie), {**_dit(fact, event), "cause": cause})


def _cle(fact: Fact, event: ResultatTransmis | ResultatEcarte, autre: str) -> dict[str, str]:
    lieu = split(fact.subject)
    ici = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
    quoi = {"candidat": event.candidat, "epreuve": event.epreuve, "situation": event.situation or ""}
    return {**ici, **quoi, "autre": autre}


def _dit(fact: Fact, event: ResultatTransmis | ResultatEcarte) -> dict[str, object]:
    return {"centre": event.centre, "note": event.note, "absent": event.absent, "le": fact.context.le}


def lire_ecartes(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> list[dict[str, Any]]:
    """What came for this candidate and waits for somebody to look at it."""
    return _lignes(connection, ecartes, academie=academie, session=session, diplome=diplome, candidat=candidat)


def lire_transmis(connection: Connection, *, academie: str, session: str, diplome: str) -> list[dict[str, Any]]:
    """What was transmitted from here, by candidate."""
    return _lignes(connection, transmis, academie=academie, session=session, diplome=diplome)


def _lignes(connection: Connection, table: Table, **cle: str) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in cle]
    query = select(*columns).where(*(table.c[name] == value for name, value in cle.items()))
    return [dict(row) for row in connection.execute(query.order_by(*table.primary_key)).mappings()]
