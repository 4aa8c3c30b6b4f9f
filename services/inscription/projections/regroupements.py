"""Le regroupement vu d'ici : qui l'a défini, qui l'a accepté, les centres de chaque académie (BTS-G02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Table, select

from contracts.evenements.inscription import CentreFerme, CentreOuvert
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementClos, RegroupementDefini
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 1


def _cle(*propres: str) -> list[Column[str]]:
    """L'académie qui parle, la session, le diplôme, et ce qui distingue les lignes."""
    noms = ("academie", "session", "diplome", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


# Une ligne par académie qui en parle : la pilote (``membres`` dits) ou une rattachée qui accepte.
regroupements = Table(
    "regroupements_v1",
    META,
    *_cle(),
    Column("regroupement", SortedText),
    Column("pilote", SortedText),
    Column("membres", Json),  # absent : une rattachée
    Column("arrete", SortedText),
    Column("reglement", SortedText),
    Column("empreinte", SortedText),
    Column("cle_publique", SortedText),
    Column("regle", SortedText),
    Column("dit_le", Moment),
    Column("clos", Boolean),
    Column("motif_cloture", SortedText),
)
centres = Table(
    "centres_regroupes_v1",
    META,
    *_cle("centre"),
    Column("type", SortedText),
    Column("places_accueil", Integer),
)
fermetures = Table("fermetures_regroupees_v1", META, *_cle("centre", "jour"), Column("motif", SortedText))


class Regroupements(Projection):
    """Ce que montre `inscription.voir_regroupement`, faits des partenaires compris."""

    name = "regroupements"
    VERSION = VERSION
    tables = (regroupements, centres, fermetures)
    handles = frozenset({RegroupementDefini, RegroupementAccepte, RegroupementClos, CentreOuvert, CentreFerme})
    exchanged = True

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu = split(fact.subject)
        cle = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        match fact.event:
            case RegroupementDefini(pilote=pilote) as defini if pilote == lieu.academie:
                yield Upsert(regroupements, cle, {**_dit(defini, fact), "membres": defini.membres, "clos": False})
            case RegroupementAccepte() as accepte:
                yield Upsert(regroupements, cle, {**_dit(accepte, fact), "membres": None, "clos": False})
            case RegroupementClos(motif=motif):
                yield Upsert(regroupements, cle, {"clos": True, "motif_cloture": motif})
            case CentreOuvert() as ouvert:
                ligne = {"type": ouvert.type.value, "places_accueil": ouvert.places_accueil}
                yield Upsert(centres, {**cle, "centre": ouvert.centre}, ligne)
            case CentreFerme(centre=centre, jour=jour, motif=motif):
                yield Upsert(fermetures, {**cle, "centre": centre, "jour": jour.isoformat()}, {"motif": motif})


def _dit(event: RegroupementDefini | RegroupementAccepte, fact: Fact) -> dict[str, object]:
    return {
        "regroupement": event.regroupement,
        "pilote": event.pilote,
        "arrete": getattr(event, "arrete", None),
        "reglement": event.reglement,
        "empreinte": event.empreinte,
        "cle_publique": event.cle_publique,
        "regle": event.regle,
        "dit_le": fact.context.le,
    }


# Lecture -----------------------------------------------------------------------------------------------------------


def lire_definition(connection: Connection, *, pilote: str, session: str, diplome: str) -> dict[str, Any] | None:
    """Ce que cette pilote a défini, s'il en est arrivé quelque chose."""
    cle = {"academie": pilote, "session": session, "diplome": diplome}
    return next((one for one in _lignes(connection, regroupements, cle) if one["membres"] is not None), None)


def lire_cle(connection: Connection, *, academie: str, regroupement: str, session: str, diplome: str) -> str:
    """La clé publique que cette académie a dite pour ce regroupement ; vide si elle n'en a rien dit ici."""
    dits = _lignes(connection, regroupements, {"academie": academie, "session": session, "diplome": diplome})
    return next((one["cle_publique"] or "" for one in dits if one["regroupement"] == regroupement), "")


def lire_regroupement(connection: Connection, *, academie: str, session: str, diplome: str) -> dict[str, Any] | None:
    """Le regroupement où est l'académie, ou celui qui lui est proposé ; rien si elle est seule."""
    lieu = {"session": session, "diplome": diplome}
    dits = _lignes(connection, regroupements, lieu)
    definition = _sien(dits, academie)
    if definition is None:
        return None
    membres = [_membre(connection, dits, definition, one, lieu) for one in _academies(definition)]
    gardes = ("regroupement", "pilote", "arrete", "reglement", "empreinte", "clos", "motif_cloture", "regle")
    return {**{nom: definition[nom] for nom in gardes}, "defini_le": definition["dit_le"], "academies": membres}


def jours_fermes(connection: Connection, *, academie: str, session: str, diplome: str, centre: str) -> list[str]:
    """Les jours où ce centre n'ouvre pas, tels qu'on les sait ici."""
    cle = {"academie": academie, "session": session, "diplome": diplome, "centre": centre}
    return [one["jour"] for one in _lignes(connection, fermetures, cle)]


def _sien(dits: Iterable[Mapping[str, Any]], academie: str) -> Mapping[str, Any] | None:
    """La définition de la pilote qu'elle est, qu'elle a acceptée, ou qui la nomme."""
    definitions = {one["academie"]: one for one in dits if one["membres"] is not None}
    siennes = [one["pilote"] for one in dits if one["academie"] == academie]
    nomment = [pilote for pilote, one in definitions.items() if academie in one["membres"]]
    return next((definitions[pilote] for pilote in [*siennes, *nomment] if pilote in definitions), None)


def _academies(definition: Mapping[str, Any]) -> list[str]:
    return [definition["pilote"], *definition["membres"]]


def _membre(
    connection: Connection,
    dits: Iterable[Mapping[str, Any]],
    definition: Mapping[str, Any],
    academie: str,
    lieu: Mapping[str, str],
) -> dict[str, Any]:
    """Une académie du regroupement : l'a-t-elle accepté, quels centres ouvre-t-elle ?"""
    pilote = academie == definition["pilote"]
    dit = next((one for one in dits if one["academie"] == academie and one["pilote"] == definition["pilote"]), None)
    ouverts = _lignes(connection, centres, {"academie": academie, **lieu})
    return {
        "academie": academie,
        "pilote": pilote,
        "accepte": dit is not None,
        "dit_le": None if dit is None else dit["dit_le"],
        "cle_publique": "" if dit is None else dit["cle_publique"],
        "centres": [{nom: one[nom] for nom in ("centre", "type", "places_accueil")} for one in ouverts],
    }


def _lignes(connection: Connection, table: Table, cle: Mapping[str, str]) -> list[dict[str, Any]]:
    requete = select(table).where(*(table.c[nom] == valeur for nom, valeur in cle.items()))
    return [dict(row) for row in connection.execute(requete.order_by(*table.primary_key)).mappings()]
