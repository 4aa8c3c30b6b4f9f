"""Whose jury decides here when an exam is shared: that of the pilot that this académie accepted, and of no other."""

from __future__ import annotations

from contracts.evenements.regroupement import RegroupementAccepte
from services.communs.shell import Situe
from services.socle.service import Environment


async def pilotes_acceptees(env: Environment, of: Situe) -> frozenset[str]:
    """The académies whose regroupement was accepted here for this exam, as our own journal tells it now.

    Raises:
        Refus: ``SESSION_INCONNUE``.
    """
    told = await env.events(of.session, of.diplome, "inscription", "regroupement")
    return frozenset(one.pilote for one in told if isinstance(one, RegroupementAccepte))
