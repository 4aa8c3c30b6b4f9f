"""Ce que dit le service notation de la conduite : une mention, jamais une note."""

from __future__ import annotations

from typing import ClassVar

from contracts.messages import Event
from contracts.vocabulaire import (
    CodeEpreuve,
    CodeSituation,
    EtatResultat,
    Motif,
    Numero,
)


class EtgValidee(Event):
    """L'épreuve théorique générale est validée : la pratique est ouverte (CAP24-N11)."""

    NAME: ClassVar[str] = "notation.etg_validee.v1"
    candidat: Numero
    tentative: int
    regle: str


class EtgEchouee(Event):
    """L'épreuve théorique générale est échouée ; les rattrapages ne sont pas limités (CAP24-N12)."""

    NAME: ClassVar[str] = "notation.etg_echouee.v1"
    candidat: Numero
    tentative: int
    regle: str


class PermisValide(Event):
    """Conduite validée (ponctuel) ou avis favorable (CCF) : une mention, jamais une note (CAP24-N14, CAP24-N15).

    v2 : la liste des états s'est allongée.
    """

    NAME: ClassVar[str] = "notation.permis_valide.v2"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation
    mention: EtatResultat
    tentative: int
    regle: str
    motif: Motif | None = None


class PermisNonValide(Event):
    """Conduite non validée, avis insuffisant, absence ou conduite non organisée : sans effet sur le CAP (CAP24-N17).

    ``tentative`` : présentations faites, celle-ci comprise ; une absence n'en est pas une. v2 : la liste des états
    s'est allongée.
    """

    NAME: ClassVar[str] = "notation.permis_non_valide.v2"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation
    mention: EtatResultat
    tentative: int
    regle: str
    motif: Motif | None = None


EVENEMENTS: tuple[type[Event], ...] = (
    EtgValidee,
    EtgEchouee,
    PermisValide,
    PermisNonValide,
)
