"""Ce que dit le service conformité : pièces déposées, jugées, dossier conforme ou non."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import AwareDatetime

from contracts.evenements import transfert
from contracts.evenements.etapes import inchange
from contracts.messages import Data, Event, Personnel
from contracts.vocabulaire import (
    Attestation,
    Categorie,
    CauseReduction,
    Code,
    CodeEpreuve,
    Contenu,
    Entreprise,
    Explication,
    Mode,
    Motif,
    NaturePiece,
    Numero,
    Verdict,
)


class MotifNonConformite(StrEnum):
    """Motifs qu'une décision de non-conformité énumère (CAP26-R01, BTS-C02)."""

    DUREE = "duree"
    SECTEUR = "secteur"
    DELAI = "delai"
    PIECE = "piece"
    SIGNATURE = "signature"
    DEPOT = "depot"
    ATTESTATION = "attestation"


class Effet(StrEnum):
    """Ce qu'une non-conformité entraîne, selon le diplôme ; à ne pas confondre (TR-C03)."""

    NON_AUTORISE = "non_autorise"
    NON_VALIDE = "non_valide"
    NON_SUBIE = "non_subie"


class DossierOuvert(Event):
    """Le service a appris l'inscription : voici les pièces que le candidat doit.

    ``attendus`` : ce que ces pièces couvrent, dans les termes du règlement (``attestation_experience``, ``EP1.S1``,
    ``EP2``) ; une pièce ou une autre peut couvrir le même attendu. ``unites`` : celles que le candidat présente, quand
    ce ne sont pas toutes les obligatoires ; ``modes`` : une pièce peut n'être due que dans l'un d'eux (MC-C12).
    v2 : d'autres statuts, d'autres pièces.
    """

    NAME: ClassVar[str] = "conformite.dossier_ouvert.v2"
    candidat: Numero
    categorie: Categorie
    majeur: bool
    reglement: str
    experience_due: bool
    formation_attestee: bool = False
    pieces_dues: tuple[NaturePiece, ...] = ()
    dispenses: tuple[CodeEpreuve, ...] = ()
    attendus: tuple[str, ...] = ()
    unites: tuple[CodeEpreuve, ...] = ()
    facultatives: tuple[CodeEpreuve, ...] = ()
    modes: dict[CodeEpreuve, Mode] = {}


class DossierModifie(Event):
    """L'inscription a changé, et les pièces dues avec elle : voici en entier ce qui vaut désormais."""

    NAME: ClassVar[str] = "conformite.dossier_modifie.v1"
    candidat: Numero
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] = ()
    pieces_dues: tuple[NaturePiece, ...] = ()
    manquants: tuple[str, ...] = ()


class PiecesDispensees(Event):
    """Les supports d'une épreuve ne sont plus dus : elle est dispensée, ou sa note conservée.

    ``manquants`` : les attendus du dossier que rien ne couvre encore.
    """

    NAME: ClassVar[str] = "conformite.pieces_dispensees.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str = ""
    manquants: tuple[str, ...] = ()


class PiecesRetablies(Event):
    """Le candidat repasse l'épreuve : ses supports sont dus de nouveau, et à arrêter de nouveau (DC-CAP18)."""

    NAME: ClassVar[str] = "conformite.pieces_retablies.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str = ""
    manquants: tuple[str, ...] = ()


class PieceDeposee(Event):
    """Une pièce est déposée. v2 : une attestation porte une liste de périodes (le modèle en prévoit deux).

    v3 : d'autres natures de pièces. ``contenu`` : ce que tient un dossier d'épreuve.

    ``entreprise`` : celle d'un travailleur indépendant, scellée, car elle le nomme ; l'attestation la tait alors.
    """

    NAME: ClassVar[str] = "conformite.piece_deposee.v3"
    PERSONAL: ClassVar[tuple[str, ...]] = ("entreprise",)
    candidat: Numero
    piece: Code
    nature: NaturePiece
    depose_le: AwareDatetime
    attestation: Attestation | None = None
    signataires: tuple[str, ...] = ()
    empreinte: str = ""
    entreprise: Personnel[Entreprise] | None = None
    contenu: Contenu | None = None


def piece_deposee_v1(data: Data) -> Data:
    """v1 → v2 : la période unique devient une liste d'une période."""
    attestation: dict[str, Any] | None = data.get("attestation")
    if attestation is None:
        return data
    rest = {key: value for key, value in attestation.items() if key != "periode"}
    return {**data, "attestation": {**rest, "periodes": [attestation["periode"]]}}


