"""Read model: the jury of each candidate, for the juries named before their places were written in the journal.

Of a candidate whose jury sits at another académie, also where that jury stands: its history is not in our journal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Column, Connection, MetaData, Table, Text, bindparam, select

from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryReconvoque,
    NatureDecision,
    TransfertApresCloture,
    TransfertSuivi,
)
from services.notation.domain.jury import EtatJury
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()

jury_du_candidat_table = Table(
    f"jury_du_candidat_v{VERSION}",
    metadata,
    *(Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome", "candidat")),
    Column("jury", Text),
)

# Of a jury that sits at another académie: what one says never takes the place of what another says.
jury_partage = Table(
    f"jury_partage_v{VERSION}",
    metadata,
    *(Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome", "candidat", "dit_par")),
    Column("jury", Text),
    Column("etat", Text),
)


class Jurys(Projection):
    """One row per candidate of a jury."""

    name = "jurys_des_releves"  # not that of the délibération: services may share a base
    VERSION = VERSION
    tables = (jury_du_candidat_table, jury_partage)
    handles = frozenset({JuryConstitue, JuryClos, JuryReconvoque, DecisionPrise, TransfertSuivi, TransfertApresCloture})
    exchanged = True

    def project(self, fact: Fact) -> Iterable[Op]:
        event, where = fact.event, split(fact.subject)
        key = {"academie": where.academie, "session": where.session, "diplome": where.diplome}
        if isinstance(event, JuryConstitue):
            for candidat in event.candidats:
                if candidat not in event.origines:
                    yield Upsert(jury_du_candidat_table, {**key, "candidat": candidat}, {"jury": event.jury})
        if isinstance(event, (TransfertSuivi, TransfertApresCloture)) and event.origine is None:
            yield Upsert(jury_du_candidat_table, {**key, "candidat": event.candidat}, {"jury": event.jury})
        etat, eux = _partage(fact)
        for candidat, academie in eux.items():
            ailleurs = {**key, "academie": academie, "candidat": candidat, "dit_par": where.academie}
            yield Upsert(jury_partage, ailleurs, {"etat": etat.value, "jury": event.model_dump()["jury"]})


def _partage(fact: Fact) -> tuple[EtatJury, Mapping[str, str]]:
    """Where the jury now stands for those of its candidates that are of other académies, and which."""
    match fact.event:
        case JuryConstitue(origines=eux):
            return EtatJury.A_VENIR, eux
        case JuryClos(origines=eux):
            return EtatJury.CLOS, eux
        case TransfertSuivi(candidat=candidat, origine=origine) if origine:
            return EtatJury.A_VENIR, {candidat: origine}
        case TransfertApresCloture(candidat=candidat, origine=origine) if origine:
            return EtatJury.CLOS, {candidat: origine}
        case JuryReconvoque(candidat=candidat, tenu_par=tenu_par, origine=origine) if tenu_par or origine:
            return EtatJury.RECONVOQUE, {candidat: tenu_par or str(origine)}
        case DecisionPrise(candidat=candidat, nature=nature, tenu_par=tenu_par, origine=origine) if tenu_par or origine:
            return EtatJury.CLOS, {} if nature is NatureDecision.INITIALE else {candidat: tenu_par or str(origine)}
        case _:
            return EtatJury.A_VENIR, {}


# Reading back -------------------------------------------------------------------------------------------------------

# Written once: each command on a relevé asks it, and building a query costs more than its answer.
_DU_CANDIDAT = select(jury_du_candidat_table.c.jury).where(
    *(column == bindparam(column.name) for column in jury_du_candidat_table.primary_key)
)


def jury_du_candidat(connection: Connection, *, academie: str, session: str, diplome: str, candidat: str) -> str | None:
    """The jury of a candidate; nothing if none has him."""
    key = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    found: str | None = connection.execute(_DU_CANDIDAT, key).scalar_one_or_none()
    return found


def etat_partage(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str, pilotes: Collection[str]
) -> EtatJury | None:
    """Where the jury of a candidate stands when it sits at one of these académies; nothing if none has him."""
    c = jury_partage.c
    key = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    ici = (c[name] == value for name, value in key.items())
    rows = connection.execute(select(c.etat).where(*ici, c.dit_par.in_(pilotes))).scalars().all()
    return EtatJury(rows[0]) if rows else None
