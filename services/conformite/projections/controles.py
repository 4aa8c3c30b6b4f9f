"""Les contrôles d'une session, épreuve par épreuve : la décision, la durée, les défauts, les doutes en cours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, Table, select

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    DureeReduiteAutorisee,
    PiecesDispensees,
    PiecesRetablies,
    VerificationConclue,
)
from services.socle.enveloppe import Fact
from services.socle.projections import Delete, Op, Projection, Upsert
from services.socle.sql import Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 1
ENTIER = ""  # le doute porte sur le dossier entier

Ligne = dict[str, Any]


def _cle(*propres: str) -> list[Column[str]]:
    """Un candidat dans la session d'une académie, et ce qui distingue ses lignes."""
    noms = ("academie", "session", "diplome", "candidat", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


# ``etat`` : conforme, non_conforme ; absent tant que rien n'est décidé pour l'épreuve.
controles = Table(
    "controles_v1",
    META,
    *_cle("epreuve"),
    Column("etat", SortedText),
    Column("effet", SortedText),
    Column("regle", SortedText),
    Column("motifs", Json),
    Column("duree_retenue", SortedText),
    Column("penalites", Json),
    Column("explication", Json),
    Column("decide_le", Moment),
    Column("verifie_seq", BigInteger),  # les doutes qui précèdent sont levés
    Column("verification_conforme", Boolean),
    Column("verification_motif", SortedText),
    Column("verification_le", Moment),
)
doutes = Table(
    "doutes_v1",
    META,
    *_cle("epreuve"),
    Column("seq", BigInteger, primary_key=True),
    Column("motif", SortedText),
    Column("depuis", Moment),
)
reductions = Table("reductions_v1", META, *_cle("cause"), Column("motif", SortedText), Column("regle", SortedText))


class Controles(Projection):
    """Ce que montrent, à côté du dossier, `conformite.voir_dossier` et `conformite.lister_dossiers`."""

    name = "controles"
    VERSION = VERSION
    tables = (controles, doutes, reductions)
    handles = frozenset(
        {
            DossierDeclareConforme,
            DossierDeclareNonConforme,
            DouteSignale,
            VerificationConclue,
            DureeReduiteAutorisee,
            PiecesDispensees,
            PiecesRetablies,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu, event = split(fact.subject), fact.event
        session = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        cle = {**session, "candidat": str(getattr(event, "candidat", ""))}
        match event:
            case DossierDeclareConforme() | DossierDeclareNonConforme():
                for epreuve in event.epreuves:
                    yield Upsert(controles, {**cle, "epreuve": epreuve}, _decide(event, fact))
            case DouteSignale():
                signale = {"motif": event.motif, "depuis": fact.context.le}
                yield Upsert(doutes, {**cle, "epreuve": event.epreuve or ENTIER, "seq": fact.seq}, signale)
            case VerificationConclue():
                yield Upsert(controles, {**cle, "epreuve": event.epreuve or ENTIER}, _verifie(event, fact))
            case DureeReduiteAutorisee():
                autorisee = {"motif": event.motif, "regle": event.regle}
                yield Upsert(reductions, {**cle, "cause": event.cause.value}, autorisee)
            case PiecesDispensees() | PiecesRetablies():
                yield Delete(controles, {**cle, "epreuve": event.epreuve})


def _decide(event: DossierDeclareConforme | DossierDeclareNonConforme, fact: Fact) -> dict[str, object]:
    refuse = event if isinstance(event, DossierDeclareNonConforme) else None
    return {
        "etat": "non_conforme" if refuse else "conforme",
        "effet": refuse.effet if refuse else "",
        "regle": event.regle,
        "motifs": refuse.motifs if refuse else (),
        "duree_retenue": event.duree_retenue,
        "penalites": event.penalites if isinstance(event, DossierDeclareConforme) else (),
        "explication": [clause.model_dump(mode="json") for clause in event.explication],
        "decide_le": fact.context.le,
    }


def _verifie(event: VerificationConclue, fact: Fact) -> dict[str, object]:
    return {
        "verifie_seq": fact.seq,
        "verification_conforme": event.conforme,
        "verification_motif": event.motif,
        "verification_le": fact.context.le,
    }


# Lecture -----------------------------------------------------------------------------------------------------------


def lire_controles(connection: Connection, *, academie: str, session: str, diplome: str, candidat: str) -> Ligne:
    """Les décisions par épreuve, les doutes en cours et les durées réduites d'un candidat."""
    cle = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    return {
        "controles": [
            {"controle": ligne["epreuve"], **ligne}
            for ligne in _lignes(connection, controles, cle)
            if ligne["epreuve"] != ENTIER
        ],
        "doutes": [_sans(ligne, *cle) for ligne in lister_doutes(connection, **cle)],
        "reductions": _lignes(connection, reductions, cle),
    }


def lister_doutes(connection: Connection, **cle: str) -> list[Ligne]:
    """Les doutes que rien n'a levés, une ligne par épreuve (``epreuve`` vide : le dossier), au plus ancien."""
    leves = {
        (ligne["candidat"], ligne["epreuve"]): ligne["verifie_seq"] or 0
        for ligne in connection.execute(select(controles).where(*_filtre(controles, cle))).mappings()
    }
    requete = select(doutes).where(*_filtre(doutes, cle)).order_by(doutes.c.candidat, doutes.c.epreuve, doutes.c.seq)
    ouverts: dict[tuple[str, str], Ligne] = {}
    for ligne in connection.execute(requete).mappings():
        qui = (ligne["candidat"], ligne["epreuve"])
        if ligne["seq"] <= leves.get(qui, 0):
            continue
        neuf = {"candidat": qui[0], "epreuve": qui[1], "depuis": ligne["depuis"], "motifs": []}
        ouverts.setdefault(qui, neuf)["motifs"].append(ligne["motif"])
    return list(ouverts.values())


def _filtre(table: Table, cle: dict[str, str]) -> list[Any]:
    return [table.c[nom] == valeur for nom, valeur in cle.items()]


def _lignes(connection: Connection, table: Table, cle: dict[str, str]) -> list[Ligne]:
    colonnes = [column for column in table.c if column.name not in (*cle, "verifie_seq")]
    requete = select(*colonnes).where(*_filtre(table, cle)).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(requete).mappings()]


def _sans(ligne: Ligne, *noms: str) -> Ligne:
    return {nom: valeur for nom, valeur in ligne.items() if nom not in noms}
