"""Les résultats : ce que le jury a décidé, gardé sous embargo jusqu'à la publication, puis les documents édités.

Une ligne par jury et candidat. Les fonctions de lecture ne rendent rien tant que le jury n'est pas publié.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, ColumnElement, Connection, Integer, MetaData, Table, and_, select

from contracts.evenements.deliberation import DecisionPrise, JuryClos, Ligne
from contracts.evenements.publication import DiplomeDelivre, PublicationPreparee, ReleveEdite, ResultatsPublies
from contracts.messages import Event
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.domain.resultat import ResultatPublie
from services.publication.domain.resultats import LigneListe
from services.publication.projections.identites import identites
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()
resultats = Table(
    "resultats_v1",
    META,
    Column("academie", SortedText, primary_key=True),
    Column("session", SortedText, primary_key=True),
    Column("diplome", SortedText, primary_key=True),
    Column("jury", SortedText, primary_key=True),
    Column("candidat", SortedText, primary_key=True),
    Column("decision", SortedText),
    Column("mention", SortedText),
    Column("points", SortedText),
    Column("coefficients", SortedText),
    Column("moyenne", SortedText),
    Column("moyenne_professionnelle", SortedText),
    Column("permis", SortedText),
    Column("lignes", Json),
    Column("remplacement_possible", Json),
    Column("reglement", SortedText),
    Column("clos", Boolean),
    Column("embargo", Moment),
    Column("publie_le", Moment),
    Column("releve_numero", SortedText),
    Column("releve_version", Integer),
    Column("releve_modele", SortedText),
    Column("releve_empreinte", SortedText),
    Column("diplome_numero", SortedText),
    Column("diplome_version", Integer),
    Column("diplome_modele", SortedText),
    Column("diplome_empreinte", SortedText),
)


class Resultats(Projection):
    """Voir le module."""

    name: ClassVar[str] = "resultats"
    VERSION: ClassVar[int] = 1
    tables: ClassVar[tuple[Table, ...]] = (resultats,)
    handles: ClassVar[frozenset[type[Event]]] = frozenset(
        {DecisionPrise, JuryClos, PublicationPreparee, ResultatsPublies, ReleveEdite, DiplomeDelivre}
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        """Les lignes qui suivent de ce fait."""
        match fact.event:
            case DecisionPrise() as event:
                return [_ligne(fact, event.jury, event.candidat, _decision(event))]
            case JuryClos(jury=jury, decisions=decisions):
                return [_ligne(fact, jury, one, {"decision": d.value, "clos": True}) for one, d in decisions.items()]
            case PublicationPreparee(jury=jury, decisions=decisions, embargo=embargo):
                return [_ligne(fact, jury, one, {"embargo": embargo}) for one in decisions]
            case ResultatsPublies(jury=jury, decisions=decisions, le=le):
                return [_ligne(fact, jury, one, {"publie_le": le}) for one in decisions]
            case ReleveEdite() as event:
                return [_ligne(fact, event.jury, event.candidat, _document("releve", event))]
            case DiplomeDelivre() as event:
                return [_ligne(fact, event.jury, event.candidat, _document("diplome", event))]
            case _:
                return []


def _ligne(fact: Fact, jury: str, candidat: str, valeurs: dict[str, object]) -> Upsert:
    ou = split(fact.subject)
    lieu = {"academie": ou.academie, "session": ou.session, "diplome": ou.diplome}
    return Upsert(resultats, {**lieu, "jury": jury, "candidat": candidat}, valeurs)


def _decision(event: DecisionPrise) -> dict[str, object]:
    return {
        "decision": event.decision.value,
        "mention": event.mention,
        "points": event.points,
        "coefficients": event.coefficients,
        "moyenne": event.moyenne,
        "moyenne_professionnelle": event.moyenne_professionnelle,
        "permis": None if event.permis is None else event.permis.value,
        "lignes": [one.model_dump(mode="json") for one in event.lignes],
        "remplacement_possible": list(event.remplacement_possible),
        "reglement": event.reglement,
    }


def _document(nature: str, event: ReleveEdite | DiplomeDelivre) -> dict[str, object]:
    return {
        f"{nature}_numero": event.numero,
        f"{nature}_version": event.version,
        f"{nature}_modele": event.modele,
        f"{nature}_empreinte": event.empreinte,
    }


# Lecture : l'embargo vaut ici pour tous -----------------------------------------------------------------------------


def _ici(academie: str, session: str, diplome: str) -> ColumnElement[bool]:
    c = resultats.c
    return and_(c.academie == academie, c.session == session, c.diplome == diplome)


def lister(
    connection: Connection, *, academie: str, session: str, diplome: str, jury: str | None = None
) -> list[LigneListe]:
    """Les résultats publiés de la session, ou d'un jury : numéro, décision, mention."""
    c = resultats.c
    query = select(resultats).where(_ici(academie, session, diplome), c.publie_le.is_not(None))
    if jury is not None:
        query = query.where(c.jury == jury)
    rows = connection.execute(query.order_by(c.candidat, c.jury))
    return [LigneListe(row.candidat, row.jury, Decision(row.decision), row.mention) for row in rows]


