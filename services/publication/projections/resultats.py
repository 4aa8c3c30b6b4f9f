"""Les résultats : ce que le jury a décidé, gardé sous embargo jusqu'à la publication, puis les documents édités.

Les fonctions de lecture ne rendent rien tant que le jury n'est pas publié ; une décision prise ensuite ne se lit qu'une
fois publiée à son tour (AMB-44, AMB-54). Une note gelée n'entre jamais ici.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, or_, select

from contracts.evenements.deliberation import DecisionPrise, JuryClos, Ligne, NatureDecision
from contracts.evenements.publication import (
    AttestationDelivree,
    DecisionPubliee,
    DiplomeDelivre,
    DocumentRemplace,
    PublicationPreparee,
    ReleveEdite,
    ResultatsPublies,
)
from contracts.messages import Event
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.domain.resultat import ResultatPublie, a_une_note_tue, lignes_publiables
from services.publication.domain.resultats import LigneListe
from services.publication.projections.identites import identites
from services.publication.projections.tables import decisions, documents_edites, resultats
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.subjects import split

REGLE_RETRAIT = "AMB-54"  # un diplôme que le jury ne maintient pas est à retirer
NATURES: dict[type[Event], str] = {ReleveEdite: "releve", DiplomeDelivre: "diplome", AttestationDelivree: "attestation"}
DIT = ("numero", "version", "modele", "empreinte")


class Resultats(Projection):
    """Voir le module."""

    name: ClassVar[str] = "resultats"
    VERSION: ClassVar[int] = 4
    exchanged: ClassVar[bool] = True
    tables: ClassVar[tuple[Table, ...]] = (resultats, decisions, documents_edites)
    handles: ClassVar[frozenset[type[Event]]] = frozenset(
        {
            DecisionPrise,
            JuryClos,
            PublicationPreparee,
            ResultatsPublies,
            DecisionPubliee,
            DocumentRemplace,
            *NATURES,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        """Les lignes qui suivent de ce fait."""
        match fact.event:
            case DecisionPrise() as event:
                return [Upsert(decisions, _cle_decision(fact, event), _decision(fact, event))]
            case JuryClos(jury=jury, decisions=vues, origines=ailleurs):
                return [_ligne(fact, jury, one, {"clos": True}) for one in vues if one not in ailleurs]
            case PublicationPreparee(jury=jury, decisions=vues, embargo=embargo, pilote=pilote):
                return [_ligne(fact, jury, one, {"embargo": embargo, "pilote": pilote}) for one in vues]
            case ResultatsPublies(jury=jury, decisions=vues, le=le, vu=vu):
                publie = {"publie_le": le, "publie_seq": fact.seq if vu is None else vu}
                return [_ligne(fact, jury, one, publie) for one in vues]
            case DecisionPubliee(jury=jury, candidat=candidat, le=le):
                return [_ligne(fact, jury, candidat, {"suite_le": le})]
            case ReleveEdite() | DiplomeDelivre() | AttestationDelivree() as event:
                return [Upsert(documents_edites, _lieu(fact) | {"numero": event.numero}, _document(event))]
            case DocumentRemplace() as event:
                remplacement = {"remplace_par": event.par, "remplace_regle": event.regle}
                return [Upsert(documents_edites, _lieu(fact) | {"numero": event.numero}, remplacement)]
            case _:
                return []


def _lieu(fact: Fact) -> dict[str, object]:
    ou = split(fact.subject)
    return {"academie": ou.academie, "session": ou.session, "diplome": ou.diplome}


def _cle(fact: Fact, jury: str, candidat: str, **autres: object) -> dict[str, object]:
    return {**_lieu(fact), "jury": jury, "candidat": candidat, **autres}


def _cle_decision(fact: Fact, event: DecisionPrise) -> dict[str, object]:
    """Sous l'académie du candidat, où que siège son jury."""
    ou, cle = split(fact.subject), _cle(fact, event.jury, event.candidat, seq=fact.seq)
    return cle | {"academie": event.origine or ou.academie, "dite_par": ou.academie}


def _ligne(fact: Fact, jury: str, candidat: str, valeurs: dict[str, object]) -> Upsert:
    return Upsert(resultats, _cle(fact, jury, candidat), valeurs)


def _decision(fact: Fact, event: DecisionPrise) -> dict[str, object]:
    tue = a_une_note_tue(event.lignes)
    return {
        "nature": event.nature.value,
        "le": fact.context.le,
        "decision": event.decision.value,
        "mention": event.mention,
        "points": "0" if tue else event.points,
        "coefficients": "0" if tue else event.coefficients,
        "moyenne": None if tue else event.moyenne,
        "moyenne_professionnelle": None if tue else event.moyenne_professionnelle,
        "permis": None if event.permis is None else event.permis.value,
        "lignes": [one.model_dump(mode="json") for one in lignes_publiables(event.lignes)],
        "remplacement_possible": list(event.remplacement_possible),
        "unites": list(event.unites),
        "epreuves_controle": list(event.epreuves_controle),
        "reglement": event.reglement,
        "confirmee": event.confirmee,
    }


