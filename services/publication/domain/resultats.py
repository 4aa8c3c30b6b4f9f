"""La liste des résultats publiés : des numéros et des décisions, jamais un nom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.vocabulaire import Decision

ENTETE = "candidat;jury;decision;mention"
# En attente : non publié (AMB-44). Non autorisé : pas candidat (CAP26-P01).
TUES = frozenset({Decision.EN_ATTENTE, Decision.NON_AUTORISE})
AFFICHEES = frozenset(Decision) - TUES


@dataclass(frozen=True)
class LigneListe:
    """Un candidat sur la liste publique."""

    candidat: str
    jury: str
    decision: Decision
    mention: str | None = None


def liste_publique(lignes: Iterable[LigneListe]) -> tuple[LigneListe, ...]:
    """Les décisions qui s'affichent, par numéro."""
    return tuple(sorted((one for one in lignes if one.decision in AFFICHEES), key=lambda one: (one.candidat, one.jury)))


def en_csv(lignes: Iterable[LigneListe]) -> str:
    """Une ligne par candidat, point-virgule, fins de ligne de la RFC 4180 : ce qu'un tableur français ouvre."""
    corps = [
        ";".join((one.candidat, one.jury, one.decision.value, one.mention or "")) for one in liste_publique(lignes)
    ]
    return "\r\n".join([ENTETE, *corps, ""])


def en_texte(lignes: Iterable[LigneListe]) -> str:
    """La même liste, en colonnes, pour l'affichage ou la lecture à voix haute."""
    retenues = liste_publique(lignes)
    largeur = max((len(one.candidat) for one in retenues), default=0)
    return "".join(
        f"{one.candidat:<{largeur}}  {one.decision.value}{f', mention {one.mention}' if one.mention else ''}\n"
        for one in retenues
    )
