"""Ce que l'on peut demander au service délibération."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.messages import Command
from contracts.vocabulaire import Code, CodeEpreuve, Decision, Membre, Motif, Note, Numero


class ConstituerJury(Command):
    """Nommer le jury : arrêté, membres par profil, président, vice-président, candidats."""

    NAME: ClassVar[str] = "deliberation.constituer_jury"
    jury: Code
    arrete: str = Field(min_length=3, max_length=200)
    membres: tuple[Membre, ...] = Field(min_length=1)
    president: Code
    vice_president: Code
    candidats: tuple[Numero, ...] = Field(min_length=1)


class AttesterPresence(Command):
    """Attester la présence d'un membre à la séance."""

    NAME: ClassVar[str] = "deliberation.attester_presence"
    jury: Code
    membre: Code


class RecuserMembre(Command):
    """Écarter un membre de la délibération sur un candidat."""

    NAME: ClassVar[str] = "deliberation.recuser_membre"
    jury: Code
    membre: Code
    candidat: Numero
    motif: Motif


class TransmettrePresidence(Command):
    """Faire suppléer le président par le vice-président."""

    NAME: ClassVar[str] = "deliberation.transmettre_presidence"
    jury: Code
    motif: Motif


class OuvrirJury(Command):
    """Ouvrir la délibération sur l'état du journal à cet instant."""

    NAME: ClassVar[str] = "deliberation.ouvrir_jury"
    jury: Code


class ViserLivret(Command):
    """Porter au livret scolaire la mention de son examen, signée du président."""

    NAME: ClassVar[str] = "deliberation.viser_livret"
    jury: Code
    candidat: Numero


class AccorderPoints(Command):
    """Porter une note à une autre valeur, par décision motivée du jury (AMB-53)."""

    NAME: ClassVar[str] = "deliberation.accorder_points"
    jury: Code
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note
    motif: Motif


class AccorderAcquis(Command):
    """Tenir une unité pour acquise, par décision motivée du jury (AMB-28)."""

    NAME: ClassVar[str] = "deliberation.accorder_acquis"
    jury: Code
    candidat: Numero
    epreuve: CodeEpreuve
    motif: Motif


class PrendreDecision(Command):
    """Décider pour un candidat. ``decision`` absente : le jury suit la proposition calculée.

    Après la clôture : pour un candidat en attente dont la note n'est plus suspendue (AMB-44), ou pour qui le jury est
    reconvoqué (AMB-54).
    """

    NAME: ClassVar[str] = "deliberation.prendre_decision"
    jury: Code
    candidat: Numero
    decision: Decision | None = None


class ReconvoquerJury(Command):
    """Réunir de nouveau un jury clos pour un candidat, après une erreur matérielle (AMB-54).

    ``reclamation`` : celle du candidat, déjà instruite, qui a fait trouver l'erreur.
    """

    NAME: ClassVar[str] = "deliberation.reconvoquer_jury"
    jury: Code
    candidat: Numero
    motif: Motif
    reclamation: Code | None = None


class CloreJury(Command):
    """Clore le jury ; refusé tant que la preuve de sa régularité est incomplète."""

    NAME: ClassVar[str] = "deliberation.clore_jury"
    jury: Code


class SignalerResultatTardif(Command):
    """Dire au jury clos qu'un résultat d'une autre académie est arrivé après lui (réaction ; AMB-54).

    ``journal`` et ``position`` : où ce résultat est arrivé ; le jury l'a vu si sa décision les couvre.
    """

    NAME: ClassVar[str] = "deliberation.signaler_resultat_tardif"
    jury: Code
    candidat: Numero
    academie: Code
    epreuve: CodeEpreuve
    fait: str
    journal: str
    position: int


class SuivreTransfert(Command):
    """Prendre acte qu'un candidat du jury a changé d'académie (réaction ; AMB-55)."""

    NAME: ClassVar[str] = "deliberation.suivre_transfert"
    jury: Code
    candidat: Numero


COMMANDES: tuple[type[Command], ...] = (
    ConstituerJury,
    AttesterPresence,
    RecuserMembre,
    TransmettrePresidence,
    OuvrirJury,
    ViserLivret,
    AccorderPoints,
    PrendreDecision,
    CloreJury,
    AccorderAcquis,
    ReconvoquerJury,
    SignalerResultatTardif,
    SuivreTransfert,
)
