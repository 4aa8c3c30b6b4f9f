"""Ce que dit le procès-verbal d'un jury clos : qui était nommé, a siégé, a décidé quoi. Ni nom, ni note gelée."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from contracts.evenements.deliberation import (
    AcquisAccorde,
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    JuryReconvoque,
    LivretVise,
    MembreRecuse,
    NatureDecision,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.messages import Event
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, Explication, Membre, Profil
from services.publication.documents.autorites import autorite
from services.publication.documents.donnees import EnTete, decision, decision_de, faire_entete, mention, numero_du_jury
from services.publication.documents.francais import INSECABLE, date_longue, enumeration, nombre, propre, typographie
from services.publication.domain.edition import Edition
from services.publication.domain.resultat import SANS_NOTE

MODELE = "pv.v1"  # celui de la clôture
MODELE_SUIVANT = "pv.v2"  # celui qui en remplace un autre
PROFILS = {
    Profil.ENSEIGNANT: "enseignant de la spécialité",
    Profil.PROFESSIONNEL: "professionnel",
    Profil.EXPERT_PERMIS: "expert du permis de conduire",
    Profil.ENSEIGNANT_CONDUITE: "enseignant de la conduite",
    Profil.ENSEIGNANT_CHERCHEUR: "enseignant-chercheur",
    Profil.INSPECTEUR: "inspecteur",
}
CODES_PROFIL = re.compile(rf"\b({'|'.join(one for one in Profil if '_' in one)})\b")
SUITES = {NatureDecision.COMPLEMENTAIRE: "complémentaire", NatureDecision.RECTIFICATIVE: "rectificative"}
E = TypeVar("E", bound=Event)
Histoire = Sequence[tuple[Event, datetime]]
"""Les faits d'un jury, dans l'ordre du journal, et quand chacun a eu lieu."""


@dataclass(frozen=True)
class MembreDit:
    compte: str
    qualite: str
    fonction: str
    present: bool


@dataclass(frozen=True)
class DecisionDite:
    """``position`` : celle du journal que le jury a vue pour ce candidat. ``avant`` : la décision qu'elle remplace."""

    candidat: str
    decision: str
    mention: str
    position: str
    avant: str = ""


@dataclass(frozen=True)
class SuiteDite:
    """Une décision prise après la clôture : procès-verbal complémentaire ou rectificatif."""

    nature: str
    date: str
    candidat: str
    decision: str
    motif: str
    regle: str
    position: str
    confirmee: bool = False


@dataclass(frozen=True)
class DonneesPv:
    """Le procès-verbal ; ``validation`` : qui le valide ensuite, quand les textes le demandent (DC-TP08).

    ``remplace`` : le numéro de la version qu'il annule et remplace (AMB-54).
    """

    entete: EnTete
    jury: str
    arrete: str
    nomme_par: str
    membres: tuple[MembreDit, ...]
    faits: tuple[str, ...]
    points: tuple[tuple[str, str, str, str], ...]
    preuve: tuple[tuple[str, str, str], ...]
    decisions: tuple[DecisionDite, ...]
    suites: tuple[SuiteDite, ...]
    ouvert_le: str
    clos_le: str
    journal: str
    position: str
    signataires: tuple[tuple[str, str], ...]
    validation: str
    remplace: str = ""


def versions_pv(histoire: Histoire) -> int:
    """Combien de procès-verbaux ce jury a : aucun avant sa clôture, puis un de plus à chaque décision ultérieure."""
    return 0 if _dernier(histoire, JuryClos) is None else 1 + len(_suites(histoire))


