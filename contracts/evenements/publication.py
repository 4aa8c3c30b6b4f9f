"""Ce que dit le service publication : résultats publiés, relevés édités, diplômes délivrés."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.evenements.deliberation import Ligne
from contracts.evenements.etapes import inchange
from contracts.messages import Event
from contracts.vocabulaire import Code, CodeEpreuve, Decision, EtatResultat, Numero

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
    """Le jury est clos : ses résultats attendent la date de publication (CAP24-P01). v2 : d'autres décisions."""

    NAME: ClassVar[str] = "publication.publication_preparee.v2"
    jury: Code
    decisions: dict[Numero, Decision]
    embargo: AwareDatetime


class ResultatsPublies(Event):
    """Les résultats du jury sont publics. v2 : d'autres décisions."""

    NAME: ClassVar[str] = "publication.resultats_publies.v2"
    jury: Code
    decisions: dict[Numero, Decision]
    le: AwareDatetime


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
    """Une décision prise après la clôture du jury est publique (AMB-44, AMB-54)."""

    NAME: ClassVar[str] = "publication.decision_publiee.v1"
    jury: Code
    candidat: Numero
    decision: Decision
    le: AwareDatetime
    regle: str


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


EVENEMENTS: tuple[type[Event], ...] = (
    PublicationPreparee,
    ResultatsPublies,
    ReleveEdite,
    DiplomeDelivre,
    DecisionPubliee,
    AttestationDelivree,
)
ETAPES = {
    "publication.publication_preparee.v1": inchange,
    "publication.resultats_publies.v1": inchange,
    "publication.releve_edite.v1": inchange,
}
