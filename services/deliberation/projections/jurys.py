"""Read model: the juries, who sits, what they gave and decided, and the proof of their closing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, MetaData, RowMapping, Table, Text, select

from contracts.evenements.deliberation import (
    AcquisAccorde,
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    JuryReconvoque,
    LivretVise,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
    ResultatApresCloture,
    TransfertApresCloture,
    TransfertSuivi,
)
from services.deliberation.domain.dossier import PointsAccordes
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText
from services.socle.subjects import split

VERSION = 2
metadata = MetaData()


def _cle(*autres: str) -> Iterator[Column[Any]]:
    for name in ("academie", "session", "diplome", *autres):
        yield Column(name, SortedText, primary_key=True)


def _auteur() -> Iterator[Column[Any]]:
    """Who, when, and by which fact."""
    yield from (Column("fait", Text), Column("par", Text), Column("le", Moment))


jury = Table(
    f"jury_v{VERSION}",
    metadata,
    *_cle("jury"),
    Column("etat", Text),  # constitue, ouvert, clos
    Column("arrete", Text),
    Column("president", Text),
    Column("vice_president", Text),
    Column("preside_par", Text),
    Column("presidence_motif", Text),
    Column("journal", Text),
    Column("position", BigInteger),
    Column("presents", Json),
    Column("ouvert_le", Moment),
    Column("clos_le", Moment),
    Column("preuve", Json),
)
membre_jury = Table(
    f"membre_jury_v{VERSION}",
    metadata,
    *_cle("jury", "membre"),
    Column("profil", Text),
    Column("public", Boolean),
    Column("present", Boolean),
    Column("competences", Json),
    Column("a_forme", Json),
    Column("experience_annees", Integer),
)
recusation_jury = Table(
    f"recusation_jury_v{VERSION}", metadata, *_cle("jury", "membre", "candidat"), Column("motif", Text), *_auteur()
)
points_jury = Table(
    f"points_jury_v{VERSION}",
    metadata,
    *_cle("jury", "candidat", "epreuve", "fait"),  # every change of a mark stays
    Column("seq", BigInteger),
    Column("avant", ExactDecimal),
    Column("apres", ExactDecimal),
    Column("arretee", ExactDecimal),
    Column("motif", Text),
    Column("par", Text),
    Column("le", Moment),
)
acquis_jury = Table(
    f"acquis_jury_v{VERSION}", metadata, *_cle("jury", "candidat", "epreuve"), Column("motif", Text), *_auteur()
)
reconvocation_jury = Table(
    f"reconvocation_jury_v{VERSION}",
    metadata,
    *_cle("jury", "candidat", "fait"),  # every one stays
    Column("seq", BigInteger),
    Column("motif", Text),
    Column("regle", Text),
    Column("par", Text),
    Column("le", Moment),
)
version_decision = Table(
    f"version_decision_v{VERSION}",
    metadata,
    *_cle("candidat", "jury", "fait"),  # a decision taken again leaves the former one readable
    Column("seq", BigInteger),
    Column("nature", Text),
    Column("decision", Text),
    Column("mention", Text),
    Column("points", Text),
    Column("moyenne", Text),
    Column("regles", Json),
    Column("position", BigInteger),
    Column("par", Text),
    Column("le", Moment),
)
decision_jury = Table(
    f"decision_jury_v{VERSION}",
    metadata,
    *_cle("candidat", "jury"),
    Column("decision", Text),  # null: not decided yet
    Column("mention", Text),
    Column("points", Text),
    Column("coefficients", Text),
    Column("moyenne", Text),
    Column("moyenne_professionnelle", Text),
    Column("permis", Text),
    Column("remplacement_possible", Json),
    Column("lignes", Json),
    Column("regles", Json),
    Column("explication", Json),
    Column("reglement", Text),
    Column("journal", Text),
    Column("position", BigInteger),
    Column("livret_vise_par", Text),
    Column("nature", Text),
    Column("unites", Json),
    Column("epreuves_controle", Json),
    Column("choix", Json),
    *_auteur(),
)
# What follows is told of a jury that decides on candidates of several académies.
origine_jury = Table(f"origine_jury_v{VERSION}", metadata, *_cle("jury", "candidat"), Column("origine", SortedText))
position_jury = Table(f"position_jury_v{VERSION}", metadata, *_cle("jury", "journal"), Column("position", BigInteger))
tardif_jury = Table(
    f"tardif_jury_v{VERSION}",
    metadata,
    *_cle("jury", "candidat", "epreuve", "fait"),
    Column("seq", BigInteger),
    Column("origine", SortedText),
    Column("regle", Text),
    Column("le", Moment),
)
transfert_jury = Table(
    f"transfert_jury_v{VERSION}",
    metadata,
    *_cle("jury", "candidat", "fait"),
    Column("seq", BigInteger),
    Column("de", SortedText),
    Column("vers", SortedText),
    Column("suivi", Boolean),  # no: it came after the closing, and whoever delivers stays the same
    Column("regle", Text),
    Column("le", Moment),
)

DECISION = {column.name for column in decision_jury.c if not column.primary_key} & set(DecisionPrise.model_fields)
VERSIONS = {column.name for column in version_decision.c if not column.primary_key} & set(DecisionPrise.model_fields)

Key = dict[str, str]


class Jurys(Projection):
    """One row per jury, member, recusal, granted points, and candidate of a jury."""

    name = "jurys"
    VERSION = VERSION
    tables = (
        jury,
        membre_jury,
        recusation_jury,
        points_jury,
        acquis_jury,
        reconvocation_jury,
        decision_jury,
        version_decision,
        origine_jury,
        position_jury,
        tardif_jury,
        transfert_jury,
    )
    handles = frozenset(
        {
            JuryConstitue,
            PresenceAttestee,
            MembreRecuse,
            PresidenceTransmise,
            JuryOuvert,
            LivretVise,
            PointsDeJuryAccordes,
            DecisionPrise,
            JuryClos,
            AcquisAccorde,
            JuryReconvoque,
            ResultatApresCloture,
            TransfertSuivi,
            TransfertApresCloture,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        subject = split(fact.subject)
        lieu = {"academie": subject.academie, "session": subject.session, "diplome": subject.diplome}
        auteur = {"fait": fact.id, "par": fact.context.acteur, "le": fact.context.le}
        match fact.event:
            case JuryConstitue() as event:
                yield from _constitue(event, {**lieu, "jury": event.jury})
            case PresenceAttestee() as event:
                yield Upsert(membre_jury, {**lieu, "jury": event.jury, "membre": event.membre}, {"present": True})
            case MembreRecuse() as event:
                key = {**lieu, "jury": event.jury, "membre": event.membre, "candidat": event.candidat}
                yield Upsert(recusation_jury, key, {"motif": event.motif, **auteur})
            case PresidenceTransmise() as event:
                presidence = {"preside_par": event.a, "presidence_motif": event.motif}
                yield Upsert(jury, {**lieu, "jury": event.jury}, presidence)
            case JuryOuvert() as event:
                yield from _ouvert(event, {**lieu, "jury": event.jury}, fact)
            case LivretVise() as event:
                key = {**lieu, "jury": event.jury, "candidat": event.candidat}
                yield Upsert(decision_jury, key, {"livret_vise_par": fact.context.acteur})
            case PointsDeJuryAccordes() as event:
                yield _points(event, lieu, fact)
            case AcquisAccorde() as event:
                key = {**lieu, **event.model_dump(include={"jury", "candidat", "epreuve"})}
                yield Upsert(acquis_jury, key, {"motif": event.motif, **auteur})
            case JuryReconvoque() as event:
                key = {**lieu, "jury": event.jury, "candidat": event.candidat, "fait": fact.id}
                yield Upsert(reconvocation_jury, key, {"motif": event.motif, "regle": event.regle, **_vu(fact)})
            case DecisionPrise() as event:
                key = {**lieu, "jury": event.jury, "candidat": event.candidat}
                yield Upsert(decision_jury, key, {**event.model_dump(mode="json", include=DECISION), **auteur})
                version = event.model_dump(mode="json", include=VERSIONS) | _vu(fact)
                yield Upsert(version_decision, {**key, "fait": fact.id}, version)
            case JuryClos() as event:
                yield Upsert(jury, {**lieu, "jury": event.jury}, _clos(event, fact))
            case ResultatApresCloture() as event:
                key = {**lieu, **event.model_dump(include={"jury", "candidat", "epreuve", "fait"})}
                told = {"origine": event.academie, "regle": event.regle, "seq": fact.seq, "le": fact.context.le}
                yield Upsert(tardif_jury, key, told)
            case TransfertSuivi() | TransfertApresCloture() as event:
                yield from _transfere(event, {**lieu, "jury": event.jury, "candidat": event.candidat}, fact)
            case _:
                return


def _constitue(event: JuryConstitue, key: Key) -> Iterator[Op]:
    nomination = event.model_dump(include={"arrete", "president", "vice_president"})
    yield Upsert(jury, key, {**nomination, "etat": "constitue", "preside_par": event.president})
    for membre in event.membres:
        values = {
            "profil": membre.profil.value,
            "public": membre.public,
            "present": False,
            "competences": list(membre.competences),
            "a_forme": list(membre.a_forme),
            "experience_annees": membre.experience_annees,
        }
        yield Upsert(membre_jury, {**key, "membre": membre.id}, values)
    for candidat in event.candidats:
        yield Upsert(decision_jury, {**key, "candidat": candidat}, {})
    for candidat, origine in event.origines.items():
        yield Upsert(origine_jury, {**key, "candidat": candidat}, {"origine": origine})


def _ouvert(event: JuryOuvert, key: Key, fact: Fact) -> Iterator[Op]:
    vu = event.model_dump(include={"journal", "position", "preside_par"})
    yield Upsert(jury, key, {**vu, "etat": "ouvert", "ouvert_le": fact.context.le})
    for journal, position in event.positions.items():
        yield Upsert(position_jury, {**key, "journal": journal}, {"position": position})


def _transfere(event: TransfertSuivi | TransfertApresCloture, key: Key, fact: Fact) -> Iterator[Op]:
    suivi = isinstance(event, TransfertSuivi)
    de = event.de if isinstance(event, TransfertSuivi) else event.academie
    told = {"de": de, "vers": event.vers, "suivi": suivi, "regle": event.regle}
    yield Upsert(transfert_jury, {**key, "fait": fact.id}, {**told, "seq": fact.seq, "le": fact.context.le})
    if suivi:
        yield Upsert(origine_jury, key, {"origine": event.origine})


def _points(event: PointsDeJuryAccordes, lieu: Key, fact: Fact) -> Upsert:
    key = {**lieu, **event.model_dump(include={"jury", "candidat", "epreuve"}), "fait": fact.id}
    arretee = event.avant if event.arretee is None else event.arretee
    values = {**event.model_dump(include={"avant", "apres", "motif"}), "arretee": arretee}
    return Upsert(points_jury, key, values | _vu(fact))


def _vu(fact: Fact) -> dict[str, object]:
    """Where in the journal, by whom, when."""
    return {"seq": fact.seq, "par": fact.context.acteur, "le": fact.context.le}


def _clos(event: JuryClos, fact: Fact) -> dict[str, object]:
    vu = event.model_dump(include={"preside_par", "journal", "position"})
    preuve = [one.model_dump(mode="json") for one in event.preuve]
    return {**vu, "preuve": preuve, "presents": list(event.presents), "etat": "clos", "clos_le": fact.context.le}


# Reading back -------------------------------------------------------------------------------------------------------


def jurys_des_candidats(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Collection[str]
) -> dict[str, str]:
    """Candidate → the jury that already has him: ``deja`` of `jury.decide`."""
    table = decision_jury.c
    query = select(table.candidat, table.jury).where(
        table.academie == academie,
        table.session == session,
        table.diplome == diplome,
        table.candidat.in_(candidats),
    )
    return {row.candidat: row.jury for row in connection.execute(query)}


def lire_decision(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any] | None:
    """The row of a candidate with his jury, decided or not, and every decision taken; nothing if no jury has him."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    found = next(iter(_lignes(connection, decision_jury, **lieu, candidat=candidat)), None)
    if found is None:
        return None
    versions = _lignes(connection, version_decision, **lieu, candidat=candidat, jury=found["jury"])
    return {**found, "versions": [dict(row) for row in versions]}


