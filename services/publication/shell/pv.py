"""The minutes of a closed jury, from its own facts in the journal: nothing is asked of the read models."""

from __future__ import annotations

import asyncio

from contracts.messages import Refus
from services.communs.shell import BaseShell, Situe
from services.publication.documents import rendu
from services.publication.documents.pv import Histoire, donnees_pv
from services.publication.shell.fichiers import Rayon
from services.socle.enveloppe import context_of
from services.socle.service import Environment
from services.socle.subjects import subject


async def histoire_du_jury(env: Environment, of: Situe, jury: str) -> Histoire:
    """What happened in a jury and when, in the order of the journal.

    Raises:
        Refus: ``SESSION_INCONNUE``.
    """
    journal = env.journals.get(of.session)
    if journal is None:
        raise Refus("SESSION_INCONNUE", f"la session « {of.session} » n'a pas de journal ici (PARCHEMIN_SESSIONS)")
    path = subject(env.settings.academie, of.session, of.diplome, "deliberation", f"jury-{jury}")
    history = await journal.load(path)
    return [
        (env.registry.load(one["type"], one["data"]), context_of(one).le)
        for message in history.messages
        for one in message.envelopes
    ]


async def editer_pv(env: Environment, of: Situe, jury: str) -> tuple[str, bytes]:
    """The minutes as a file, its name and its bytes: the same for the same facts.

    Raises:
        Refus: ``PUBLICATION_NON_PREPAREE`` while the jury is not closed; ``RENDU_IMPOSSIBLE``.
    """
    session = await BaseShell(env).session(of)
    donnees = donnees_pv(jury, await histoire_du_jury(env, of, jury), session)
    if donnees is None:
        raise Refus("PUBLICATION_NON_PREPAREE", f"jury {jury} : il n'est pas clos, son procès-verbal n'existe pas")
    try:
        fichier = await asyncio.to_thread(rendu.rendre, donnees)
    except rendu.RenduImpossible as error:
        raise Refus(error.code, str(error)) from None
    return f"pv-{jury}-v{donnees.entete.version}.pdf", fichier


async def ranger_pv(env: Environment, of: Situe, jury: str) -> None:
    """Put the minutes away with their sha256 beside them, as ``sha256sum`` writes and checks it."""
    nom, fichier = await editer_pv(env, of, jury)
    rayon = Rayon(env.settings.documents_dir, of.session, of.diplome)
    rayon.ranger(nom, fichier)
    rayon.ranger(f"{nom}.sha256", f"{rendu.empreinte(fichier)}  {nom}\n".encode())
