"""What the read model `dossiers_jury` tells of the candidates of one jury, who may be those of several académies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping

from contracts.reglement import Reglement
from services.deliberation.domain.dossier import DossierJury
from services.deliberation.domain.unites import presentees
from services.deliberation.projections.dossiers_jury import PARIS, charger_dossiers, dossier_jury, du, resultat_jury

Candidats = Collection[str] | Mapping[str, str]
"""Those of the académie asked about, or candidate → his own académie."""


class Arrive(NamedTuple):
    """What was told of an épreuve: by which fact, and where it came."""

    epreuve: str
    fait: str
    journal: str
    position: int


def unites_presentees(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Candidats, reglement: Reglement
) -> dict[str, tuple[str, ...]]:
    """Candidate → what he presents: ``unites`` of `jury.decide`. A cancelled registration presents nothing."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    found = dossiers(connection, **lieu, candidats=candidats, reglement=reglement)
    return {one.numero: presentees(one, reglement) for one in found if one.annulation is None}


def dossiers(
    connection: Connection,
    *,
    academie: str,
    session: str,
    diplome: str,
    candidats: Candidats,
    reglement: Reglement,
    fuseau: str = PARIS,
) -> Iterator[DossierJury]:
    """The anonymous dossiers of these candidates, académie by académie."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    for ou, eux in _par_academie(lieu, candidats):
        for one in charger_dossiers(connection, **ou, reglement=reglement, fuseau=fuseau):
            if one.numero in eux:
                yield one


def positions(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Candidats
) -> dict[str, int]:
    """Last position about each candidate known here, in the stream that tells of him: that of his decisions too."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    return {row["candidat"]: row["position"] for row in _lignes(connection, lieu, candidats)}


def annules(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Candidats
) -> frozenset[str]:
    """Those whose registration is cancelled."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    rows = _lignes(connection, lieu, candidats)
    return frozenset(row["candidat"] for row in rows if row["annulation_fait"] is not None)


def academies(
    connection: Connection, *, session: str, diplome: str, candidats: Collection[str]
) -> dict[str, frozenset[str]]:
    """Candidate → the académies where this number is registered; where it is no more counts only if it is nowhere."""
    inscrits, finis = _inscriptions(connection, session, diplome, candidats)
    return {**finis, **inscrits}


def finies(
    connection: Connection, *, session: str, diplome: str, candidats: Collection[str]
) -> dict[str, frozenset[str]]:
    """Candidate → the académies where this number was registered, for those who are registered nowhere."""
    inscrits, finis = _inscriptions(connection, session, diplome, candidats)
    return {one: academies for one, academies in finis.items() if one not in inscrits}


def _inscriptions(
    connection: Connection, session: str, diplome: str, candidats: Collection[str]
) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Candidate → académies where he is registered; and where he was, and is no more."""
    query = du(dossier_jury, {"session": session, "diplome": diplome}, candidats)
    inscrits: dict[str, set[str]] = defaultdict(set)
    finis: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query.where(dossier_jury.c.inscription_fait.is_not(None))).mappings():
        (inscrits if row["annulation_fait"] is None else finis)[row["candidat"]].add(row["academie"])
    vus, partis = ({one: frozenset(found) for one, found in dits.items()} for dits in (inscrits, finis))
    return vus, partis


def arrives_depuis(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str, position: int
) -> list[Arrive]:
    """What was told of the candidate's épreuves after that position of the stream that tells of him."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    c = resultat_jury.c
    query = du(resultat_jury, lieu, [candidat]).where(c.seq > position, c.fait.is_not(None)).order_by(c.epreuve)
    rows = connection.execute(query).mappings()
    return [Arrive(row["epreuve"], row["fait"], row["journal"], row["seq"]) for row in rows]


def _lignes(connection: Connection, lieu: Mapping[str, str], candidats: Candidats) -> Iterator[RowMapping]:
    for ou, eux in _par_academie(lieu, candidats):
        yield from connection.execute(du(dossier_jury, ou, eux)).mappings()


def _par_academie(lieu: Mapping[str, str], candidats: Candidats) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The candidates, académie by académie."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in candidats:
        found[candidats[one] if isinstance(candidats, Mapping) else lieu["academie"]].append(one)
    for academie, eux in found.items():
        yield {**lieu, "academie": academie}, eux
