"""Ce que l'on peut demander au service publication."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.evenements.publication import ConstatReclamation, IssueReclamation, NatureReclamation
from contracts.messages import Command, Instant
from contracts.vocabulaire import Code, CodeEpreuve, Decision, Motif, Numero


class PreparerPublication(Command):
    """Mettre sous embargo les résultats d'un jury clos (réaction). ``pilote`` : son académie, si c'est une autre."""

    NAME: ClassVar[str] = "publication.preparer_publication"
    jury: Code
    decisions: dict[Numero, Decision]
    pilote: Code | None = None


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


class DeposerReclamation(Command):
    """Déposer une réclamation, pour soi ou par son représentant légal ; le service enregistre celles qu'il reçoit.

    ``annexe`` : la grille ou la fiche demandée, quand ce n'est pas la copie.
    """

    NAME: ClassVar[str] = "publication.deposer_reclamation"
    candidat: Numero
    numero: Code
    nature: NatureReclamation
    epreuve: CodeEpreuve | None = None
    annexe: Code | None = None
    depose_le: Instant
    par_representant: bool = False


class InstruireReclamation(Command):
    """Consigner ce que le service a trouvé, et pourquoi il le dit."""

    NAME: ClassVar[str] = "publication.instruire_reclamation"
    candidat: Numero
    numero: Code
    constat: ConstatReclamation
    motif: Motif


class CloreReclamation(Command):
    """Répondre à une réclamation ; l'issue se motive toujours (DC-REC06)."""

    NAME: ClassVar[str] = "publication.clore_reclamation"
    candidat: Numero
    numero: Code
    issue: IssueReclamation
    motif: Motif


class DemanderEffacement(Command):
    """Demander que l'identité d'un candidat soit effacée ; gelé tant qu'une réclamation ou un recours court (DC-RGP02).

    ``accord_archives`` : référence de l'accord de l'administration des archives (DC-ARC02). ``motif`` : qui le demande,
    à quel titre ; jamais un nom.
    """

    NAME: ClassVar[str] = "publication.demander_effacement"
    candidat: Numero
    accord_archives: str = Field(default="", max_length=200)
    motif: str = Field(default="", max_length=500)


COMMANDES: tuple[type[Command], ...] = (
    PreparerPublication,
    PublierResultats,
    EditerReleve,
    DelivrerDiplome,
    PublierDecision,
    DelivrerAttestation,
    DeposerReclamation,
    InstruireReclamation,
    CloreReclamation,
    DemanderEffacement,
)
