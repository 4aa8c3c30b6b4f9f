"""Les périodes distinctes des attestations : autant d'attestations que de périodes (BTS-C10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from contracts.vocabulaire import Periode
from services.conformite.domain.heures import jours_ouvres

JOUR = timedelta(days=1)


def distinctes(periodes: Iterable[Periode]) -> tuple[frozenset[Periode], ...]:
    """Les périodes, rassemblées quand elles se recouvrent ou se suivent sans un jour ouvré entre elles."""
    groupes: list[list[Periode]] = []
    for une in sorted(periodes, key=lambda une: (une.debut, une.fin)):
        fin = max((autre.fin for autre in groupes[-1]), default=None) if groupes else None
        if fin is not None and not jours_ouvres(fin + JOUR, une.debut - JOUR):
            groupes[-1].append(une)
        else:
            groupes.append([une])
    return tuple(frozenset(groupe) for groupe in groupes)


def en_nombre(attestations: Mapping[str, Sequence[Periode]]) -> frozenset[str]:
    """Les attestations, par code, qui sont au moins autant que les périodes distinctes qu'elles disent.

    Sont écartées d'abord celles qui en ajoutent le plus, puis les plus courtes : une de trop n'ôte rien aux autres.
    """
    gardees = {code: attestations[code] for code in sorted(attestations)}
    while gardees:
        blocs = distinctes(periode for periodes in gardees.values() for periode in periodes)
        if len(blocs) <= len(gardees):
            break
        en_trop = {code: (_seule_a_dire(code, gardees, blocs), -_jours(gardees[code])) for code in gardees}
        del gardees[max(gardees, key=lambda code: en_trop[code])]
    return frozenset(gardees)


def _seule_a_dire(code: str, gardees: Mapping[str, Sequence[Periode]], blocs: Iterable[frozenset[Periode]]) -> int:
    """Combien de périodes distinctes aucune autre attestation ne dit."""
    autres = {periode for autre, periodes in gardees.items() if autre != code for periode in periodes}
    return sum(bool(bloc & {*gardees[code]}) and not bloc & autres for bloc in blocs)


def _jours(periodes: Iterable[Periode]) -> int:
    return sum(jours_ouvres(une.debut, une.fin) for une in periodes)
