"""What the deciders of a shared exam are given: the regroupement as it is known here, and what keys let be confided."""

from __future__ import annotations

from contracts.messages import Command
from services.communs.shell import Situe
from services.inscription.domain import regroupement
from services.inscription.domain.regroupement import Partage, Propose, Rattachee, Regroupement
from services.inscription.projections import regroupements
from services.socle.handlers import Family, Ref
from services.socle.service import Environment

REGROUPEMENT = Family("regroupement", regroupement.initial, regroupement.evolve)


async def propose(env: Environment, of: Situe, pilote: str) -> Propose | None:
    """What that pilot made known, once what has arrived here is read."""
    await env.up_to_date(of.session)
    with env.engine.connect() as connection:
        dit = regroupements.lire_definition(connection, pilote=pilote, session=of.session, diplome=of.diplome)
    if dit is None:
        return None
    noms = ("regroupement", "pilote", "reglement", "empreinte")
    return Propose(**{nom: dit[nom] for nom in noms}, membres=tuple(dit["membres"]), clos=bool(dit["clos"]))


async def partage(env: Environment, of: Situe) -> Partage | None:
    """With whom the exam is shared, as it is known here now."""
    etat: Regroupement = (await env.runner.state(of.session, of.diplome, Ref(REGROUPEMENT, "regroupement"))).state
    dit = await propose(env, of, etat.acceptation.pilote) if isinstance(etat, Rattachee) else None
    return regroupement.partage(etat, dit)


async def cle_publique(env: Environment, command: Command) -> str:
    """The public key of this académie for this exam; empty where none was made."""
    return ""
