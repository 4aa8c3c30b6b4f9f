"""Les réclamations de chaque candidat, et l'effacement accordé ; les motifs y sont ceux que le service a écrits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy import Boolean, Column, Connection, MetaData, Row, Table, select

from contracts.evenements.publication import (
    EffacementAccorde,
    ReclamationClose,
    ReclamationDeposee,
    ReclamationInstruite,
)
from contracts.messages import Event
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()


def _lieu() -> list[Column[str]]:
    return [Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome", "candidat")]


reclamations = Table(
    "reclamations_v2",
    META,
    *_lieu(),
    Column("numero", SortedText, primary_key=True),
    Column("etat", SortedText),
    Column("nature", SortedText),
    Column("epreuve", SortedText),
    Column("annexe", SortedText),
    Column("depose_le", Moment),
    Column("par_representant", Boolean),
    Column("recours_jusqu_au", SortedText),
    Column("tardive", Boolean),
    Column("interrompt", Boolean),
    Column("reponse_due", SortedText),
    Column("accuse", Json),
    Column("constat", SortedText),
    Column("constat_motif", SortedText),
    Column("instruite_le", Moment),
    Column("trouve", Json),
    Column("issue", SortedText),
    Column("motif", SortedText),
    Column("close_le", Moment),
    Column("contestable_jusqu_au", SortedText),
    Column("explication", Json),
    Column("rectification", Json),
)
effacements = Table("reclamations_effacements_v2", META, *_lieu(), Column("le", Moment))

INSTRUCTION = ("constat", "constat_motif", "instruite_le", "trouve")


class ProjectionReclamations(Projection):
    """Voir le module."""

    name: ClassVar[str] = "reclamations"
    VERSION: ClassVar[int] = 2
    tables: ClassVar[tuple[Table, ...]] = (reclamations, effacements)
    handles: ClassVar[frozenset[type[Event]]] = frozenset(
        {ReclamationDeposee, ReclamationInstruite, ReclamationClose, EffacementAccorde}
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        """Les lignes qui suivent de ce fait."""
        match fact.event:
            case ReclamationDeposee() as event:
                return [_ligne(fact, event, _deposee(event))]
            case ReclamationInstruite() as event:
                return [_ligne(fact, event, _instruite(event))]
            case ReclamationClose() as event:
                return [_ligne(fact, event, _close(event))]
            case EffacementAccorde() as event:
                return [Upsert(effacements, _cle(fact, event.candidat), {"le": event.le})]
            case _:
                return []


def _cle(fact: Fact, candidat: str, **autres: object) -> dict[str, object]:
    ou = split(fact.subject)
    lieu = {"academie": ou.academie, "session": ou.session, "diplome": ou.diplome}
    return {**lieu, "candidat": candidat, **autres}


def _ligne(
    fact: Fact, event: ReclamationDeposee | ReclamationInstruite | ReclamationClose, valeurs: dict[str, object]
) -> Upsert:
    return Upsert(reclamations, _cle(fact, event.candidat, numero=event.numero), valeurs)


def _deposee(event: ReclamationDeposee) -> dict[str, object]:
    return {
        "etat": "deposee",
        "nature": event.nature.value,
        "epreuve": event.epreuve,
        "annexe": event.annexe,
        "depose_le": event.depose_le,
        "par_representant": event.par_representant,
        "recours_jusqu_au": None if event.recours_jusqu_au is None else event.recours_jusqu_au.isoformat(),
        "tardive": event.tardive,
        "interrompt": event.interrompt,
        "reponse_due": None if event.reponse_due is None else event.reponse_due.isoformat(),
        "accuse": [one.model_dump(mode="json") for one in event.explication],
    }


def _instruite(event: ReclamationInstruite) -> dict[str, object]:
    return {
        "etat": "instruite",
        "constat": event.constat.value,
        "constat_motif": event.motif,
        "instruite_le": event.le,
        "trouve": [one.model_dump(mode="json") for one in event.trouve],
    }


def _close(event: ReclamationClose) -> dict[str, object]:
    return {
        "etat": "close",
        "issue": event.issue.value,
        "motif": event.motif,
        "close_le": event.le,
        "contestable_jusqu_au": None if event.recours_jusqu_au is None else event.recours_jusqu_au.isoformat(),
        "explication": [one.model_dump(mode="json") for one in event.explication],
        "rectification": None if event.rectification is None else event.rectification.model_dump(mode="json"),
    }


def du_candidat(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str, instruction: bool
) -> list[dict[str, Any]]:
    """Ses réclamations, dans l'ordre du dépôt. ``instruction`` : dire ce qui est trouvé avant l'issue."""
    c = reclamations.c
    ou = (c.academie == academie, c.session == session, c.diplome == diplome, c.candidat == candidat)
    rows = connection.execute(select(reclamations).where(*ou).order_by(c.numero)).all()
    return [_montrer(row, instruction) for row in sorted(rows, key=lambda row: (row.depose_le, row.numero))]


def efface_le(connection: Connection, *, academie: str, session: str, diplome: str, candidat: str) -> str | None:
    """Quand l'effacement a été accordé ; rien s'il ne l'est pas."""
    c = effacements.c
    ou = (c.academie == academie, c.session == session, c.diplome == diplome, c.candidat == candidat)
    found = connection.execute(select(c.le).where(*ou)).scalar_one_or_none()
    return None if found is None else found.isoformat()


def _montrer(row: Row[Any], instruction: bool) -> dict[str, Any]:
    """Ce qui est dit ; l'instruction en cours est préparatoire, le candidat la lit avec l'issue."""
    vue = {name: value for name, value in row._mapping.items() if name not in ("academie", "session", "diplome")}
    if row.etat == "instruite" and not instruction:
        vue = {**vue, "etat": "deposee"} | dict.fromkeys(INSTRUCTION)
    moments = {name: value.isoformat() for name in ("depose_le", "instruite_le", "close_le") if (value := vue[name])}
    return vue | moments
