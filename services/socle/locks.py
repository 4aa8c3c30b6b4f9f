"""Turns taken inside the process: commands on the same aggregate go one after the other."""

from __future__ import annotations

import asyncio


class Locks:
    """One command at a time per aggregate in this process: in-process rivals wait instead of conflicting.

    Taken in sorted order, so two commands on several aggregates cannot wait for each other.
    """

    def __init__(self, table: dict[str, tuple[asyncio.Lock, int]], paths: list[str]) -> None:
        self._table, self._paths = table, paths
        self._held: list[str] = []

    async def __aenter__(self) -> None:
        try:
            for path in self._paths:
                lock, users = self._table.get(path, (None, 0))
                lock = lock or asyncio.Lock()
                self._table[path] = (lock, users + 1)
                try:
                    await lock.acquire()
                except BaseException:
                    self._leave(path)
                    raise
                self._held.append(path)
        except BaseException:
            await self.__aexit__()
            raise

    async def __aexit__(self, *_: object) -> None:
        while self._held:
            path = self._held.pop()
            self._table[path][0].release()
            self._leave(path)

    def _leave(self, path: str) -> None:
        lock, users = self._table[path]
        if users == 1:
            del self._table[path]
        else:
            self._table[path] = (lock, users - 1)
