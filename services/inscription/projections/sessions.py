"""Les sessions ouvertes, les valeurs fournies, les centres et les jours où ils ferment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Table, select

from contracts.evenements.inscription import CentreFerme, CentreOuvert, SessionOuverte, ValeursFournies
from contracts.vocabulaire import Valeurs
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 2


def _cle(*propres: str) -> list[Column[str]]:
    """La session d'une académie pour un diplôme, et ce qui distingue les lignes."""
    noms = ("academie", "session", "diplome", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


sessions = Table(
    "sessions_v2",
    META,
    *_cle(),
    Column("reglement", SortedText),
    Column("version", Integer),
    Column("empreinte", SortedText),
    Column("parametres", Json),
    Column("arrete", SortedText),
    Column("ouverte_le", Moment),
)
# ``cle`` : l'épreuve (coefficient, EP1) ou la situation (poids, EP1.S1).
valeurs = Table(
    "valeurs_v2",
    META,
    *_cle("cle"),
    Column("nature", SortedText),
    Column("valeur", ExactDecimal),
    Column("reference", SortedText),
    Column("demonstration", Boolean),
)
centres = Table("centres_v2", META, *_cle("centre"), Column("type", SortedText), Column("acte", SortedText))
fermetures = Table(
    "fermetures_centres_v2", META, *_cle("centre", "jour"), Column("motif", SortedText), Column("regle", SortedText)
)


class Sessions(Projection):
    """Ce que montre `inscription.voir_session`."""

    name = "sessions"
    VERSION = VERSION
    tables = (sessions, valeurs, centres, fermetures)
    handles = frozenset({SessionOuverte, ValeursFournies, CentreOuvert, CentreFerme})

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu = split(fact.subject)
        cle = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        match fact.event:
            case SessionOuverte() as ouverte:
                ligne = {
                    "reglement": ouverte.reglement,
                    "version": ouverte.version,
                    "empreinte": ouverte.empreinte,
                    "parametres": ouverte.parametres.model_dump(mode="json"),
                    "arrete": ouverte.arrete,
                    "ouverte_le": fact.context.le,
                }
                yield Upsert(sessions, cle, ligne)
                if ouverte.valeurs is not None:
                    yield from _fournies(cle, ouverte.valeurs)
            case ValeursFournies(valeurs=fournies):
                yield from _fournies(cle, fournies)
            case CentreOuvert() as ouvert:
                ligne = {"type": ouvert.type.value, "acte": ouvert.acte}
                yield Upsert(centres, {**cle, "centre": ouvert.centre}, ligne)
            case CentreFerme() as ferme:
                jour = {**cle, "centre": ferme.centre, "jour": ferme.jour.isoformat()}
                yield Upsert(fermetures, jour, {"motif": ferme.motif, "regle": ferme.regle})


def _fournies(cle: Mapping[str, str], fournies: Valeurs) -> Iterable[Op]:
    for nature, nombres in (("coefficient", fournies.coefficients), ("poids", fournies.poids)):
        for nom, valeur in nombres.items():
            ligne = {
                "nature": nature,
                "valeur": valeur,
                "reference": fournies.reference,
                "demonstration": fournies.demonstration,
            }
            yield Upsert(valeurs, {**cle, "cle": nom}, ligne)


# Lecture -----------------------------------------------------------------------------------------------------------


def lire_session(connection: Connection, *, academie: str, session: str, diplome: str) -> dict[str, Any] | None:
    """Le règlement figé, les paramètres, les valeurs fournies, les centres ; rien si la session n'est pas ouverte."""
    cle = {"academie": academie, "session": session, "diplome": diplome}
    trouvees = _lignes(connection, sessions, cle)
    if not trouvees:
        return None
    return {
        **trouvees[0],
        "valeurs": _lignes(connection, valeurs, cle),
        "centres": _lignes(connection, centres, cle),
        "fermetures": _lignes(connection, fermetures, cle),
    }


def _lignes(connection: Connection, table: Table, cle: Mapping[str, str]) -> list[dict[str, Any]]:
    """Les lignes de la session, sans la clé qu'elles ont en commun, dans l'ordre de ce qui les distingue."""
    colonnes = [column for column in table.c if column.name not in cle]
    requete = select(*colonnes).where(*(table.c[nom] == valeur for nom, valeur in cle.items()))
    return [dict(row) for row in connection.execute(requete.order_by(*table.primary_key)).mappings()]
