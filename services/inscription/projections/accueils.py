"""Les accueils vus d'ici : ceux que l'on a demandés pour ses candidats, ceux que l'on tient pour d'autres académies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, select

from contracts.evenements.inscription import CentreAffecte, InscriptionAnnulee
from contracts.evenements.regroupement import (
    AccueilDecline,
    AccueilDemande,
    AccueilRefuse,
    CandidatAccueilli,
    PlaceRendue,
)
from services.socle.enveloppe import Fact
from services.socle.projections import Delete, Op, Projection, Upsert
from services.socle.sql import Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 1
ATTEND, ACCUEILLI, DECLINE, REFUSE, RENDU = "attend", "accueilli", "decline", "refuse", "rendu"


def _cle(*propres: str) -> list[Column[str]]:
    noms = ("academie", "session", "diplome", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


demandes = Table(
    "accueils_demandes_v1",
    META,
    *_cle("candidat"),
    Column("chez", SortedText),
    Column("centre", SortedText),
    Column("demande", Integer),
    Column("etat", SortedText),
    Column("cause", SortedText),
    Column("fuseau", SortedText),
    Column("dit_le", Moment),
)
accueils = Table(
    "accueils_tenus_v1",
    META,
    *_cle("centre", "origine", "candidat"),
    Column("demande", Integer),
    Column("etat", SortedText),
    Column("cause", SortedText),
    Column("regle", SortedText),
    Column("dit_le", Moment),
)


class Accueils(Projection):
    """Ce que `inscription.voir_regroupement` et `voir_candidature` montrent des accueils de cette académie."""

    name = "accueils"
    VERSION = VERSION
    tables = (demandes, accueils)
    handles = frozenset(
        {
            AccueilDemande,
            AccueilDecline,
            CentreAffecte,
            InscriptionAnnulee,
            CandidatAccueilli,
            AccueilRefuse,
            PlaceRendue,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu, event, dit = split(fact.subject), fact.event, {"dit_le": fact.context.le}
        ici = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        cle = {**ici, "candidat": str(getattr(event, "candidat", ""))}
        match event:
            case AccueilDemande():
                ou = {"chez": event.academie, "centre": event.centre, "demande": event.demande}
                yield Upsert(demandes, cle, {**ou, **dit, "etat": ATTEND, "cause": None, "fuseau": None})
            case AccueilDecline(cause=cause):
                yield Upsert(demandes, cle, {**dit, "etat": DECLINE, "cause": cause})
            case CentreAffecte(academie=str()):
                yield Upsert(demandes, cle, {**dit, "etat": ACCUEILLI, "cause": None, "fuseau": event.fuseau})
            case CentreAffecte() | InscriptionAnnulee():
                yield Delete(demandes, cle)
            case CandidatAccueilli() | AccueilRefuse() | PlaceRendue():
                place = {**cle, "centre": event.centre, "origine": event.origine}
                yield Upsert(accueils, place, {**dit, **_place(event)})


def _place(event: CandidatAccueilli | AccueilRefuse | PlaceRendue) -> dict[str, object]:
    match event:
        case CandidatAccueilli(demande=demande):
            return {"etat": ACCUEILLI, "cause": None, "demande": demande, "regle": event.regle}
        case AccueilRefuse(demande=demande):
            return {"etat": REFUSE, "cause": event.cause, "demande": demande, "regle": event.regle}
        case PlaceRendue():
            return {"etat": RENDU, "cause": None, "regle": event.regle}


# Lecture -----------------------------------------------------------------------------------------------------------


def lire_accueils(connection: Connection, *, academie: str, session: str, diplome: str) -> dict[str, Any]:
    """Les accueils demandés et tenus par cette académie ; parmi les premiers, ceux dont quelqu'un doit s'occuper."""
    cle = {"academie": academie, "session": session, "diplome": diplome}
    demandes_ = _lignes(connection, demandes, cle)
    declines = [one for one in demandes_ if one["etat"] == DECLINE]
    return {
        "accueils_demandes": demandes_,
        "accueils": _lignes(connection, accueils, cle),
        "a_traiter": [{"nature": "accueil_decline", **one} for one in declines],
    }


def lire_candidat(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any]:
    """L'accueil demandé pour ce candidat : nul, ou chez qui, où, et ce qu'il en est."""
    cle = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    return {"accueil": next(iter(_lignes(connection, demandes, cle)), None)}


def centres_tenus(
    connection: Connection, *, academie: str, session: str, diplome: str, origine: str, candidat: str
) -> list[str]:
    """Les centres où cette académie tient une place pour ce candidat d'une autre."""
    cle = {"academie": academie, "session": session, "diplome": diplome, "origine": origine, "candidat": candidat}
    return [one["centre"] for one in _lignes(connection, accueils, {**cle, "etat": ACCUEILLI})]


def _lignes(connection: Connection, table: Table, cle: Mapping[str, str]) -> list[dict[str, Any]]:
    """Les lignes de cette clé, sans ce qu'elles ont en commun."""
    colonnes = [column for column in table.c if column.name not in cle]
    requete = select(*colonnes).where(*(table.c[nom] == valeur for nom, valeur in cle.items()))
    return [dict(row) for row in connection.execute(requete.order_by(*table.primary_key)).mappings()]
