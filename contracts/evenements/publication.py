"""Ce que dit le service publication : résultats publiés, relevés édités, diplômes délivrés."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from contracts.evenements.deliberation import Ligne
from contracts.messages import Event
from contracts.vocabulaire import Code, Decision, EtatResultat, Numero


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
    """Le relevé est édité ; ``empreinte`` est celle du fichier, octet pour octet reproductible (CAP24-P03)."""

    NAME: ClassVar[str] = "publication.releve_edite.v1"
    candidat: Numero
    version: int
    decision: Decision
    mention: str | None = None
    lignes: tuple[Ligne, ...]
    permis: EtatResultat | None = None
    empreinte: str
    regle: str


class DiplomeDelivre(Event):
    """Le diplôme est délivré par le recteur (DC-CAP25)."""

    NAME: ClassVar[str] = "publication.diplome_delivre.v1"
    candidat: Numero
    version: int
    mention: str | None = None
    empreinte: str
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (
    PublicationPreparee,
    ResultatsPublies,
    ReleveEdite,
    DiplomeDelivre,
)
