"""Ce que l'on peut demander au service notation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from contracts.commandes import resultats_accueil, transfert
from contracts.messages import Command, Instant, Message
from contracts.vocabulaire import (
    Categorie,
    Code,
    CodeEpreuve,
    CodeSituation,
    EtatResultat,
    Fondement,
    Mode,
    Motif,
    Note,
    Numero,
    Profil,
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


class RemplirGrille(Command):
    """Remplir la grille officielle d'une épreuve ou situation : critères évalués par compétence, profils présents."""

    NAME: ClassVar[str] = "notation.remplir_grille"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    criteres: dict[str, int]
    commission: tuple[Profil, ...]
    note: Note
    lot: Code | None = None


class SaisirNote(Command):
    """Saisir une note sans grille détaillée (épreuves générales, bordereau)."""

    NAME: ClassVar[str] = "notation.saisir_note"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    lot: Code | None = None


class SaisirSecondeFois(Command):
    """Seconde saisie d'une note, par une autre personne que la première."""

    NAME: ClassVar[str] = "notation.saisir_seconde_fois"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    lot: Code | None = None


class IntegrerNoteTardive(Command):
    """Décider d'intégrer une note de CCF reçue après la date de remontée."""

    NAME: ClassVar[str] = "notation.integrer_note_tardive"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    motif: Motif


class ConstaterSupportAbsent(Command):
    """Constater l'absence du support d'une situation ou épreuve : zéro."""

    NAME: ClassVar[str] = "notation.constater_support_absent"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str


class ConstaterAbsence(Command):
    """Constater l'absence d'un candidat."""

    NAME: ClassVar[str] = "notation.constater_absence"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None


class JustifierAbsence(Command):
    """Admettre le motif d'une absence, sur pièce, avant la délibération."""

    NAME: ClassVar[str] = "notation.justifier_absence"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    motif: Motif


class EnregistrerEtg(Command):
    """Enregistrer le résultat de l'épreuve théorique générale. ``tentative`` : son rang (le suivant par défaut)."""

    NAME: ClassVar[str] = "notation.enregistrer_etg"
    candidat: Numero
    valide: bool
    tentative: int | None = Field(default=None, ge=1)


class EnregistrerConduite(Command):
    """Enregistrer le résultat de la conduite : une mention du vocabulaire du mode, jamais une note.

    ``tentative`` : rang de la présentation ; à donner pour enregistrer deux fois de suite la même mention.
    """

    NAME: ClassVar[str] = "notation.enregistrer_conduite"
    candidat: Numero
    epreuve: CodeEpreuve = "EP3"
    situation: CodeSituation = "S1"
    mention: str = Field(min_length=1, max_length=20)
    commission: tuple[Profil, ...] = ()
    tentative: int | None = Field(default=None, ge=1)


class RectifierConduite(Command):
    """Corriger une erreur matérielle dans la mention de conduite enregistrée."""

    NAME: ClassVar[str] = "notation.rectifier_conduite"
    candidat: Numero
    epreuve: CodeEpreuve = "EP3"
    situation: CodeSituation = "S1"
    mention: str = Field(min_length=1, max_length=20)
    motif: Motif


class HarmoniserNote(Command):
    """Porter une note à une autre valeur lors de l'harmonisation."""

    NAME: ClassVar[str] = "notation.harmoniser_note"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    motif: Motif


class RectifierNote(Command):
    """Corriger une erreur matérielle de saisie ou de report : la bonne note, ou ``ABS``."""

    NAME: ClassVar[str] = "notation.rectifier_note"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note | Literal["ABS"]
    motif: Motif


class SuspendreNote(Command):
    """Geler la note d'une épreuve pendant la vérification du dossier (réaction au doute signalé, BTS-C05)."""

    NAME: ClassVar[str] = "notation.suspendre_note"
    candidat: Numero
    epreuve: CodeEpreuve
    motif: Motif
    regle: str


