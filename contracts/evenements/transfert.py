"""Ce que disent les services d'un candidat qui change d'académie, avec toute son histoire."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import Code, Enveloppe, Motif, Numero


class TransfertPropose(Event):
    """L'académie du candidat propose de le transférer à une autre du regroupement ; elle seule peut y répondre.

    ``proposition`` : la combientième du candidat. ``enveloppe`` : la clé de son identité, pour l'autre académie.
    """

    NAME: ClassVar[str] = "inscription.transfert_propose.v1"
    candidat: Numero
    vers: Code
    motif: Motif
    proposition: int = 1
    enveloppe: Enveloppe | None = None
    regle: str


class TransfertAccepte(Event):
    """L'académie d'arrivée accepte le candidat ; elle reprendra son histoire quand celle de départ l'aura close.

    ``personne`` : l'empreinte sous laquelle sa place y est gardée dès maintenant, quand son identité est confiée.
    """

    NAME: ClassVar[str] = "inscription.transfert_accepte.v1"
    candidat: Numero
    origine: Code
    proposition: int = 1
    personne: str = ""
    regle: str


class TransfertRefuse(Event):
    """L'académie d'arrivée n'accepte pas le candidat : il reste dans la sienne."""

    NAME: ClassVar[str] = "inscription.transfert_refuse.v1"
    candidat: Numero
    origine: Code
    proposition: int = 1
    motif: Motif
    regle: str


class CandidatTransfere(Event):
    """Le candidat relève d'une autre académie : plus rien ne change ici."""

    NAME: ClassVar[str] = "inscription.candidat_transfere.v1"
    candidat: Numero
    vers: Code
    regle: str


class TransfertDecline(Event):
    """L'autre académie a refusé le transfert : le candidat reste ici."""

    NAME: ClassVar[str] = "inscription.transfert_decline.v1"
    candidat: Numero
    vers: Code
    motif: Motif
    regle: str


class _Repris(Event):
    """D'où vient l'histoire qui suit : ``rang`` messages de ``agregat``, dont ``tete`` est l'empreinte du dernier."""

    candidat: Numero
    origine: Code
    agregat: str
    rang: int
    tete: str


class CandidatureReprise(_Repris):
    """L'inscription du candidat transféré est reprise : les faits qui suivent sont ceux de son académie d'origine."""

    NAME: ClassVar[str] = "inscription.historique_repris.v1"


class DossierRepris(_Repris):
    """Le dossier du candidat transféré est repris : les faits qui suivent sont ceux de son académie d'origine."""

    NAME: ClassVar[str] = "conformite.historique_repris.v1"


class ReleveRepris(_Repris):
    """Le relevé du candidat transféré est repris : les faits qui suivent sont ceux de son académie d'origine."""

    NAME: ClassVar[str] = "notation.historique_repris.v1"


class CentreQuitte(Event):
    """Le centre d'un candidat transféré, et sa convocation, étaient de l'académie quittée : il lui en faut d'autres.

    ``de`` : cette académie. Suit l'histoire reprise.
    """

    NAME: ClassVar[str] = "inscription.centre_quitte.v1"
    candidat: Numero
    centre: Code
    de: Code
    regle: str


class DossierTransfere(Event):
    """Le dossier suit son candidat dans une autre académie : plus rien n'y change ici."""

    NAME: ClassVar[str] = "conformite.dossier_transfere.v1"
    candidat: Numero
    vers: Code


class ReleveTransfere(Event):
    """Le relevé suit son candidat dans une autre académie : plus rien n'y change ici."""

    NAME: ClassVar[str] = "notation.releve_transfere.v1"
    candidat: Numero
    vers: Code


INSCRIPTION: tuple[type[Event], ...] = (
    TransfertPropose,
    TransfertAccepte,
    TransfertRefuse,
    CandidatTransfere,
    TransfertDecline,
    CandidatureReprise,
    CentreQuitte,
)
CONFORMITE: tuple[type[Event], ...] = (DossierTransfere, DossierRepris)
NOTATION: tuple[type[Event], ...] = (ReleveTransfere, ReleveRepris)
DU_TRANSFERT: tuple[type[Event], ...] = (
    TransfertPropose,
    TransfertDecline,
    CandidatTransfere,
    DossierTransfere,
    ReleveTransfere,
)
"""Ce qui n'a de sens que dans l'académie quittée, et ne se reprend pas."""
