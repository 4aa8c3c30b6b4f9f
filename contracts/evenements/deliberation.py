"""Ce que dit le service délibération : le jury, qui siège, ce qu'il décide, sa clôture."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from contracts.evenements.etapes import inchange
from contracts.messages import Event, Message
from contracts.vocabulaire import Code, CodeEpreuve, Decision, EtatResultat, Explication, Membre, Motif, Note, Numero


class NatureDecision(StrEnum):
    """Quand une décision est prise, et pourquoi elle l'est encore."""

    INITIALE = "initiale"
    COMPLEMENTAIRE = "complementaire"
    RECTIFICATIVE = "rectificative"


class Ligne(Message):
    """Une épreuve telle que le jury l'a vue. ``note`` affichée ; ``coefficient`` absent si hors calcul.

    ``note_exacte`` : la fraction ``n/d`` quand l'affichage la tronque. ``controle`` : note de l'oral de contrôle.
    """

    epreuve: CodeEpreuve
    intitule: str
    domaine: str
    etat: EtatResultat
    note: Note | None = None
    coefficient: Decimal | None = None
    situations: dict[str, str] = {}
    points: Decimal | None = None
    note_exacte: str | None = None
    controle: Note | None = None


class JuryConstitue(Event):
    """Le jury est nommé : membres, profils, président, vice-président, arrêté, candidats (CAP24-D01, DC-CAP22).

    ``origines`` : candidat → académie où il est inscrit, pour ceux d'une autre académie du regroupement (AMB-55).
    v2 : d'autres profils.
    """

    NAME: ClassVar[str] = "deliberation.jury_constitue.v2"
    jury: Code
    arrete: str
    membres: tuple[Membre, ...]
    president: Code
    vice_president: Code
    candidats: tuple[Numero, ...]
    regle: str
    origines: dict[Numero, Code] = {}


class CandidatRattache(Event):
    """La place du candidat, prise par le seul jury qui le délibère ; écrite avec la nomination de ce jury."""

    NAME: ClassVar[str] = "deliberation.candidat_rattache.v1"
    candidat: Numero
    jury: Code


class PresenceAttestee(Event):
    """Un membre est attesté présent à la séance."""

    NAME: ClassVar[str] = "deliberation.presence_attestee.v1"
    jury: Code
    membre: Code


class MembreRecuse(Event):
    """Un membre ne délibère pas sur ce candidat, avec le motif."""

    NAME: ClassVar[str] = "deliberation.membre_recuse.v1"
    jury: Code
    membre: Code
    candidat: Numero
    motif: Motif


class PresidenceTransmise(Event):
    """Le président absent ou empêché est suppléé par le vice-président (CAP24-D01)."""

    NAME: ClassVar[str] = "deliberation.presidence_transmise.v1"
    jury: Code
    de: Code
    a: Code
    motif: Motif
    regle: str


class JuryOuvert(Event):
    """La délibération commence ; ``position`` est celle du journal que le jury voit.

    ``positions`` : flux → position que le jury y voit, quand il décide aussi de candidats d'autres académies.
    """

    NAME: ClassVar[str] = "deliberation.jury_ouvert.v1"
    jury: Code
    journal: str
    position: int
    preside_par: Code
    positions: dict[str, int] = {}


class LivretVise(Event):
    """Le livret du candidat a été examiné ; la mention est signée du président (DC-CAP15)."""

    NAME: ClassVar[str] = "deliberation.livret_vise.v1"
    jury: Code
    candidat: Numero
    regle: str


class PointsDeJuryAccordes(Event):
    """Le jury, souverain, porte une note de ``avant`` à ``apres``, avec motif ; l'ancienne est gardée (AMB-53).

    ``arretee`` : la note remontée au jury ; si elle change ensuite, les points accordés sont sans effet. Absente, c'est
    ``avant``.
    """

    NAME: ClassVar[str] = "deliberation.points_de_jury_accordes.v1"
    jury: Code
    candidat: Numero
    epreuve: CodeEpreuve
    avant: Note
    apres: Note
    motif: Motif
    regle: str
    arretee: Note | None = None