def donnees_pv(jury: str, histoire: Histoire, session: SessionFigee, version: int | None = None) -> DonneesPv | None:
    """Un procès-verbal d'un jury, tiré de ses faits, entier à lui seul ; aucun tant que le jury n'est pas clos.

    ``version`` : la dernière si elle n'est pas dite. Chacune dit ce que le jury avait décidé alors, et laquelle elle
    remplace (AMB-44, AMB-54).
    """
    version = versions_pv(histoire) if version is None else version
    if not 1 <= version <= versions_pv(histoire):
        return None
    histoire = _jusqu_a(histoire, version)
    constitue, clos = _dernier(histoire, JuryConstitue), _dernier(histoire, JuryClos)
    if constitue is None or clos is None:
        return None
    (nomme, _), (cloture, le) = constitue, clos
    suites = _suites(histoire)
    dernier = suites[-1][1] if suites else le
    modele = MODELE_SUIVANT if suites else MODELE
    entete = faire_entete(Edition(numero_du_jury(session, jury, f"PV{version}"), version, modele), dernier, session)
    reglement = session.reglement
    qui = autorite(reglement.documents.autorite, session.academie, reglement.niveau)
    ouvert = _dernier(histoire, JuryOuvert)
    return DonneesPv(
        entete=entete,
        jury=jury,
        arrete=typographie(nomme.arrete),
        nomme_par=f"{nomme.regle}",
        membres=tuple(_membre(one, nomme, cloture, _presents(histoire, cloture)) for one in nomme.membres),
        faits=tuple(map(typographie, _faits(histoire))),
        points=tuple(_points(histoire)),
        preuve=tuple(_preuve(cloture.preuve)),
        decisions=tuple(_decisions(histoire, cloture, entete, session)),
        suites=tuple(_suite(one, quand, histoire, entete, session) for one, quand in suites),
        ouvert_le="" if ouvert is None else _moment(ouvert[1], session),
        clos_le=_moment(le, session),
        journal=cloture.journal,
        position=str(cloture.position),
        signataires=tuple(_signataires(nomme, _preside(histoire, cloture), _presents(histoire, cloture))),
        validation=f"le {qui.titre}" if qui.valide_pv else "",
        remplace=numero_du_jury(session, jury, f"PV{version - 1}") if suites else "",
    )


def _jusqu_a(histoire: Histoire, version: int) -> Histoire:
    """Les faits de cette version : jusqu'à la clôture, ou jusqu'à la décision qui la fait naître."""
    fins = [rang for rang, (event, _) in enumerate(histoire) if isinstance(event, JuryClos) or _est_suite(event)]
    return histoire[: fins[version - 1] + 1]


def _est_suite(event: Event) -> bool:
    return isinstance(event, DecisionPrise) and event.nature is not NatureDecision.INITIALE


def _preside(histoire: Histoire, cloture: JuryClos) -> str:
    """Qui préside au dernier de ces faits : la présidence a pu être transmise après la clôture."""
    transmise = _dernier(histoire, PresidenceTransmise)
    return cloture.preside_par if transmise is None else transmise[0].a


def _presents(histoire: Histoire, cloture: JuryClos) -> frozenset[str]:
    return frozenset((*cloture.presents, *(one.membre for one in _tous(histoire, PresenceAttestee))))


def _tous(histoire: Histoire, genre: type[E]) -> list[E]:
    return [event for event, _ in histoire if isinstance(event, genre)]


def _dernier(histoire: Histoire, genre: type[E]) -> tuple[E, datetime] | None:
    return next(((event, le) for event, le in reversed(histoire) if isinstance(event, genre)), None)


def _suites(histoire: Histoire) -> list[tuple[DecisionPrise, datetime]]:
    return [(event, le) for event, le in histoire if isinstance(event, DecisionPrise) and _est_suite(event)]


def _moment(le: datetime, session: SessionFigee) -> str:
    """``3 juillet 2026 à 14 h 05``, à l'heure de l'académie."""
    ici = le.astimezone(ZoneInfo(session.parametres.fuseau))
    return f"{date_longue(ici.date())} à {ici.hour}{INSECABLE}h{INSECABLE}{ici.minute:02d}"


def _membre(membre: Membre, nomme: JuryConstitue, cloture: JuryClos, presents: frozenset[str]) -> MembreDit:
    fonctions = {nomme.vice_president: "vice-président", nomme.president: "président"}
    fonction = fonctions.get(membre.id, "")
    if membre.id == cloture.preside_par and membre.id != nomme.president:
        fonction = f"{fonction}, a présidé".removeprefix(", ")
    return MembreDit(membre.id, PROFILS[membre.profil], fonction, membre.id in presents)


def _faits(histoire: Histoire) -> Iterable[str]:
    """Ce qui a marqué la séance, dans l'ordre."""
    presents = [one.membre for one in _tous(histoire, PresenceAttestee)]
    if presents:
        yield f"Présence attestée : {enumeration(presents)}."
    for event, _ in histoire:
        match event:
            case MembreRecuse(membre=membre, candidat=candidat, motif=motif):
                yield f"Récusation : {membre} ne délibère pas sur {candidat} ({propre(motif)})."
            case PresidenceTransmise(de=de, a=a, motif=motif, regle=regle):
                yield f"Présidence transmise de {de} à {a} ({propre(motif)} ; {regle})."
            case JuryOuvert(preside_par=qui, journal=journal, position=position):
                yield f"Séance ouverte, présidée par {qui}, sur le journal {journal} à la position {position}."
            case AcquisAccorde(candidat=candidat, epreuve=epreuve, motif=motif, regle=regle):
                yield f"{candidat} : {epreuve} tenue pour acquise ({propre(motif)} ; {regle})."
            case JuryReconvoque(candidat=candidat, motif=motif, regle=regle):
                yield f"Jury réuni de nouveau pour {candidat} ({propre(motif)} ; {regle})."
            case _:
                continue
    livrets = _tous(histoire, LivretVise)
    if livrets:
        yield f"Livrets visés et signés du président : {len(livrets)}."


