"""Les commandes du service notation sur ce que le candidat doit passer."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.messages import Command, Instant
from contracts.vocabulaire import (
    Categorie,
    Code,
    CodeEpreuve,
    CodeSituation,
    Fondement,
    Mode,
    Motif,
    Note,
    Numero,
)


class OuvrirReleve(Command):
    """Ouvrir le relevé d'épreuves d'un candidat inscrit (réaction)."""

    NAME: ClassVar[str] = "notation.ouvrir_releve"
    candidat: Numero
    categorie: Categorie
    reglement: str
    modes: dict[CodeEpreuve, Mode]
    facultatives: tuple[CodeEpreuve, ...] = ()
    unites: tuple[CodeEpreuve, ...] = ()


class FermerAcces(Command):
    """Fermer toute évaluation à un candidat non autorisé (réaction)."""

    NAME: ClassVar[str] = "notation.fermer_acces"
    candidat: Numero
    regle: str


class RouvrirAcces(Command):
    """Permettre de nouveau l'évaluation d'un candidat dont le dossier est finalement conforme (réaction)."""

    NAME: ClassVar[str] = "notation.rouvrir_acces"
    candidat: Numero
    regle: str


class DispenserEpreuve(Command):
    """Prendre acte d'une dispense (réaction)."""

    NAME: ClassVar[str] = "notation.dispenser_epreuve"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str
    fondement: Fondement = Fondement.TITRE


class ReporterBenefice(Command):
    """Prendre acte d'une note conservée (réaction)."""

    NAME: ClassVar[str] = "notation.reporter_benefice"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note
    session_origine: str
    regle: str


class ModifierReleve(Command):
    """Prendre acte d'un changement de modes ou de facultatives, donnés en entier (réaction)."""

    NAME: ClassVar[str] = "notation.modifier_releve"
    candidat: Numero
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] = ()


class RetirerBenefice(Command):
    """Prendre acte de l'abandon d'une note conservée (réaction)."""

    NAME: ClassVar[str] = "notation.retirer_benefice"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class ReporterAcquis(Command):
    """Prendre acte d'une unité déjà acquise (réaction)."""

    NAME: ClassVar[str] = "notation.reporter_acquis"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class ChoisirControle(Command):
    """Choisir les épreuves orales de contrôle, pour un candidat que le jury y admet (DC-BTS11)."""

    NAME: ClassVar[str] = "notation.choisir_controle"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...] = Field(min_length=1, max_length=6)


class OuvrirRemplacement(Command):
    """Prendre acte d'une session de remplacement autorisée (réaction)."""

    NAME: ClassVar[str] = "notation.ouvrir_remplacement"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...] = Field(min_length=1, max_length=20)
    regle: str


class EtablirFicheSujet(Command):
    """Retenir une activité du dossier et dire la fiche-sujet qui en est tirée, avant l'épreuve (BTS-N05).

    ``fiche`` : la référence sous laquelle la commission la garde ; son texte ne passe pas par le logiciel.
    """

    NAME: ClassVar[str] = "notation.etablir_fiche_sujet"
    candidat: Numero
    epreuve: CodeEpreuve
    activite: Code
    fiche: Code
    lot: Code | None = None


class ReporterEpreuves(Command):
    """Prendre acte d'un report : le centre n'a pas ouvert, le candidat compose plus tard (réaction, CL-140)."""

    NAME: ClassVar[str] = "notation.reporter_epreuves"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...] = Field(min_length=1, max_length=20)
    passage: Instant
    motif: Motif
    regle: str


COMMANDES: tuple[type[Command], ...] = (
    OuvrirReleve,
    FermerAcces,
    RouvrirAcces,
    DispenserEpreuve,
    ReporterBenefice,
    ModifierReleve,
    RetirerBenefice,
    ReporterAcquis,
    ChoisirControle,
    OuvrirRemplacement,
    EtablirFicheSujet,
    ReporterEpreuves,
)
