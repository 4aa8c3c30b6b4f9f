"""La commande `parchemin` telle qu'on la tape, sans payer à chaque fois le chargement du programme.

Un processus charge le programme une fois, puis se dédouble pour chaque commande : arguments, environnement, sorties et
code de retour sont ceux d'un vrai lancement.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.parcours.histoire import SESSION

RACINE = Path(__file__).resolve().parents[2]
PARCHEMIN = Path(sys.executable).with_name("parchemin")


def environnement(dossier: Path) -> dict[str, object]:
    """Les variables d'une installation neuve sous ce dossier."""
    return {
        "PARCHEMIN_DONNEES": dossier,
        "PARCHEMIN_SESSIONS": SESSION,
        "PARCHEMIN_CLOCK_TOLERANCE": 1e9,  # l'histoire se joue quelle que soit la date de la machine
        "PARCHEMIN_CLOCK_LAG": 0,
        "PARCHEMIN_CONNECT_TIMEOUT": 1,
    }


@contextmanager
def servir(variables: Mapping[str, object], traces: Path) -> Iterator[subprocess.Popen[str]]:
    """`parchemin servir`, prêt ; arrêté à la fin comme le ferait un superviseur."""
    environ = {**os.environ, **{nom: str(valeur) for nom, valeur in variables.items()}}
    with traces.open("a") as erreurs:
        process = subprocess.Popen(
            [PARCHEMIN, "servir"], env=environ, stdout=subprocess.PIPE, stderr=erreurs, text=True
        )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("En service : inscription, conformite"), traces.read_text()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


@dataclass(frozen=True)
class Sortie:
    """Ce qu'une commande a rendu."""

    code: int
    sortie: str
    erreurs: str

    @property
    def tout(self) -> str:
        return self.sortie + self.erreurs

    @property
    def json(self) -> Any:
        return json.loads(self.sortie)


class Terminal:
    """Un terminal et ses variables d'environnement."""

    def __init__(self, environnement: Mapping[str, object]) -> None:
        self._environnement = {nom: str(valeur) for nom, valeur in environnement.items()}
        self.dossier = Path(self._environnement["PARCHEMIN_DONNEES"]).parent
        self._souche: subprocess.Popen[str] | None = None

    def __call__(self, *arguments: object, **variables: object) -> Sortie:
        """Lancer `parchemin` avec ces arguments ; ``variables`` complète l'environnement."""
        assert self._souche is not None
        assert self._souche.stdin is not None
        assert self._souche.stdout is not None
        with tempfile.TemporaryDirectory(prefix="parchemin-terminal-") as dossier:
            sorties = [str(Path(dossier) / nom) for nom in ("sortie", "erreurs")]
            environnement = self._environnement | {nom: str(valeur) for nom, valeur in variables.items()}
            print(json.dumps([list(map(str, arguments)), environnement, sorties]), file=self._souche.stdin, flush=True)
            code = int(self._souche.stdout.readline())
            sortie, erreurs = (Path(one).read_text("utf-8") for one in sorties)
        assert "Traceback" not in sortie + erreurs, sortie + erreurs
        return Sortie(code, sortie, erreurs)

    def __enter__(self) -> Self:
        commande = [sys.executable, "-m", "tests.parcours.terminal"]
        tuyaux: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._souche = subprocess.Popen(commande, cwd=RACINE, **tuyaux)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._souche is not None:
            self._souche.communicate(timeout=30)


def _souche() -> None:
    """Corps du processus : une demande par ligne, son code de retour en réponse."""
    import services.exploitation.cli  # noqa: F401 - chargé ici, une fois pour toutes les commandes

    for ligne in sys.stdin:
        arguments, environnement, sorties = json.loads(ligne)
        enfant = os.fork()
        if enfant == 0:
            _commande(arguments, environnement, sorties)
        _, statut = os.waitpid(enfant, 0)
        print(os.waitstatus_to_exitcode(statut), flush=True)


def _commande(arguments: list[str], environnement: dict[str, str], sorties: list[str]) -> None:
    from services.exploitation.cli import main

    os.environ.update(environnement)
    for descripteur, chemin in enumerate(sorties, 1):
        os.dup2(os.open(chemin, os.O_WRONLY | os.O_CREAT), descripteur)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["parchemin", *arguments]
    sys.modules["__main__"].__package__ = ""  # typer en tire le nom de la commande
    code = 0
    try:
        main()
    except SystemExit as fin:
        code = fin.code if isinstance(fin.code, int) else 0 if fin.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _souche()
