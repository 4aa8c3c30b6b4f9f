"""The history of a jury, wherever it sits: in our journal, or at the pilot, as partners share it (AMB-55)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.evenements.publication import PublicationPreparee
from services.communs.shell import Situe
from services.publication.documents.pv import Histoire
from services.socle.enveloppe import Stored, context_of
from services.socle.journal import of_session
from services.socle.service import Environment
from services.socle.subjects import subject


async def pilote_du_jury(env: Environment, of: Situe, jury: str) -> str | None:
    """The académie where the jury sits when that is not this one, as its results were prepared here."""
    told = await env.events(of.session, of.diplome, "publication", f"publication-{jury}")
    return next((one.pilote for one in told if isinstance(one, PublicationPreparee)), None)


async def messages_du_jury(env: Environment, of: Situe, jury: str, pilote: str | None) -> Sequence[Stored]:
    """Every message of the jury that is known here, in order, each once.

    Raises:
        Refus: ``SESSION_INCONNUE``.
    """
    path = subject(pilote or env.settings.academie, of.session, of.diplome, "deliberation", f"jury-{jury}")
    if pilote is None:
        return (await of_session(env.journals, of.session).load(path)).messages
    exchanged = env.exchanges.get(of.session)
    return [] if exchanged is None else await exchanged.aggregate(path)


async def histoire_partagee(env: Environment, of: Situe, jury: str) -> Histoire:
    """What happened in a jury and when, as `histoire_du_jury` tells it of one of ours."""
    pilote = await pilote_du_jury(env, of, jury)
    return [
        (env.registry.load(one["type"], one["data"]), context_of(one).le)
        for message in await messages_du_jury(env, of, jury, pilote)
        for one in message.envelopes
    ]
