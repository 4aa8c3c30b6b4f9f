"""The conformité service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from typing import Any

from contracts.commandes import conformite as commandes
from contracts.commandes import read_command
from contracts.droits import ANTIDATENT, INTERNES, check_rights
from contracts.evenements import REGISTRE
from contracts.messages import Command, Data
from contracts.requetes import ListerDossiers, VoirDossier, check_query_rights, read_query
from contracts.session import charger_session
from services.conformite.domain import dossier
from services.conformite.projections import dossiers
from services.conformite.shell.reactions import REACTIONS
from services.socle.handlers import Family, Lookups, on
from services.socle.service import Environment, Parts, ServiceSpec

DOSSIER = Family("dossier", dossier.initial, dossier.evolve)
PROJECTIONS = (dossiers.Dossiers(),)


def _dossier(command: Any) -> str:
    return f"dossier-{command.candidat}"


class Shell:
    """The lookups of the commands and the answers to the questions, on one environment."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    async def session(self, command: Command) -> Lookups:
        env = self._env
        found = await charger_session(env.events, env.settings.academie, command.session, command.diplome)
        return {"session": found}

    async def voir(self, query: VoirDossier) -> Data | None:
        with self._env.engine.connect() as connection:
            return dossiers.lire_dossier(connection, **self._lieu(query), candidat=query.candidat)

    async def lister(self, query: ListerDossiers) -> list[Data]:
        with self._env.engine.connect() as connection:
            return dossiers.lister_dossiers(connection, **self._lieu(query))

    def _lieu(self, message: Any) -> dict[str, str]:
        return {"academie": self._env.settings.academie, "session": message.session, "diplome": message.diplome}


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    return Parts(
        handlers=on(DOSSIER, commandes.COMMANDES, _dossier, dossier.decide, shell.session),
        projections=PROJECTIONS,
        reactions=REACTIONS,
        queries={VoirDossier: shell.voir, ListerDossiers: shell.lister},
    )


SPEC = ServiceSpec(
    name="conformite",
    registry=REGISTRE,
    build=build,
    read_command=read_command,
    read_query=read_query,
    check=check_rights,
    check_query=check_query_rights,
    internal_roles=INTERNES,
    backdating_roles=ANTIDATENT,
)
