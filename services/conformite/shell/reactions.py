"""What this service commands itself when it learns of registrations, whatever the order in which they come.

One function for the whole candidature: the reactions machinery keeps the order inside an aggregate, so a kept mark
granted then given up is learned in that order.
"""

from __future__ import annotations

from functools import partial

from contracts.commandes.conformite import DispenserPieces, ModifierDossier, OuvrirDossier, RetablirPieces
from contracts.commandes.transfert import ReprendreDossier, TransfererDossier
from contracts.evenements.inscription import (
    AcquisReconnu,
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionModifiee,
)
from contracts.evenements.transfert import CandidatTransfere, DossierTransfere
from contracts.messages import Command
from services.communs.reactions import command_base
from services.communs.transfert import par_la_reprise, reprise
from services.socle.enveloppe import Fact
from services.socle.reactions import Reaction
from services.socle.subjects import split


def suivre_candidature(fact: Fact) -> list[Command]:
    """The dossier opens with the registration; the documents of an épreuve follow what the candidate still sits.

    An exemption from one situation changes nothing: the only one there is, driving, has no document (CAP24-I04).
    """
    event, base = fact.event, command_base(fact, "conformite", "suivre_candidature")
    if reprise(fact):
        return []
    match event:
        case CandidatTransfere(candidat=candidat, vers=vers):
            return [TransfererDossier(**base, candidat=candidat, vers=vers)]
        case CandidatInscrit():
            return [
                OuvrirDossier(
                    **base,
                    candidat=event.candidat,
                    categorie=event.categorie,
                    majeur=event.majeur,
                    reglement=event.reglement,
                    formation_attestee=event.formation_attestee,
                    livret=event.livret,
                    unites=event.unites,
                    facultatives=event.facultatives,
                    modes=event.modes,
                )
            ]
        case InscriptionModifiee(modes=modes, facultatives=facultatives):
            return [ModifierDossier(**base, candidat=event.candidat, modes=modes, facultatives=facultatives)]
        case DispenseAccordee(situation=None) | BeneficeAccorde() | AcquisReconnu():
            return [DispenserPieces(**base, candidat=event.candidat, epreuve=event.epreuve, regle=event.regle)]
        case BeneficeAbandonne():
            return [RetablirPieces(**base, candidat=event.candidat, epreuve=event.epreuve, regle=event.regle)]
        case _:
            return []


REACTIONS: tuple[Reaction, ...] = (
    Reaction(
        "suivre_candidature",
        frozenset(
            {
                CandidatInscrit,
                InscriptionModifiee,
                DispenseAccordee,
                BeneficeAccorde,
                BeneficeAbandonne,
                AcquisReconnu,
                CandidatTransfere,
            }
        ),
        suivre_candidature,
    ),
)


def reprendre_dossier(fact: Fact, academie: str) -> list[Command]:
    """A partner has closed the dossier of a candidate who comes here: it is taken over, if he was accepted."""
    event = fact.event
    if not isinstance(event, DossierTransfere) or event.vers != academie:
        return []
    base = par_la_reprise(fact, "conformite", "reprendre_dossier", academie)
    return [ReprendreDossier(**base, candidat=event.candidat, origine=split(fact.subject).academie)]


def des_partenaires(academie: str) -> list[Reaction]:
    """The reactions that follow partners alone."""
    return [
        Reaction(
            "reprendre_dossier",
            frozenset({DossierTransfere}),
            partial(reprendre_dossier, academie=academie),
            tolerated=frozenset({"TRANSFERT_NON_ACCEPTE"}),
            exchanged=True,
            own=False,
        )
    ]