def _document(event: ReleveEdite | DiplomeDelivre | AttestationDelivree) -> dict[str, object]:
    return {
        "jury": event.jury,
        "candidat": event.candidat,
        "nature": NATURES[type(event)],
        "version": event.version,
        "modele": event.modele,
        "empreinte": event.empreinte,
        "publie_le": event.publie_le,
        "decision": event.decision.value if isinstance(event, ReleveEdite) else None,
    }


# Lecture : l'embargo vaut ici pour tous -----------------------------------------------------------------------------


def _ici(table: Table, academie: str, session: str, diplome: str) -> ColumnElement[bool]:
    c = table.c
    return and_(c.academie == academie, c.session == session, c.diplome == diplome)


def _publiques(connection: Connection, ou: ColumnElement[bool]) -> Iterator[Row[Any]]:
    """La dernière décision publique de chaque candidat à chaque jury, avec sa date de publication et son académie."""
    c, d, i = resultats.c, decisions.c, identites.c
    meme = and_(*(getattr(c, one) == getattr(d, one) for one in ("academie", "session", "diplome", "jury", "candidat")))
    du_jury = d.dite_par == func.coalesce(c.pilote, c.academie)
    inscrit = and_(*(getattr(c, one) == getattr(i, one) for one in ("academie", "session", "diplome", "candidat")))
    lisible = or_(d.nature == NatureDecision.INITIALE.value, d.seq < c.publie_seq, d.le <= c.suite_le)
    query = (
        select(decisions, c.publie_le, c.suite_le, i.academie.label("inscrit_a"))
        .select_from(resultats.join(decisions, meme).outerjoin(identites, inscrit))
        .where(ou, c.publie_le.is_not(None), lisible, du_jury)
        .order_by(c.candidat, c.jury, d.seq)
    )
    dernieres = {(row.candidat, row.jury): row for row in connection.execute(query)}
    return iter(dernieres.values())


def lister(
    connection: Connection, *, academie: str, session: str, diplome: str, jury: str | None = None
) -> list[LigneListe]:
    """Les résultats publiés de la session, ou d'un jury : numéro, décision, mention."""
    ou = _ici(resultats, academie, session, diplome)
    rows = _publiques(connection, ou if jury is None else and_(ou, resultats.c.jury == jury))
    return [LigneListe(row.candidat, row.jury, Decision(row.decision), row.mention) for row in rows]


def publie_le(connection: Connection, *, academie: str, session: str, diplome: str, jury: str) -> datetime | None:
    """Quand un jury a été publié ; rien s'il ne l'est pas."""
    c = resultats.c
    ou = (_ici(resultats, academie, session, diplome), c.jury == jury, c.publie_le.is_not(None))
    found: datetime | None = connection.execute(select(c.publie_le).where(*ou).limit(1)).scalar_one_or_none()
    return found


def resultat_publie(
    connection: Connection, *, academie: str, session: str, diplome: str, jury: str, candidat: str
) -> ResultatPublie | None:
    """Le résultat d'un candidat à un jury, avec l'académie où il est inscrit ; rien avant la publication."""
    c = resultats.c
    ou = and_(_ici(resultats, academie, session, diplome), c.jury == jury, c.candidat == candidat)
    return next(map(_publie, _publiques(connection, ou)), None)


def decide_ailleurs(
    connection: Connection, *, academie: str, session: str, diplome: str, jury: str, candidat: str
) -> ResultatPublie | None:
    """Ce qu'un jury d'ici a décidé d'un candidat d'une autre académie : à elle de le publier (TR-P01)."""
    d = decisions.c
    ici = (d.session == session, d.diplome == diplome, d.jury == jury, d.candidat == candidat, d.dite_par == academie)
    row = connection.execute(select(decisions).where(*ici).order_by(d.seq.desc()).limit(1)).one_or_none()
    if row is None or row.academie == academie:  # the last: he may have come here since a former one
        return None
    return ResultatPublie(candidat, row.academie, jury, row.le, Decision(row.decision))


def jury_du_candidat(connection: Connection, *, academie: str, session: str, diplome: str, candidat: str) -> str | None:
    """Le jury qui a décidé du candidat en dernier ; aucun si nul ne l'a décidé.

    Celui d'une autre académie n'est connu qu'une fois ses résultats préparés ici.
    """
    c, d = resultats.c, decisions.c
    meme = and_(*(getattr(c, one) == getattr(d, one) for one in ("academie", "session", "diplome", "jury", "candidat")))
    ou = (_ici(decisions, academie, session, diplome), d.candidat == candidat)
    query = select(d.jury).select_from(decisions.outerjoin(resultats, meme)).where(*ou)
    du_jury = query.where(or_(d.dite_par == academie, d.dite_par == c.pilote)).order_by(d.seq.desc())
    found: str | None = connection.execute(du_jury.limit(1)).scalar_one_or_none()
    return found


