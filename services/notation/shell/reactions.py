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
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, SupportsArretes
from contracts.evenements.inscription import (
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionModifiee,
)
from contracts.messages import Command
from services.communs.reactions import command_base
from services.socle.enveloppe import Fact
from services.socle.reactions import Reaction


def suivre_candidature(fact: Fact) -> list[Command]:
    """What the registration says: opening, changes, exemptions, kept marks."""
    event, base = fact.event, command_base(fact, "notation", "suivre_candidature")
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
    event, base = fact.event, command_base(fact, "notation", "suivre_dossier")
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
