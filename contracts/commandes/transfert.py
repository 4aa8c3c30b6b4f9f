"""Ce que l'on demande aux services pour qu'un candidat change d'académie, avec toute son histoire."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.messages import Command
from contracts.vocabulaire import Code, Motif, Numero


class TransfererCandidat(Command):
    """Proposer de transférer un candidat à une autre académie du regroupement."""

    NAME: ClassVar[str] = "inscription.transferer_candidat"
    candidat: Numero
    vers: Code
    motif: Motif


class AccepterTransfert(Command):
    """Accepter le candidat qu'une autre académie propose de transférer ici."""

    NAME: ClassVar[str] = "inscription.accepter_transfert"
    candidat: Numero
    origine: Code


class RefuserTransfert(Command):
    """Refuser, avec son motif, le candidat qu'une autre académie propose de transférer ici."""

    NAME: ClassVar[str] = "inscription.refuser_transfert"
    candidat: Numero
    origine: Code
    motif: Motif


class EnregistrerTransfert(Command):
    """Prendre acte de la réponse de l'académie d'arrivée (réaction)."""

    NAME: ClassVar[str] = "inscription.enregistrer_transfert"
    candidat: Numero
    vers: Code
    accepte: bool
    motif: str = ""
    proposition: int = Field(default=1, ge=1)
    regle: str = ""


class AbandonnerTransfert(Command):
    """Rendre la place gardée ici pour un candidat accepté, que son académie a finalement gardé (réaction)."""

    NAME: ClassVar[str] = "inscription.abandonner_transfert"
    candidat: Numero
    origine: Code


class ReprendreCandidature(Command):
    """Reprendre ici l'inscription d'un candidat transféré, telle que son académie la tenait (réaction)."""

    NAME: ClassVar[str] = "inscription.reprendre_candidature"
    candidat: Numero
    origine: Code


class TransfererDossier(Command):
    """Clore ici le dossier d'un candidat transféré (réaction)."""

    NAME: ClassVar[str] = "conformite.transferer_dossier"
    candidat: Numero
    vers: Code


class ReprendreDossier(Command):
    """Reprendre ici le dossier d'un candidat transféré (réaction)."""

    NAME: ClassVar[str] = "conformite.reprendre_dossier"
    candidat: Numero
    origine: Code


class TransfererReleve(Command):
    """Clore ici le relevé d'un candidat transféré (réaction)."""

    NAME: ClassVar[str] = "notation.transferer_releve"
    candidat: Numero
    vers: Code


class ReprendreReleve(Command):
    """Reprendre ici le relevé d'un candidat transféré (réaction)."""

    NAME: ClassVar[str] = "notation.reprendre_releve"
    candidat: Numero
    origine: Code


INSCRIPTION: tuple[type[Command], ...] = (
    TransfererCandidat,
    AccepterTransfert,
    RefuserTransfert,
    EnregistrerTransfert,
    ReprendreCandidature,
    AbandonnerTransfert,
)
CONFORMITE: tuple[type[Command], ...] = (TransfererDossier, ReprendreDossier)
NOTATION: tuple[type[Command], ...] = (TransfererReleve, ReprendreReleve)