class PieceJugee(Event):
    """Verdict sur une pièce, par règle ou par une personne (alors motivé).

    ``attendu`` : ce que la pièce couvre. ``manquants`` : les attendus que rien ne couvre après elle.
    ``heures_retenues`` : celles de cette pièce ; ``heures_dossier`` : celles des attestations admises ensemble. Elles
    sont tronquées au centième pour l'affichage : la décision se prend sur le compte exact.
    """

    NAME: ClassVar[str] = "conformite.piece_jugee.v1"
    candidat: Numero
    piece: Code
    verdict: Verdict
    regle: str
    motifs: tuple[str, ...] = ()
    alertes: tuple[str, ...] = ()
    heures_retenues: Decimal | None = None
    a_la_main: bool = False
    attendu: str = ""
    manquants: tuple[str, ...] = ()
    heures_dossier: Decimal | None = None


class RegularisationDemandee(Event):
    """Pièce incomplète : elle est redemandée avant la date limite (CAP26-C05, CAP26-C06, CAP24-C05)."""

    NAME: ClassVar[str] = "conformite.regularisation_demandee.v1"
    candidat: Numero
    piece: Code
    manques: tuple[str, ...]
    avant: AwareDatetime
    regle: str


class DossierDeclareConforme(Event):
    """Le dossier est conforme : le candidat est autorisé à se présenter, ou évalué aux ``epreuves`` nommées.

    ``heures_retenues``, ``duree_retenue`` (texte exact, ``16 semaines``) : absentes quand aucune durée n'est exigée.
    ``penalites`` : défauts qui ne bloquent pas, laissés à l'appréciation de qui évalue (BTS-C18).
    """

    NAME: ClassVar[str] = "conformite.dossier_declare_conforme.v1"
    candidat: Numero
    regle: str
    explication: tuple[Explication, ...] = ()
    heures_retenues: Decimal | None = None
    epreuves: tuple[CodeEpreuve, ...] = ()
    duree_retenue: str = ""
    penalites: tuple[str, ...] = ()


class DossierDeclareNonConforme(Event):
    """Le dossier n'est pas conforme ; ``motifs`` : `MotifNonConformite` (CAP26-R01, BTS-C02).

    Sans ``epreuves``, tout l'examen est fermé (CAP26-I05). Sinon ces seules épreuves, avec l'``effet`` que le
    règlement dit : ``non_valide`` (BTS-C03), ``non_subie`` (MC-C04).
    """

    NAME: ClassVar[str] = "conformite.dossier_declare_non_conforme.v1"
    candidat: Numero
    regle: str
    motifs: tuple[str, ...]
    orientation: str = ""
    explication: tuple[Explication, ...] = ()
    heures_retenues: Decimal | None = None
    epreuves: tuple[CodeEpreuve, ...] = ()
    effet: str = Effet.NON_AUTORISE.value
    duree_retenue: str = ""


class DureeReduiteAutorisee(Event):
    """Une durée réduite est autorisée, par un acte de l'autorité (BTS-C08, BTS-C09)."""

    NAME: ClassVar[str] = "conformite.duree_reduite_autorisee.v1"
    candidat: Numero
    cause: CauseReduction
    motif: Motif
    regle: str


class SupportsArretes(Event):
    """À la date de remise, l'état des supports d'épreuve est arrêté : ceux qui manquent (CAP24-C03, CAP24-C06).

    ``manquants`` : ``EP1.S1``, ``EP2``… dans les termes du règlement. ``regles`` : celle de chacun, dans l'ordre.
    """

    NAME: ClassVar[str] = "conformite.supports_arretes.v1"
    candidat: Numero
    manquants: tuple[str, ...] = ()
    regles: tuple[str, ...] = ()


class DouteSignale(Event):
    """Un doute est signalé sur le dossier ; qui évalue ne rejette pas (TR-C02)."""

    NAME: ClassVar[str] = "conformite.doute_signale.v1"
    candidat: Numero
    motif: Motif
    regle: str
    epreuve: CodeEpreuve | None = None


class VerificationConclue(Event):
    """L'autorité a vérifié le dossier mis en doute ; celui d'une épreuve, si elle est nommée (BTS-C06)."""

    NAME: ClassVar[str] = "conformite.verification_conclue.v1"
    candidat: Numero
    conforme: bool
    motif: Motif
    regle: str
    epreuve: CodeEpreuve | None = None


EVENEMENTS: tuple[type[Event], ...] = (
    DossierOuvert,
    DossierModifie,
    PiecesDispensees,
    PiecesRetablies,
    PieceDeposee,
    PieceJugee,
    RegularisationDemandee,
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    SupportsArretes,
    DouteSignale,
    VerificationConclue,
    DureeReduiteAutorisee,
    *transfert.CONFORMITE,
)
ETAPES = {
    "conformite.piece_deposee.v1": piece_deposee_v1,
    "conformite.piece_deposee.v2": inchange,
    "conformite.dossier_ouvert.v1": inchange,
}
