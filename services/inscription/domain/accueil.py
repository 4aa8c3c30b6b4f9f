"""L'accueil : un candidat d'une autre académie du regroupement compose dans un centre d'ici, s'il y a de la place.

L'académie du candidat demande et prend acte ; celle du centre répond, dans l'ordre de son journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from contracts.commandes.regroupement import AccueillirCandidat, DemanderAccueil, EnregistrerAccueil, LibererPlace
from contracts.evenements.inscription import CentreAffecte
from contracts.evenements.regroupement import (
    AccueilDecline,
    AccueilDemande,
    AccueilRefuse,
    CandidatAccueilli,
    PlaceRendue,
)
from contracts.messages import Refus
from contracts.vocabulaire import CauseAccueil, Enveloppe, TypeCentre
from services.inscription.domain.etats import Fiche
from services.inscription.domain.regroupement import Partage, exiger_partage
from services.inscription.domain.session_examen import Centre
from services.inscription.domain.transfert import exiger_sans_transfert

REGLE_ACCUEIL = "BTS-G05"
"""Les épreuves se passent dans les centres que l'autorité académique désigne."""

AccueilCommand: TypeAlias = AccueillirCandidat | LibererPlace
AccueilEvent: TypeAlias = CandidatAccueilli | AccueilRefuse | PlaceRendue
Cle: TypeAlias = tuple[str, str]


# L'académie du candidat --------------------------------------------------------------------------------------------


def demander(
    command: DemanderAccueil, fiche: Fiche, partage: Partage | None, ici: str, enveloppe: Enveloppe | None
) -> list[AccueilDemande]:
    """Demander une place, si l'autre académie est du regroupement.

    Raises:
        Refus: ``ACCUEIL_EN_COURS``, une autre demande attend sa réponse ; ``TRANSFERT_EN_COURS``, il part peut-être ;
            ceux d'`exiger_partage`.
    """
    exiger_partage(partage, command.academie, ici)
    exiger_sans_transfert(fiche)
    visee = (command.academie, command.centre)
    attend = fiche.accueil
    if attend is not None and (attend.academie, attend.centre) != visee:
        detail = f"{fiche.candidat} attend la réponse de {attend.academie} pour {attend.centre} : attendez-la"
        raise Refus("ACCUEIL_EN_COURS", f"{detail}, ou affectez-lui un centre d'ici")
    la = fiche.centre is not None and (fiche.centre.academie, fiche.centre.centre) == visee
    if attend is not None or la:
        return []
    return [
        AccueilDemande(
            candidat=fiche.candidat,
            academie=command.academie,
            centre=command.centre,
            demande=fiche.demandes + 1,
            enveloppe=enveloppe,
            regle=REGLE_ACCUEIL,
        )
    ]


def enregistrer(command: EnregistrerAccueil, fiche: Fiche) -> list[CentreAffecte | AccueilDecline]:
    """Prendre acte de la réponse ; celle d'une demande que rien n'attend plus ne change rien."""
    attend = fiche.accueil
    repond = (command.academie, command.centre, command.demande)
    if attend is None or (attend.academie, attend.centre, attend.demande) != repond:
        return []
    ou = {"candidat": fiche.candidat, "academie": command.academie, "centre": command.centre, "regle": REGLE_ACCUEIL}
    if not command.accueilli:
        return [AccueilDecline(**ou, cause=command.cause)]
    return [CentreAffecte(**ou, type=command.type, fuseau=command.fuseau)]


# L'académie du centre ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Accueil:
    """Qui un centre accueille : par académie et candidat, la demande à laquelle il a été répondu."""

    accueillis: Mapping[Cle, int] = field(default_factory=dict)
    refuses: Mapping[Cle, int] = field(default_factory=dict)


initial = Accueil()


def evolve(accueil: Accueil, event: AccueilEvent) -> Accueil:
    """Se souvenir, sans juger."""
    cle = (event.origine, event.candidat)
    match event:
        case CandidatAccueilli(demande=demande):
            return replace(accueil, accueillis={**accueil.accueillis, cle: demande})
        case AccueilRefuse(demande=demande):
            return replace(accueil, refuses={**accueil.refuses, cle: demande})
        case PlaceRendue():
            return replace(accueil, accueillis={k: v for k, v in accueil.accueillis.items() if k != cle})
        case _:
            assert_never(event)


def decide(
    command: AccueilCommand,
    accueil: Accueil,
    *,
    partage: Partage | None = None,
    centre: Centre | None = None,
    fuseau: str = "",
) -> list[AccueilEvent]:
    """Accueillir ou non, un fait dans les deux cas : l'académie qui demande doit l'apprendre.

    ``partage`` : avec qui l'examen se partage. ``centre`` : celui demandé, s'il est ouvert ici. ``fuseau`` : l'heure
    légale d'ici.
    """
    cle = (command.origine, command.candidat)
    ou = {"candidat": command.candidat, "origine": command.origine, "centre": command.centre, "regle": REGLE_ACCUEIL}
    match command:
        case LibererPlace():
            return [PlaceRendue(**ou)] if cle in accueil.accueillis else []
        case AccueillirCandidat(demande=demande):
            if demande in (accueil.accueillis.get(cle), accueil.refuses.get(cle)):
                return []
            cause = _cause_de_refus(command, accueil, partage, centre)
            if cause:
                return [AccueilRefuse(**ou, demande=demande, cause=cause)]
            return [CandidatAccueilli(**ou, demande=demande, type=TypeCentre.PRINCIPAL, fuseau=fuseau)]
        case _:
            assert_never(command)


def _cause_de_refus(
    command: AccueillirCandidat, accueil: Accueil, partage: Partage | None, centre: Centre | None
) -> str:
    """Pourquoi le candidat n'est pas accueilli ; vide s'il l'est."""
    if partage is None or command.origine not in partage.academies:
        return CauseAccueil.HORS_REGROUPEMENT.value
    if centre is None:
        return CauseAccueil.CENTRE_INCONNU.value
    if centre.type is TypeCentre.ANNEXE:
        return CauseAccueil.CENTRE_ANNEXE.value
    autres = accueil.accueillis.keys() - {(command.origine, command.candidat)}
    return "" if len(autres) < (centre.places_accueil or 0) else CauseAccueil.CENTRE_PLEIN.value
