"""Ce que le service apprend des autres et ce qu'il doit en faire. Chaque réaction est une fonction pure du fait."""

from __future__ import annotations

from contracts.commandes.inscription import EnregistrerAutorisation
from contracts.droits import Role
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.messages import Acteur, Command
from services.socle.enveloppe import Fact
from services.socle.subjects import split


def enregistrer_autorisation(fact: Fact) -> list[Command]:
    """L'issue du contrôle du dossier autorise le candidat, ou non (CAP26-I05, CAP26-P01)."""
    event = fact.event
    if not isinstance(event, (DossierDeclareConforme, DossierDeclareNonConforme)):
        return []
    lieu = split(fact.subject)
    return [
        EnregistrerAutorisation(
            id=f"{fact.id}:enregistrer_autorisation",
            le=fact.context.le,
            par=Acteur(id="systeme:inscription", role=Role.SYSTEME, academie=lieu.academie),
            session=lieu.session,
            diplome=lieu.diplome,
            candidat=event.candidat,
            autorise=isinstance(event, DossierDeclareConforme),
            regle=event.regle,
        )
    ]