def lire_accords(
    connection: Connection, *, academie: str, session: str, diplome: str
) -> dict[str, dict[str, PointsAccordes]]:
    """Candidate → épreuve → the points that a jury granted him last; what `hypothese.redecider` needs."""
    found: dict[str, dict[str, PointsAccordes]] = {}
    for row in _lignes(connection, points_jury, academie=academie, session=session, diplome=diplome):
        accord = PointsAccordes(row["arretee"], row["apres"], row["motif"])
        found.setdefault(row["candidat"], {})[row["epreuve"]] = accord
    return found


def lire_acquis(connection: Connection, *, academie: str, session: str, diplome: str) -> dict[str, dict[str, str]]:
    """Candidate → unit → why a jury holds it acquired all the same."""
    found: dict[str, dict[str, str]] = {}
    for row in _lignes(connection, acquis_jury, academie=academie, session=session, diplome=diplome):
        found.setdefault(row["candidat"], {})[row["epreuve"]] = row["motif"]
    return found


def lire_origines(connection: Connection, *, academie: str, session: str, diplome: str) -> dict[str, str]:
    """Candidate → his académie, for those of others that a jury of this one decides on."""
    lignes = _lignes(connection, origine_jury, academie=academie, session=session, diplome=diplome)
    return {row["candidat"]: row["origine"] for row in lignes if row["origine"] is not None}


def lire_jury(connection: Connection, *, academie: str, session: str, diplome: str, code: str) -> dict[str, Any] | None:
    """A jury and all that it did; nothing if it does not exist."""
    key = {"academie": academie, "session": session, "diplome": diplome, "jury": code}
    found = next(iter(_lignes(connection, jury, **key)), None)
    if found is None:
        return None
    parts = {
        "membres": membre_jury,
        "recusations": recusation_jury,
        "points": points_jury,
        "acquis": acquis_jury,
        "reconvocations": reconvocation_jury,
        "candidats": decision_jury,
        "versions": version_decision,
        "origines": origine_jury,
        "positions": position_jury,
        "tardifs": tardif_jury,
        "transferts": transfert_jury,
    }
    return {
        **found,
        **{name: [dict(row) for row in _lignes(connection, table, **key)] for name, table in parts.items()},
    }


def _lignes(connection: Connection, table: Table, **key: str) -> Collection[RowMapping]:
    """Rows of this key, in key order; points in the order of the journal."""
    order = (table.c.seq,) if "seq" in table.c else tuple(table.primary_key)
    query = select(table).where(*(table.c[name] == value for name, value in key.items())).order_by(*order)
    return connection.execute(query).mappings().all()
