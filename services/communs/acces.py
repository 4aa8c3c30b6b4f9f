"""Questions that reach beyond the regroupement: refused, and remembered in the journal, who from and never about whom.

Whoever insists must not fill the journal: a few of each day are noted for two académies, a few more for all of them,
and the last one says that it is the last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import structlog

from contracts.acces import HORS_REGROUPEMENT, NoterConsultation
from contracts.droits import Role
from contracts.evenements.exploitation import ConsultationRefusee
from contracts.messages import Acteur, Command, Event, Query, Refus
from contracts.requetes import Requete
from services.socle.errors import SocleError
from services.socle.handlers import Family, Handler, on
from services.socle.service import Environment

NOTES = frozenset({HORS_REGROUPEMENT, "DROIT_ACADEMIE"})
PAR_COUPLE, PAR_JOUR = 5, 50
INCONNUE = "inconnue"

_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")

Journee = Mapping[tuple[str, str], int]
"""How many were noted that day, by (académie of the asker, académie asked about)."""

log = structlog.get_logger("acces")


def evolve(journee: Journee, event: Event) -> Journee:
    """Se souvenir, sans juger."""
    if not isinstance(event, ConsultationRefusee):
        return journee
    couple = (event.academie_acteur, event.academie_demandee)
    return {**journee, couple: journee.get(couple, 0) + 1}


def decide(command: NoterConsultation, journee: Journee) -> Sequence[Event]:
    """Noter la tentative, tant que la journée n'en a pas trop."""
    deja, toutes = journee.get((command.academie_acteur, command.academie_demandee), 0), sum(journee.values())
    if deja >= PAR_COUPLE or toutes >= PAR_JOUR:
        return []
    dits = command.model_dump(include={"demande", "role", "academie_acteur", "academie_demandee"})
    bornee = deja + 1 == PAR_COUPLE or toutes + 1 == PAR_JOUR
    return [ConsultationRefusee(**dits, diplome=command.examen, regle=HORS_REGROUPEMENT, bornee=bornee)]


def handlers() -> list[Handler]:
    """For every service: each remembers what was refused at its own door."""
    return on(Family("acces", {}, evolve), [NoterConsultation], _jour, decide)


def _jour(command: Command) -> str:
    return f"acces-{command.le:%Y%m%d}"


async def noter(env: Environment, query: Query, refus: Refus) -> None:
    """Remember a question refused for reaching too far. The answer stays the refusal, whatever becomes of this."""
    if not isinstance(query, Requete) or refus.regle not in NOTES or query.session not in env.journals:
        return
    try:
        await env.runner.execute(_ordre(env, query))
    except (Refus, SocleError) as error:
        log.error("acces_non_note", demande=query.NAME, cause=getattr(error, "code", type(error).__name__))


def _ordre(env: Environment, query: Requete) -> NoterConsultation:
    ici, service = env.settings.academie, env.service
    return NoterConsultation(
        le=env.clock(),
        par=Acteur(id=f"systeme:{service}", role=Role.SYSTEME, academie=ici),
        session=query.session,
        demande=query.NAME,
        role=query.par.role if query.par.role in frozenset(Role) else INCONNUE,
        academie_acteur=_code(query.par.academie),
        academie_demandee=_code(getattr(query, "origine", None) or ici),
        examen=query.diplome,
    )


def _code(academie: str) -> str:
    """What the asker wrote stays in the journal for ever: only what has the form of a code."""
    return academie if _CODE.fullmatch(academie) else INCONNUE