def _points(histoire: Histoire) -> Iterable[tuple[str, str, str, str]]:
    """Points de jury : candidat, épreuve, avant et après, motif ; sans chiffre si la note s'est tue ensuite."""
    tues = {
        (one.candidat, ligne.epreuve)
        for one in _tous(histoire, DecisionPrise)
        for ligne in one.lignes
        if ligne.etat in SANS_NOTE
    }
    for one in _tous(histoire, PointsDeJuryAccordes):
        chiffres = "–" if (one.candidat, one.epreuve) in tues else f"{nombre(one.avant)} → {nombre(one.apres)}"
        yield one.candidat, one.epreuve, chiffres, typographie(one.motif)


def _preuve(preuve: Iterable[Explication]) -> Iterable[tuple[str, str, str]]:
    """Règle, constat, effet ; un profil s'y dit en mots."""
    for one in preuve:
        constat = CODES_PROFIL.sub(lambda code: PROFILS[Profil(code[0])], one.texte)
        yield one.regle, typographie(constat), typographie(one.effet)


def _decisions(histoire: Histoire, cloture: JuryClos, entete: EnTete, session: SessionFigee) -> Iterable[DecisionDite]:
    """Celles qui valent à cette version, par numéro ; reprise depuis la clôture, elle dit ce qu'elle remplace."""
    prises: dict[str, list[DecisionPrise]] = {}
    for one in _tous(histoire, DecisionPrise):
        prises.setdefault(one.candidat, []).append(one)
    for candidat, arretee in sorted(cloture.decisions.items()):
        siennes = prises.get(candidat, [])
        suites = [one for one in siennes if _est_suite(one)]
        closes = [one for one in siennes if not _est_suite(one) and one.decision is arretee]
        prise = suites[-1] if suites else next(reversed(closes), None)
        vue = prise or next(reversed(siennes), None)
        yield DecisionDite(
            candidat,
            _mots(arretee if prise is None else prise.decision, prise, entete, session),
            "" if prise is None else mention(prise.mention, session.reglement),
            "" if vue is None else str(vue.position),
            _remplacee(arretee, closes, suites, entete, session) if suites else "",
        )


def _remplacee(
    arretee: Decision,
    closes: Sequence[DecisionPrise],
    suites: Sequence[DecisionPrise],
    entete: EnTete,
    session: SessionFigee,
) -> str:
    """La décision d'avant : celle de la clôture, ou la suite précédente."""
    avant = suites[-2] if len(suites) > 1 else next(reversed(closes), None)
    return _mots(arretee if avant is None else avant.decision, avant, entete, session)


def _mots(dite: Decision, prise: DecisionPrise | None, entete: EnTete, session: SessionFigee) -> str:
    if dite is Decision.NON_AUTORISE:
        return NON_AUTORISE
    if prise is None:
        return decision(dite, entete)
    return decision_de(dite, prise.lignes, prise.unites, entete, session.reglement)


NON_AUTORISE = "Non autorisé(e) à se présenter"


def _suite(prise: DecisionPrise, le: datetime, histoire: Histoire, entete: EnTete, session: SessionFigee) -> SuiteDite:
    motifs = [one for one in _tous(histoire, JuryReconvoque) if one.candidat == prise.candidat]
    rectifie = prise.nature is NatureDecision.RECTIFICATIVE
    complement = session.reglement.deliberation.regle_complement
    return SuiteDite(
        nature=SUITES[prise.nature],
        date=_moment(le, session),
        candidat=prise.candidat,
        decision=decision_de(prise.decision, prise.lignes, prise.unites, entete, session.reglement),
        motif=typographie(motifs[-1].motif) if rectifie and motifs else "",
        regle=motifs[-1].regle if rectifie and motifs else complement,
        position=str(prise.position),
        confirmee=prise.confirmee,
    )


def _signataires(nomme: JuryConstitue, preside: str, presents: frozenset[str]) -> Iterable[tuple[str, str]]:
    """Qui a présidé d'abord, puis chaque membre présent, dans l'ordre de la nomination."""
    yield "Le président de séance", preside
    for one in nomme.membres:
        if one.id in presents and one.id != preside:
            yield PROFILS[one.profil].capitalize(), one.id
