"""The notation service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.commandes import notation as commandes
from contracts.commandes.notation import ChoisirControle, CloreBordereau, DeposerBordereau, SaisirNoteControle
from contracts.messages import Data, Event
from contracts.requetes import VoirBordereau, VoirReleve
from services.communs.shell import BaseShell, service_spec
from services.notation.domain import bordereau, releve
from services.notation.projections import bordereaux, decisions, notes
from services.notation.shell.reactions import REACTIONS
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.service import Environment, Parts

RELEVE = Family("releve", releve.initial, releve.evolve)
BORDEREAU = Family("bordereau", bordereau.initial, bordereau.evolve)
PROJECTIONS = (notes.Notes(), bordereaux.Bordereaux(), decisions.Decisions())
SUR_LOT = (DeposerBordereau, CloreBordereau)
AU_CONTROLE = (ChoisirControle, SaisirNoteControle)


def _releve(candidat: str) -> str:
    return f"releve-{candidat}"


def _bordereau(command: DeposerBordereau | CloreBordereau) -> str:
    return f"bordereau-{command.lot}"


def _du_lot(command: DeposerBordereau | CloreBordereau, candidats: Sequence[str]) -> list[Ref]:
    """The bordereau and the relevés it touches, decided together."""
    return [Ref(BORDEREAU, _bordereau(command)), *(Ref(RELEVE, _releve(one)) for one in dict.fromkeys(candidats))]


def _agregats_deposes(command: DeposerBordereau, _: Lookups) -> Sequence[Ref]:
    return _du_lot(command, [ligne.candidat for ligne in command.lignes])


def _agregats_clos(command: CloreBordereau, looked: Lookups) -> Sequence[Ref]:
    return _du_lot(command, looked["candidats"])


def _par_candidat(states: Mapping[str, Any]) -> dict[str, releve.Releve]:
    prefix = _releve("")
    return {token.removeprefix(prefix): state for token, state in states.items() if token.startswith(prefix)}


def _ranger(
    command: DeposerBordereau | CloreBordereau, decided: tuple[list[Event], dict[str, list[Event]]]
) -> Mapping[str, Sequence[Event]]:
    own, by_candidate = decided
    return {_bordereau(command): own, **{_releve(candidat): events for candidat, events in by_candidate.items()}}


def _deposer(command: DeposerBordereau, states: Mapping[str, Any], **looked: Any) -> Mapping[str, Sequence[Event]]:
    lot = states[_bordereau(command)]
    return _ranger(command, bordereau.deposer(command, lot, _par_candidat(states), looked["session"]))


def _clore(command: CloreBordereau, states: Mapping[str, Any], **looked: Any) -> Mapping[str, Sequence[Event]]:
    lot = states[_bordereau(command)]
    return _ranger(command, bordereau.clore(command, lot, _par_candidat(states), looked["session"]))


class Shell(BaseShell):
    """The lookups of the commands and the answers to the questions, on one environment."""

    async def cloture(self, command: CloreBordereau) -> Lookups:
        loaded = await self._env.runner.state(command.session, command.diplome, Ref(BORDEREAU, _bordereau(command)))
        depot = loaded.state
        candidats = depot.candidats if isinstance(depot, bordereau.Depose) else ()
        return {**await self.plain(command), "candidats": candidats}

    async def controle(self, command: ChoisirControle | SaisirNoteControle) -> Lookups:
        """The jury's latest decision, which opens the oral épreuves de contrôle."""
        await self._env.up_to_date(command.session)
        with self._env.engine.connect() as connection:
            found = decisions.lire_decision(connection, **self._lieu(command), candidat=command.candidat)
        return {**await self.plain(command), "decision": found}

    async def voir_releve(self, query: VoirReleve) -> Data | None:
        with self._env.engine.connect() as connection:
            return notes.lire_releve(connection, **self._lieu(query), candidat=query.candidat)

    async def voir_bordereau(self, query: VoirBordereau) -> Data | None:
        with self._env.engine.connect() as connection:
            return bordereaux.lire_bordereau(connection, **self._lieu(query), lot=query.lot)


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    sur_releve = [one for one in commandes.COMMANDES if one not in (*SUR_LOT, *AU_CONTROLE)]
    return Parts(
        handlers=[
            *on(RELEVE, sur_releve, lambda command: _releve(command.candidat), releve.decide, shell.plain),
            *on(RELEVE, AU_CONTROLE, lambda command: _releve(command.candidat), releve.decide, shell.controle),
            Handler(DeposerBordereau, _agregats_deposes, _deposer, shell.plain),
            Handler(CloreBordereau, _agregats_clos, _clore, shell.cloture),
        ],
        projections=PROJECTIONS,
        reactions=REACTIONS,
        queries={VoirReleve: shell.voir_releve, VoirBordereau: shell.voir_bordereau},
    )


SPEC = service_spec("notation", build)
