"""The minutes of a closed jury, from its own facts in the journal: nothing is asked of the read models."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from contracts.messages import Event, Refus, Registry
from contracts.session import charger_session
from services.communs.shell import Situe
from services.publication.documents import rendu
from services.publication.documents.pv import Histoire, donnees_pv
from services.publication.shell.fichiers import Rayon
from services.socle.enveloppe import context_of
from services.socle.journal import Store
from services.socle.service import Environment
from services.socle.settings import Settings
from services.socle.subjects import subject


class Source(Protocol):
    """What the minutes are read from: the journals, nothing else of a service."""

    @property
    def settings(self) -> Settings: ...

    @property
    def journals(self) -> Mapping[str, Store]: ...

    @property
    def registry(self) -> Registry: ...

    async def events(self, session: str, diplome: str, service: str, aggregate: str) -> list[Event]: ...


async def histoire_du_jury(env: Source, of: Situe, jury: str) -> Histoire:
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


async def editer_pv(env: Source, of: Situe, jury: str) -> tuple[str, bytes]:
    """The minutes as a file, its name and its bytes: the same for the same facts.

    Raises:
        Refus: ``SESSION_INCONNUE``; ``PUBLICATION_NON_PREPAREE`` while the jury is not closed; ``RENDU_IMPOSSIBLE``.
    """
    session = await charger_session(env.events, env.settings.academie, of.session, of.diplome)
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