def publie_le(connection: Connection, *, academie: str, session: str, diplome: str, jury: str) -> datetime | None:
    """Quand un jury a été publié ; rien s'il ne l'est pas."""
    c = resultats.c
    query = select(c.publie_le).where(_ici(academie, session, diplome), c.jury == jury, c.publie_le.is_not(None))
    found: datetime | None = connection.execute(query.limit(1)).scalar_one_or_none()
    return found


def resultat_publie(
    connection: Connection, *, academie: str, session: str, diplome: str, jury: str, candidat: str
) -> ResultatPublie | None:
    """Le résultat d'un candidat à un jury, avec l'académie où il est inscrit ; rien avant la publication."""
    c, i = resultats.c, identites.c
    meme = and_(i.academie == c.academie, i.session == c.session, i.diplome == c.diplome, i.candidat == c.candidat)
    query = select(resultats, i.academie.label("inscrit_a")).select_from(resultats.outerjoin(identites, meme))
    ou = (_ici(academie, session, diplome), c.jury == jury, c.candidat == candidat, c.publie_le.is_not(None))
    row = connection.execute(query.where(*ou)).one_or_none()
    return None if row is None else _publie(row)


def documents(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> list[dict[str, Any]]:
    """Par jury, le résultat publié d'un candidat et ses documents ; avant la publication, sa seule date prévue."""
    c = resultats.c
    query = select(resultats).where(_ici(academie, session, diplome), c.candidat == candidat).order_by(c.jury)
    return [_montrer(row) for row in connection.execute(query) if row.publie_le is not None or row.embargo is not None]


def _publie(row: Any) -> ResultatPublie:
    return ResultatPublie(
        candidat=row.candidat,
        academie=row.inscrit_a or "",
        jury=row.jury,
        publie_le=row.publie_le,
        decision=Decision(row.decision),
        lignes=tuple(Ligne.model_validate(one) for one in row.lignes or ()),
        mention=row.mention,
        points=row.points or "0",
        coefficients=row.coefficients or "0",
        moyenne=row.moyenne,
        moyenne_professionnelle=row.moyenne_professionnelle,
        permis=None if row.permis is None else EtatResultat(row.permis),
        remplacement_possible=tuple(row.remplacement_possible or ()),
    )


def _montrer(row: Any) -> dict[str, Any]:
    if row.publie_le is None:
        return {"candidat": row.candidat, "jury": row.jury, "publication_prevue": row.embargo.isoformat()}
    champs = ("candidat", "jury", "decision", "mention", "points", "coefficients", "moyenne")
    autres = ("moyenne_professionnelle", "permis", "lignes", "remplacement_possible")
    return {
        **{champ: getattr(row, champ) for champ in (*champs, *autres)},
        "publie_le": row.publie_le.isoformat(),
        "documents": [_dire_document(row, nature) for nature in ("releve", "diplome") if _a(row, nature)],
    }


def _a(row: Any, nature: str) -> bool:
    return getattr(row, f"{nature}_numero") is not None


def _dire_document(row: Any, nature: str) -> dict[str, Any]:
    return {"nature": nature} | {
        champ: getattr(row, f"{nature}_{champ}") for champ in ("numero", "version", "modele", "empreinte")
    }
