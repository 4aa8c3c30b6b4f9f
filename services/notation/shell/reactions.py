"""What this service commands itself when it learns of others' facts, whatever the order in which they come.

One function for each aggregate that it follows: the reactions machinery keeps the order inside an aggregate, so a
kept mark granted then given up, or a dossier refused then accepted, are learned in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.commandes.notation import (
    ConstaterSupportAbsent,
    DispenserEpreuve,
    FermerAcces,
    ModifierReleve,
    OuvrirReleve,
    ReporterBenefice,
    RetirerBenefice,
    RouvrirAcces,
)
from contracts.droits import Role
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, SupportsArretes
from contracts.evenements.inscription import (
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionModifiee,
)
from contracts.messages import Acteur, Command
from services.socle.enveloppe import Fact
from services.socle.reactions import Reaction
from services.socle.subjects import split


def suivre_candidature(fact: Fact) -> list[Command]:
    """What the registration says: opening, changes, exemptions, kept marks."""
    event, base = fact.event, _base(fact, "suivre_candidature")
    match event:
        case CandidatInscrit():
            return [
                OuvrirReleve(
                    **base,
                    candidat=event.candidat,
                    categorie=event.categorie,
                    reglement=event.reglement,
                    modes=event.modes,
                    facultatives=event.facultatives,
                )
            ]
        case InscriptionModifiee():
            return [ModifierReleve(**base, candidat=event.candidat, modes=event.modes, facultatives=event.facultatives)]
        case DispenseAccordee():
            return [
                DispenserEpreuve(
                    **base,
                    candidat=event.candidat,
                    epreuve=event.epreuve,
                    situation=event.situation,
                    regle=event.regle,
                )
            ]
        case BeneficeAccorde():
            return [
                ReporterBenefice(
                    **base,
                    candidat=event.candidat,
                    epreuve=event.epreuve,
                    note=event.note,
                    session_origine=event.session_origine,
                    regle=event.regle,
                )
            ]
        case BeneficeAbandonne():
            return [RetirerBenefice(**base, candidat=event.candidat, epreuve=event.epreuve, regle=event.regle)]
        case _:
            return []


def suivre_dossier(fact: Fact) -> list[Command]:
    """What the dossier says: access closed or open again, documents that are missing."""
    event, base = fact.event, _base(fact, "suivre_dossier")
    match event:
        case DossierDeclareNonConforme():
            return [FermerAcces(**base, candidat=event.candidat, regle=event.regle)]
        case DossierDeclareConforme():
            return [RouvrirAcces(**base, candidat=event.candidat, regle=event.regle)]
        case SupportsArretes():
            return list(_supports(event, base))
        case _:
            return []


REACTIONS: tuple[Reaction, ...] = (
    Reaction(
        "suivre_candidature",
        frozenset({CandidatInscrit, InscriptionModifiee, DispenseAccordee, BeneficeAccorde, BeneficeAbandonne}),
        suivre_candidature,
    ),
    Reaction(
        "suivre_dossier",
        frozenset({DossierDeclareNonConforme, DossierDeclareConforme, SupportsArretes}),
        suivre_dossier,
    ),
)


def _supports(event: SupportsArretes, base: Mapping[str, Any]) -> Iterable[ConstaterSupportAbsent]:
    """One command for each missing document; the decider takes the rule from the règlement."""
    for rang, manquant in enumerate(event.manquants):
        epreuve, _, situation = manquant.partition(".")
        yield ConstaterSupportAbsent(
            **{**base, "id": f"{base['id']}:{rang}"},
            candidat=event.candidat,
            epreuve=epreuve,
            situation=situation or None,
            regle=event.regles[rang] if rang < len(event.regles) else "",
        )


def _base(fact: Fact, reaction: str) -> dict[str, Any]:
    """The envelope of a command owed to a fact: same moment, same session, in the name of this service."""
    subject = split(fact.subject)
    return {
        "id": f"{fact.id}:{reaction}",
        "le": fact.context.le,
        "par": Acteur(id="systeme:notation", role=Role.SYSTEME, academie=subject.academie),
        "session": subject.session,
        "diplome": subject.diplome,
    }
