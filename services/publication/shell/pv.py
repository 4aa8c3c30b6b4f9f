"""The minutes of a closed jury, from its own facts in the journal: nothing is asked of the read models."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from contracts.messages import Event, Refus, Registry
from contracts.session import SessionFigee, charger_session
from services.communs.shell import Situe
from services.publication.documents import rendu
from services.publication.documents.pv import Histoire, donnees_pv, versions_pv
from services.publication.domain.publication import exiger_jury_d_ici
from services.publication.shell.fichiers import Rayon
from services.socle.enveloppe import context_of
from services.socle.journal import Store, of_session
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
    path = subject(env.settings.academie, of.session, of.diplome, "deliberation", f"jury-{jury}")
    history = await of_session(env.journals, of.session).load(path)
    return [
        (env.registry.load(one["type"], one["data"]), context_of(one).le)
        for message in history.messages
        for one in message.envelopes
    ]


async def editer_pv(env: Source, of: Situe, jury: str, version: int | None = None) -> tuple[str, bytes]:
    """A version of the minutes as a file, the last one by default: its name and its bytes, the same for the same facts.

    Raises:
        Refus: ``SESSION_INCONNUE``; ``PUBLICATION_NON_PREPAREE`` while the jury is not closed; ``PV_INCONNU``;
            ``RENDU_IMPOSSIBLE``; AMB-55 when the jury sits at the pilot, which keeps its minutes.
    """
    prepares = await env.events(of.session, of.diplome, "publication", f"publication-{jury}")
    exiger_jury_d_ici(jury, prepares)
    session = await charger_session(env.events, env.settings.academie, of.session, of.diplome)
    return await _editer(await histoire_du_jury(env, of, jury), session, jury, version)


async def ranger_pv(env: Environment, of: Situe, jury: str) -> None:
    """Put every version away that is not there yet, its sha256 beside it, as ``sha256sum`` writes and checks it.

    Several decisions may have followed the closing before the first publication: none of their minutes is left out.
    """
    session = await charger_session(env.events, env.settings.academie, of.session, of.diplome)
    histoire = await histoire_du_jury(env, of, jury)
    rayon = Rayon(env.settings.documents_dir, of.session, of.diplome)
    for version in range(1, max(versions_pv(histoire), 1) + 1):
        if rayon.a(f"{nom_du_pv(jury, version)}.sha256"):  # written last: the file is there too
            continue
        nom, fichier = await _editer(histoire, session, jury, version)
        await asyncio.to_thread(rayon.ranger, nom, fichier)
        await asyncio.to_thread(rayon.ranger, f"{nom}.sha256", f"{rendu.empreinte(fichier)}  {nom}\n".encode())


async def _editer(histoire: Histoire, session: SessionFigee, jury: str, version: int | None) -> tuple[str, bytes]:
    donnees, versions = donnees_pv(jury, histoire, session, version), versions_pv(histoire)
    if not versions:
        raise Refus("PUBLICATION_NON_PREPAREE", f"jury {jury} : il n'est pas clos, son procès-verbal n'existe pas")
    if donnees is None:
        detail = f"aucun procès-verbal version {version} ; demandez une version de 1 à {versions}"
        raise Refus("PV_INCONNU", f"jury {jury} : {detail}")
    try:
        fichier = await asyncio.to_thread(rendu.rendre, donnees)
    except rendu.RenduImpossible as error:
        raise Refus(error.code, str(error)) from None
    return nom_du_pv(jury, donnees.entete.version), fichier


def nom_du_pv(jury: str, version: int) -> str:
    """How the file of a version is named."""
    return f"pv-{jury}-v{version}.pdf"
