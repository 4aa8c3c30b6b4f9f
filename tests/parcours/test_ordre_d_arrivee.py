"""A whole journey, from the registration to the decision: the order in which independent things arrive changes nothing.

One worked case of each framework is played through the five services in memory, as it is written; then again with its
pieces, its marks and its results in another order, and with every reaction delivered late and out of order (an
aggregate keeps its own order, as on the broker). The jury must decide the same, for the same reasons and figures.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.droits import Role
from contracts.messages import Data
from contracts.reglement import DOSSIER, load_all
from contracts.requetes import VoirDecision, VoirReleve
from services.exploitation.auteurs import acteur
from services.exploitation.banc import Banc, banc
from services.exploitation.cas_format import Cas, Fichier, lire
from services.exploitation.regulier import Regulier
from services.exploitation.scene import Scene, session_de
from services.socle.facts import Decoded
from services.socle.reactions import Reaction

CAS = {
    "bts": (DOSSIER / "bts_ndrc/2022.cas.yaml", "CL-066"),
    "mc": (DOSSIER / "mc_acvd/2025.cas.yaml", "CL-115"),
    "cap": (DOSSIER / "cap_osrcl/2024.cas.yaml", "CL-037"),
    "tp": (DOSSIER / "tp_crcd/2021.cas.yaml", "TP-D01"),
}
ARRETER = "notation.arreter_resultat"
SANS_EPREUVE = {"notation.enregistrer_etg": "EP3", "notation.enregistrer_conduite": "EP3"}


class Desordre:
    """Delivers to each reaction what it is owed, aggregate by aggregate, in any order; holds it back when asked."""

    def __init__(self, bench: Banc, hasard: Random) -> None:
        self._bench, self._hasard, self._lus, self.retenu = bench, hasard, 0, False
        self._files: dict[tuple[str, str, str], deque[tuple[Any, Reaction, Decoded]]] = defaultdict(deque)
        bench.reagir = self.reagir  # type: ignore[method-assign]

    async def reagir(self) -> None:
        """Everything that waits, and what it causes."""
        while not self.retenu and (self._arrives() or any(self._files.values())):
            cle = self._hasard.choice(sorted(cle for cle, file in self._files.items() if file))
            await self._bench._react(*self._files[cle].popleft())

    def _arrives(self) -> bool:
        """What the journal holds more than before, put in the queue of each reaction and aggregate."""
        [journal] = self._bench.journals.values()
        nouveaux = journal.messages[self._lus :]
        self._lus = len(journal.messages)
        for stored in nouveaux:
            for nom, piece in self._bench._pieces.items():
                for reaction in piece.parts.reactions:
                    file = self._files[nom, reaction.name, stored.subject]
                    file.append((piece, reaction, Decoded(stored, piece.spec.registry)))
        return bool(nouveaux) and any(self._files.values())


class Parcours(Scene):
    """A case in blocks: inside a block, what bears on different épreuves or pieces is independent."""

    def __init__(self, bench: Banc, fichier: Fichier, cas: Cas, hasard: Random | None) -> None:
        super().__init__(bench, load_all()[fichier.reglement], fichier, cas)
        self._hasard, self.envoyees = hasard, list[Data]()
        self._desordre = Desordre(bench, hasard) if hasard else None

    def _blocs(self) -> Iterator[list[Data]]:
        regulier = Regulier(self._cas, self._reglement, self._parametres)
        evaluations = list(regulier.evaluations())
        yield [self._ouverture()]
        yield [self._inscription()]
        yield [dict(one) for one in self._cas.avant]
        yield list(regulier.depots())
        notes = [one for one in evaluations if one["commande"] != ARRETER]
        yield [*regulier.controle(), *notes]
        yield [one for one in evaluations if one["commande"] == ARRETER]
        yield [regulier.acte(one) for one in self._cas.actes]
        for one in regulier.seance(acteur(self._bench.settings, Role.RECTEUR).model_dump()):
            yield [one]

    async def derouler(self) -> dict[str, Any]:
        """Every command accepted; then what the jury decided, and why, without the identifiers of the facts."""
        for bloc in self._blocs():
            if self._desordre:
                self._desordre.retenu = self._hasard is not None and self._hasard.random() < 0.8
            for raw in self._dans_un_ordre(bloc):
                self.envoyees.append(raw)
                answer = await self._ordonner(dict(raw))
                assert answer["ok"], (raw["commande"], answer)
            if self._desordre:
                self._desordre.retenu = False
                await self._desordre.reagir()
        decision, releve = await self._demander(VoirDecision), await self._demander(VoirReleve)
        resultats = {
            one["epreuve"]: (one["resultat_etat"], str(one["resultat_note"]), one["resultat_brut"])
            for one in releve["notes"]
            if one["resultat_etat"]
        }
        gardes = ("decision", "moyenne", "moyenne_professionnelle", "mention", "unites", "permis")
        return {
            **{cle: decision.get(cle) for cle in gardes},
            "resultats": resultats,
            "explication": _sans_faits(decision["explication"]),
        }

    def _dans_un_ordre(self, bloc: list[Data]) -> Iterable[Data]:
        """As written; or mixed, what bears on one épreuve keeping its order."""
        if self._hasard is None:
            return bloc
        files: dict[str, deque[Data]] = defaultdict(deque)
        for raw in bloc:
            commande = raw["commande"]
            files[str(raw.get("epreuve") or raw.get("piece") or SANS_EPREUVE.get(commande, commande))].append(raw)
        tirage = [cle for cle, file in files.items() for _ in file]
        self._hasard.shuffle(tirage)
        return [files[cle].popleft() for cle in tirage]


def _sans_faits(explication: Any) -> Any:
    if isinstance(explication, list):
        return [_sans_faits(one) for one in explication]
    if isinstance(explication, dict):
        return {
            cle: _sans_faits(one) for cle, one in explication.items() if cle not in ("faits", "preuves", "position")
        }
    return explication


async def _jouer(path: Path, nom: str, hasard: Random | None) -> dict[str, Any]:
    fichier = lire(path)
    cas = next(one for one in fichier.cas if one.id == nom).model_copy(update={"jury": True})
    session = session_de(fichier, cas, load_all()[fichier.reglement])
    async with banc(session) as bench:
        parcours = Parcours(bench, fichier, cas, hasard)
        issue = await parcours.derouler()
        if hasard is not None:
            await _rien_de_plus(parcours, bench)
    return issue


async def _rien_de_plus(parcours: Parcours, bench: Banc) -> None:
    """Sent once more, however late, a command answers as the first time and changes nothing."""
    [journal] = bench.journals.values()
    avant = len(journal.messages)
    parcours._count = 0
    for raw in parcours.envoyees:
        answer = await parcours._ordonner(dict(raw))
        assert (answer["ok"], answer["deja"]) == (True, True), (raw["commande"], answer)
    assert len(journal.messages) == avant


@cache
def _comme_ecrit(cadre: str) -> dict[str, Any]:
    return asyncio.run(_jouer(*CAS[cadre], None))


@pytest.mark.parametrize("cadre", CAS)
@settings(max_examples=2, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(graine=st.integers(min_value=0, max_value=10_000))
def test_l_ordre_d_arrivee_ne_change_ni_la_decision_ni_ses_chiffres(cadre: str, graine: int) -> None:
    attendu = _comme_ecrit(cadre)
    assert attendu["explication"]
    assert asyncio.run(_jouer(*CAS[cadre], Random(graine))) == attendu
