"""Et si : la même décision sous un autre règlement, ou avec d'autres résultats. Rien n'est écrit, rien n'est décidé."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from contracts.reglement import Reglement
from contracts.session import SessionFigee
from services.deliberation.domain.calcul import AUCUN
from services.deliberation.domain.dossier import DossierJury, PointsAccordes, ResultatJury
from services.deliberation.domain.proposition import Proposition, proposer

INCHANGE: Mapping[str, ResultatJury | None] = MappingProxyType({})


def redecider(
    dossier: DossierJury,
    session: SessionFigee,
    *,
    reglement: Reglement | None = None,
    changements: Mapping[str, ResultatJury | None] = INCHANGE,
    accords: Mapping[str, PointsAccordes] | None = None,
    acquis: Mapping[str, str] = AUCUN,
    livret_vise: bool = False,
) -> Proposition:
    """Ce que le règlement donnerait. ``changements`` : épreuve → le résultat supposé, ou aucun résultat.

    Les valeurs fournies à la session valent aussi sous l'autre règlement, dont les épreuves seules comptent.

    Raises:
        Refus: voir `proposition.proposer` ; AMB-05 quand l'autre règlement veut une valeur que la session n'a pas.
    """
    resultats = {code: one for code, one in {**dossier.resultats, **changements}.items() if one is not None}
    supposee = session if reglement is None else replace(session, reglement=reglement)
    return proposer(
        replace(dossier, resultats=resultats), supposee, accords=accords, acquis=acquis, livret_vise=livret_vise
    )
