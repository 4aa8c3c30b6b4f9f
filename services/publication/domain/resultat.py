"""Le résultat publié d'un candidat : ce que ses documents disent, sans son identité."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.evenements.deliberation import Ligne
from contracts.vocabulaire import Decision, EtatResultat


@dataclass(frozen=True)
class ResultatPublie:
    """La décision du jury, une fois publique. Tant qu'elle ne l'est pas, il n'y a pas de `ResultatPublie`.

    ``academie`` est celle où le candidat est inscrit. ``points`` et ``coefficients`` sont exacts (``125.5`` ou
    ``32/3``) ; les moyennes sont tronquées à deux décimales (AMB-38).
    """

    candidat: str
    academie: str
    jury: str
    publie_le: datetime
    decision: Decision
    lignes: tuple[Ligne, ...] = ()
    mention: str | None = None
    points: str = "0"
    coefficients: str = "0"
    moyenne: str | None = None
    moyenne_professionnelle: str | None = None
    permis: EtatResultat | None = None
    remplacement_possible: tuple[str, ...] = ()
