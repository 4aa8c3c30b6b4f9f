"""What a person writes freely is looked at before the command is taken: it stays in the journal for ever."""

from __future__ import annotations

from contracts.evenements.inscription import CandidatInscrit
from contracts.messages import Command
from contracts.textes import exiger_sans_coordonnees, exiger_sans_nom, textes
from contracts.vocabulaire import Identite
from services.socle.service import Environment


async def exiger_anonyme(env: Environment, command: Command) -> None:
    """Nothing in its free texts identifies anybody, and they do not name its candidate.

    Raises:
        Refus: ``TEXTE_NOMINATIF``.
    """
    ecrits = textes(command)
    if not ecrits:
        return
    exiger_sans_coordonnees(ecrits)
    candidat = getattr(command, "candidat", None)
    identite = None if candidat is None else await _identite(env, command, candidat)
    if identite is not None:
        exiger_sans_nom(ecrits, identite)


async def _identite(env: Environment, command: Command, candidat: str) -> Identite | None:
    """Opened to be compared, and forgotten at once."""
    for event in await env.events(command.session, command.diplome, "inscription", f"candidature-{candidat}"):
        scelle = event.identite.scelle if isinstance(event, CandidatInscrit) else None
        if scelle is not None:
            clair = env.coffre.open(scelle.personne, scelle.chiffre)
            return None if clair is None else Identite.model_validate_json(clair)
    return None
