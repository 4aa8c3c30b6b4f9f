"""The engine of the tests: whether there is one, which images, and what testcontainers must be told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
PREFIXE = os.environ.get("IMAGE_PREFIX", "")

# testcontainers reads these while it is imported.
os.environ.setdefault("TC_POOLING_INTERVAL", "0.1")
os.environ.setdefault("TC_MAX_TRIES", "1200")
if PREFIXE:  # no registry: the reaper's image cannot be had, and the engine is on this machine whatever it looks like
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
    os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")


def _versions() -> dict[str, str]:
    lignes = (RACINE / ".env").read_text("utf-8").splitlines()
    return dict(ligne.split("=", 1) for ligne in lignes if ligne and not ligne.startswith("#"))


VERSIONS = {**_versions(), **{nom: valeur for nom, valeur in os.environ.items() if nom.endswith("_TAG")}}
NATS = f"{PREFIXE}nats:{VERSIONS['NATS_TAG']}"
POSTGRES = f"{PREFIXE}postgres:{VERSIONS['POSTGRES_TAG']}"
PARCHEMIN = os.environ.get("PARCHEMIN_IMAGE", "parchemin:local")


def obstacle() -> str | None:
    """Why no container can be started here, if so."""
    if shutil.which("docker") is None:
        return "aucun moteur de conteneurs : la commande docker manque"
    try:
        told = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, timeout=20
        )
    except subprocess.TimeoutExpired:
        return "aucun moteur de conteneurs : docker ne répond pas"
    return None if told.returncode == 0 else f"aucun moteur de conteneurs : {told.stderr.strip().splitlines()[-1]}"


def docker(*arguments: str, check: bool = True, milieu: Mapping[str, str] | None = None) -> str:
    """What a docker command writes."""
    told = subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=RACINE,
        env={**os.environ, **(milieu or {})},
    )
    assert not check or told.returncode == 0, (
        f"docker {' '.join(arguments)}\n{told.stdout[-3000:]}{told.stderr[-3000:]}"
    )
    return told.stdout + ("" if check else told.stderr)
