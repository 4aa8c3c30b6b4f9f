"""What this service commands itself when it learns of others' facts, whatever the order in which they come.

One function for each aggregate that it follows: the reactions machinery keeps the order inside an aggregate, so a
kept mark granted then given up, or a dossier refused then accepted, are learned in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.commandes.notation import (
    ConstaterSupportAbsent,
    LeverSuspension,
    PorterNonValide,
    RetirerNonValide,
    SuspendreNote,
)
from contracts.commandes.releve import (
    DispenserEpreuve,
    FermerAcces,
    ModifierReleve,
    OuvrirReleve,
    OuvrirRemplacement,
    ReporterAcquis,
    ReporterBenefice,
    ReporterEpreuves,
    RetirerBenefice,
    RouvrirAcces,
)
from contracts.commandes.transfert import TransfererReleve
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    Effet,
    SupportsArretes,
    VerificationConclue,
)
from contracts.evenements.inscription import (
    AcquisReconnu,
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionModifiee,
    PassageReporte,
    RemplacementAutorise,
)
from contracts.evenements.transfert import CandidatTransfere
from contracts.messages import Command
from contracts.vocabulaire import EtatResultat
from services.communs.reactions import command_base
from services.communs.transfert import reprise
from services.socle.enveloppe import Fact
from services.socle.reactions import Reaction

MENTIONS = {Effet.NON_VALIDE: EtatResultat.NON_VALIDE, Effet.NON_SUBIE: EtatResultat.NON_VALIDEE_U1}
"""What stands for a mark when the control of the dossier of an épreuve fails; any other effect closes the exam."""


def suivre_candidature(fact: Fact) -> list[Command]:
    """What the registration says: opening, changes, exemptions, kept marks and units, replacement, postponement."""
    event, base = fact.event, command_base(fact, "notation", "suivre_candidature")
    if reprise(fact):
        return []
    match event:
        case CandidatTransfere(candidat=candidat, vers=vers):
            return [TransfererReleve(**base, candidat=candidat, vers=vers)]
        case CandidatInscrit():
            return [
                OuvrirReleve(
                    **base,
                    candidat=event.candidat,
                    categorie=event.categorie,
                    reglement=event.reglement,
                    modes=event.modes,
                    facultatives=event.facultatives,
                    unites=event.unites,
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
                    fondement=event.fondement,
                )
            ]
        case AcquisReconnu():
            return [ReporterAcquis(**base, candidat=event.candidat, epreuve=event.epreuve, regle=event.regle)]
        case RemplacementAutorise():
            return [OuvrirRemplacement(**base, candidat=event.candidat, epreuves=event.epreuves, regle=event.regle)]
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
        case PassageReporte(epreuves=epreuves) if epreuves:
            return [
                ReporterEpreuves(
                    **base,
                    candidat=event.candidat,
                    epreuves=epreuves,
                    passage=event.le,
                    motif=event.motif,
                    regle=event.regle,
                )
            ]
        case BeneficeAbandonne():
            return [RetirerBenefice(**base, candidat=event.candidat, epreuve=event.epreuve, regle=event.regle)]
        case _:
            return []


def suivre_dossier(fact: Fact) -> list[Command]:
    """What the dossier says: access closed or open again, épreuves not valid or in doubt, documents missing."""
    event, base = fact.event, command_base(fact, "notation", "suivre_dossier")
    if reprise(fact):
        return []
    match event:
        case DossierDeclareNonConforme():
            return list(_non_conforme(event, base))
        case DossierDeclareConforme():
            return list(_conforme(event, base))
        case DouteSignale() | VerificationConclue():
            return list(_doute(event, base))
        case SupportsArretes():
            return list(_supports(event, base))
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
                AcquisReconnu,
                BeneficeAccorde,
                BeneficeAbandonne,
                RemplacementAutorise,
                PassageReporte,
                CandidatTransfere,
            }
        ),
        suivre_candidature,
    ),
    Reaction(
        "suivre_dossier",
        frozenset(
            {DossierDeclareNonConforme, DossierDeclareConforme, DouteSignale, VerificationConclue, SupportsArretes}
        ),
        suivre_dossier,
    ),
)


def _non_conforme(event: DossierDeclareNonConforme, base: Mapping[str, Any]) -> Iterable[Command]:
    """The whole exam is closed, or the épreuves named bear a mention instead of a mark (TR-C03)."""
    mention = MENTIONS.get(Effet(event.effet))
    if mention is None or not event.epreuves:
        yield FermerAcces(**base, candidat=event.candidat, regle=event.regle)
        return
    for rang, epreuve in enumerate(event.epreuves):
        yield PorterNonValide(
            **_de_rang(base, rang),
            candidat=event.candidat,
            epreuve=epreuve,
            mention=mention,
            motifs=event.motifs,
            regle=event.regle,
        )


def _conforme(event: DossierDeclareConforme, base: Mapping[str, Any]) -> Iterable[Command]:
    if not event.epreuves:
        yield RouvrirAcces(**base, candidat=event.candidat, regle=event.regle)
    for rang, epreuve in enumerate(event.epreuves):
        yield RetirerNonValide(**_de_rang(base, rang), candidat=event.candidat, epreuve=epreuve, regle=event.regle)


def _doute(event: DouteSignale | VerificationConclue, base: Mapping[str, Any]) -> Iterable[Command]:
    """A doubt on the dossier of an épreuve freezes its mark; on the whole dossier, it changes nothing here."""
    if event.epreuve is None:
        return
    about = {"candidat": event.candidat, "epreuve": event.epreuve, "regle": event.regle}
    match event:
        case DouteSignale(motif=motif):
            yield SuspendreNote(**base, **about, motif=motif)
        case VerificationConclue(conforme=True, motif=motif):
            yield LeverSuspension(**base, **about, motif=motif)
        case VerificationConclue(motif=motif):
            yield PorterNonValide(**base, **about, mention=EtatResultat.NON_VALIDE, motifs=(motif,))


def _supports(event: SupportsArretes, base: Mapping[str, Any]) -> Iterable[ConstaterSupportAbsent]:
    """One command for each missing document; the decider takes the rule from the règlement."""
    for rang, manquant in enumerate(event.manquants):
        epreuve, _, situation = manquant.partition(".")
        yield ConstaterSupportAbsent(
            **_de_rang(base, rang),
            candidat=event.candidat,
            epreuve=epreuve,
            situation=situation or None,
            regle=event.regles[rang] if rang < len(event.regles) else "",
        )


def _de_rang(base: Mapping[str, Any], rang: int) -> dict[str, Any]:
    """The envelope of one of the commands that a fact calls for: each its own id."""
    return {**base, "id": f"{base['id']}:{rang}"}