def publications(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, tuple[datetime, ...]]:
    """Par jury, quand une décision du candidat est devenue publique ; rien avant, ni tant qu'elle est en attente."""
    ou = and_(_ici(resultats, academie, session, diplome), resultats.c.candidat == candidat)
    return {
        row.jury: tuple(one for one in (row.publie_le, row.suite_le) if one is not None)
        for row in _publiques(connection, ou)
        if row.decision != Decision.EN_ATTENTE.value
    }


def documents(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> list[dict[str, Any]]:
    """Par jury, le résultat publié d'un candidat et ses documents ; avant la publication, sa seule date prévue."""
    c, e = resultats.c, documents_edites.c
    ici = and_(_ici(resultats, academie, session, diplome), c.candidat == candidat)
    publiques = {row.jury: row for row in _publiques(connection, ici)}
    query = select(documents_edites).where(_ici(documents_edites, academie, session, diplome), e.candidat == candidat)
    edites = connection.execute(query.order_by(e.nature.desc(), e.version)).all()
    attendus = connection.execute(select(resultats).where(ici, c.embargo.is_not(None)).order_by(c.jury)).all()
    jurys = sorted({*publiques, *(row.jury for row in attendus if row.publie_le is None)})
    prevues = {row.jury: row.embargo for row in attendus}
    return [
        _montrer(publiques[jury], edites)
        if jury in publiques
        else {"candidat": candidat, "jury": jury, "publication_prevue": prevues[jury].isoformat()}
        for jury in jurys
    ]


def _publie(row: Row[Any]) -> ResultatPublie:
    return ResultatPublie(
        candidat=row.candidat,
        academie=row.inscrit_a or "",
        jury=row.jury,
        publie_le=row.suite_le or row.publie_le,
        decision=Decision(row.decision),
        lignes=tuple(Ligne.model_validate(one) for one in row.lignes or ()),
        mention=row.mention,
        points=row.points or "0",
        coefficients=row.coefficients or "0",
        moyenne=row.moyenne,
        moyenne_professionnelle=row.moyenne_professionnelle,
        permis=None if row.permis is None else EtatResultat(row.permis),
        remplacement_possible=tuple(row.remplacement_possible or ()),
        unites=tuple(row.unites or ()),
        epreuves_controle=tuple(row.epreuves_controle or ()),
    )


def _montrer(row: Row[Any], edites: Iterable[Row[Any]]) -> dict[str, Any]:
    """Ce qui est public ; d'une décision en attente, rien que cela (AMB-44)."""
    tete = {"candidat": row.candidat, "jury": row.jury, "decision": row.decision}
    quand = {"publie_le": (row.suite_le or row.publie_le).isoformat()}
    if row.decision == Decision.EN_ATTENTE.value:
        return {**tete, **quand, "documents": []}
    champs = ("mention", "points", "coefficients", "moyenne", "moyenne_professionnelle", "permis", "lignes")
    autres = ("remplacement_possible", "unites", "epreuves_controle")
    dits = {champ: getattr(row, champ) for champ in (*champs, *autres)} | {"confirmee": bool(row.confirmee)}
    return {**tete, **dits, **quand, **_dire_documents(row, list(edites))}


def _dire_documents(row: Row[Any], edites: list[Row[Any]]) -> dict[str, Any]:
    """Ceux qui valent, puis ceux qu'une version suivante a remplacés : gardés, et dits remplacés."""
    suivants = {(one.nature, one.version - 1): one.numero for one in edites}
    ici = [one for one in edites if one.jury == row.jury and one.nature is not None]
    remplace = [(one, one.remplace_par or suivants.get((one.nature, one.version))) for one in ici]
    return {
        "documents": [_dire(one) | _a_retirer(one, row) for one, par in remplace if par is None],
        "remplaces": [
            _dire(one) | {"remplace_par": par, "regle": one.remplace_regle or REGLE_RETRAIT}
            for one, par in remplace
            if par is not None
        ],
    }


def _dire(one: Row[Any]) -> dict[str, Any]:
    return {"nature": one.nature} | {champ: getattr(one, champ) for champ in DIT}


def _a_retirer(one: Row[Any], row: Row[Any]) -> dict[str, Any]:
    """Un diplôme que la dernière décision ne fonde plus."""
    perdu = one.nature == "diplome" and row.decision != Decision.ADMIS.value
    return {"a_retirer": REGLE_RETRAIT} if perdu else {}
