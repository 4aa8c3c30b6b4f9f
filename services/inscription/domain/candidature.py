"""La candidature : ce qu'un candidat inscrit obtient, où il compose, s'il est autorisé, quand il est convoqué.

L'inscription elle-même et sa fin touchent aussi la place de la personne dans la session : `personne`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias, assert_never

from contracts.commandes.confidence import ConfierIdentite
from contracts.commandes.inscription import (
    AbandonnerBenefice,
    AccorderAmenagement,
    AccorderBenefice,
    AccorderDispense,
    AffecterCentre,
    DemanderRemplacement,
    EmettreConvocation,
    EnregistrerAutorisation,
    ModifierInscription,
    PlanifierPassage,
    ReconnaitreAcquis,
    ReporterPassage,
)
from contracts.commandes.regroupement import DemanderAccueil, EnregistrerAccueil
from contracts.commandes.transfert import EnregistrerTransfert, TransfererCandidat
from contracts.evenements.inscription import AutorisationEnregistree
from contracts.session import SessionFigee
from contracts.vocabulaire import Enveloppe
from services.communs.jury import exiger_avant_jury
from services.inscription.domain import (
    accueil,
    acquis,
    admission,
    confidence,
    passage,
    planning,
    reconnaissance,
    remplacement,
    transfert,
)
from services.inscription.domain.etats import (
    Annulee,
    Autorisee,
    Candidature,
    CandidatureEvent,
    Convoquee,
    EnCours,
    Fiche,
    Inscrite,
    NonAutorisee,
    NonInscrite,
    Transferee,
    evolve,
    exiger_en_cours,
    initial,
)
from services.inscription.domain.planning import Occupation
from services.inscription.domain.regroupement import Partage
from services.inscription.domain.remplacement import SituationRemplacement
from services.inscription.domain.session_examen import Centre

__all__ = [
    "Annulee",
    "Autorisee",
    "Candidature",
    "CandidatureCommand",
    "CandidatureEvent",
    "Convoquee",
    "Fiche",
    "Inscrite",
    "NonAutorisee",
    "NonInscrite",
    "Occupation",
    "SituationRemplacement",
    "Transferee",
    "decide",
    "evolve",
    "initial",
]

Ordinaire: TypeAlias = (
    ModifierInscription
    | AccorderDispense
    | AccorderBenefice
    | AbandonnerBenefice
    | AccorderAmenagement
    | ReconnaitreAcquis
    | AffecterCentre
    | EnregistrerAutorisation
    | PlanifierPassage
    | EmettreConvocation
    | ReporterPassage
    | DemanderRemplacement
    | EnregistrerAccueil
)
CandidatureCommand: TypeAlias = (
    Ordinaire | DemanderAccueil | ConfierIdentite | TransfererCandidat | EnregistrerTransfert
)
VU_DU_JURY = (ModifierInscription, AccorderDispense, AccorderBenefice, AbandonnerBenefice, ReconnaitreAcquis)
APPRIS = (EnregistrerAutorisation, EnregistrerAccueil, EnregistrerTransfert)
"""Ce que d'autres disent d'un candidat dont l'inscription a pu s'annuler, ou se transférer, entre-temps."""
AUCUN_CENTRE: Mapping[str, Centre] = MappingProxyType({})


def decide(
    command: CandidatureCommand,
    candidature: Candidature,
    session: SessionFigee,
    *,
    centres: Mapping[str, Centre] = AUCUN_CENTRE,
    occupations: Iterable[Occupation] = (),
    situation: SituationRemplacement | None = None,
    partage: Partage | None = None,
    enveloppe: Enveloppe | None = None,
    jury: str | None = None,
) -> list[CandidatureEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    ``centres`` : ceux de la session, pour qui affecte, planifie, convoque ou reporte. ``occupations`` : les postes que
    d'autres candidats du même centre tiennent déjà, pour `PlanifierPassage`. ``situation`` : les absences justifiées
    du candidat et la décision du jury, pour `DemanderRemplacement`. ``partage``, ``enveloppe`` : avec qui l'examen se
    partage, et la clé de l'identité pour l'autre académie, pour `DemanderAccueil` et
    `ConfierIdentite`. ``jury`` : celui, clos, qui a décidé du candidat, pour qui le transfère.

    Raises:
        Refus: ``CANDIDAT_INCONNU``, ``INSCRIPTION_ANNULEE``, ou la règle qui s'oppose.
    """
    if isinstance(command, APPRIS) and isinstance(candidature, (Annulee, Transferee)):
        return []
    if isinstance(command, DemanderAccueil):
        fiche = exiger_en_cours(candidature, command.candidat).fiche
        return [*accueil.demander(command, fiche, partage, session.academie, enveloppe)]
    if isinstance(command, ConfierIdentite):
        fiche = exiger_en_cours(candidature, command.candidat).fiche
        return [*confidence.confier(command, fiche, partage, session.academie, enveloppe)]
    if isinstance(command, TransfererCandidat):
        fiche = exiger_en_cours(candidature, command.candidat).fiche
        exiger_avant_jury(command, session)
        return [*transfert.proposer(command, fiche, partage, session.academie, enveloppe, jury)]
    if isinstance(command, EnregistrerTransfert):
        return [*transfert.enregistrer(command, exiger_en_cours(candidature, command.candidat).fiche, jury)]
    events = _decide(command, candidature, session, centres, occupations, situation)
    if events and isinstance(command, VU_DU_JURY):
        exiger_avant_jury(command, session)
    return events


