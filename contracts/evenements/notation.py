"""Ce que dit le service notation : grilles, notes, absences, conduite, bordereaux, résultats arrêtés."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from contracts.evenements import bordereau, conduite, releve, resultats_accueil, transfert
from contracts.evenements.etapes import inchange
from contracts.messages import Event
from contracts.vocabulaire import (
    Code,
    CodeEpreuve,
    CodeSituation,
    EtatResultat,
    Mode,
    Motif,
    Note,
    Numero,
    Profil,
)


class CauseSuspension(StrEnum):
    """Pourquoi une note est gelée."""

    VERIFICATION = "verification"
    DISCIPLINE = "discipline"


class NoteSaisie(Event):
    """Une note est saisie, à l'épreuve ou à l'une de ses situations.

    ``auteur`` : compte de qui saisit ; la seconde saisie doit venir d'un autre. ``transmise_par`` : l'académie où le
    candidat a composé, quand ce n'est pas la sienne.
    """

    NAME: ClassVar[str] = "notation.note_saisie.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    lot: Code | None = None
    auteur: str = ""
    regle: str
    transmise_par: Code | None = None


class GrilleRemplie(Event):
    """Une grille officielle est remplie : compétences, nombre de critères évalués, profils de la commission.

    v2 : d'autres profils.
    """

    NAME: ClassVar[str] = "notation.grille_remplie.v2"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    annexe: str
    criteres: dict[str, int]
    commission: tuple[Profil, ...]
    repli: bool = False
    regle: str


class DoubleSaisieComparee(Event):
    """Une seconde saisie, par une autre personne (compte ``auteur``), concorde ou non avec la première."""

    NAME: ClassVar[str] = "notation.double_saisie_comparee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    premiere: Note
    seconde: Note
    concorde: bool
    auteur: str = ""


class NoteVerrouillee(Event):
    """Le lot de cette note est clos : elle ne change plus que par harmonisation ou rectification (TR-N01)."""

    NAME: ClassVar[str] = "notation.note_verrouillee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    lot: Code
    regle: str


class NoteTardiveRecue(Event):
    """Note arrivée après la remontée (CAP24-N07), ou d'une autre académie après le jury (AMB-54) : non intégrée."""

    NAME: ClassVar[str] = "notation.note_tardive_recue.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    regle: str
    transmise_par: Code | None = None


class NoteTardiveIntegree(Event):
    """Le service décide d'intégrer une note tardive, avec son motif (CAP24-N07)."""

    NAME: ClassVar[str] = "notation.note_tardive_integree.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    note: Note
    motif: Motif
    regle: str


class SupportAbsentConstate(Event):
    """Support absent : zéro à la situation ou à l'épreuve ; le candidat n'est pas absent (CAP24-C03, CAP24-C06)."""

    NAME: ClassVar[str] = "notation.support_absent_constate.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str


class AbsenceConstatee(Event):
    """Le candidat est absent ; seul ce fait est saisi par qui évalue (AMB-49). ``constatee_le`` : quand il l'a été.

    ``transmise_par`` : l'académie où il devait composer, quand ce n'est pas la sienne.
    """

    NAME: ClassVar[str] = "notation.absence_constatee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str
    constatee_le: AwareDatetime | None = None
    transmise_par: Code | None = None


class AbsenceJustifiee(Event):
    """Le service d'examens admet le motif, sur pièce : zéro, diplôme encore possible (DC-CAP16, AMB-49)."""

    NAME: ClassVar[str] = "notation.absence_justifiee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str
    motif: Motif


class NoteHarmonisee(Event):
    """Une note change à l'harmonisation : avant, après, pourquoi (TR-R02)."""

    NAME: ClassVar[str] = "notation.note_harmonisee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    avant: Note
    apres: Note
    motif: Motif
    regle: str


class NoteRectifiee(Event):
    """Erreur matérielle corrigée : avant, après, pourquoi (DC-REC01, AMB-54). ``avant`` ou ``apres`` nul : absent."""

    NAME: ClassVar[str] = "notation.note_rectifiee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    avant: Note | None
    apres: Note | None
    motif: Motif
    regle: str


