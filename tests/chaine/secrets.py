"""Secrets that should never have been written: in the tracked files, and in every line that the history ever added."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.chaine.paquets import RACINE

CONNUS = Path(__file__).with_name("secrets_connus.json")
"""Hash of what looks like a secret and is none → why."""
# Not the detectors of entropy: digests and ids are everywhere in an event store.
DETECTEURS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector", "DiscordBotTokenDetector",
    "GitHubTokenDetector", "GitLabTokenDetector", "IbmCloudIamDetector", "JwtTokenDetector", "KeywordDetector",
    "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector",
    "SendGridDetector", "SlackDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)  # fmt: skip

INDICES = re.compile(
    r"api_?key|auth|credential|private|secret|passw|pwd|mdp|mot_de_passe|token|jeton|://|AKIA|eyJ|xox[a-z]-|gh[pousr]_"
    r"|glpat|[sr]k_live|SG\.|pypi-|npm_|AccountKey|webhook",
    re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class Trouve:
    """Where something looks like a secret; never the secret itself."""

    ou: str
    genre: str
    empreinte: str


def suspects(textes: Iterable[tuple[str, str]]) -> Iterator[Trouve]:
    """What looks like a secret in these texts, by name, and is not known to be none."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import transient_settings

    connus = json.loads(CONNUS.read_text("utf-8"))
    plugins = {"plugins_used": [{"name": one} for one in DETECTEURS]}
    with tempfile.TemporaryDirectory(prefix="parchemin-secrets-") as dossier, transient_settings(plugins):
        for nom, texte in textes:
            retenu = _retenu(texte)
            if retenu is None:
                continue
            fichier = Path(dossier) / f"texte{Path(nom).suffix}"  # detectors read some kinds of files their own way
            fichier.write_text(retenu, "utf-8")
            for secret in scan_file(str(fichier)):
                if secret.secret_hash not in connus:
                    yield Trouve(f"{nom}:{secret.line_number}", secret.type, secret.secret_hash)


def _retenu(texte: str) -> str | None:
    """The lines that may hold one, at their places: the detectors are slow, and nearly all lines tell them nothing."""
    lignes = [ligne if INDICES.search(ligne) else "" for ligne in texte.splitlines()]
    return "\n".join(lignes) if any(lignes) else None


def suivis() -> Iterator[tuple[str, str]]:
    """The tracked files."""
    for nom in _git("ls-files", "-z").split("\0"):
        chemin = RACINE / nom
        if nom and chemin.is_file() and not chemin.is_symlink():
            yield nom, chemin.read_text("utf-8", "replace")


def ajouts() -> Iterator[tuple[str, str]]:
    """For each path that ever was, all the lines it ever had, whatever the commit."""
    lignes: dict[str, dict[str, None]] = {}
    courant: dict[str, None] = {}
    for ligne in _git("log", "-p", "--unified=0", "--no-color", "--no-renames", "--no-textconv", "HEAD").split("\n"):
        if ligne.startswith("+++ b/"):
            courant = lignes.setdefault(ligne[6:].strip('"'), {})
        elif ligne.startswith("+") and not ligne.startswith("+++ "):
            courant[ligne[1:]] = None
    for nom, contenu in lignes.items():
        yield f"{nom} (histoire)", "\n".join(contenu)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=RACINE, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")
