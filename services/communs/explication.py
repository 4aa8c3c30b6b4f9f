"""One clause of an explanation: its rule, where it stands, the facts, the figures, the effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.reglement import Reglement
from contracts.vocabulaire import Explication


def clause(
    reglement: Reglement,
    regle: str,
    texte: str,
    *,
    faits: Iterable[str] = (),
    chiffres: Mapping[str, str] | None = None,
    effet: str = "",
    details: Iterable[Explication] = (),
    preuves: Iterable[str] = (),
) -> Explication:
    """A clause with its source; ``texte`` and ``faits`` in words that a candidate understands.

    ``preuves``: ids of the events behind them.
    """
    return Explication(
        regle=regle,
        source=source_de(reglement, regle),
        texte=texte,
        faits=tuple(faits),
        chiffres=dict(chiffres or {}),
        effet=effet,
        details=tuple(details),
        preuves=tuple(dict.fromkeys(preuves)),
    )


def source_de(reglement: Reglement, regle: str) -> str:
    """The text and section where a rule stands, said to be from memory when it is; empty if it is not known."""
    found = reglement.source(regle)
    if found is None:
        return ""
    memoire = "de mémoire, à vérifier" if found.statut == "memoire" else ""
    return ", ".join(filter(None, (found.texte, found.section, memoire)))


def regles(explications: Iterable[Explication]) -> tuple[str, ...]:
    """The rules that these clauses cite, once each, in reading order."""
    citees: dict[str, None] = {}
    for one in explications:
        citees.update(dict.fromkeys((one.regle, *regles(one.details))))
    return tuple(citees)
