"""Ce dont un relevé se souvient : chaque fait à sa place, sans raisonner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import TypeVar, assert_never, cast

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
from contracts.evenements.resultats_accueil import ResultatEcarte
from contracts.evenements.transfert import ReleveRepris, ReleveTransfere
from contracts.messages import Event
from contracts.vocabulaire import EtatResultat
from services.notation.domain.etats import (
    INTEGREE,
    AbsenceAdmise,
    Absent,
    Acces,
    ANoter,
    Benefice,
    Conduite,
    Dispensee,
    Doublee,
    EtgAcquise,
    EtgAPasser,
    Evaluee,
    Ferme,
    FicheSujet,
    Inscription,
    Mention,
    NonOuvert,
    NonTenue,
    NoteControle,
    Notee,
    Ouvert,
    Place,
    Releve,
    Report,
    Tardive,
    Verrouillee,
    ZeroSupport,
)

K = TypeVar("K")
V = TypeVar("V")

Note = (
    NoteSaisie
    | DoubleSaisieComparee
    | NoteVerrouillee
    | NoteTardiveRecue
    | NoteTardiveIntegree
    | NoteHarmonisee
    | NoteRectifiee
)
Constat = (
    AbsenceLevee
    | EpreuveDispensee
    | SupportAbsentConstate
    | AbsenceConstatee
    | AbsenceJustifiee
    | PermisValide
    | PermisNonValide
    | CompetenceEvaluee
)
Effet = NoteSuspendue | SuspensionLevee | MentionNonValidePortee | MentionNonValideRetiree
Appris = ReleveOuvert | ReleveModifie | AccesFerme | AccesRouvert | BeneficeReporte | BeneficeRetire | AcquisReporte
Controle = ControleChoisi | NoteControleSaisie | RemplacementOuvert | EpreuvesReportees | FicheSujetEtablie
ReleveEvent = (
    ResultatEcarte
    | ReleveTransfere
    | ReleveRepris
    | Appris
    | Note
    | Constat
    | Effet
    | Controle
    | EpreuveNonTenue
    | GrilleRemplie
    | EtgValidee
    | EtgEchouee
    | ResultatArrete
)

EVALUES = (EtatResultat.NOTE, EtatResultat.ZERO_SUPPORT)


def evolve(releve: Releve, event: Event) -> Releve:
    """Le relevé après ce fait."""
    return _apres(releve, cast(ReleveEvent, event))


def rejouer(releve: Releve, events: Iterable[Event]) -> Releve:
    """Le relevé après ces faits."""
    return reduce(evolve, events, releve)


def _apres(releve: Releve, event: ReleveEvent) -> Releve:
    match event:
        case ReleveOuvert() | ReleveModifie() | AccesFerme() | AccesRouvert():
            return replace(releve, acces=_acces(releve.acces, event))
        case BeneficeReporte():
            gardee = Benefice(event.note, event.session_origine, event.regle)
            return replace(releve, benefices={**releve.benefices, event.epreuve: gardee})
        case BeneficeRetire(epreuve=epreuve):
            return replace(releve, benefices=_sans(releve.benefices, epreuve))
        case AcquisReporte():
            return replace(releve, acquis={**releve.acquis, event.epreuve: event.regle})
        case NoteSuspendue() | SuspensionLevee() | MentionNonValidePortee() | MentionNonValideRetiree():
            return _effet(releve, event)
        case RemplacementOuvert(epreuves=epreuves):
            return replace(releve, remplacees=releve.remplacees | set(epreuves))
        case EpreuvesReportees(passage=passage, regle=regle):
            reports = {code: Report(passage, regle) for code in event.epreuves}
            return replace(releve, reportees={**releve.reportees, **reports})
        case FicheSujetEtablie(activite=activite, fiche=fiche):
            return replace(releve, fiches={**releve.fiches, event.epreuve: FicheSujet(activite, fiche)})
        case ControleChoisi(epreuves=epreuves):
            return replace(releve, choisies=epreuves)
        case NoteControleSaisie():
            porte = NoteControle(event.note, event.auteur)
            return replace(releve, controles={**releve.controles, event.epreuve: porte})
        case EpreuveNonTenue():
            return replace(releve, places={**releve.places, (event.epreuve, None): NonTenue(event.regle)})
        case GrilleRemplie():
            return replace(releve, grilles={**releve.grilles, (event.epreuve, event.situation): event})
        case EtgValidee(tentative=tentative):
            return replace(releve, etg=EtgAcquise(tentative))
        case EtgEchouee(tentative=tentative):
            return replace(releve, etg=EtgAPasser(tentative))
        case ResultatArrete():
            return _arreter(releve, event)
        case ReleveTransfere(vers=vers):
            return replace(releve, vers=vers)
        case ReleveRepris(tete=tete):
            return Releve(repris=tete)
        case ResultatEcarte():
            ecarte = (event.note, event.cause)
            ecartes = {**releve.ecartes, (event.academie, event.epreuve, event.situation): ecarte}
            return replace(releve, ecartes=ecartes)
        case _:
            cle = event.epreuve, event.situation
            return replace(releve, places={**releve.places, cle: _place(releve.places.get(cle, ANoter()), event)})


def _place(place: Place, event: Note | Constat) -> Place:
    match event:
        case NoteSaisie():
            return Notee(event.note, event.auteur, event.lot)
        case DoubleSaisieComparee():
            lot = place.lot if isinstance(place, (Notee, Doublee)) else None
            auteur = place.auteur if isinstance(place, (Notee, Doublee)) else ""
            return Doublee(event.premiere, auteur, lot, event.seconde)
        case NoteVerrouillee():
            return Verrouillee(event.note, f"lot {event.lot} clos")
        case NoteTardiveRecue():
            return _tardive(place, event.note)
        case NoteTardiveIntegree():
            return Verrouillee(event.note, INTEGREE)
        case NoteHarmonisee():
            return Verrouillee(event.apres, "harmonisation")
        case NoteRectifiee():
            return Absent() if event.apres is None else Verrouillee(event.apres, "rectification")
        case EpreuveDispensee():
            return Dispensee(event.regle, event.fondement)
        case CompetenceEvaluee():
            return Evaluee(event.acquise, event.criteres, event.auteur, event.lot)
        case SupportAbsentConstate():
            return ZeroSupport(event.regle)
        case AbsenceConstatee():
            return Absent(event.constatee_le)
        case AbsenceJustifiee():
            return AbsenceAdmise(place.le if isinstance(place, Absent) else None)
        case AbsenceLevee():
            return ANoter()
        case PermisValide() | PermisNonValide():
            return Conduite(event.mention, event.tentative, event.regle)
        case _:
            assert_never(event)


def _tardive(place: Place, note: Decimal) -> Place:
    avant = place.avant if isinstance(place, Tardive) else place
    return Tardive(note, avant if isinstance(avant, AbsenceAdmise) else ANoter())


def _acces(acces: Acces, event: ReleveOuvert | ReleveModifie | AccesFerme | AccesRouvert) -> Acces:
    """L'accès après ce fait : la fermeture et l'inscription s'apprennent dans n'importe quel ordre."""
    connue = None if isinstance(acces, NonOuvert) else acces.inscription
    match event:
        case AccesFerme(regle=regle):
            return Ferme(regle, connue)
        case AccesRouvert():
            return Ouvert(connue) if connue else NonOuvert()
        case ReleveOuvert():
            inscription = Inscription(event.categorie, event.reglement, event.modes, event.facultatives, event.unites)
            return replace(acces, inscription=inscription) if isinstance(acces, Ferme) else Ouvert(inscription)
        case ReleveModifie() if connue and not isinstance(acces, NonOuvert):
            nouvelle = replace(connue, modes=event.modes, facultatives=event.facultatives)
            return replace(acces, inscription=nouvelle)
        case _:
            return acces


def _effet(releve: Releve, event: Effet) -> Releve:
    """Ce qui gèle une note ou en tient lieu. Une mention conclut la procédure dont elle vient."""
    code = event.epreuve
    match event:
        case NoteSuspendue():
            causes = {**releve.suspendue(code), event.cause: event.regle}
            return replace(releve, suspensions={**releve.suspensions, code: causes})
        case SuspensionLevee():
            return _lever(releve, code, event.cause)
        case MentionNonValidePortee(mention=EtatResultat.FRAUDE_ANNULEE):
            portee = Mention(event.mention, event.regle)
            leve = _lever(releve, code, CauseSuspension.DISCIPLINE)
            return replace(leve, annulees={**releve.annulees, code: portee})
        case MentionNonValidePortee():
            portee = Mention(event.mention, event.regle)
            leve = _lever(releve, code, CauseSuspension.VERIFICATION)
            return replace(leve, non_valides={**releve.non_valides, code: portee})
        case MentionNonValideRetiree():
            return replace(releve, non_valides=_sans(releve.non_valides, code))
        case _:
            assert_never(event)


def _lever(releve: Releve, code: str, cause: CauseSuspension) -> Releve:
    causes = _sans(releve.suspendue(code), cause)
    autres = _sans(releve.suspensions, code)
    return replace(releve, suspensions={**autres, code: causes} if causes else autres)


def _sans(valeurs: Mapping[K, V], cle: K) -> dict[K, V]:
    return {nom: valeur for nom, valeur in valeurs.items() if nom != cle}


def _arreter(releve: Releve, event: ResultatArrete) -> Releve:
    """Le résultat est retenu ; les notes dont il vient sont verrouillées."""
    places = dict(releve.places)
    if event.etat in EVALUES:
        for cle, place in releve.places.items():
            if cle[0] == event.epreuve and isinstance(place, (Notee, Doublee)):
                places[cle] = Verrouillee(place.note, "résultat arrêté")
    return replace(releve, places=places, resultats={**releve.resultats, event.epreuve: event})
