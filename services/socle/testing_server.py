"""A real PostgreSQL to throw away, started from the programs of the machine on a free loopback port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

BINARIES = Path("/usr/lib/postgresql")
USER = "postgres"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL programs, if there are any."""
    found = [path.parent for path in BINARIES.glob("*/bin/initdb") if path.parent.parent.name.isdigit()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def obstacle() -> str | None:
    """Why no server can be started here, if so."""
    if programs() is None:
        return f"aucun programme PostgreSQL sous {BINARIES}/*/bin"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL refuse root et runuser est absent"
    return None


class Postgres:
    """A throw-away server, trusting on loopback, deleted with its folder when stopped.

    ``durable``: it waits for the disk at each commit, as in production; tests do without.
    """

    def __init__(self, binaries: Path, *, durable: bool = False) -> None:
        self._binaries = binaries
        self._fsync = "on" if durable else "off"
        self._home = Path(tempfile.mkdtemp(prefix="parchemin-pg-"))
        self.port = _free_port()
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self._home, USER, USER)
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self._home} -c listen_addresses=127.0.0.1 -c fsync={self._fsync}"
        self._run("pg_ctl", "-D", self._data, "-l", str(self._home / "log"), "-w", "-t", "30", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """As a crash does: every process of it, at once, without a word. `start` recovers."""
        main = int(Path(self._data, "postmaster.pid").read_text().splitlines()[0])
        processes = [main, *_children(main)]
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while any(map(_alive, processes)):
            if time.monotonic() > deadline:
                raise RuntimeError("des processus de PostgreSQL survivent")
            time.sleep(0.02)
        # Where nobody reaps the orphans of a container they answer to signals, dead as they are: it would not start.
        for lock in (Path(self._data, "postmaster.pid"), *self._home.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def remove(self) -> None:
        try:
            if Path(self._data, "postmaster.pid").exists():  # it may be stopped, or killed, already
                self.stop()
        finally:
            shutil.rmtree(self._home, ignore_errors=True)

    def database(self) -> str:
        """The address of a new empty database."""
        name = f"t_{uuid.uuid4().hex}"
        with psycopg.connect(f"postgresql://{USER}@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", USER, "--", *command]
        # No pipe: the server inherits the descriptors of pg_ctl and would hold a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False)
            if result.returncode:
                output.seek(0)
                raise RuntimeError(f"{program} : {output.read().decode(errors='replace')}")


def _children(parent: int) -> list[int]:
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in told.split()]


def _alive(pid: int) -> bool:
    """Whether it runs; one that waits for its parent to look does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
