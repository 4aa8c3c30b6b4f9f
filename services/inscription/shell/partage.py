"""What the deciders of a shared exam are given: the regroupement as it is known here, and what keys let be confided."""

from __future__ import annotations

from datetime import date

from contracts.evenements.inscription import CentreAffecte, SessionOuverte
from contracts.messages import Command
from contracts.vocabulaire import Enveloppe, Parametres
from services.communs.shell import Situe
from services.inscription.domain import accueil, regroupement
from services.inscription.domain.regroupement import Partage, Propose, Rattachee, Regroupement
from services.inscription.domain.session_examen import Centre
from services.inscription.projections import accueils, regroupements
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, Ref
from services.socle.service import Environment
from services.socle.subjects import split

REGROUPEMENT = Family("regroupement", regroupement.initial, regroupement.evolve)
ACCUEIL = Family("accueil", accueil.initial, accueil.evolve)


async def propose(env: Environment, of: Situe, pilote: str) -> Propose | None:
    """What that pilot made known, once what has arrived here is read."""
    await env.up_to_date(of.session)
    with env.engine.connect() as connection:
        dit = regroupements.lire_definition(connection, pilote=pilote, session=of.session, diplome=of.diplome)
    if dit is None:
        return None
    noms = ("regroupement", "pilote", "reglement", "empreinte")
    return Propose(**{nom: dit[nom] for nom in noms}, membres=tuple(dit["membres"]), clos=bool(dit["clos"]))


async def parametres(env: Environment, of: Situe, academie: str) -> Parametres | None:
    """What that académie fixed for its session, if it has come here: its legal time, its calendar."""
    dits = await env.told(academie, of.session, of.diplome, "inscription", "session")
    return next((one.parametres for one in dits if isinstance(one, SessionOuverte)), None)


async def partage(env: Environment, of: Situe) -> Partage | None:
    """With whom the exam is shared, as it is known here now."""
    etat: Regroupement = (await env.runner.state(of.session, of.diplome, Ref(REGROUPEMENT, "regroupement"))).state
    dit = await propose(env, of, etat.acceptation.pilote) if isinstance(etat, Rattachee) else None
    return regroupement.partage(etat, dit)


async def cle_publique(env: Environment, command: Command) -> str:
    """The public key of this académie for this exam; empty where none was made."""
    return ""


async def enveloppe(env: Environment, command: Command, candidat: str, pour: str) -> Enveloppe | None:
    """The key of this candidate's identity, wrapped for that académie; nothing where none can be."""
    return None


async def tenues(env: Environment, fact: Fact, candidat: str) -> list[str]:
    """The centres here that host this candidate of the académie of the fact, once all that came before is read."""
    lieu = split(fact.subject)
    await env.up_to_date(lieu.session)
    cle = {"academie": env.settings.academie, "session": lieu.session, "diplome": lieu.diplome}
    with env.engine.connect() as connection:
        return accueils.centres_tenus(connection, **cle, origine=lieu.academie, candidat=candidat)


async def centre_d_accueil(env: Environment, of: Situe, affecte: CentreAffecte | None) -> dict[str, Centre]:
    """The centre of another académie where the candidate goes, with the days when it is known to close."""
    if affecte is None or affecte.academie is None:
        return {}
    await env.up_to_date(of.session)
    cle = {"academie": affecte.academie, "session": of.session, "diplome": of.diplome}
    with env.engine.connect() as connection:
        jours = regroupements.jours_fermes(connection, **cle, centre=affecte.centre)
    return {affecte.centre: Centre(affecte.centre, affecte.type, ferme_le=frozenset(map(date.fromisoformat, jours)))}
