"""Ce que l'on peut demander au service notation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from contracts.commandes import bordereau, conduite, releve, resultats_accueil, transfert
from contracts.messages import Command
from contracts.vocabulaire import (
    Code,
    CodeEpreuve,
    CodeSituation,
    EtatResultat,
    Motif,
    Note,
    Numero,
    Profil,
)


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


class SaisirNoteControle(Command):
    """Saisir la note d'une épreuve orale de contrôle, ou ``ABS`` (DC-BTS11). ``motif`` : pour en changer une portée."""

    NAME: ClassVar[str] = "notation.saisir_note_controle"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note | Literal["ABS"]
    lot: Code | None = None
    motif: Motif | None = None


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


COMMANDES: tuple[type[Command], ...] = (
    *releve.COMMANDES,
    *conduite.COMMANDES,
    *bordereau.COMMANDES,
    RemplirGrille,
    SaisirNote,
    SaisirSecondeFois,
    IntegrerNoteTardive,
    ConstaterSupportAbsent,
    ConstaterAbsence,
    JustifierAbsence,
    HarmoniserNote,
    RectifierNote,
    ArreterResultat,
    SuspendreNote,
    LeverSuspension,
    PorterNonValide,
    RetirerNonValide,
    EvaluerCompetence,
    SaisirNoteControle,
    SignalerSuspicion,
    ConclureDiscipline,
    *resultats_accueil.COMMANDES,
    *transfert.NOTATION,
)
