"""Composition des commissions : par profils, avec repli seulement si le texte le prévoit (TR-N03)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from contracts.messages import Refus
from contracts.reglement import Commission


def exiger_commission(regle: Commission, presents: Iterable[str]) -> bool:
    """Chaque profil obligatoire siège, ou un autre membre du profil de repli. Vrai : il a fallu un repli.

    Raises:
        Refus: la règle de la commission, elle est irrégulière (CAP24-N02, CAP24-N16, CAP24-N20, CAP24-N21, AMB-08).
    """
    libres = Counter(str(profil) for profil in presents)
    requis = Counter(regle.obligatoires)
    manquants = requis - libres
    libres -= requis
    for profil in manquants.elements():
        repli = regle.repli.get(profil)
        if repli is None or not libres[repli]:
            raise Refus(regle.regle, f"commission irrégulière : il manque « {profil} »{_suppleance(repli)}")
        libres[repli] -= 1
    return bool(manquants)


def _suppleance(repli: str | None) -> str:
    if repli is None:
        return " ; aucun repli n'est prévu, réunissez une commission complète"
    return f" ; à défaut, un second « {repli} » peut siéger"