class DecisionPrise(Event):
    """La décision du jury pour un candidat, expliquée clause par clause.

    ``points``/``coefficients`` sont exacts ; ``moyenne`` est l'affichage tronqué (AMB-38). ``position`` est la dernière
    position du journal prise en compte pour ce candidat. ``nature`` : initiale, complémentaire (une note suspendue est
    levée après la clôture, AMB-44), rectificative (AMB-54). ``unites`` : celles que le candidat acquiert ou conserve.
    ``confirmee`` : prise après la clôture, elle ne change rien à la précédente. ``origine`` : l'académie du candidat,
    si ce n'est pas celle du jury (AMB-55). ``tenu_par`` : voir `JuryReconvoque`.
    v2 : d'autres décisions, d'autres états.
    """

    NAME: ClassVar[str] = "deliberation.decision_prise.v2"
    jury: Code
    candidat: Numero
    decision: Decision
    mention: str | None = None
    points: str
    coefficients: str
    moyenne: str | None = None
    moyenne_professionnelle: str | None = None
    lignes: tuple[Ligne, ...]
    permis: EtatResultat | None = None
    remplacement_possible: tuple[CodeEpreuve, ...] = ()
    journal: str
    position: int
    reglement: str
    regles: tuple[str, ...]
    explication: tuple[Explication, ...]
    nature: NatureDecision = NatureDecision.INITIALE
    unites: tuple[CodeEpreuve, ...] = ()
    epreuves_controle: tuple[CodeEpreuve, ...] = ()
    choix: dict[str, str] = {}
    confirmee: bool = False
    origine: Code | None = None
    tenu_par: Code | None = None


class AcquisAccorde(Event):
    """Le jury, par décision motivée, tient pour acquise une unité dont une compétence ne l'est pas (AMB-28)."""

    NAME: ClassVar[str] = "deliberation.acquis_accorde.v1"
    jury: Code
    candidat: Numero
    epreuve: CodeEpreuve
    motif: Motif
    regle: str


class JuryReconvoque(Event):
    """Le jury clos est réuni de nouveau pour un candidat : erreur matérielle (AMB-54).

    ``reclamation`` : numéro de celle qui l'a fait trouver, s'il y en a une. ``origine`` : l'académie du candidat, si ce
    n'est pas celle du jury ; ``tenu_par`` : celle qui tient son dossier depuis, s'il en a changé ensuite
    (`TransfertApresCloture`).
    """

    NAME: ClassVar[str] = "deliberation.jury_reconvoque.v1"
    jury: Code
    candidat: Numero
    motif: Motif
    regle: str
    reclamation: Code | None = None
    origine: Code | None = None
    tenu_par: Code | None = None


class JuryClos(Event):
    """Le jury est clos. ``decisions`` : candidat → décision ; une décision en attente se prend ensuite (AMB-44).

    ``preuve`` : ce qui rend le jury régulier, clause par clause. ``origines`` : candidat → son académie, pour ceux
    d'une autre académie du regroupement. v2 : d'autres décisions.
    """

    NAME: ClassVar[str] = "deliberation.jury_clos.v2"
    jury: Code
    decisions: dict[Numero, Decision]
    presents: tuple[Code, ...]
    preside_par: Code
    journal: str
    position: int
    regle: str
    preuve: tuple[Explication, ...] = ()
    origines: dict[Numero, Code] = {}


class ResultatApresCloture(Event):
    """Un résultat d'un candidat d'une autre académie est arrivé après la clôture du jury, qui ne l'a pas vu (AMB-54).

    Il ne change rien à la décision : le jury peut être réuni de nouveau. ``fait`` : celui qui établit ce résultat.
    """

    NAME: ClassVar[str] = "deliberation.resultat_apres_cloture.v1"
    jury: Code
    candidat: Numero
    academie: Code
    epreuve: CodeEpreuve
    fait: str
    regle: str


class TransfertSuivi(Event):
    """Un candidat du jury a changé d'académie : le jury le suit, et décide sur le dossier de la nouvelle (AMB-55).

    ``origine`` : ``vers``, si ce n'est pas l'académie du jury.
    """

    NAME: ClassVar[str] = "deliberation.transfert_suivi.v1"
    jury: Code
    candidat: Numero
    de: Code
    vers: Code
    origine: Code | None = None
    regle: str


class TransfertApresCloture(Event):
    """Un candidat du jury a changé d'académie, ce que le jury n'a su qu'après sa clôture (AMB-55).

    ``academie`` : celle du candidat à la clôture ; elle publie, délivre et rectifie. ``vers`` tient son dossier ; jury
    réuni de nouveau, c'est sur lui qu'il décide. ``origine`` : ``vers``, si ce n'est pas l'académie du jury.
    """

    NAME: ClassVar[str] = "deliberation.transfert_apres_cloture.v1"
    jury: Code
    candidat: Numero
    academie: Code
    vers: Code
    origine: Code | None = None
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (
    JuryConstitue,
    PresenceAttestee,
    MembreRecuse,
    PresidenceTransmise,
    JuryOuvert,
    LivretVise,
    PointsDeJuryAccordes,
    DecisionPrise,
    JuryClos,
    AcquisAccorde,
    JuryReconvoque,
    CandidatRattache,
    ResultatApresCloture,
    TransfertSuivi,
    TransfertApresCloture,
)
ETAPES = {
    "deliberation.jury_constitue.v1": inchange,
    "deliberation.decision_prise.v1": inchange,
    "deliberation.jury_clos.v1": inchange,
}
