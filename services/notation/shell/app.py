"""The notation service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.commandes import notation as commandes
from contracts.commandes import read_command
from contracts.commandes.notation import CloreBordereau, DeposerBordereau
from contracts.droits import ANTIDATENT, INTERNES, check_rights
from contracts.evenements import REGISTRE
from contracts.messages import Command, Data, Event
from contracts.requetes import VoirBordereau, VoirReleve, check_query_rights, read_query
from contracts.session import charger_session
from services.notation.domain import bordereau, releve
from services.notation.projections import bordereaux, notes
from services.notation.shell.reactions import REACTIONS
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.service import Environment, Parts, ServiceSpec

RELEVE = Family("releve", releve.initial, releve.evolve)
BORDEREAU = Family("bordereau", bordereau.initial, bordereau.evolve)
PROJECTIONS = (notes.Notes(), bordereaux.Bordereaux())
SUR_LOT = (DeposerBordereau, CloreBordereau)


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


class Shell:
    """The lookups of the commands and the answers to the questions, on one environment."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    async def session(self, command: Command) -> Lookups:
        env = self._env
        found = await charger_session(env.events, env.settings.academie, command.session, command.diplome)
        return {"session": found}

    async def cloture(self, command: CloreBordereau) -> Lookups:
        loaded = await self._env.runner.state(command.session, command.diplome, Ref(BORDEREAU, _bordereau(command)))
        depot = loaded.state
        candidats = depot.candidats if isinstance(depot, bordereau.Depose) else ()
        return {**await self.session(command), "candidats": candidats}

    async def voir_releve(self, query: VoirReleve) -> Data | None:
        with self._env.engine.connect() as connection:
            return notes.lire_releve(connection, **self._lieu(query), candidat=query.candidat)

    async def voir_bordereau(self, query: VoirBordereau) -> Data | None:
        with self._env.engine.connect() as connection:
            return bordereaux.lire_bordereau(connection, **self._lieu(query), lot=query.lot)

    def _lieu(self, message: Any) -> dict[str, str]:
        return {"academie": self._env.settings.academie, "session": message.session, "diplome": message.diplome}


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    sur_releve = [one for one in commandes.COMMANDES if one not in SUR_LOT]
    return Parts(
        handlers=[
            *on(RELEVE, sur_releve, lambda command: _releve(command.candidat), releve.decide, shell.session),
            Handler(DeposerBordereau, _agregats_deposes, _deposer, shell.session),
            Handler(CloreBordereau, _agregats_clos, _clore, shell.cloture),
        ],
        projections=PROJECTIONS,
        reactions=REACTIONS,
        queries={VoirReleve: shell.voir_releve, VoirBordereau: shell.voir_bordereau},
    )


SPEC = ServiceSpec(
    name="notation",
    registry=REGISTRE,
    build=build,
    read_command=read_command,
    read_query=read_query,
    check=check_rights,
    check_query=check_query_rights,
    internal_roles=INTERNES,
    backdating_roles=ANTIDATENT,
)