class LeverSuspension(Command):
    """Rendre effet à une note, le dossier étant vérifié conforme (réaction, BTS-C06)."""

    NAME: ClassVar[str] = "notation.lever_suspension"
    candidat: Numero
    epreuve: CodeEpreuve
    motif: Motif
    regle: str


class PorterNonValide(Command):
    """Porter la mention qui tient lieu de note, le dossier n'étant pas conforme (réaction, BTS-C03, MC-C13)."""

    NAME: ClassVar[str] = "notation.porter_non_valide"
    candidat: Numero
    epreuve: CodeEpreuve
    mention: EtatResultat
    motifs: tuple[str, ...] = ()
    regle: str


class RetirerNonValide(Command):
    """Retirer cette mention, le dossier étant finalement déclaré conforme (réaction, TR-C02)."""

    NAME: ClassVar[str] = "notation.retirer_non_valide"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class EvaluerCompetence(Command):
    """Dire une compétence acquise ou non ; jamais une note (TP-N13, AMB-28)."""

    NAME: ClassVar[str] = "notation.evaluer_competence"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    acquise: bool
    criteres: int | None = Field(default=None, ge=0, le=100)
    lot: Code | None = None


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


class SaisirNoteControle(Command):
    """Saisir la note d'une épreuve orale de contrôle, ou ``ABS`` (DC-BTS11). ``motif`` : pour en changer une portée."""

    NAME: ClassVar[str] = "notation.saisir_note_controle"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note | Literal["ABS"]
    lot: Code | None = None
    motif: Motif | None = None


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


class SignalerSuspicion(Command):
    """Signaler une suspicion de fraude : le candidat termine, ses résultats sont retenus (DC-FRA01)."""

    NAME: ClassVar[str] = "notation.signaler_suspicion"
    candidat: Numero
    epreuve: CodeEpreuve
    motif: Motif


class ConclureDiscipline(Command):
    """Prendre acte de la commission de discipline : l'épreuve est annulée, ou la note reprend effet (DC-FRA01)."""

    NAME: ClassVar[str] = "notation.conclure_discipline"
    candidat: Numero
    epreuve: CodeEpreuve
    annulee: bool
    motif: Motif


class ArreterResultat(Command):
    """Remplir la grille récapitulative : arrêter le résultat d'une épreuve."""

    NAME: ClassVar[str] = "notation.arreter_resultat"
    candidat: Numero
    epreuve: CodeEpreuve


class LigneBordereau(Message):
    """Une ligne : une note, ou ``ABS``."""

    candidat: Numero
    note: Note | Literal["ABS"]


class DeposerBordereau(Command):
    """Déposer en une fois les notes d'un lot."""

    NAME: ClassVar[str] = "notation.deposer_bordereau"
    lot: Code
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    lignes: tuple[LigneBordereau, ...] = Field(min_length=1, max_length=900)


class CloreBordereau(Command):
    """Clore un lot dont toutes les lignes sont complètes."""

    NAME: ClassVar[str] = "notation.clore_bordereau"
    lot: Code


COMMANDES: tuple[type[Command], ...] = (
    OuvrirReleve,
    FermerAcces,
    RouvrirAcces,
    DispenserEpreuve,
    ReporterBenefice,
    ModifierReleve,
    RetirerBenefice,
    RemplirGrille,
    SaisirNote,
    SaisirSecondeFois,
    IntegrerNoteTardive,
    ConstaterSupportAbsent,
    ConstaterAbsence,
    JustifierAbsence,
    EnregistrerEtg,
    EnregistrerConduite,
    RectifierConduite,
    HarmoniserNote,
    RectifierNote,
    ArreterResultat,
    DeposerBordereau,
    CloreBordereau,
    SuspendreNote,
    LeverSuspension,
    PorterNonValide,
    RetirerNonValide,
    EvaluerCompetence,
    ReporterAcquis,
    ChoisirControle,
    SaisirNoteControle,
    OuvrirRemplacement,
    EtablirFicheSujet,
    ReporterEpreuves,
    SignalerSuspicion,
    ConclureDiscipline,
    *resultats_accueil.COMMANDES,
    *transfert.NOTATION,
)
