"""Ce que l'on peut demander au service conformité."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.commandes import transfert
from contracts.messages import Command, Instant
from contracts.vocabulaire import (
    Attestation,
    Categorie,
    CauseReduction,
    Code,
    CodeEpreuve,
    Contenu,
    Mode,
    Motif,
    NaturePiece,
    Numero,
    Verdict,
)


class OuvrirDossier(Command):
    """Ouvrir le dossier d'un candidat inscrit (réaction)."""

    NAME: ClassVar[str] = "conformite.ouvrir_dossier"
    candidat: Numero
    categorie: Categorie
    majeur: bool
    reglement: str
    formation_attestee: bool = False
    livret: bool = False
    unites: tuple[CodeEpreuve, ...] = ()
    facultatives: tuple[CodeEpreuve, ...] = ()
    modes: dict[CodeEpreuve, Mode] = {}


class ModifierDossier(Command):
    """Suivre une inscription modifiée : les modes et les facultatives qui valent désormais (réaction)."""

    NAME: ClassVar[str] = "conformite.modifier_dossier"
    candidat: Numero
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] = ()


class DispenserPieces(Command):
    """Ne plus réclamer les supports d'une épreuve dispensée ou conservée (réaction)."""

    NAME: ClassVar[str] = "conformite.dispenser_pieces"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str = ""


class RetablirPieces(Command):
    """Réclamer de nouveau les supports d'une épreuve dont la note n'est plus conservée (réaction)."""

    NAME: ClassVar[str] = "conformite.retablir_pieces"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str = ""


class DeposerPiece(Command):
    """Déposer une pièce du dossier. ``depose_le`` est l'instant du dépôt ; il fait foi pour le délai.

    Seul le service enregistre un dépôt reçu plus tôt : celui d'un candidat vaut à l'instant de sa demande.
    """

    NAME: ClassVar[str] = "conformite.deposer_piece"
    candidat: Numero
    piece: Code
    nature: NaturePiece
    depose_le: Instant
    attestation: Attestation | None = None
    signataires: tuple[str, ...] = ()
    empreinte: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    contenu: Contenu | None = None


class JugerPiece(Command):
    """Décider à la main du verdict d'une pièce, avec motif (employeur étranger, travailleur indépendant…)."""

    NAME: ClassVar[str] = "conformite.juger_piece"
    candidat: Numero
    piece: Code
    verdict: Verdict
    motif: Motif


class ControlerDossier(Command):
    """Contrôler le dossier : autoriser, refuser avec motifs, ou attendre une régularisation avant la date limite."""

    NAME: ClassVar[str] = "conformite.controler_dossier"
    candidat: Numero


class ArreterSupports(Command):
    """Arrêter, à la date de remise, la liste des supports d'épreuve manquants."""

    NAME: ClassVar[str] = "conformite.arreter_supports"
    candidat: Numero


class AutoriserDureeReduite(Command):
    """Autoriser une durée réduite : force majeure, aménagement, positionnement, validation académique (BTS-C08)."""

    NAME: ClassVar[str] = "conformite.autoriser_duree_reduite"
    candidat: Numero
    cause: CauseReduction
    motif: Motif


class SignalerDoute(Command):
    """Signaler un doute sur le dossier, ou celui d'une épreuve ; l'évaluation a lieu quand même (BTS-C05)."""

    NAME: ClassVar[str] = "conformite.signaler_doute"
    candidat: Numero
    motif: Motif
    lot: Code | None = None
    epreuve: CodeEpreuve | None = None


class ConclureVerification(Command):
    """Conclure la vérification d'un dossier mis en doute ; celui d'une épreuve, si elle est nommée (BTS-C06)."""

    NAME: ClassVar[str] = "conformite.conclure_verification"
    candidat: Numero
    conforme: bool
    motif: Motif
    epreuve: CodeEpreuve | None = None


COMMANDES: tuple[type[Command], ...] = (
    OuvrirDossier,
    ModifierDossier,
    DispenserPieces,
    RetablirPieces,
    DeposerPiece,
    JugerPiece,
    ControlerDossier,
    ArreterSupports,
    SignalerDoute,
    ConclureVerification,
    AutoriserDureeReduite,
    *transfert.CONFORMITE,
)
