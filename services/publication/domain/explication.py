"""Une clause d'explication : sa règle, sa source, dans des mots de candidat."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.reglement import Reglement
from contracts.vocabulaire import Explication


def dire(
    reglement: Reglement,
    regle: str,
    texte: str,
    *,
    faits: tuple[str, ...] = (),
    chiffres: dict[str, str] | None = None,
    effet: str = "",
    details: tuple[Explication, ...] = (),
) -> Explication:
    """Une clause, avec sa source."""
    found = reglement.source(regle)
    source = ", ".join(filter(None, (found.texte, found.section))) if found else ""
    return Explication(
        regle=regle, source=source, texte=texte, faits=faits, chiffres=chiffres or {}, effet=effet, details=details
    )


def regles(explication: Iterable[Explication]) -> tuple[str, ...]:
    """Les règles que ces clauses citent, chacune une fois."""
    citees = (regle for one in explication for regle in (one.regle, *regles(one.details)))
    return tuple(dict.fromkeys(citees))
