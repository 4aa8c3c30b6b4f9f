"""Read model: what the jury needs to know of each candidate, without identity, whatever the order of arrival.

What each service says stands in its own columns, so that an exemption learnt after a result, or before it, gives the
same dossier; `charger_dossier` puts them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, RowMapping, Select, Table, Text, select

from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, PieceDeposee
from contracts.evenements.inscription import (
    AcquisReconnu,
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionAnnulee,
    InscriptionModifiee,
    RemplacementAutorise,
)
from contracts.evenements.notation import NoteControleSaisie, ResultatArrete
from contracts.evenements.releve import ControleChoisi
from contracts.evenements.transfert import CandidatTransfere
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.vocabulaire import Categorie, EtatResultat, Fondement, Forme, Mode, NaturePiece
from services.communs.mots import jour_dit, par_qui
from services.deliberation.domain.dossier import DossierJury, Fermeture, ResultatJury
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, SortedText
from services.socle.subjects import split

VERSION = 3
PARIS = "Europe/Paris"
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
    Column("forme", Text),
    Column("unites", Json),
    Column("controles", Json),  # oral épreuves that the candidate chose
    Column("livret_inscrit", Boolean),
    Column("livret_depose", Boolean),
    Column("non_autorise_fait", Text),
    Column("non_autorise_vu", Json),  # when, and in which role; so for each fact below
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
    Column("note_brute", Text),
    Column("mode", Text),
    Column("situations", Json),
    Column("regle", Text),
    Column("fait", Text),
    Column("fait_vu", Json),
    Column("controle_note", ExactDecimal),
    Column("controle_fait", Text),  # the oral took place, or the candidate did not come
    Column("controle_vu", Json),
    Column("acquis_fait", Text),
    Column("acquis_vu", Json),
    Column("acquis_regle", Text),
    Column("dispense_fait", Text),
    Column("dispense_vu", Json),
    Column("dispense_fondement", Text),
    Column("benefice_fait", Text),
    Column("benefice_vu", Json),
    Column("benefice_note", ExactDecimal),
    Column("benefice_abandonne", Boolean),
    Column("remplacement", Boolean),  # he may take it at the replacement session
    Column("journal", SortedText),
    Column("seq", BigInteger),
)

Values = dict[str, object]


class DossiersJury(Projection):
    """One row per candidate, one per candidate and épreuve; of partners' candidates too, under their own académie."""

    name = "dossiers_jury"
    exchanged = True
    VERSION = VERSION
    tables = (dossier_jury, resultat_jury)
    handles = frozenset(
        {
            CandidatInscrit,
            InscriptionModifiee,
            InscriptionAnnulee,
            CandidatTransfere,
            DispenseAccordee,
            BeneficeAccorde,
            BeneficeAbandonne,
            PieceDeposee,
            DossierDeclareConforme,
            DossierDeclareNonConforme,
            ResultatArrete,
            AcquisReconnu,
            ControleChoisi,
            NoteControleSaisie,
            RemplacementAutorise,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        event = fact.event
        match event:
            case (
                ResultatArrete()
                | DispenseAccordee(situation=None)
                | BeneficeAccorde()
                | BeneficeAbandonne()
                | AcquisReconnu()
                | NoteControleSaisie()
            ):
                yield from _epreuve(fact, event.candidat, event.epreuve, _resultat(fact, event))
            case CandidatInscrit() | InscriptionModifiee() | InscriptionAnnulee() | CandidatTransfere():
                yield _candidat(fact, event.candidat, _inscription(fact, event))
            case ControleChoisi():
                yield _candidat(fact, event.candidat, {"controles": list(event.epreuves)})
            case RemplacementAutorise():
                for code in event.epreuves:
                    yield from _epreuve(fact, event.candidat, code, {"remplacement": True})
            case DossierDeclareNonConforme(epreuves=()):
                fermeture: Values = {"non_autorise_fait": fact.id, "non_autorise_regle": event.regle}
                yield _candidat(fact, event.candidat, fermeture | {"non_autorise_vu": _vu(fact)})
            case DossierDeclareConforme(epreuves=()):
                yield _candidat(fact, event.candidat, {"non_autorise_fait": None, "non_autorise_regle": None})
            case PieceDeposee(nature=NaturePiece.LIVRET_SCOLAIRE):
                yield _candidat(fact, event.candidat, {"livret_depose": True})
            case _:
                return  # a situation that is not due, the control of one épreuve, a document: the result will tell


def _inscription(
    fact: Fact, event: CandidatInscrit | InscriptionModifiee | InscriptionAnnulee | CandidatTransfere
) -> Values:
    match event:
        case CandidatInscrit():
            return {
                "categorie": event.categorie.value,
                "reglement": event.reglement,
                "inscription_fait": fact.id,
                "facultatives": list(event.facultatives),
                "forme": event.forme.value,
                "unites": list(event.unites),
                "livret_inscrit": event.livret,
                "annulation_fait": None,
            }
        case InscriptionModifiee():
            return {"facultatives": list(event.facultatives)}
        case InscriptionAnnulee() | CandidatTransfere():  # he is registered elsewhere: here, no more
            return {"annulation_fait": fact.id}


EpreuveEvent = (
    ResultatArrete | DispenseAccordee | BeneficeAccorde | BeneficeAbandonne | AcquisReconnu | NoteControleSaisie
)


def _resultat(fact: Fact, event: EpreuveEvent) -> Values:
    match event:
        case ResultatArrete():
            oral = _oral(fact, event.controle)
            return _arrete(fact, event) | ({} if event.controle is None else oral)
        case NoteControleSaisie():
            return _oral(fact, event.note)
        case AcquisReconnu():
            return {"acquis_fait": fact.id, "acquis_regle": event.regle, "acquis_vu": _vu(fact)}
        case DispenseAccordee():
            return {"dispense_fait": fact.id, "dispense_fondement": event.fondement.value, "dispense_vu": _vu(fact)}
        case BeneficeAccorde():
            kept: Values = {"benefice_fait": fact.id, "benefice_note": event.note, "benefice_vu": _vu(fact)}
            return kept | {"benefice_abandonne": False}
        case BeneficeAbandonne():
            return {"benefice_fait": None, "benefice_note": None, "benefice_abandonne": True}


def _arrete(fact: Fact, event: ResultatArrete) -> Values:
    return {
        "etat": event.etat.value,
        "note": event.note,
        "note_brute": event.note_brute,
        "mode": event.mode.value if event.mode else None,
        "situations": dict(event.situations),
        "regle": event.regle,
        "fait": fact.id,
        "fait_vu": _vu(fact),
    }


def _oral(fact: Fact, note: Decimal | None) -> Values:
    return {"controle_note": note, "controle_fait": fact.id, "controle_vu": _vu(fact)}


def _vu(fact: Fact) -> dict[str, str]:
    """When it was said, and by whom: his role, never his account."""
    return {"le": fact.context.le.isoformat(), "role": fact.context.role}


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
    connection: Connection,
    *,
    academie: str,
    session: str,
    diplome: str,
    numero: str,
    reglement: Reglement,
    fuseau: str = PARIS,
) -> DossierJury:
    """The anonymous dossier of a candidate, its results in the order of the règlement, days in the time of ``fuseau``.

    Raises:
        Refus: ``DOSSIER_ABSENT``, the registration of this candidate is not known here (yet).
    """
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    row = connection.execute(du(dossier_jury, lieu, [numero])).mappings().one_or_none()
    if row is None or row["inscription_fait"] is None:
        raise Refus(
            "DOSSIER_ABSENT", f"l'inscription de {numero} n'est pas connue de la délibération : relancez l'ordre"
        )
    rows = connection.execute(du(resultat_jury, lieu, [numero])).mappings().all()
    return _assembler(row, rows, reglement, fuseau)


def charger_dossiers(
    connection: Connection, *, academie: str, session: str, diplome: str, reglement: Reglement, fuseau: str = PARIS
) -> list[DossierJury]:
    """The anonymous dossier of every candidate of the session, in the order of their numbers; none left out."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    resultats: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(du(resultat_jury, lieu)).mappings():
        resultats[row["candidat"]].append(row)
    rows = connection.execute(du(dossier_jury, lieu).order_by(dossier_jury.c.candidat)).mappings()
    return [
        _assembler(row, resultats[row["candidat"]], reglement, fuseau)
        for row in rows
        if row["inscription_fait"] is not None
    ]


def _assembler(row: RowMapping, rows: Iterable[RowMapping], reglement: Reglement, fuseau: str) -> DossierJury:
    par_epreuve = {one["epreuve"]: one for one in rows}
    resultats = {code: _lire(par_epreuve[code], fuseau) for code in reglement.epreuves if code in par_epreuve}
    return DossierJury(
        numero=row["candidat"],
        categorie=Categorie(row["categorie"]),
        resultats={code: one for code, one in resultats.items() if one is not None},
        journal=row["journal"],
        position=row["position"],
        inscription=row["inscription_fait"],
        facultatives=tuple(row["facultatives"]),
        livret=bool(row["livret_inscrit"] or row["livret_depose"]),
        non_autorise=_fermeture(row, fuseau),
        annulation=row["annulation_fait"],
        forme=Forme(row["forme"]),
        unites=tuple(row["unites"]),
        controles=tuple(row["controles"] or ()),
        remplacements=tuple(
            code for code in reglement.epreuves if code in par_epreuve and par_epreuve[code]["remplacement"]
        ),
    )


def du(table: Table, lieu: Mapping[str, str], candidats: Collection[str] | None = None) -> Select[Any]:
    """The rows of a session, of these candidates or of all."""
    query = select(table).where(*(table.c[key] == value for key, value in lieu.items()))
    return query if candidats is None else query.where(table.c.candidat.in_(candidats))


def _lire(row: RowMapping, fuseau: str) -> ResultatJury | None:
    """What was arrested, else the exemption, the unit already held or the kept mark.

    A kept mark given up counts no more (DC-CAP18).
    """
    abandonnee = row["etat"] == EtatResultat.BENEFICE and row["benefice_abandonne"]
    if row["fait"] is not None and not abandonnee:
        return _lire_arrete(row, fuseau)
    if row["dispense_fait"] is not None:
        etat = EtatResultat.VAE if row["dispense_fondement"] == Fondement.VAE else EtatResultat.DISPENSE
        return ResultatJury(etat, row["dispense_fait"], vu=_dit(row["dispense_vu"], fuseau))
    if row["acquis_fait"] is not None:
        vu = _dit(row["acquis_vu"], fuseau)
        return ResultatJury(EtatResultat.ACQUISE, row["acquis_fait"], repris=True, regle=row["acquis_regle"], vu=vu)
    if row["benefice_fait"] is not None:
        vu = _dit(row["benefice_vu"], fuseau)
        return ResultatJury(EtatResultat.BENEFICE, row["benefice_fait"], row["benefice_note"], vu=vu)
    return None


def _lire_arrete(row: RowMapping, fuseau: str) -> ResultatJury:
    etat = EtatResultat(row["etat"])
    evaluee = etat is EtatResultat.ACQUISE and bool(row["mode"])  # assessed again at this session
    return ResultatJury(
        etat=etat,
        fait=row["fait"],
        note=row["note"],
        mode=Mode(row["mode"]) if row["mode"] else None,
        situations=row["situations"],
        note_brute=row["note_brute"],
        controle=row["controle_note"],
        controle_fait=row["controle_fait"],
        repris=row["acquis_fait"] is not None and not evaluee,
        regle=row["regle"],
        vu=_dit(row["fait_vu"], fuseau),
        controle_vu=_dit(row["controle_vu"], fuseau),
    )


def _fermeture(row: RowMapping, fuseau: str) -> Fermeture | None:
    fait = row["non_autorise_fait"]
    if fait is None:
        return None
    return Fermeture(fait=fait, regle=row["non_autorise_regle"], vu=_dit(row["non_autorise_vu"], fuseau))


def _dit(vu: Mapping[str, str] | None, fuseau: str) -> str:
    """``le 29 juin 2022, par le service des examens``."""
    if not vu:
        return ""
    return f"le {jour_dit(datetime.fromisoformat(vu['le']), fuseau)}, par {par_qui(vu['role'])}"
