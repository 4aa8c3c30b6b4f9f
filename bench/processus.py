"""The other processes of the bench: a service at work, or a writer that fills a journal when told to.

``python -m bench.processus servir <service>`` and ``… verser <nombre>``. Both say ``pret``, and end
when their input closes.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

from bench import matiere
from bench.lieu import SESSION
from services.socle.connection import connect
from services.socle.journal import Entry, Journal
from services.socle.logs import configure
from services.socle.service import Service
from services.socle.settings import Settings
from services.socle.subjects import stream_name


async def servir(settings: Settings, nom: str) -> None:
    async with Service(settings, matiere.spec(nom)):
        print("pret", flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def verser(settings: Settings, nombre: int) -> None:
    """Each line received: prepare a slice and say ``pret``, or, the next time, write it and say ``fini``."""
    nc = await connect(settings, "notation")
    async with Journal(nc, stream_name(settings.academie, SESSION), settings.bounds) as journal:
        entries: list[Entry] = []
        lot = 0
        print("pret", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            if entries:
                await matiere.verser(journal, entries)
                entries, word = [], "fini"
            else:
                entries, word = matiere.releves_notes(settings.academie, f"D{lot}", nombre), "pret"
                lot += 1
            print(word, flush=True)
    await nc.close()


def main() -> None:
    settings = Settings()
    configure(settings.log_level, settings.log_format)
    verb, *rest = sys.argv[1:]
    uvloop.run(servir(settings, rest[0]) if verb == "servir" else verser(settings, int(rest[0])))


if __name__ == "__main__":
    main()
