"""Ce que dit le service publication : résultats publiés, documents édités, réclamations et leur issue."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.evenements.deliberation import Ligne
from contracts.evenements.etapes import inchange
from contracts.messages import Event, Message
from contracts.vocabulaire import Code, CodeEpreuve, Decision, EtatResultat, Explication, Motif, Numero

Empreinte = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""sha256 du fichier, en hexadécimal."""

NumeroDocument = Annotated[str, Field(pattern=r"^[A-Z0-9-]{8,140}$")]
Modele = Annotated[str, Field(pattern=r"^[a-z]+\.v[1-9][0-9]*$")]
"""Gabarit du document. Un gabarit servi ne change plus : le document se refait à l'identique."""


class TypeAttestation(StrEnum):
    """Attestation de blocs de compétences, ou livret de certification du titre professionnel."""

    BLOCS = "attestation_blocs"
    LIVRET = "livret_certification"


class PublicationPreparee(Event):
    """Le jury est clos : ses résultats attendent la date de publication (CAP24-P01).

    ``pilote`` : l'académie dont c'est le jury, si ce n'est pas celle-ci (AMB-55) : les décisions sont celles des
    candidats d'ici. v2 : d'autres décisions.
    """

    NAME: ClassVar[str] = "publication.publication_preparee.v2"
    jury: Code
    decisions: dict[Numero, Decision]
    embargo: AwareDatetime
    pilote: Code | None = None


class ResultatsPublies(Event):
    """Les résultats du jury sont publics.

    ``vu`` : la position des échanges à cet instant, quand le jury est celui d'une autre académie : ce qu'il a décidé
    jusque-là est publié. v2 : d'autres décisions.
    """

    NAME: ClassVar[str] = "publication.resultats_publies.v2"
    jury: Code
    decisions: dict[Numero, Decision]
    le: AwareDatetime
    vu: int | None = None


class ReleveEdite(Event):
    """Le relevé est édité ; ``empreinte`` est celle du fichier, octet pour octet reproductible (CAP24-P03).

    Il garde ce que le document dit du résultat. ``publie_le`` est la date du document ; ``version`` compte les relevés
    du candidat, chacun remplace le précédent. v2 : d'autres décisions, d'autres états.
    """

    NAME: ClassVar[str] = "publication.releve_edite.v2"
    candidat: Numero
    jury: Code
    numero: NumeroDocument
    version: int = Field(ge=1)
    modele: Modele
    publie_le: AwareDatetime
    decision: Decision
    mention: str | None = None
    points: str
    coefficients: str
    moyenne: str | None = None
    moyenne_professionnelle: str | None = None
    lignes: tuple[Ligne, ...]
    permis: EtatResultat | None = None
    remplacement_possible: tuple[CodeEpreuve, ...] = ()
    empreinte: Empreinte
    regle: str
    unites: tuple[CodeEpreuve, ...] = ()
    epreuves_controle: tuple[CodeEpreuve, ...] = ()


class DecisionPubliee(Event):
    """Une décision prise après la clôture du jury est publique (AMB-44, AMB-54).

    ``confirmee`` : le jury n'a rien changé ; les documents du candidat et la liste demeurent.
    """

    NAME: ClassVar[str] = "publication.decision_publiee.v1"
    jury: Code
    candidat: Numero
    decision: Decision
    le: AwareDatetime
    regle: str
    confirmee: bool = False


class AttestationDelivree(Event):
    """Ce que reçoit qui n'obtient pas le diplôme : ses unités (DC-CAP26, DC-BTS17, DC-MC11), ses CCP (DC-TP08)."""

    NAME: ClassVar[str] = "publication.attestation_delivree.v1"
    candidat: Numero
    jury: Code
    numero: NumeroDocument
    version: int = Field(ge=1)
    modele: Modele
    publie_le: AwareDatetime
    type: TypeAttestation
    unites: tuple[CodeEpreuve, ...]
    empreinte: Empreinte
    regle: str


class DiplomeDelivre(Event):
    """Le diplôme est délivré par le recteur (DC-CAP25)."""

    NAME: ClassVar[str] = "publication.diplome_delivre.v1"
    candidat: Numero
    jury: Code
    numero: NumeroDocument
    version: int = Field(ge=1)
    modele: Modele
    publie_le: AwareDatetime
    mention: str | None = None
    empreinte: Empreinte
    regle: str


class DocumentRemplace(Event):
    """Un document ne vaut plus : ``par`` est celui qui l'annule et le remplace (AMB-54). Il reste lisible.

    Une attestation d'unités l'est aussi par le diplôme qui les contient toutes (DC-BTS17).
    """

    NAME: ClassVar[str] = "publication.document_remplace.v1"
    candidat: Numero
    jury: Code
    numero: NumeroDocument
    par: NumeroDocument
    le: AwareDatetime
    regle: str


class NatureReclamation(StrEnum):
    """Ce que le candidat demande. Toutes contestent une décision, sauf la communication d'un document."""

    COMMUNICATION_COPIE = "communication_copie"
    SECONDE_CORRECTION = "seconde_correction"
    ERREUR_MATERIELLE = "erreur_materielle"
    DECISION_JURY = "decision_jury"
    CONFORMITE = "conformite"
    RECOURS_CONTENTIEUX = "recours_contentieux"  # le tribunal est saisi : le service l'apprend et l'enregistre


