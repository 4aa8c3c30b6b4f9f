"""Every setting of the system, in one place. Each comes from ``PARCHEMIN_<NAME>``; the defaults run on a laptop.

What proves an identity to the broker is no field: ``PARCHEMIN_NATS_CLE_<IDENTITY>`` names the file of its nkey seed
(else ``<identity>.nk`` in ``nats_cles``); without a key, ``PARCHEMIN_NATS_MDP_<IDENTITY>`` is its password, else the
secrets file that the embedded server writes once under the data directory. Nor are the passwords of PostgreSQL:
``PARCHEMIN_DB_MDP_<SERVICE>``, else the file of ``PARCHEMIN_DB_SECRETS``, else whatever libpq finds by itself
(``PGPASSFILE``, a certificate).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.socle.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
PASSWORD_PREFIX = "PARCHEMIN_NATS_MDP_"  # noqa: S105 - the name of the variable, not a password
DB_PASSWORD_PREFIX = "PARCHEMIN_DB_MDP_"  # noqa: S105 - idem
SEED_PREFIX = "PARCHEMIN_NATS_CLE_"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to insist, and how much at once. Together they bound every wait on the broker."""

    request_timeout: float = 2.0
    attempts: int = 6
    backoff_min: float = 0.05
    backoff_max: float = 1.0
    message_max: int = 1_032_192
    batch_max: int = 1_000
    open_batches: int = 16
    load_page: int = 500
    read_ahead: int = 4_000
    read_ahead_bytes: int = 32 * 1024 * 1024
    heartbeat: float = 1.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after a failed attempt (0 is the first)."""
        return float(min(self.backoff_max, self.backoff_min * 2 ** min(attempt, 16)))


class Settings(BaseSettings):
    """The settings of one process. Immutable: made once at start, passed on."""

    # A field may also be a file of that name (``parchemin_db_url``) in the folder of the secrets of a container.
    model_config = SettingsConfigDict(
        env_prefix="PARCHEMIN_", frozen=True, extra="ignore", secrets_dir=os.environ.get("PARCHEMIN_DOSSIER_SECRETS")
    )

    donnees: Path = Path("donnees")  # everything that is kept, unless a setting below puts it elsewhere
    deploiement: Path = ROOT / "deploy"  # configuration of the broker, settings of the journals
    academie: str = "normandie"  # whose journals these are: first in every subject
    sessions: Annotated[tuple[str, ...], NoDecode] = ("2022", "2024", "2026")  # a journal each; comma-separated
    echanges: Annotated[tuple[str, ...], NoDecode] = ()  # sessions in which partners share exams with this académie
    replicas: int = Field(default=1, ge=1, le=5)  # copies of each journal: 3 in a cluster

    nats_url: str = ""  # comma-separated for a cluster; empty: the embedded server
    nats_programme: Path | None = None  # nats-server, when not the one of the wheel
    nats_secrets: Path | None = None  # JSON object {identity: password}; default under `donnees`
    nats_cles: Path | None = None  # directory of nkey seeds, for brokers that know keys: <identity>.nk
    nats_ca: Path | None = None  # certificate of the authority, for tls:// URLs
    provisionnement: bool = True  # `servir` creates the missing journals; no where a job of its own does
    connect_timeout: float = Field(default=5.0, gt=0)  # seconds that one attempt to reach the broker may take
    reconnect_wait: float = Field(default=0.2, gt=0)  # seconds between two of them, once the connection is lost

    db_url: str = "sqlite:///{donnees}/{service}.db"  # the read models; PostgreSQL in production
    coffre_url: str = "sqlite:///{donnees}/coffre.db"  # the keys of personal data: back them up apart
    db_secrets: Path | None = None  # JSON object {service: password}, for PostgreSQL
    db_admin_url: SecretStr = SecretStr("")  # of whoever creates roles and schemas; used by `base roles` alone
    base_migrer: bool = True  # a service migrates its base when it starts; SQLite always does
    coffre_cle: Path | None = None  # file of the master key of the coffre; default under `donnees`

    documents: Path | None = None  # where files for people are written; default under `donnees`

    archive: Path | None = None  # sealed segments of the journals: the second copy; default under `donnees`
    archivage: bool = True  # `servir` archives and seals while it runs
    archive_messages: int = Field(default=10_000, ge=1)  # messages in a segment, at most
    archive_secondes: float = Field(default=600.0, gt=0)  # age at which a segment is closed, full or not
    temoins: Path | None = None  # heads of other académies' journals signed here; default under `donnees`
    rejeu_archive: bool = False  # replays read what is sealed from the archive, and spare the broker
    scellement_cle: Path | None = None  # file of the sealing key; default under `donnees`, made at first use
    scellement_commande: str = ""  # external signer (hardware module): what to sign on its input, base64 on its output
    scellement_publique: Path | None = None  # public key of the external signer

    clock_tolerance: float = Field(default=5.0, ge=0)  # seconds by which the date of a command may be ahead
    clock_lag: float = Field(default=900.0, ge=0)  # seconds by which it may be behind; 0: no limit (a past year played)

    # How long to insist on the broker, and how much at once; see `Bounds`.
    request_timeout: float = Field(default=2.0, gt=0)  # seconds that one answer is waited for
    attempts: int = Field(default=6, ge=1)  # before giving up: COURTIER_ABSENT
    backoff_min: float = Field(default=0.05, gt=0)  # seconds before the second attempt, doubled each time
    backoff_max: float = Field(default=1.0, gt=0)  # and never more
    message_max: int = Field(default=1_032_192, gt=0)  # bytes; what the journals accept (journal.stream.yaml)
    open_batches: int = Field(default=16, ge=1, le=50)  # atomic batches in flight; the server opens 50 for all

    http_hote: str = "127.0.0.1"  # where `servir` tells its metrics and health
    http_port: int = Field(default=0, ge=0, le=65_535)  # 0: nowhere, so that several installations never collide
    surveillance_secondes: float = Field(default=5.0, gt=0)  # between two measures of what is late
    pret_retard: float = Field(default=60.0, gt=0)  # seconds that a read model or a reaction may be late, to be ready
    otlp_url: str = ""  # collector of traces (http://collecteur:4318); the standard OTEL_* variables do as well

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"  # what each adds: docs/exploitation/surveiller.md
    log_format: Literal["json", "texte"] = "json"  # texte: for a person

    @field_validator("sessions", "echanges", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """``2024,2026`` as well as a list."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def bounds(self) -> Bounds:
        return Bounds(
            request_timeout=self.request_timeout,
            attempts=self.attempts,
            backoff_min=self.backoff_min,
            backoff_max=self.backoff_max,
            message_max=self.message_max,
            open_batches=self.open_batches,
        )

    @property
    def nats_dir(self) -> Path:
        """Where the embedded server keeps its streams, state and secrets."""
        return self.donnees.absolute() / "nats"

    @property
    def secrets_file(self) -> Path:
        return self.nats_secrets or self.nats_dir / "secrets.json"

    def seed_file(self, identity: str) -> Path | None:
        """The file of an identity's nkey seed; None where it has a password.

        Raises:
            Misconfigured: it cannot be read.
        """
        named = os.environ.get(SEED_PREFIX + identity.upper())
        found = Path(named) if named else self.nats_cles and self.nats_cles / f"{identity}.nk"
        if found is not None and not os.access(found, os.R_OK):
            raise Misconfigured(f"clé de {identity} : {found} n'existe pas, ou ne peut être lu par ce programme")
        return found

    def password(self, identity: str) -> str:
        """The broker's password of an identity, or that of its family: ``sas`` for all those named ``sas_…``.

        Raises:
            Misconfigured: neither the environment nor the secrets file has it.
        """
        variable = PASSWORD_PREFIX + identity.upper()
        kept, family = _secrets(self.secrets_file), identity.partition("_")[0]
        found = os.environ.get(variable) or kept.get(identity)
        found = found or os.environ.get(PASSWORD_PREFIX + family.upper()) or kept.get(family)
        if not found:
            raise Misconfigured(f"mot de passe de {identity} inconnu : définissez {variable} ou {self.secrets_file}")
        return found

    def db_password(self, service: str) -> str | None:
        """The password of a service's role in PostgreSQL (of the coffre's: ``coffre``), if it is known here."""
        found = os.environ.get(DB_PASSWORD_PREFIX + service.upper())
        return found or (_secrets(self.db_secrets).get(service) if self.db_secrets is not None else None)

    def database_url(self, service: str) -> str:
        """Where a service keeps its read models. Never holds the password of its role: `bases` adds it."""
        return self.db_url.format(donnees=self.donnees.absolute(), service=service)

    @property
    def documents_dir(self) -> Path:
        return (self.documents or self.donnees / "documents").absolute()

    @property
    def archive_dir(self) -> Path:
        """Where the sealed segments are; another disk than the broker's, better another machine."""
        return (self.archive or self.donnees / "archive").absolute()

    @property
    def temoins_dir(self) -> Path:
        """Where each head of another's journal signed here is kept: a rewritten history is held against it."""
        return (self.temoins or self.donnees / "temoins").absolute()

    @property
    def reperes_dir(self) -> Path:
        """Where the last seal of each journal is kept, apart from the archive that it is held against."""
        return self.donnees.absolute() / "reperes"

    @property
    def brouillons_dir(self) -> Path:
        """Where a command writes for a while what names people; swept by the next one."""
        return self.donnees.absolute() / "brouillons"

    @property
    def scellement_cle_file(self) -> Path:
        return self.scellement_cle or self.donnees.absolute() / "scellement" / "cle.pem"

    @property
    def coffre_cle_file(self) -> Path:
        return self.coffre_cle or self.donnees.absolute() / "coffre.cle"

    def coffre(self, service: str = "coffre") -> str:
        """Where the keys of personal data are kept; a service opens it under its own role (``{service}``)."""
        return self.coffre_url.format(donnees=self.donnees.absolute(), service=service)


def _secrets(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, json.JSONDecodeError) as error:
        raise Misconfigured(f"fichier de secrets {path} illisible : {error}") from None
    return found
