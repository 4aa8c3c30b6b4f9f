"""What is given to do: candidates to register, relevés to open, marks to enter. Nobody here exists."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec

from bench import temoin
from bench.lieu import DIPLOME, SESSION
from contracts.commandes.inscription import InscrireCandidat, OuvrirSession
from contracts.commandes.notation import SaisirNote
from contracts.commandes.releve import OuvrirReleve
from contracts.evenements.inscription import SessionOuverte
from contracts.evenements.notation import NoteSaisie
from contracts.evenements.releve import ReleveOuvert
from contracts.messages import Acteur, Command, Event
from contracts.session import reglements
from contracts.vocabulaire import Categorie, Identite, Mode, Parametres
from services.exploitation import composition
from services.socle.enveloppe import Context, digest, encode
from services.socle.journal import Entry, Journal
from services.socle.projections import Projection
from services.socle.runner import event_id
from services.socle.service import ServiceSpec
from services.socle.subjects import subject

TEMOIN = "PARCHEMIN_BANC_TEMOIN"  # set by ``--temoin``; in the environment, to reach the other processes too
LE = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
REGLEMENT = "CAP-OSRCL-2026"
EPREUVES = ("UG1", "UG2", "UG3", "UG4")
MODES = dict.fromkeys(("EP1", "EP2", "EP3", *EPREUVES), Mode.PONCTUEL)
PAR_RELEVE = 1 + len(EPREUVES)

PARAMETRES = Parametres(
    premiere_epreuve=date(2026, 5, 18),
    cloture_inscriptions=date(2026, 3, 31),
    limite_attestation=date(2026, 4, 30),
    remise_supports=date(2026, 5, 4),
    remontee_ccf=date(2026, 6, 20),
    jury_le=date(2026, 7, 1),
    publication=datetime(2026, 7, 3, 10, tzinfo=UTC),
)


def existe(nom: str) -> bool:
    """Is this service there (and wanted), or does its stand-in take its place?"""
    return TEMOIN not in os.environ and find_spec(f"services.{nom}.shell.app") is not None


def spec(nom: str) -> ServiceSpec:
    return composition.spec(nom) if existe(nom) else temoin.SPECS[nom]


def projections(nom: str) -> tuple[Projection, ...]:
    return composition.projections(nom) if existe(nom) else temoin.PROJECTIONS


def _qui(academie: str, role: str) -> Acteur:
    return Acteur(id=f"banc-{role}", role=role, academie=academie)


def numero(lot: str, n: int) -> str:
    return f"{lot}{n:07d}".upper()


def ouvrir_session(academie: str) -> Command:
    return OuvrirSession(
        le=LE,
        par=_qui(academie, "gestionnaire"),
        session=SESSION,
        diplome=DIPLOME,
        reglement=REGLEMENT,
        parametres=PARAMETRES,
    )


def session_ouverte(academie: str) -> Entry:
    """The fact itself, for the measures in which inscription plays no part."""
    reglement = reglements()[REGLEMENT]
    event = SessionOuverte(
        reglement=REGLEMENT, version=reglement.version, empreinte=reglement.empreinte, parametres=PARAMETRES
    )
    return _entree(academie, "inscription", "session", [event])[0]


def ouvrir_releves(academie: str, numeros: Sequence[str]) -> list[Command]:
    return [
        OuvrirReleve(
            le=LE,
            par=_qui(academie, "systeme"),
            session=SESSION,
            diplome=DIPLOME,
            candidat=one,
            categorie=Categorie.APPRENTI,
            reglement=REGLEMENT,
            modes=MODES,
        )
        for one in numeros
    ]


def saisir_notes(academie: str, numeros: Sequence[str]) -> list[Command]:
    """Four marks for each relevé, in rounds: the four commands of one relevé are far apart."""
    le = LE + timedelta(days=150)
    return [
        SaisirNote(
            le=le,
            par=_qui(academie, "gestionnaire"),
            session=SESSION,
            diplome=DIPLOME,
            candidat=one,
            epreuve=epreuve,
            note=Decimal(8 + (rang + place) % 12),
        )
        for place, epreuve in enumerate(EPREUVES)
        for rang, one in enumerate(numeros)
    ]


def inscrire(academie: str, numeros: Sequence[str]) -> list[Command]:
    return [
        InscrireCandidat(
            le=LE,
            par=_qui(academie, "gestionnaire"),
            session=SESSION,
            diplome=DIPLOME,
            candidat=one,
            identite=identite(one, rang),
            categorie=Categorie.APPRENTI,
            modes=MODES,
            formation_attestee=True,
            livret=True,
        )
        for rang, one in enumerate(numeros)
    ]


def identite(numero: str, rang: int) -> Identite:
    """As full as a real one."""
    return Identite(
        ine=f"{numero:0>11}"[-11:],
        nom=f"NOM{numero}",
        prenoms="Camille Dominique",
        naissance=date(2008, 1, 1) + timedelta(days=rang % 700),
        lieu_naissance="Rouen",
        adresse=f"{rang % 90 + 1} rue de l'Exemple",
        code_postal="76000",
        ville="Rouen",
        courriel=f"{numero.lower()}@exemple.invalid",
    )


def releves_notes(academie: str, lot: str, nombre: int) -> list[Entry]:
    """``nombre`` events of notation, as the service would have stored them: a relevé opened, then its four marks.

    The messages of one relevé are chained and far apart; two of them never stand in the same thousand.
    """
    width = nombre // PAR_RELEVE
    regles = {code: one.regle for code, one in reglements()[REGLEMENT].epreuves.items()}
    parts: list[list[Entry]] = [[] for _ in range(PAR_RELEVE)]
    for n in range(width):
        candidat = numero(lot, n)
        events: list[Event] = [
            ReleveOuvert(candidat=candidat, categorie=Categorie.APPRENTI, reglement=REGLEMENT, modes=MODES)
        ]
        events += [
            NoteSaisie(
                candidat=candidat,
                epreuve=epreuve,
                note=Decimal(8 + (n + place) % 12),
                auteur="banc-gestionnaire",
                regle=regles[epreuve],
            )
            for place, epreuve in enumerate(EPREUVES)
        ]
        for part, entry in zip(parts, _entree(academie, "notation", f"releve-{candidat}", events), strict=True):
            part.append(entry)
    return [entry for part in parts for entry in part]


def _entree(academie: str, service: str, agregat: str, events: Sequence[Event]) -> list[Entry]:
    """One message for each event, chained; the expected sequences are not known yet (see `verser`)."""
    path, precedent, found = subject(academie, SESSION, DIPLOME, service, agregat), "", []
    for rang, event in enumerate(events, 1):
        context = Context(f"{agregat}.{rang}", "banc-gestionnaire", "gestionnaire", LE, f"{agregat}.{rang}")
        body, headers = encode(
            subject=path,
            context=context,
            rang=rang,
            precedent=precedent,
            events=[(event_id(path, context.commandeid, 0), event.NAME, event.model_dump(mode="json"))],
        )
        precedent = digest(body)
        found.append(Entry(path, body, headers, 0, context.commandeid))
    return found


async def verser(journal: Journal, entries: Sequence[Entry], lot: int = 1_000) -> None:
    """Write prepared messages by atomic batches, each after the one before on its aggregate."""
    last: dict[str, int] = {}
    for start in range(0, len(entries), lot):
        chunk = [
            Entry(one.subject, one.body, one.headers, last.get(one.subject, 0), one.commandeid)
            for one in entries[start : start + lot]
        ]
        for one, ack in zip(chunk, await journal.append_batch(chunk, f"banc-{start}"), strict=True):
            last[one.subject] = ack.seq
