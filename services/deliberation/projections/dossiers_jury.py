"""Read model: what the jury needs to know of each candidate, without identity, whatever the order of arrival.

What each service says stands in its own columns, so that an exemption learnt after a result, or before it, gives the
same dossier; `charger_dossier` puts them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, RowMapping, Select, Table, Text, select

from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, PieceDeposee
from contracts.evenements.inscription import (
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionAnnulee,
    InscriptionModifiee,
)
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.vocabulaire import Categorie, EtatResultat, Mode, NaturePiece
from services.deliberation.domain.dossier import DossierJury, Fermeture, ResultatJury
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, SortedText
from services.socle.subjects import split

VERSION = 1
metadata = MetaData()


def _cle(*autres: str) -> Iterator[Column[Any]]:
    for name in ("academie", "session", "diplome", *autres):
        yield Column(name, SortedText, primary_key=True)


dossier_jury = Table(
    f"dossier_jury_v{VERSION}",
    metadata,
    *_cle("candidat"),
    Column("categorie", Text),
    Column("reglement", Text),
    Column("inscription_fait", Text),
    Column("facultatives", Json),
    Column("livret_inscrit", Boolean),
    Column("livret_depose", Boolean),
    Column("non_autorise_fait", Text),
    Column("non_autorise_regle", Text),
    Column("annulation_fait", Text),
    Column("journal", SortedText),
    Column("position", BigInteger),  # last fact about the candidate, an épreuve included
)
resultat_jury = Table(
    f"resultat_jury_v{VERSION}",
    metadata,
    *_cle("candidat", "epreuve"),
    Column("etat", Text),
    Column("note", ExactDecimal),
    Column("mode", Text),
    Column("situations", Json),
    Column("fait", Text),
    Column("dispense_fait", Text),
    Column("benefice_fait", Text),
    Column("benefice_note", ExactDecimal),
    Column("benefice_abandonne", Boolean),
    Column("journal", SortedText),
    Column("seq", BigInteger),
)

Values = dict[str, object]


class DossiersJury(Projection):
    """One row per candidate, one per candidate and épreuve."""

    name = "dossiers_jury"
    VERSION = VERSION
    tables = (dossier_jury, resultat_jury)
    handles = frozenset(
        {
            CandidatInscrit,
            InscriptionModifiee,
            InscriptionAnnulee,
            DispenseAccordee,
            BeneficeAccorde,
            BeneficeAbandonne,
            PieceDeposee,
            DossierDeclareConforme,
            DossierDeclareNonConforme,
            ResultatArrete,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        event = fact.event
        match event:
            case ResultatArrete() | DispenseAccordee(situation=None) | BeneficeAccorde() | BeneficeAbandonne():
                yield from _epreuve(fact, event.candidat, event.epreuve, _resultat(fact, event))
            case CandidatInscrit() | InscriptionModifiee() | InscriptionAnnulee():
                yield _candidat(fact, event.candidat, _inscription(fact, event))
            case DossierDeclareNonConforme():
                fermeture: Values = {"non_autorise_fait": fact.id, "non_autorise_regle": event.regle}
                yield _candidat(fact, event.candidat, fermeture)
            case DossierDeclareConforme():
                yield _candidat(fact, event.candidat, {"non_autorise_fait": None, "non_autorise_regle": None})
            case PieceDeposee(nature=NaturePiece.LIVRET_SCOLAIRE):
                yield _candidat(fact, event.candidat, {"livret_depose": True})
            case _:
                return  # a situation that is not due, another document: the result will tell


def _inscription(fact: Fact, event: CandidatInscrit | InscriptionModifiee | InscriptionAnnulee) -> Values:
    match event:
        case CandidatInscrit():
            return {
                "categorie": event.categorie.value,
                "reglement": event.reglement,
                "inscription_fait": fact.id,
                "facultatives": list(event.facultatives),
                "livret_inscrit": event.livret,
                "annulation_fait": None,
            }
        case InscriptionModifiee():
            return {"facultatives": list(event.facultatives)}
        case InscriptionAnnulee():
            return {"annulation_fait": fact.id}


def _resultat(fact: Fact, event: ResultatArrete | DispenseAccordee | BeneficeAccorde | BeneficeAbandonne) -> Values:
    match event:
        case ResultatArrete():
            return {
                "etat": event.etat.value,
                "note": event.note,
                "mode": event.mode.value if event.mode else None,
                "situations": dict(event.situations),
                "fait": fact.id,
            }
        case DispenseAccordee():
            return {"dispense_fait": fact.id}
        case BeneficeAccorde():
            return {"benefice_fait": fact.id, "benefice_note": event.note, "benefice_abandonne": False}
        case BeneficeAbandonne():
            return {"benefice_fait": None, "benefice_note": None, "benefice_abandonne": True}


def _candidat(fact: Fact, candidat: str, values: Values) -> Upsert:
    where = {"journal": fact.stream, "position": fact.seq}
    return Upsert(dossier_jury, {**_lieu(fact), "candidat": candidat}, values | where)


def _epreuve(fact: Fact, candidat: str, epreuve: str, values: Values) -> Iterator[Op]:
    key = {**_lieu(fact), "candidat": candidat, "epreuve": epreuve}
    yield Upsert(resultat_jury, key, values | {"journal": fact.stream, "seq": fact.seq})
    yield _candidat(fact, candidat, {})


def _lieu(fact: Fact) -> dict[str, str]:
    subject = split(fact.subject)
    return {"academie": subject.academie, "session": subject.session, "diplome": subject.diplome}


# Reading back -------------------------------------------------------------------------------------------------------


def charger_dossier(
    connection: Connection, *, academie: str, session: str, diplome: str, numero: str, reglement: Reglement
) -> DossierJury:
    """The anonymous dossier of a candidate, its results in the order of the règlement.

    Raises:
        Refus: ``DOSSIER_ABSENT``, the registration of this candidate is not known here (yet).
    """
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    row = connection.execute(_du(dossier_jury, lieu, [numero])).mappings().one_or_none()
    if row is None or row["inscription_fait"] is None:
        raise Refus(
            "DOSSIER_ABSENT", f"l'inscription de {numero} n'est pas connue de la délibération : relancez l'ordre"
        )
    rows = {one["epreuve"]: one for one in connection.execute(_du(resultat_jury, lieu, [numero])).mappings()}
    resultats = {code: _lire(rows[code]) for code in reglement.epreuves if code in rows}
    return DossierJury(
        numero=numero,
        categorie=Categorie(row["categorie"]),
        resultats={code: one for code, one in resultats.items() if one is not None},
        journal=row["journal"],
        position=row["position"],
        inscription=row["inscription_fait"],
        facultatives=tuple(row["facultatives"]),
        livret=bool(row["livret_inscrit"] or row["livret_depose"]),
        non_autorise=_fermeture(row),
        annulation=row["annulation_fait"],
    )


def positions(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Collection[str]
) -> dict[str, int]:
    """Last position of the journal about each candidate known here."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    rows = connection.execute(_du(dossier_jury, lieu, candidats)).mappings()
    return {row["candidat"]: row["position"] for row in rows}


