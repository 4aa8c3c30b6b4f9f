"""La reprise : la candidature d'un candidat transféré recommence ici là où son académie l'a laissée."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.commandes.transfert import ReprendreCandidature
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.transfert import CandidatTransfere, CandidatureReprise, CentreQuitte
from contracts.messages import Event, Personnel, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Identite
from services.communs.histoire import Histoire, exiger_reprise
from services.inscription.domain import personne as places
from services.inscription.domain.etats import Candidature, NonInscrite, Transferee, evolve, initial
from services.inscription.domain.personne import Personne, PersonneEvent


def reprendre(
    command: ReprendreCandidature,
    candidature: Candidature,
    personne: Personne,
    session: SessionFigee,
    *,
    histoire: Histoire,
    accepte: bool,
    deja: bool,
    identite: Identite | None = None,
    empreinte: str = "",
) -> tuple[list[Event], list[PersonneEvent]]:
    """Les faits de la candidature, précédés de leur provenance, et la place que la personne prend ici.

    ``deja`` : cette histoire est déjà reprise. ``identite`` : celle du candidat, quand sa clé est confiée ; elle est
    scellée de nouveau, sous la clé d'ici.

    Raises:
        Refus: ``DEJA_INSCRIT`` ; ceux d'`exiger_reprise`.
    """
    if deja:
        return [], []
    exiger_reprise(accepte, histoire, CandidatTransfere, session.academie)
    if not isinstance(candidature, (NonInscrite, Transferee)):
        raise Refus("DEJA_INSCRIT", f"{command.candidat} est un numéro déjà porté ici : rien n'est repris")
    source = {"candidat": command.candidat, "origine": command.origine, **histoire.source()}
    repris = [_scelle_ici(one, identite, empreinte) for one in histoire.a_reprendre()]
    quitte = _centre_quitte(command, repris, session)
    return [CandidatureReprise(**source), *repris, *quitte], _place(repris, personne, session, empreinte)


def _centre_quitte(command: ReprendreCandidature, repris: Sequence[Event], session: SessionFigee) -> list[CentreQuitte]:
    """Le centre où son ancienne académie le mettait n'est pas d'ici : il n'en a plus, jusqu'à ce qu'on lui en donne."""
    etat: Candidature = initial
    for event in repris:
        etat = evolve(etat, event)  # type: ignore[arg-type]  # des faits d'une candidature
    fiche = getattr(etat, "fiche", None)
    if fiche is None or fiche.centre is None:
        return []
    qui = {"candidat": command.candidat, "centre": fiche.centre.centre, "de": command.origine}
    return [CentreQuitte(**qui, regle=session.reglement.inscription.regle_centre)]


def _scelle_ici(event: Event, identite: Identite | None, empreinte: str) -> Event:
    if not isinstance(event, CandidatInscrit):
        return event
    return event.model_copy(update={"identite": Personnel[Identite](clair=identite), "personne": empreinte})


def _place(repris: Sequence[Event], personne: Personne, session: SessionFigee, empreinte: str) -> list[PersonneEvent]:
    inscrits = [one for one in repris if isinstance(one, CandidatInscrit)]
    if not empreinte or not inscrits:
        return []
    return [*places.reprendre(inscrits[-1], personne, session.reglement)]
