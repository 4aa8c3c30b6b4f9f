"""Ce que dit le service publication : résultats publiés, relevés édités, diplômes délivrés."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.evenements.deliberation import Ligne
from contracts.messages import Event
from contracts.vocabulaire import Code, CodeEpreuve, Decision, EtatResultat, Numero

Empreinte = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""sha256 du fichier, en hexadécimal."""

NumeroDocument = Annotated[str, Field(pattern=r"^[A-Z0-9-]{8,140}$")]
Modele = Annotated[str, Field(pattern=r"^[a-z]+\.v[1-9][0-9]*$")]
"""Gabarit du document. Un gabarit servi ne change plus : le document se refait à l'identique."""


class PublicationPreparee(Event):
    """Le jury est clos : ses résultats attendent la date de publication (CAP24-P01)."""

    NAME: ClassVar[str] = "publication.publication_preparee.v1"
    jury: Code
    decisions: dict[Numero, Decision]
    embargo: AwareDatetime


class ResultatsPublies(Event):
    """Les résultats du jury sont publics."""

    NAME: ClassVar[str] = "publication.resultats_publies.v1"
    jury: Code
    decisions: dict[Numero, Decision]
    le: AwareDatetime


class ReleveEdite(Event):
    """Le relevé est édité ; ``empreinte`` est celle du fichier, octet pour octet reproductible (CAP24-P03).

    Il garde ce que le document dit du résultat. ``publie_le`` est la date du document ; ``version`` compte les relevés
    du candidat, chacun remplace le précédent.
    """

    NAME: ClassVar[str] = "publication.releve_edite.v1"
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
)