def _decide(
    command: Ordinaire,
    candidature: Candidature,
    session: SessionFigee,
    centres: Mapping[str, Centre],
    occupations: Iterable[Occupation],
    situation: SituationRemplacement | None,
) -> list[CandidatureEvent]:
    en_cours = exiger_en_cours(candidature, command.candidat)
    fiche = en_cours.fiche
    match command:
        case ModifierInscription():
            return [*admission.modifier(command, en_cours, session)]
        case AccorderDispense():
            return [*acquis.dispenser(command, fiche, session.reglement)]
        case AccorderBenefice():
            return [*acquis.conserver(command, fiche, session)]
        case AbandonnerBenefice():
            return [*acquis.abandonner(command, fiche, session.reglement)]
        case AccorderAmenagement():
            return [*acquis.amenager(command, fiche, session.reglement)]
        case ReconnaitreAcquis():
            return [*reconnaissance.reconnaitre(command, fiche, session)]
        case AffecterCentre():
            return [*passage.affecter(command, fiche, session.reglement, centres)]
        case EnregistrerAccueil():
            return [*accueil.enregistrer(command, fiche)]
        case EnregistrerAutorisation():
            return _autoriser(command, en_cours)
        case PlanifierPassage():
            return [*planning.planifier(command, en_cours, session, centres, occupations)]
        case EmettreConvocation():
            return [*passage.convoquer(command, en_cours, session, centres)]
        case ReporterPassage():
            return [*passage.reporter(command, en_cours, session, centres)]
        case DemanderRemplacement():
            return [*remplacement.remplacer(command, fiche, session, situation or SituationRemplacement())]
        case _:
            assert_never(command)


def _autoriser(command: EnregistrerAutorisation, candidature: EnCours) -> list[CandidatureEvent]:
    """Prendre acte de l'issue du contrôle ; elle peut changer tant que l'examen n'a pas eu lieu."""
    issue = AutorisationEnregistree(
        candidat=command.candidat, autorise=command.autorise, regle=command.regle, epreuves=command.epreuves
    )
    if command.epreuves:
        return [] if _deja_prise(issue, candidature.fiche) else [issue]
    match candidature:
        case Autorisee() | Convoquee() if command.autorise:
            return []
        case NonAutorisee(regle=regle) if not command.autorise and regle == command.regle:
            return []
        case _:
            return [issue]


def _deja_prise(issue: AutorisationEnregistree, fiche: Fiche) -> bool:
    """Ces épreuves sont déjà ouvertes, ou déjà fermées par cette règle."""
    if issue.autorise:
        return fiche.fermees.keys().isdisjoint(issue.epreuves)
    return all(fiche.fermees.get(code) == issue.regle for code in issue.epreuves)
