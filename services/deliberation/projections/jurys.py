"""Read model: the juries, who sits, what they gave and decided, and the proof of their closing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, RowMapping, Table, Text, select

from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    LivretVise,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()


def _cle(*autres: str) -> Iterator[Column[Any]]:
    for name in ("academie", "session", "diplome", *autres):
        yield Column(name, SortedText, primary_key=True)


def _auteur() -> Iterator[Column[Any]]:
    """Who, when, and by which fact."""
    yield from (Column("fait", Text), Column("par", Text), Column("le", Moment))


jury = Table(
    f"jury_v{VERSION}",
    metadata,
    *_cle("jury"),
    Column("etat", Text),  # constitue, ouvert, clos
    Column("arrete", Text),
    Column("president", Text),
    Column("vice_president", Text),
    Column("preside_par", Text),
    Column("presidence_motif", Text),
    Column("journal", Text),
    Column("position", BigInteger),
    Column("presents", Json),
    Column("ouvert_le", Moment),
    Column("clos_le", Moment),
)
membre_jury = Table(
    f"membre_jury_v{VERSION}",
    metadata,
    *_cle("jury", "membre"),
    Column("profil", Text),
    Column("public", Boolean),
    Column("present", Boolean),
)
recusation_jury = Table(
    f"recusation_jury_v{VERSION}", metadata, *_cle("jury", "membre", "candidat"), Column("motif", Text), *_auteur()
)
points_jury = Table(
    f"points_jury_v{VERSION}",
    metadata,
    *_cle("jury", "candidat", "epreuve", "fait"),  # every change of a mark stays
    Column("seq", BigInteger),
    Column("avant", ExactDecimal),
    Column("apres", ExactDecimal),
    Column("motif", Text),
    Column("par", Text),
    Column("le", Moment),
)
decision_jury = Table(
    f"decision_jury_v{VERSION}",
    metadata,
    *_cle("candidat", "jury"),
    Column("decision", Text),  # null: not decided yet
    Column("mention", Text),
    Column("points", Text),
    Column("coefficients", Text),
    Column("moyenne", Text),
    Column("moyenne_professionnelle", Text),
    Column("permis", Text),
    Column("remplacement_possible", Json),
    Column("lignes", Json),
    Column("regles", Json),
    Column("explication", Json),
    Column("reglement", Text),
    Column("journal", Text),
    Column("position", BigInteger),
    Column("livret_vise_par", Text),
    *_auteur(),
)

DECISION = {column.name for column in decision_jury.c if not column.primary_key} & set(DecisionPrise.model_fields)

Key = dict[str, str]


class Jurys(Projection):
    """One row per jury, member, recusal, granted points, and candidate of a jury."""

    name = "jurys"
    VERSION = VERSION
    tables = (jury, membre_jury, recusation_jury, points_jury, decision_jury)
    handles = frozenset(
        {
            JuryConstitue,
            PresenceAttestee,
            MembreRecuse,
            PresidenceTransmise,
            JuryOuvert,
            LivretVise,
            PointsDeJuryAccordes,
            DecisionPrise,
            JuryClos,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        subject = split(fact.subject)
        lieu = {"academie": subject.academie, "session": subject.session, "diplome": subject.diplome}
        auteur = {"fait": fact.id, "par": fact.context.acteur, "le": fact.context.le}
        match fact.event:
            case JuryConstitue() as event:
                yield from _constitue(event, {**lieu, "jury": event.jury})
            case PresenceAttestee() as event:
                yield Upsert(membre_jury, {**lieu, "jury": event.jury, "membre": event.membre}, {"present": True})
            case MembreRecuse() as event:
                key = {**lieu, "jury": event.jury, "membre": event.membre, "candidat": event.candidat}
                yield Upsert(recusation_jury, key, {"motif": event.motif, **auteur})
            case PresidenceTransmise() as event:
                presidence = {"preside_par": event.a, "presidence_motif": event.motif}
                yield Upsert(jury, {**lieu, "jury": event.jury}, presidence)
            case JuryOuvert() as event:
                yield Upsert(jury, {**lieu, "jury": event.jury}, _ouvert(event, fact))
            case LivretVise() as event:
                key = {**lieu, "jury": event.jury, "candidat": event.candidat}
                yield Upsert(decision_jury, key, {"livret_vise_par": fact.context.acteur})
            case PointsDeJuryAccordes() as event:
                yield _points(event, lieu, fact)
            case DecisionPrise() as event:
                key = {**lieu, "jury": event.jury, "candidat": event.candidat}
                yield Upsert(decision_jury, key, {**event.model_dump(mode="json", include=DECISION), **auteur})
            case JuryClos() as event:
                yield Upsert(jury, {**lieu, "jury": event.jury}, _clos(event, fact))
            case _:
                return


def _constitue(event: JuryConstitue, key: Key) -> Iterator[Op]:
    nomination = event.model_dump(include={"arrete", "president", "vice_president"})
    yield Upsert(jury, key, {**nomination, "etat": "constitue", "preside_par": event.president})
    for membre in event.membres:
        values = {"profil": membre.profil.value, "public": membre.public, "present": False}
        yield Upsert(membre_jury, {**key, "membre": membre.id}, values)
    for candidat in event.candidats:
        yield Upsert(decision_jury, {**key, "candidat": candidat}, {})


def _ouvert(event: JuryOuvert, fact: Fact) -> dict[str, object]:
    vu = event.model_dump(include={"journal", "position", "preside_par"})
    return {**vu, "etat": "ouvert", "ouvert_le": fact.context.le}


def _points(event: PointsDeJuryAccordes, lieu: Key, fact: Fact) -> Upsert:
    key = {**lieu, **event.model_dump(include={"jury", "candidat", "epreuve"}), "fait": fact.id}
    auteur = {"seq": fact.seq, "par": fact.context.acteur, "le": fact.context.le}
    return Upsert(points_jury, key, {**event.model_dump(include={"avant", "apres", "motif"}), **auteur})


def _clos(event: JuryClos, fact: Fact) -> dict[str, object]:
    preuve = event.model_dump(include={"preside_par", "journal", "position"})
    return {**preuve, "presents": list(event.presents), "etat": "clos", "clos_le": fact.context.le}


# Reading back -------------------------------------------------------------------------------------------------------


def jurys_des_candidats(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Collection[str]
) -> dict[str, str]:
    """Candidate → the jury that already has him: ``deja`` of `jury.decide`."""
    table = decision_jury.c
    query = select(table.candidat, table.jury).where(
        table.academie == academie,
        table.session == session,
        table.diplome == diplome,
        table.candidat.in_(candidats),
    )
    return {row.candidat: row.jury for row in connection.execute(query)}


def lire_decision(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any] | None:
    """The row of a candidate with his jury, decided or not; nothing if no jury has him."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    found = next(iter(_lignes(connection, decision_jury, **lieu, candidat=candidat)), None)
    return None if found is None else dict(found)


def lire_jury(connection: Connection, *, academie: str, session: str, diplome: str, code: str) -> dict[str, Any] | None:
    """A jury, its members, recusals, granted points and decisions; nothing if it does not exist."""
    key = {"academie": academie, "session": session, "diplome": diplome, "jury": code}
    found = next(iter(_lignes(connection, jury, **key)), None)
    if found is None:
        return None
    parts = {"membres": membre_jury, "recusations": recusation_jury, "points": points_jury, "candidats": decision_jury}
    return {
        **found,
        **{name: [dict(row) for row in _lignes(connection, table, **key)] for name, table in parts.items()},
    }


def _lignes(connection: Connection, table: Table, **key: str) -> Collection[RowMapping]:
    """Rows of this key, in key order; points in the order of the journal."""
    order = (table.c.seq,) if "seq" in table.c else tuple(table.primary_key)
    query = select(table).where(*(table.c[name] == value for name, value in key.items())).order_by(*order)
    return connection.execute(query).mappings().all()
