"""The conformité service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from typing import Any

from contracts.commandes import conformite as commandes
from contracts.messages import Data
from contracts.requetes import ListerDossiers, VoirDossier
from services.communs.shell import BaseShell, service_spec
from services.conformite.domain import dossier
from services.conformite.projections import dossiers
from services.conformite.shell.reactions import REACTIONS
from services.socle.handlers import Family, on
from services.socle.service import Environment, Parts

DOSSIER = Family("dossier", dossier.initial, dossier.evolve)
PROJECTIONS = (dossiers.Dossiers(),)


def _dossier(command: Any) -> str:
    return f"dossier-{command.candidat}"


class Shell(BaseShell):
    """The lookups of the commands and the answers to the questions, on one environment."""

    async def voir(self, query: VoirDossier) -> Data | None:
        with self._env.engine.connect() as connection:
            return dossiers.lire_dossier(connection, **self._lieu(query), candidat=query.candidat)

    async def lister(self, query: ListerDossiers) -> list[Data]:
        with self._env.engine.connect() as connection:
            return dossiers.lister_dossiers(connection, **self._lieu(query))


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    return Parts(
        handlers=on(DOSSIER, commandes.COMMANDES, _dossier, dossier.decide, shell.plain),
        projections=PROJECTIONS,
        reactions=REACTIONS,
        queries={VoirDossier: shell.voir, ListerDossiers: shell.lister},
    )


SPEC = service_spec("conformite", build)
