"""Ce que dit le service inscription quand plusieurs académies partagent un examen."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import Code, Enveloppe, Motif, Numero, TypeCentre


class RegroupementDefini(Event):
    """L'académie pilote définit le regroupement et ses rattachées (BTS-G01, DC-BTS19) ; remplace le précédent.

    ``membres`` : les académies rattachées, sans la pilote. ``empreinte`` : celle du règlement que tous doivent avoir.
    """

    NAME: ClassVar[str] = "inscription.regroupement_defini.v1"
    regroupement: Code
    pilote: Code
    membres: tuple[Code, ...]
    arrete: str
    reglement: str
    version: int
    empreinte: str
    cle_publique: str = ""
    regle: str


class RegroupementAccepte(Event):
    """Une académie rattachée accepte le regroupement, sous le même règlement (DC-BTS19)."""

    NAME: ClassVar[str] = "inscription.regroupement_accepte.v1"
    regroupement: Code
    pilote: Code
    reglement: str
    empreinte: str
    cle_publique: str = ""
    regle: str


class RegroupementClos(Event):
    """Le regroupement est clos par sa pilote : plus rien de nouveau ne s'y partage."""

    NAME: ClassVar[str] = "inscription.regroupement_clos.v1"
    regroupement: Code
    motif: Motif
    regle: str


class AccueilDemande(Event):
    """L'académie du candidat demande qu'il compose dans ce centre d'une autre académie du regroupement (BTS-G05).

    ``demande`` : la combientième du candidat. ``enveloppe`` : la clé de son identité, pour l'académie d'accueil.
    """

    NAME: ClassVar[str] = "inscription.accueil_demande.v1"
    candidat: Numero
    academie: Code
    centre: Code
    demande: int = 1
    enveloppe: Enveloppe | None = None
    regle: str


class CandidatAccueilli(Event):
    """Une place est prise ici pour le candidat d'une autre académie (BTS-G05). ``fuseau`` : l'heure légale d'ici."""

    NAME: ClassVar[str] = "inscription.candidat_accueilli.v1"
    candidat: Numero
    origine: Code
    centre: Code
    demande: int = 1
    type: TypeCentre
    fuseau: str = ""
    regle: str


class AccueilRefuse(Event):
    """Aucune place n'est prise ici pour le candidat d'une autre académie, et pourquoi."""

    NAME: ClassVar[str] = "inscription.accueil_refuse.v1"
    candidat: Numero
    origine: Code
    centre: Code
    demande: int = 1
    cause: str
    regle: str


class PlaceRendue(Event):
    """Le candidat accueilli ne vient plus : sa place est libre."""

    NAME: ClassVar[str] = "inscription.place_rendue.v1"
    candidat: Numero
    origine: Code
    centre: Code
    regle: str


class AccueilDecline(Event):
    """L'académie d'accueil n'a pas pris le candidat : il lui faut un autre centre."""

    NAME: ClassVar[str] = "inscription.accueil_decline.v1"
    candidat: Numero
    academie: Code
    centre: Code
    cause: str
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (
    RegroupementDefini,
    RegroupementAccepte,
    RegroupementClos,
    AccueilDemande,
    CandidatAccueilli,
    AccueilRefuse,
    PlaceRendue,
    AccueilDecline,
)
