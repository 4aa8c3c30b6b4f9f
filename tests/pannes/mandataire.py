"""Un câble que l'on peut couper : ce qui passe d'un port à un autre, ou n'y passe plus."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from services.socle.server import HOST

MORCEAU = 65_536


class Mandataire:
    """Relaie vers un port. Coupé, il garde les connexions ouvertes et ne porte plus rien : un câble coupé se tait."""

    def __init__(self, port: int, cible: int) -> None:
        self.port, self._cible = port, cible
        self._passe, self._passe_retour = asyncio.Event(), asyncio.Event()
        self._passe.set()
        self._passe_retour.set()
        self._serveur: asyncio.Server | None = None
        self._taches: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Mandataire:
        self._serveur = await asyncio.start_server(self._relier, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serveur is not None
        self._serveur.close()
        for tache in list(self._taches):
            tache.cancel()
        await asyncio.gather(*self._taches, return_exceptions=True)

    def couper(self) -> None:
        self._passe.clear()
        self._passe_retour.clear()

    def assourdir(self) -> None:
        """Ce que dit la cible n'arrive plus ; ce qu'on lui dit, si."""
        self._passe_retour.clear()

    def retablir(self) -> None:
        self._passe.set()
        self._passe_retour.set()

    async def _relier(self, lecteur: asyncio.StreamReader, ecrivain: asyncio.StreamWriter) -> None:
        tache = asyncio.current_task()
        assert tache is not None
        self._taches.add(tache)
        tache.add_done_callback(self._taches.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._passe.wait()
            de_la, vers_la = await asyncio.open_connection(HOST, self._cible)
            aller = asyncio.create_task(self._porter(lecteur, vers_la, self._passe))
            retour = asyncio.create_task(self._porter(de_la, ecrivain, self._passe_retour))
            try:
                await asyncio.wait([aller, retour], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for un in (aller, retour):
                    un.cancel()
                vers_la.close()
        ecrivain.close()

    @staticmethod
    async def _porter(de: asyncio.StreamReader, vers: asyncio.StreamWriter, passe: asyncio.Event) -> None:
        with suppress(OSError):
            while True:
                await passe.wait()
                octets = await de.read(MORCEAU)
                await passe.wait()
                if not octets:
                    return
                vers.write(octets)
                await vers.drain()
