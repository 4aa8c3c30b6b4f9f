"""A candidate who changes académie: his history, as the académie he leaves closed it, and who takes it over."""

from __future__ import annotations

from typing import Any

from contracts.evenements.transfert import TransfertAccepte
from contracts.messages import Acteur, Command
from services.communs.histoire import Histoire
from services.communs.reactions import command_base
from services.communs.shell import Situe
from services.socle.enveloppe import Fact, digest
from services.socle.facts import events_of
from services.socle.service import Environment
from services.socle.subjects import subject

REPRISE = "systeme:reprise"
"""Who takes a history over: what it says was already heard, and followed, where it first happened."""


def reprise(fact: Fact) -> bool:
    """Whether this fact was taken over: nobody reacts to it again."""
    return fact.context.acteur == REPRISE


def par_la_reprise(fact: Fact, service: str, reaction: str, academie: str) -> dict[str, Any]:
    """The envelope of the command that takes a history over."""
    base = command_base(fact, service, reaction, academie)
    par: Acteur = base["par"]
    return {**base, "par": par.model_copy(update={"id": REPRISE})}


async def lire_histoire(env: Environment, of: Situe, origine: str, service: str, agregat: str) -> Histoire:
    """The history of a partner's aggregate, as far as it has come here."""
    exchanged = env.exchanges.get(of.session)
    if exchanged is None:
        return Histoire(agregat)
    messages = await exchanged.aggregate(subject(origine, of.session, of.diplome, service, agregat))
    tete = digest(messages[-1].body) if messages else ""
    return Histoire(agregat, tuple(events_of(messages, env.registry)), len(messages), tete)


async def transfert_accepte(env: Environment, command: Command, origine: str, candidat: str) -> bool:
    """Whether somebody here accepted this candidate of that académie."""
    where = (command.session, command.diplome, "inscription", f"transfert-{origine}-{candidat}")
    return any(isinstance(one, TransfertAccepte) for one in await env.events(*where))
