"""Ce que le service apprend des autres et ce qu'il doit en faire. Chaque réaction est une fonction pure du fait."""

from __future__ import annotations

from contracts.commandes.inscription import EnregistrerAutorisation
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.messages import Command
from services.communs.reactions import command_base
from services.communs.transfert import reprise
from services.socle.enveloppe import Fact


def enregistrer_autorisation(fact: Fact) -> list[Command]:
    """L'issue du contrôle du dossier ouvre l'examen, ou les seules épreuves contrôlées (CAP26-I05, P01, BTS-C03)."""
    event = fact.event
    if reprise(fact) or not isinstance(event, (DossierDeclareConforme, DossierDeclareNonConforme)):
        return []
    return [
        EnregistrerAutorisation(
            **command_base(fact, "inscription", "enregistrer_autorisation"),
            candidat=event.candidat,
            autorise=isinstance(event, DossierDeclareConforme),
            regle=event.regle,
            epreuves=event.epreuves,
        )
    ]