def annules(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Collection[str]
) -> frozenset[str]:
    """Those whose registration is cancelled."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    rows = connection.execute(_du(dossier_jury, lieu, candidats)).mappings()
    return frozenset(row["candidat"] for row in rows if row["annulation_fait"] is not None)


def _du(table: Table, lieu: Mapping[str, str], candidats: Collection[str]) -> Select[Any]:
    return select(table).where(*(table.c[key] == value for key, value in lieu.items()), table.c.candidat.in_(candidats))


def _lire(row: RowMapping) -> ResultatJury | None:
    """What was arrested, else the exemption, else the kept mark; a kept mark given up counts no more (DC-CAP18)."""
    abandonnee = row["etat"] == EtatResultat.BENEFICE and row["benefice_abandonne"]
    if row["fait"] is not None and not abandonnee:
        mode = Mode(row["mode"]) if row["mode"] else None
        return ResultatJury(EtatResultat(row["etat"]), row["fait"], row["note"], mode, row["situations"])
    if row["dispense_fait"] is not None:
        return ResultatJury(EtatResultat.DISPENSE, row["dispense_fait"])
    if row["benefice_fait"] is not None:
        return ResultatJury(EtatResultat.BENEFICE, row["benefice_fait"], row["benefice_note"])
    return None


def _fermeture(row: RowMapping) -> Fermeture | None:
    fait = row["non_autorise_fait"]
    return None if fait is None else Fermeture(fait=fait, regle=row["non_autorise_regle"])
