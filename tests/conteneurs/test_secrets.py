"""The secrets of docker-compose.yml: made once, kept for ever. No engine is needed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from services.socle.settings import ROOT


def _faire(dossier: Path) -> dict[str, bytes]:
    subprocess.run([ROOT / "deploy/conteneurs/secrets", dossier], check=True, capture_output=True, timeout=120)
    return {str(un.relative_to(dossier)): un.read_bytes() for un in dossier.rglob("*") if un.is_file()}


def test_refaits_les_secrets_restent_les_memes_et_leur_dossier_est_ferme(tmp_path: Path) -> None:
    dossier = tmp_path / "secrets"
    premiers = _faire(dossier)
    assert {"postgres", "base-admin", "bases", "coffre.cle", "nats/provision.nk"} <= set(premiers)
    assert all(premiers.values())
    assert _faire(dossier) == premiers
    assert dossier.stat().st_mode & 0o077 == 0
