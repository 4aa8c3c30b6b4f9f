"""Ce que l'on demande au service inscription quand plusieurs académies partagent un examen."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.messages import Command
from contracts.vocabulaire import Code, Motif, Numero, TypeCentre


class DefinirRegroupement(Command):
    """Définir, dans l'académie pilote, le regroupement d'un examen et ses académies rattachées (BTS-G01, DC-BTS19).

    Redite avec d'autres rattachées, elle les ajoute ; aucune ne se retire. ``arrete`` : le texte qui désigne la pilote.
    """

    NAME: ClassVar[str] = "inscription.definir_regroupement"
    regroupement: Code
    membres: tuple[Code, ...] = Field(min_length=1, max_length=40)
    arrete: str = Field(min_length=3, max_length=200)


class AccepterRegroupement(Command):
    """Accepter, dans une académie rattachée, le regroupement que la pilote a défini."""

    NAME: ClassVar[str] = "inscription.accepter_regroupement"
    regroupement: Code
    pilote: Code


class CloreRegroupement(Command):
    """Clore le regroupement, dans l'académie pilote : ce qui était confié aux partenaires ne l'est plus."""

    NAME: ClassVar[str] = "inscription.clore_regroupement"
    regroupement: Code
    motif: Motif


class DemanderAccueil(Command):
    """Demander, dans l'académie du candidat, qu'il compose dans un centre d'une autre du regroupement (BTS-G05)."""

    NAME: ClassVar[str] = "inscription.demander_accueil"
    candidat: Numero
    academie: Code
    centre: Code


class AccueillirCandidat(Command):
    """Prendre une place pour le candidat d'une autre académie, dans l'ordre du journal (réaction).

    ``demande`` : la combientième du candidat ; la réponse la redit.
    """

    NAME: ClassVar[str] = "inscription.accueillir_candidat"
    candidat: Numero
    origine: Code
    centre: Code
    demande: int = Field(default=1, ge=1)


class LibererPlace(Command):
    """Rendre la place d'un candidat accueilli, qui ne vient plus (réaction)."""

    NAME: ClassVar[str] = "inscription.liberer_place"
    candidat: Numero
    origine: Code
    centre: Code


class EnregistrerAccueil(Command):
    """Prendre acte de la réponse de l'académie d'accueil (réaction). ``cause`` : celle de son refus."""

    NAME: ClassVar[str] = "inscription.enregistrer_accueil"
    candidat: Numero
    academie: Code
    centre: Code
    accueilli: bool
    cause: str = ""
    demande: int = Field(default=1, ge=1)
    type: TypeCentre = TypeCentre.PRINCIPAL
    fuseau: str = ""


COMMANDES: tuple[type[Command], ...] = (
    DefinirRegroupement,
    AccepterRegroupement,
    CloreRegroupement,
    DemanderAccueil,
    AccueillirCandidat,
    LibererPlace,
    EnregistrerAccueil,
)
