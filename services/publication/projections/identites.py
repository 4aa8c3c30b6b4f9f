"""Les identités, scellées comme le journal les porte : qui édite un document les ouvre, avec le coffre.

Une identité effacée quitte sa ligne ; la clé détruite, ce que le journal en garde ne se lit plus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, select

from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.publication import EffacementAccorde
from contracts.messages import Event, Scelle
from contracts.vocabulaire import Categorie
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, SortedText
from services.socle.subjects import split

META = MetaData()
identites = Table(
    "identites_v2",
    META,
    Column("academie", SortedText, primary_key=True),
    Column("session", SortedText, primary_key=True),
    Column("diplome", SortedText, primary_key=True),
    Column("candidat", SortedText, primary_key=True),
    Column("categorie", SortedText),
    Column("reglement", SortedText),
    Column("identite", Json),
    Column("efface", Boolean),
)


@dataclass(frozen=True)
class Inscrit:
    """Un candidat tel qu'il est inscrit. ``identite`` : scellée ; absente si le journal ne la porte plus."""

    academie: str
    categorie: Categorie
    reglement: str
    identite: Scelle | None


class Identites(Projection):
    """Voir le module."""

    name: ClassVar[str] = "identites"
    VERSION: ClassVar[int] = 2
    tables: ClassVar[tuple[Table, ...]] = (identites,)
    handles: ClassVar[frozenset[type[Event]]] = frozenset({CandidatInscrit, EffacementAccorde})

    def project(self, fact: Fact) -> Iterable[Op]:
        """La ligne du candidat ; une identité en clair n'y entre jamais."""
        match fact.event:
            case CandidatInscrit() as event:
                return [Upsert(identites, _cle(fact, event.candidat), _inscrit(event))]
            case EffacementAccorde(candidat=candidat):
                return [Upsert(identites, _cle(fact, candidat), {"identite": None, "efface": True})]
            case _:
                return []


def _cle(fact: Fact, candidat: str) -> dict[str, str]:
    ou = split(fact.subject)
    return {"academie": ou.academie, "session": ou.session, "diplome": ou.diplome, "candidat": candidat}


def _inscrit(event: CandidatInscrit) -> dict[str, object]:
    scelle = event.identite.scelle
    return {
        "categorie": event.categorie.value,
        "reglement": event.reglement,
        "identite": None if scelle is None else scelle.model_dump(),
        "efface": False,
    }


def effacable(connection: Connection, candidat: str) -> bool:
    """Son identité est-elle effacée partout où ce numéro est inscrit ? La clé, elle, sert à toutes ses inscriptions."""
    effaces = connection.execute(select(identites.c.efface).where(identites.c.candidat == candidat)).scalars().all()
    return bool(effaces) and all(effaces)


def inscrit(connection: Connection, *, academie: str, session: str, diplome: str, candidat: str) -> Inscrit | None:
    """Ce que le service sait d'un candidat ; rien s'il n'est pas inscrit ici."""
    c = identites.c
    ici = (c.academie == academie, c.session == session, c.diplome == diplome)
    query = select(identites).where(*ici, c.candidat == candidat)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    scelle = None if row.identite is None else Scelle.model_validate(row.identite)
    return Inscrit(row.academie, Categorie(row.categorie), row.reglement, scelle)