class ResultatArrete(Event):
    """Le résultat d'une épreuve est arrêté et remonte au jury (TR-N01, TR-N02).

    ``note`` est absente quand l'état n'en porte pas ; ``situations`` donne le détail ``S1`` → note ou mention.
    ``controle`` : note de l'oral de contrôle, que le jury rapproche de l'autre (DC-BTS11). v2 : d'autres états.
    """

    NAME: ClassVar[str] = "notation.resultat_arrete.v2"
    candidat: Numero
    epreuve: CodeEpreuve
    etat: EtatResultat
    note: Note | None = None
    note_brute: str | None = None  # fraction exacte « n/d » avant arrondi
    mode: Mode | None = None
    situations: dict[CodeSituation, str] = {}
    regle: str
    regles: tuple[str, ...] = ()
    controle: Note | None = None


class NoteSuspendue(Event):
    """L'évaluation a lieu, la note est gelée : on vérifie le dossier, ou la commission de discipline est saisie.

    ``cause`` : ``verification`` (BTS-C05) ou ``discipline`` (DC-FRA01).
    """

    NAME: ClassVar[str] = "notation.note_suspendue.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    cause: CauseSuspension
    motif: Motif
    regle: str


class SuspensionLevee(Event):
    """La note reprend effet (BTS-C06, DC-FRA01)."""

    NAME: ClassVar[str] = "notation.suspension_levee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    cause: CauseSuspension
    motif: Motif
    regle: str


class MentionNonValidePortee(Event):
    """Une mention tient lieu de note : ``non_valide`` (BTS-C03), ``non_validee_U1`` (MC-C13), ``fraude_annulee``."""

    NAME: ClassVar[str] = "notation.mention_non_valide_portee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    mention: EtatResultat
    motifs: tuple[str, ...] = ()
    regle: str


class MentionNonValideRetiree(Event):
    """Le dossier est finalement déclaré conforme : l'épreuve peut être évaluée (TR-C02)."""

    NAME: ClassVar[str] = "notation.mention_non_valide_retiree.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class EpreuveNonTenue(Event):
    """La facultative n'a pas lieu, faute du document qu'elle exige : ni point, ni blocage (BTS-C21, AMB-50)."""

    NAME: ClassVar[str] = "notation.epreuve_non_tenue.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class CompetenceEvaluee(Event):
    """Une compétence est acquise ou non : jamais une note (TP-N13, AMB-28). ``criteres`` : ceux qui ont été vus."""

    NAME: ClassVar[str] = "notation.competence_evaluee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    acquise: bool
    criteres: int | None = None
    lot: Code | None = None
    auteur: str = ""
    regle: str


class NoteControleSaisie(Event):
    """La note de l'épreuve orale de contrôle ; absente s'il ne s'y est pas présenté (DC-BTS11).

    ``motif`` : celui d'une correction (DC-REC01) ; ``avant`` est alors ce qui était porté, nul si c'était une absence.
    """

    NAME: ClassVar[str] = "notation.note_controle_saisie.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note | None = None
    auteur: str = ""
    regle: str
    avant: Note | None = None
    motif: Motif | None = None


class AbsenceLevee(Event):
    """L'absence portée avant que le passage soit reporté ne vaut plus : l'épreuve est à évaluer (CL-140)."""

    NAME: ClassVar[str] = "notation.absence_levee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    motif: Motif
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (
    *releve.EVENEMENTS,
    *conduite.EVENEMENTS,
    *bordereau.EVENEMENTS,
    NoteSaisie,
    GrilleRemplie,
    DoubleSaisieComparee,
    NoteVerrouillee,
    NoteTardiveRecue,
    NoteTardiveIntegree,
    SupportAbsentConstate,
    AbsenceConstatee,
    AbsenceJustifiee,
    NoteHarmonisee,
    NoteRectifiee,
    ResultatArrete,
    NoteSuspendue,
    SuspensionLevee,
    MentionNonValidePortee,
    MentionNonValideRetiree,
    EpreuveNonTenue,
    CompetenceEvaluee,
    NoteControleSaisie,
    AbsenceLevee,
    *resultats_accueil.EVENEMENTS,
    *transfert.NOTATION,
)
ETAPES = {
    "notation.releve_ouvert.v1": inchange,
    "notation.grille_remplie.v1": inchange,
    "notation.permis_valide.v1": inchange,
    "notation.permis_non_valide.v1": inchange,
    "notation.resultat_arrete.v1": inchange,
}
