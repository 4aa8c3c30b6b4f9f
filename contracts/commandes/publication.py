"""Ce que l'on peut demander au service publication."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Command
from contracts.vocabulaire import Code, Decision, Numero


class PreparerPublication(Command):
    """Mettre sous embargo les résultats d'un jury clos (réaction)."""

    NAME: ClassVar[str] = "publication.preparer_publication"
    jury: Code
    decisions: dict[Numero, Decision]


class PublierResultats(Command):
    """Publier les résultats d'un jury, à partir de la date d'embargo."""

    NAME: ClassVar[str] = "publication.publier_resultats"
    jury: Code


class EditerReleve(Command):
    """Éditer le relevé de notes d'un candidat dont les résultats sont publiés."""

    NAME: ClassVar[str] = "publication.editer_releve"
    candidat: Numero
    jury: Code


class DelivrerDiplome(Command):
    """Délivrer le diplôme d'un candidat admis."""

    NAME: ClassVar[str] = "publication.delivrer_diplome"
    candidat: Numero
    jury: Code


class PublierDecision(Command):
    """Rendre publique une décision prise après la clôture du jury (réaction ; ou le service, AMB-44)."""

    NAME: ClassVar[str] = "publication.publier_decision"
    candidat: Numero
    jury: Code
    decision: Decision


class DelivrerAttestation(Command):
    """Délivrer ce que reçoit qui n'obtient pas le diplôme : attestation de blocs, livret de certification."""

    NAME: ClassVar[str] = "publication.delivrer_attestation"
    candidat: Numero
    jury: Code


COMMANDES: tuple[type[Command], ...] = (
    PreparerPublication,
    PublierResultats,
    EditerReleve,
    DelivrerDiplome,
    PublierDecision,
    DelivrerAttestation,
)
