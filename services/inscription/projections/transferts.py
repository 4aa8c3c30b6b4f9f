"""Les transferts vus d'ici : ceux que l'on propose, ceux que l'on nous propose, et ce qu'il en est."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Table, select

from contracts.evenements.transfert import (
    CandidatTransfere,
    CandidatureReprise,
    TransfertAccepte,
    TransfertDecline,
    TransfertPropose,
    TransfertRefuse,
)
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 1
PROPOSE, TRANSFERE, DECLINE = "propose", "transfere", "decline"


def _cle(*propres: str) -> list[Column[str]]:
    noms = ("academie", "session", "diplome", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


# Ce que dit l'académie de départ.
transferts = Table(
    "transferts_v1",
    META,
    *_cle("candidat"),
    Column("vers", SortedText),
    Column("motif", SortedText),
    Column("proposition", Integer),
    Column("etat", SortedText),
    Column("dit_le", Moment),
)
# Ce que répond l'académie d'arrivée.
reponses = Table(
    "transferts_reponses_v1",
    META,
    *_cle("origine", "candidat"),
    Column("proposition", Integer),
    Column("accepte", Boolean),
    Column("repondu_le", Moment),
    Column("repris_le", Moment),
)


class Transferts(Projection):
    """Ce que `inscription.voir_regroupement` et `voir_candidature` montrent des transferts."""

    name = "transferts"
    VERSION = VERSION
    tables = (transferts, reponses)
    handles = frozenset(
        {TransfertPropose, TransfertAccepte, TransfertRefuse, CandidatTransfere, TransfertDecline, CandidatureReprise}
    )
    exchanged = True

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu, event = split(fact.subject), fact.event
        ici = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        cle, dit = {**ici, "candidat": str(getattr(event, "candidat", ""))}, {"dit_le": fact.context.le}
        match event:
            case TransfertPropose(vers=vers, motif=motif, proposition=proposition):
                propose = {"vers": vers, "motif": motif, "proposition": proposition, "etat": PROPOSE}
                yield Upsert(transferts, cle, {**dit, **propose})
            case CandidatTransfere(vers=vers):
                yield Upsert(transferts, cle, {**dit, "vers": vers, "etat": TRANSFERE})
            case TransfertDecline(motif=motif):
                yield Upsert(transferts, cle, {**dit, "motif": motif, "etat": DECLINE})
            case CandidatureReprise(origine=origine):
                yield Upsert(reponses, {**cle, "origine": origine}, {"repris_le": fact.context.le})
            case TransfertAccepte(origine=origine) | TransfertRefuse(origine=origine):
                repond = {"proposition": event.proposition, "accepte": isinstance(event, TransfertAccepte)}
                yield Upsert(reponses, {**cle, "origine": origine}, {**repond, "repondu_le": fact.context.le})


# Lecture -----------------------------------------------------------------------------------------------------------


def lire_transferts(connection: Connection, *, academie: str, session: str, diplome: str) -> dict[str, Any]:
    """Les transferts qui partent d'ici et ceux qui y viennent ; ce à quoi quelqu'un d'ici doit répondre."""
    lieu = {"session": session, "diplome": diplome}
    tous = _lignes(connection, transferts, lieu)
    repondus = {
        (one["origine"], one["candidat"], one["proposition"])
        for one in _lignes(connection, reponses, {**lieu, "academie": academie})
    }
    arrivants = [one for one in tous if one["vers"] == academie and one["academie"] != academie]
    attendent = [one for one in arrivants if one["etat"] == PROPOSE and _vu(one) not in repondus]
    partants = [one for one in tous if one["academie"] == academie]
    declines = [one for one in partants if one["etat"] == DECLINE]
    acceptes = {
        (one["origine"], one["candidat"], one["proposition"])
        for one in _lignes(connection, reponses, {**lieu, "academie": academie})
        if one["accepte"]
    }
    sans_suite = [one for one in arrivants if one["etat"] == DECLINE and _vu(one) in acceptes]
    return {
        "transferts": partants,
        "transferts_recus": [{**one, "repondu": _vu(one) in repondus} for one in arrivants],
        "a_traiter": [
            *({"nature": "transfert_a_accepter", **one} for one in attendent),
            *({"nature": "transfert_decline", **one} for one in declines),
            *({"nature": "transfert_sans_suite", **one} for one in sans_suite),
        ],
    }


def lire_candidat(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any]:
    """Le transfert de ce candidat : nul, ou vers qui et ce qu'il en est ; et d'où il vient, s'il est repris."""
    cle = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    trouve = next(iter(_lignes(connection, transferts, cle)), None)
    venues = [one for one in _lignes(connection, reponses, cle) if one["repris_le"] is not None]
    derniere = max(venues, key=lambda one: one["repris_le"], default=None)
    return {
        "transfert": trouve and {nom: valeur for nom, valeur in trouve.items() if nom not in cle},
        "venu_de": derniere and derniere["origine"],
    }


def _vu(ligne: Mapping[str, Any]) -> tuple[str, str, int]:
    return ligne["academie"], ligne["candidat"], ligne["proposition"]


def _lignes(connection: Connection, table: Table, cle: Mapping[str, str]) -> list[dict[str, Any]]:
    colonnes = [column for column in table.c if column.name not in ("session", "diplome")]
    requete = select(*colonnes).where(*(table.c[nom] == valeur for nom, valeur in cle.items()))
    return [dict(row) for row in connection.execute(requete.order_by(*table.primary_key)).mappings()]
