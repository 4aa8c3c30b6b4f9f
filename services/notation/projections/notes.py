"""Read model: what each candidate has at each épreuve and situation, and the story of every mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, MetaData, Table, Text, select

from contracts.evenements.conduite import EtgEchouee, EtgValidee, PermisNonValide, PermisValide
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    AbsenceLevee,
    CauseSuspension,
    CompetenceEvaluee,
    DoubleSaisieComparee,
    EpreuveNonTenue,
    GrilleRemplie,
    MentionNonValidePortee,
    MentionNonValideRetiree,
    NoteControleSaisie,
    NoteHarmonisee,
    NoteRectifiee,
    NoteSaisie,
    NoteSuspendue,
    NoteTardiveIntegree,
    NoteTardiveRecue,
    NoteVerrouillee,
    ResultatArrete,
    SupportAbsentConstate,
    SuspensionLevee,
)
from contracts.evenements.releve import (
    AccesFerme,
    AccesRouvert,
    AcquisReporte,
    BeneficeReporte,
    BeneficeRetire,
    ControleChoisi,
    EpreuveDispensee,
    EpreuvesReportees,
    FicheSujetEtablie,
    ReleveModifie,
    ReleveOuvert,
    RemplacementOuvert,
)
from contracts.messages import Event
from contracts.vocabulaire import EtatResultat, Fondement
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText
from services.socle.subjects import split

VERSION = 3
metadata = MetaData()
LIEU = ("academie", "session", "diplome")

Values = dict[str, object]


def _cle(*autres: str) -> Iterator[Column[Any]]:
    for name in (*LIEU, "candidat", *autres):
        yield Column(name, SortedText, primary_key=True)


releve = Table(
    f"releve_v{VERSION}",
    metadata,
    *_cle(),
    Column("acces", Text),  # ferme; ouvert if it was reopened; nothing if it was never closed
    Column("acces_regle", Text),
    Column("categorie", Text),
    Column("reglement", Text),
    Column("facultatives", Json),
    Column("unites", Json),  # those he presents; none named: all
    Column("controle_choisi", Json),  # the oral épreuves de contrôle that he chose
    Column("etg", Text),  # validee, echouee
    Column("etg_tentatives", Integer),
)
note = Table(
    f"note_v{VERSION}",
    metadata,
    *_cle("epreuve", "situation"),  # no situation: the épreuve itself
    Column("mode", Text),
    Column("etat", Text),  # an `EtatResultat`, or tardive
    Column("note", ExactDecimal),
    Column("lot", Text),
    Column("annexe", Text),
    Column("concorde", Boolean),  # of the two entries; nothing: entered once
    Column("verrou", Boolean),
    Column("benefice", ExactDecimal),
    Column("benefice_session", Text),
    Column("acquise", Boolean),  # of a competence, never marked
    Column("criteres", Integer),
    Column("acquis_regle", Text),  # of a unit acquired before
    Column("suspension_verification", Text),  # rule that freezes the mark, while the dossier is verified
    Column("suspension_discipline", Text),  # the same, until the commission de discipline
    Column("mention", Text),  # non_valide or non_validee_U1, in the place of a mark
    Column("mention_regle", Text),
    Column("mention_motifs", Json),
    Column("fraude_annulee", Boolean),
    Column("remplacement", Boolean),  # taken again at the replacement session
    Column("reporte_au", Moment),  # when it is taken, the centre not having opened
    Column("activite", Text),  # of the dossier, from which the fiche-sujet was drawn
    Column("fiche", Text),
    Column("controle_note", ExactDecimal),
    Column("controle_absent", Boolean),
    Column("auteur", Text),
    Column("le", Moment),
    Column("motif", Text),
    Column("regle", Text),
    Column("resultat_etat", Text),
    Column("resultat_note", ExactDecimal),
    Column("resultat_brut", Text),
    Column("resultat_situations", Json),
    Column("resultat_regle", Text),
    Column("resultat_controle", ExactDecimal),
    Column("arrete_le", Moment),
)
histoire_note = Table(
    f"histoire_note_v{VERSION}",
    metadata,
    *_cle("fait"),
    Column("seq", BigInteger),
    Column("rang", Integer),  # among the facts of one decision
    Column("epreuve", Text),
    Column("situation", Text),
    Column("type", Text),
    Column("avant", ExactDecimal),
    Column("apres", ExactDecimal),
    Column("etat", Text),  # what it says without a mark: an absence, a competence, a mention
    Column("auteur", Text),
    Column("role", Text),
    Column("le", Moment),
    Column("motif", Text),
    Column("regle", Text),
)

SurReleve = ReleveOuvert | ReleveModifie | AccesFerme | AccesRouvert | EtgValidee | EtgEchouee | ControleChoisi
SurNote = (
    NoteSaisie
    | NoteTardiveRecue
    | NoteTardiveIntegree
    | NoteHarmonisee
    | NoteRectifiee
    | NoteVerrouillee
    | DoubleSaisieComparee
    | SupportAbsentConstate
    | AbsenceConstatee
    | AbsenceJustifiee
    | AbsenceLevee
    | EpreuveDispensee
    | PermisValide
    | PermisNonValide
    | CompetenceEvaluee
)
SurEffet = (
    NoteSuspendue
    | SuspensionLevee
    | MentionNonValidePortee
    | MentionNonValideRetiree
    | EpreuveNonTenue
    | NoteControleSaisie
)
SurEpreuve = (
    GrilleRemplie
    | BeneficeReporte
    | BeneficeRetire
    | AcquisReporte
    | RemplacementOuvert
    | EpreuvesReportees
    | FicheSujetEtablie
    | ResultatArrete
)


class Notes(Projection):
    """One row for each candidate, épreuve and situation; one for each change of it."""

    name = "notes"
    VERSION = VERSION
    tables = (releve, note, histoire_note)
    handles = frozenset(get_args(SurReleve) + get_args(SurNote) + get_args(SurEffet) + get_args(SurEpreuve))

    def project(self, fact: Fact) -> Iterable[Op]:
        match fact.event:
            case event if isinstance(event, SurReleve):
                yield Upsert(releve, {**_lieu(fact), "candidat": event.candidat}, _sur_releve(event))
                if isinstance(event, (ReleveOuvert, ReleveModifie)):
                    for epreuve, mode in event.modes.items():
                        yield _note(fact, event.candidat, epreuve, None, {"mode": mode.value})
            case RemplacementOuvert(candidat=candidat, epreuves=epreuves):
                for epreuve in epreuves:
                    yield _note(fact, candidat, epreuve, None, {"remplacement": True})
            case EpreuvesReportees(candidat=candidat, epreuves=epreuves, passage=passage):
                for epreuve in epreuves:
                    yield _note(fact, candidat, epreuve, None, {"reporte_au": passage})
            case FicheSujetEtablie(candidat=candidat, epreuve=epreuve, activite=activite, fiche=fiche):
                yield _note(fact, candidat, epreuve, None, {"activite": activite, "fiche": fiche})
            case GrilleRemplie(candidat=candidat, epreuve=epreuve, situation=situation, annexe=annexe):
                yield _note(fact, candidat, epreuve, situation, {"annexe": annexe})
            case BeneficeReporte() | BeneficeRetire() | AcquisReporte() | ResultatArrete() as event:
                yield _note(fact, event.candidat, event.epreuve, None, _sur_epreuve(fact, event))
            case event if isinstance(event, SurNote):
                par = _par(fact, event)
                dit = _sur_note(event)
                yield _note(fact, event.candidat, event.epreuve, event.situation, dit | par)
                yield _histoire(fact, event, event.situation, {"etat": dit.get("etat"), **par})
            case event if isinstance(event, SurEffet):
                yield _note(fact, event.candidat, event.epreuve, None, _sur_effet(event))
                yield _histoire(fact, event, None, {"etat": _etat(event), **_par(fact, event)})


def _sur_releve(event: SurReleve) -> Values:
    match event:
        case ReleveOuvert():
            ouvert = {"categorie": event.categorie.value, "reglement": event.reglement}
            return {**ouvert, "facultatives": list(event.facultatives), "unites": list(event.unites)}
        case ReleveModifie():
            return {"facultatives": list(event.facultatives)}
        case AccesFerme():
            return {"acces": "ferme", "acces_regle": event.regle}
        case AccesRouvert():
            return {"acces": "ouvert", "acces_regle": event.regle}
        case ControleChoisi():
            return {"controle_choisi": list(event.epreuves)}
        case EtgValidee() | EtgEchouee():
            etg = "validee" if isinstance(event, EtgValidee) else "echouee"
            return {"etg": etg, "etg_tentatives": event.tentative}


def _sur_epreuve(fact: Fact, event: BeneficeReporte | BeneficeRetire | AcquisReporte | ResultatArrete) -> Values:
    match event:
        case AcquisReporte():
            return {"acquis_regle": event.regle}
        case BeneficeReporte():
            return {"benefice": event.note, "benefice_session": event.session_origine}
        case BeneficeRetire():
            return {"benefice": None, "benefice_session": None}
        case ResultatArrete():
            return {
                "resultat_etat": event.etat.value,
                "resultat_note": event.note,
                "resultat_brut": event.note_brute,
                "resultat_situations": dict(event.situations),
                "resultat_regle": event.regle,
                "resultat_controle": event.controle,
                "arrete_le": fact.context.le,
            }


def _sur_note(event: SurNote) -> Values:
    match event:
        case NoteSaisie():
            return {"etat": EtatResultat.NOTE.value, "note": event.note, "lot": event.lot, "concorde": None}
        case NoteTardiveRecue():
            return {"etat": "tardive", "note": event.note}
        case NoteTardiveIntegree():
            return {"etat": EtatResultat.NOTE.value, "note": event.note, "verrou": True}
        case NoteHarmonisee():
            return {"note": event.apres, "verrou": True, "concorde": None}
        case NoteRectifiee():
            etat = EtatResultat.ABSENT_INJUSTIFIE if event.apres is None else EtatResultat.NOTE
            return {"etat": etat.value, "note": event.apres, "verrou": event.apres is not None, "concorde": None}
        case NoteVerrouillee():
            return {"verrou": True}
        case DoubleSaisieComparee():
            return {"concorde": event.concorde}
        case SupportAbsentConstate():
            return {"etat": EtatResultat.ZERO_SUPPORT.value, "note": Decimal(0)}
        case AbsenceConstatee():
            return {"etat": EtatResultat.ABSENT_INJUSTIFIE.value, "note": None}
        case AbsenceJustifiee():
            return {"etat": EtatResultat.ABSENT_JUSTIFIE.value, "note": None}
        case AbsenceLevee():
            return {"etat": None, "note": None}
        case EpreuveDispensee(fondement=fondement):
            etat = EtatResultat.VAE if fondement is Fondement.VAE else EtatResultat.DISPENSE
            return {"etat": etat.value, "note": None}
        case CompetenceEvaluee():
            etat = EtatResultat.ACQUISE if event.acquise else EtatResultat.NON_ACQUISE
            return {"etat": etat.value, "acquise": event.acquise, "criteres": event.criteres, "lot": event.lot}
        case PermisValide() | PermisNonValide():
            return {"etat": event.mention.value}


def _sur_effet(event: SurEffet) -> Values:
    """What freezes a mark or stands for it. The mark itself stays where it is: it is not published from here."""
    match event:
        case NoteSuspendue():
            return {f"suspension_{event.cause.value}": event.regle}
        case SuspensionLevee():
            return {f"suspension_{event.cause.value}": None}
        case MentionNonValidePortee(mention=EtatResultat.FRAUDE_ANNULEE):
            return {"fraude_annulee": True, f"suspension_{CauseSuspension.DISCIPLINE.value}": None}
        case MentionNonValidePortee():
            mention = {"mention": event.mention.value, "mention_regle": event.regle}
            leve = {f"suspension_{CauseSuspension.VERIFICATION.value}": None}
            return {**mention, **leve, "mention_motifs": list(event.motifs)}
        case MentionNonValideRetiree():
            return {"mention": None, "mention_regle": None, "mention_motifs": None}
        case EpreuveNonTenue():
            return {"etat": EtatResultat.NON_TENUE.value, "note": None, "regle": event.regle}
        case NoteControleSaisie():
            return {"controle_note": event.note, "controle_absent": event.note is None}


def _etat(event: SurEffet) -> str | None:
    match event:
        case NoteSuspendue():
            return EtatResultat.SUSPENDUE.value
        case MentionNonValidePortee(mention=mention):
            return mention.value
        case EpreuveNonTenue():
            return EtatResultat.NON_TENUE.value
        case _:
            return None


def _par(fact: Fact, event: SurNote | SurEffet) -> Values:
    """Who did the last thing here, when, why, under which rule."""
    said = {name: getattr(event, name) for name in _dits(type(event))}
    return {"auteur": fact.context.acteur, "le": fact.context.le, "motif": None, "regle": None, **said}


@cache
def _dits(kind: type[Event]) -> tuple[str, ...]:
    """What events of this kind tell of their reason; asking pydantic for a field that is not there is slow."""
    return tuple(name for name in ("motif", "regle") if name in kind.model_fields)


def _histoire(fact: Fact, event: SurNote | SurEffet, situation: str | None, par: Values) -> Upsert:
    key = {**_lieu(fact), "candidat": event.candidat, "fait": fact.id}
    avant, apres = _avant_apres(event)
    where = {"epreuve": event.epreuve, "situation": situation, "seq": fact.seq, "rang": fact.index}
    what = {"type": fact.name, "avant": avant, "apres": apres, "role": fact.context.role}
    return Upsert(histoire_note, key, {**where, **what, **par})


def _avant_apres(event: SurNote | SurEffet) -> tuple[object, object]:
    match event:
        case NoteHarmonisee() | NoteRectifiee():
            return event.avant, event.apres
        case NoteControleSaisie():
            return event.avant, event.note
        case DoubleSaisieComparee():
            return event.premiere, event.seconde
        case NoteSaisie() | NoteTardiveRecue() | NoteTardiveIntegree() | NoteVerrouillee():
            return None, event.note
        case _:
            return None, None


def _note(fact: Fact, candidat: str, epreuve: str, situation: str | None, values: Values) -> Upsert:
    key = {**_lieu(fact), "candidat": candidat, "epreuve": epreuve, "situation": situation or ""}
    return Upsert(note, key, values)


def _lieu(fact: Fact) -> dict[str, str]:
    subject = split(fact.subject)
    return {"academie": subject.academie, "session": subject.session, "diplome": subject.diplome}


# Reading back -------------------------------------------------------------------------------------------------------


def lire_releve(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any] | None:
    """The relevé of a candidate: access, rows by épreuve and situation, story; nothing if he is not known here."""
    key = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    found = _lignes(connection, releve, key)
    notes = _lignes(connection, note, key, note.c.epreuve, note.c.situation)
    if not found and not notes:
        return None
    histoire = _lignes(connection, histoire_note, key, histoire_note.c.seq, histoire_note.c.rang)
    vide = {column.name: key.get(column.name) for column in releve.c}
    return {**(found[0] if found else vide), "notes": notes, "histoire": histoire}


def notes_des_candidats(
    connection: Connection, *, academie: str, session: str, diplome: str, candidats: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of several candidates, in order: what a lot shows."""
    lieu = {"academie": academie, "session": session, "diplome": diplome}
    query = select(note).where(*(note.c[name] == value for name, value in lieu.items()))
    query = query.where(note.c.candidat.in_(candidats)).order_by(note.c.candidat, note.c.epreuve, note.c.situation)
    return [dict(row) for row in connection.execute(query).mappings()]


def _lignes(connection: Connection, table: Table, key: Mapping[str, str], *order: Column[Any]) -> list[dict[str, Any]]:
    query = select(table).where(*(table.c[name] == value for name, value in key.items())).order_by(*order)
    return [dict(row) for row in connection.execute(query).mappings()]
