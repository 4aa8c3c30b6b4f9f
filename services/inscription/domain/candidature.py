"""La candidature : ce qu'un candidat inscrit obtient, où il compose, s'il est autorisé, quand il est convoqué.

L'inscription elle-même et sa fin touchent aussi la place de la personne dans la session : `personne`.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

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
)
from contracts.evenements.inscription import AutorisationEnregistree
from contracts.session import SessionFigee
from services.inscription.domain import acquis, admission, passage
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
    evolve,
    exiger_en_cours,
    initial,
)
from services.inscription.domain.passage import SituationRemplacement
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
    "SituationRemplacement",
    "decide",
    "evolve",
    "initial",
]

CandidatureCommand: TypeAlias = (
    ModifierInscription
    | AccorderDispense
    | AccorderBenefice
    | AbandonnerBenefice
    | AccorderAmenagement
    | AffecterCentre
    | EnregistrerAutorisation
    | EmettreConvocation
    | DemanderRemplacement
)


def decide(
    command: CandidatureCommand,
    candidature: Candidature,
    session: SessionFigee,
    *,
    centre: Centre | None = None,
    situation: SituationRemplacement | None = None,
) -> list[CandidatureEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    ``centre`` : le centre ouvert que nomme `AffecterCentre`, s'il existe. ``situation`` : les absences justifiées du
    candidat et la décision du jury, pour `DemanderRemplacement`.

    Raises:
        Refus: ``CANDIDAT_INCONNU``, ``INSCRIPTION_ANNULEE``, ou la règle qui s'oppose.
    """
    if isinstance(command, EnregistrerAutorisation) and isinstance(candidature, Annulee):
        return []  # le dossier a été contrôlé pendant que l'inscription s'annulait
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
        case AffecterCentre():
            return [*passage.affecter(command, fiche, session.reglement, centre)]
        case EnregistrerAutorisation():
            return _autoriser(command, en_cours)
        case EmettreConvocation():
            return [*passage.convoquer(command, en_cours, session)]
        case DemanderRemplacement():
            return [*passage.remplacer(command, fiche, session, situation or SituationRemplacement())]
        case _:
            assert_never(command)


def _autoriser(command: EnregistrerAutorisation, candidature: EnCours) -> list[CandidatureEvent]:
    """Prendre acte de l'issue du contrôle ; elle peut changer tant que l'examen n'a pas eu lieu."""
    match candidature:
        case Autorisee() | Convoquee() if command.autorise:
            return []
        case NonAutorisee(regle=regle) if not command.autorise and regle == command.regle:
            return []
        case _:
            return [AutorisationEnregistree(candidat=command.candidat, autorise=command.autorise, regle=command.regle)]