class ConstatReclamation(StrEnum):
    """Ce que le service a trouvé en instruisant."""

    ERREUR_MATERIELLE = "erreur_materielle"  # addition, transcription
    IRREGULARITE = "irregularite"  # la décision n'a pas été prise comme elle devait l'être
    APPRECIATION = "appreciation"  # seule l'appréciation du jury est contestée
    AUCUNE_ERREUR = "aucune_erreur"
    DOCUMENT_DISPONIBLE = "document_disponible"
    DOCUMENT_ABSENT = "document_absent"
    JUGEMENT_RENDU = "jugement_rendu"


class IssueReclamation(StrEnum):
    ACCEPTEE = "acceptee"
    REJETEE = "rejetee"
    SANS_SUITE = "sans_suite"
    IRRECEVABLE = "irrecevable"


class Notification(Message):
    """Le document qui a appris la décision au candidat, et s'il disait les voies et délais de recours (DC-REC04)."""

    document: NumeroDocument
    modele: Modele
    le: AwareDatetime
    voies_et_delais: bool


class ReclamationDeposee(Event):
    """Une réclamation est reçue : cet événement en est l'accusé de réception (DC-REC05).

    ``publie_le`` : quand la décision contestée a été publiée. ``recours_jusqu_au`` : dernier jour du délai ; absent
    s'il n'est pas opposable. ``interrompt`` : le délai repartira de l'issue. ``reponse_due`` : dernier jour pour
    répondre, après quoi le silence vaut refus (DC-REC03).
    """

    NAME: ClassVar[str] = "publication.reclamation_deposee.v1"
    candidat: Numero
    numero: Code
    nature: NatureReclamation
    epreuve: CodeEpreuve | None = None
    annexe: Code | None = None
    depose_le: AwareDatetime
    par_representant: bool = False
    publie_le: AwareDatetime | None = None
    notification: Notification | None = None
    recours_jusqu_au: date | None = None
    tardive: bool = False
    interrompt: bool = False
    reponse_due: date | None = None
    regles: tuple[str, ...]
    explication: tuple[Explication, ...]


class PreuveJournal(Message):
    """Un événement du journal : ce qu'il est, où il se trouve, quand et par qui (son rôle), dit en mots.

    ``journal`` : le flux de sa position, s'il vient d'une autre académie.
    """

    fait: str
    nom: str
    position: int
    le: AwareDatetime
    role: str
    dit: str
    journal: str | None = None


class Trouvaille(Message):
    """Ce que le journal montre de lui-même, sous sa règle. ``fonde`` : le constat qu'elle justifie, s'il y en a un.

    ``revue`` : le jury en a déjà tenu compte.
    """

    code: Code
    epreuve: CodeEpreuve | None = None
    fonde: ConstatReclamation | None = None
    revue: bool = False
    explication: Explication
    preuves: tuple[PreuveJournal, ...] = ()


class Rectification(Message):
    """Ce que le jury, réuni de nouveau, a fait : sa décision avant et après, les documents, ceux qu'ils remplacent."""

    jury: Code
    le: AwareDatetime
    avant: Decision | None = None
    apres: Decision
    confirmee: bool = False
    documents: tuple[NumeroDocument, ...] = ()
    remplaces: tuple[NumeroDocument, ...] = ()


class ReclamationInstruite(Event):
    """Ce que le service a trouvé, avant l'issue. ``trouve`` : ce que le journal montrait alors du candidat."""

    NAME: ClassVar[str] = "publication.reclamation_instruite.v1"
    candidat: Numero
    numero: Code
    constat: ConstatReclamation
    motif: Motif
    le: AwareDatetime
    regles: tuple[str, ...]
    explication: tuple[Explication, ...]
    trouve: tuple[Trouvaille, ...] = ()


class ReclamationClose(Event):
    """L'issue, motivée (DC-REC06). ``recours_jusqu_au`` : dernier jour pour la contester ; absent s'il n'y en a pas.

    ``rectification`` : ce que le jury a fait, réuni de nouveau pour cette réclamation.
    """

    NAME: ClassVar[str] = "publication.reclamation_close.v1"
    candidat: Numero
    numero: Code
    issue: IssueReclamation
    motif: Motif
    le: AwareDatetime
    recours_jusqu_au: date | None = None
    regles: tuple[str, ...]
    explication: tuple[Explication, ...]
    rectification: Rectification | None = None


class EffacementAccorde(Event):
    """Plus rien n'oblige à garder l'identité du candidat : sa clé peut être détruite (DC-RGP02, AMB-58)."""

    NAME: ClassVar[str] = "publication.effacement_accorde.v1"
    candidat: Numero
    le: AwareDatetime
    accord_archives: str
    regles: tuple[str, ...]
    explication: tuple[Explication, ...]
    motif: str = ""


EVENEMENTS: tuple[type[Event], ...] = (
    PublicationPreparee,
    ResultatsPublies,
    ReleveEdite,
    DiplomeDelivre,
    DecisionPubliee,
    AttestationDelivree,
    ReclamationDeposee,
    ReclamationInstruite,
    ReclamationClose,
    EffacementAccorde,
    DocumentRemplace,
)
ETAPES = {
    "publication.publication_preparee.v1": inchange,
    "publication.resultats_publies.v1": inchange,
    "publication.releve_edite.v1": inchange,
}
