"""What the shell of every exam service begins with: the session as it was frozen, and the same doors for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from contracts import refus
from contracts.acces import NoterConsultation
from contracts.commandes import read_command
from contracts.droits import ANTIDATENT, INTERNES, check_rights
from contracts.evenements import REGISTRE
from contracts.messages import Command, Query, Refus
from contracts.requetes import Requete, check_query_rights, read_query
from contracts.session import SessionFigee, charger_session
from services.communs import acces
from services.communs.textes import exiger_anonyme
from services.socle.handlers import Lookups
from services.socle.service import Environment, Parts, ServiceSpec

log = structlog.get_logger("acces")


class Situe(Protocol):
    """What concerns one diplôme in one session: a command, a question, the subject of a fact."""

    @property
    def session(self) -> str: ...

    @property
    def diplome(self) -> str: ...


class BaseShell:
    """The lookups of the commands and the answers to the questions, on one environment."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    async def session(self, of: Situe) -> SessionFigee:
        """The session as its journal has it now.

        Raises:
            Refus: it is not open, or not known here.
        """
        env = self._env
        return await charger_session(env.events, env.settings.academie, of.session, of.diplome)

    async def plain(self, command: Command) -> Lookups:
        """The lookups of a command that needs the session alone."""
        return {"session": await self.session(command)}

    def _lieu(self, of: Situe) -> dict[str, str]:
        """The columns that say where a row belongs."""
        return {"academie": self._env.settings.academie, "session": of.session, "diplome": of.diplome}


def check_access(query: Query, academie: str) -> None:
    """Refuse a question that its author may not ask here, and leave a trace of the attempt: who, never about whom.

    Raises:
        Refus: see `check_query_rights`.
    """
    try:
        check_query_rights(query, academie)
    except Refus as error:
        if isinstance(query, Requete):
            par = query.par
            where = {"academie": academie, "session": query.session, "diplome": query.diplome}
            who = {"acteur": par.id, "role": par.role, "academie_acteur": par.academie}
            log.warning("acces_refuse", demande=query.NAME, cause=error.regle, **who, **where)
        raise


def check_command(command: Command, academie: str) -> None:
    """Who may give an order; what a service orders itself never comes from outside: no message is read as one.

    Raises:
        Refus: see `check_rights`.
    """
    if not isinstance(command, NoterConsultation):
        check_rights(command, academie)


def service_spec(name: str, build: Callable[[Environment], Parts]) -> ServiceSpec:
    """An exam service: its name and its parts; messages and rights are those of the contracts."""
    return ServiceSpec(
        name=name,
        registry=REGISTRE,
        build=lambda env: _with_doors(build(env)),
        read_command=read_command,
        read_query=read_query,
        check=check_command,
        check_query=check_access,
        internal_roles=INTERNES,
        backdating_roles=ANTIDATENT,
        admit=exiger_anonyme,
        heard=acces.noter,
        refusals=refus.annonces(name),
    )


def _with_doors(parts: Parts) -> Parts:
    """What every service does besides its own part."""
    return replace(parts, handlers=[*parts.handlers, *acces.handlers()])
