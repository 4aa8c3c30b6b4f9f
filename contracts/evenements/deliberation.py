"""Ce que dit le service délibération : le jury, qui siège, ce qu'il décide, sa clôture."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from contracts.messages import Event, Message
from contracts.vocabulaire import Code, CodeEpreuve, Decision, EtatResultat, Explication, Membre, Motif, Note, Numero


class Ligne(Message):
    """Une épreuve telle que le jury l'a vue. ``note`` affichée ; ``coefficient`` absent si hors calcul."""

    epreuve: CodeEpreuve
    intitule: str
    domaine: str
    etat: EtatResultat
    note: Note | None = None
    coefficient: Decimal | None = None
    situations: dict[str, str] = {}
    points: Decimal | None = None


class JuryConstitue(Event):
    """Le jury est nommé : membres, profils, président, vice-président, arrêté, candidats (CAP24-D01, DC-CAP22)."""

    NAME: ClassVar[str] = "deliberation.jury_constitue.v1"
    jury: Code
    arrete: str
    membres: tuple[Membre, ...]
    president: Code
    vice_president: Code
    candidats: tuple[Numero, ...]
    regle: str


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
    """La délibération commence ; ``position`` est celle du journal que le jury voit."""

    NAME: ClassVar[str] = "deliberation.jury_ouvert.v1"
    jury: Code
    journal: str
    position: int
    preside_par: Code


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
    position du journal prise en compte pour ce candidat.
    """

    NAME: ClassVar[str] = "deliberation.decision_prise.v1"
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


class JuryClos(Event):
    """Le jury est clos : plus rien ne change. ``decisions`` : candidat → décision."""

    NAME: ClassVar[str] = "deliberation.jury_clos.v1"
    jury: Code
    decisions: dict[Numero, Decision]
    presents: tuple[Code, ...]
    preside_par: Code
    journal: str
    position: int
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
)
