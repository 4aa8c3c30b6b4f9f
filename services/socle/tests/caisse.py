"""A toy domain for the tests of the machinery: accounts and what is put on them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import Boolean, Column, Integer, MetaData, Table

from contracts.messages import Acteur, Command, Event, Registry
from services.socle.enveloppe import Context, Fact, encode
from services.socle.journal import Entry, Journal
from services.socle.projections import Delete, Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText

LE = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


class Ouvert(Event):
    NAME: ClassVar[str] = "caisse.ouvert.v1"
    compte: str


class Depot(Event):
    NAME: ClassVar[str] = "caisse.depot.v1"
    compte: str
    montant: Decimal


class DepotV2(Event):
    NAME: ClassVar[str] = "caisse.depot.v2"
    compte: str
    montant: Decimal
    devise: str


class Ferme(Event):
    NAME: ClassVar[str] = "caisse.ferme.v1"
    compte: str


class Remercier(Command):
    NAME: ClassVar[str] = "caisse.remercier"
    compte: str


CAISSE = Registry([Ouvert, Depot, Ferme])
CAISSE_V2 = Registry([Ouvert, DepotV2, Ferme], {"caisse.depot.v1": lambda data: {**data, "devise": "EUR"}})

META = MetaData()
comptes = Table(
    "comptes_v1",
    META,
    Column("compte", SortedText, primary_key=True),
    Column("ouvert", Boolean),
    Column("depose", ExactDecimal),
    Column("le", Moment),
    Column("details", Json),
    Column("rang", Integer),
)
mouvements = Table(
    "mouvements_v1",
    META,
    Column("compte", SortedText, primary_key=True),
    Column("rang", Integer, primary_key=True),
    Column("seq", Integer),
    Column("montant", ExactDecimal),
)
ouverts = Table("ouverts_v1", META, Column("compte", SortedText, primary_key=True), Column("le", Moment))


class Comptes(Projection):
    name = "comptes"
    VERSION = 1
    tables = (comptes, mouvements)
    handles = frozenset({Ouvert, Depot, Ferme})

    def project(self, fact: Fact) -> Iterable[Op]:
        match fact.event:
            case Ouvert(compte=compte):
                yield Upsert(comptes, {"compte": compte}, {"ouvert": True, "le": fact.context.le, "rang": fact.rang})
            case Depot(compte=compte, montant=montant) | DepotV2(compte=compte, montant=montant):
                details = {"par": fact.context.acteur, "montant": montant}
                values = {"depose": montant, "rang": fact.rang, "details": details}
                yield Upsert(comptes, {"compte": compte}, values)
                key = {"compte": compte, "rang": fact.rang}
                yield Upsert(mouvements, key, {"montant": montant, "seq": fact.seq})
            case Ferme(compte=compte):
                yield Delete(comptes, {"compte": compte})


class ComptesEnV2(Comptes):
    """The same read model in an upgraded program."""

    handles = frozenset({Ouvert, DepotV2, Ferme})


class Ouverts(Projection):
    name = "ouverts"
    VERSION = 1
    tables = (ouverts,)
    handles = frozenset({Ouvert})

    def project(self, fact: Fact) -> Iterable[Op]:
        yield Upsert(ouverts, {"compte": fact.event.compte}, {"le": fact.context.le})  # type: ignore[attr-defined]


def remercier(compte: str) -> Remercier:
    par = Acteur(id="u1", role="caissier", academie="normandie")
    return Remercier(le=LE, par=par, session="s1", diplome="essai", compte=compte)


class Teller:
    """Writes decisions as a service would, keeping each aggregate's rank and position."""

    def __init__(self, journal: Journal, prefix: str) -> None:
        self.journal, self.prefix = journal, prefix
        self._at: dict[str, tuple[int, int]] = {}

    def subject(self, compte: str) -> str:
        return self.prefix + compte

    async def write(self, compte: str, *events: Event, mangle: Mapping[bytes, bytes] | None = None) -> int:
        """One decision; ``mangle`` replaces bytes of its body."""
        [seq] = await self.write_all({compte: events}, mangle)
        return seq

    async def write_all(
        self, decisions: Mapping[str, Iterable[Event]], mangle: Mapping[bytes, bytes] | None = None
    ) -> list[int]:
        entries = [self._entry(compte, list(events), mangle or {}) for compte, events in decisions.items()]
        done = await self.journal.append_batch(entries, str(uuid.uuid4()))
        for compte, appended in zip(decisions, done, strict=True):
            self._at[compte] = (self._at.get(compte, (0, 0))[0] + 1, appended.seq)
        return [appended.seq for appended in done]

    def _entry(self, compte: str, events: list[Event], mangle: Mapping[bytes, bytes]) -> Entry:
        rank, last = self._at.get(compte, (0, 0))
        context = Context(str(uuid.uuid4()), "u1", "caissier", LE, "essai")
        body, headers = encode(
            subject=self.subject(compte),
            context=context,
            rang=rank + 1,
            precedent="",
            events=[(str(uuid.uuid4()), event.NAME, event.model_dump(mode="json")) for event in events],
        )
        for old, new in mangle.items():
            assert old in body
            body = body.replace(old, new)
        return Entry(self.subject(compte), body, headers, last)
