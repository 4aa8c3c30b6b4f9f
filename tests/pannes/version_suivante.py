"""`parchemin`, tel que le serait une version à venir : une note saisie s'y écrit sous une version de plus.

python -m tests.pannes.version_suivante servir notation
"""

from __future__ import annotations

from contracts import evenements
from contracts.evenements import conformite, deliberation, inscription, notation, publication
from contracts.messages import Data, Registry, split_name

MODULES = (inscription, conformite, notation, deliberation, publication)
ANCIEN = notation.NoteSaisie.NAME
SERVICE, GENRE, VERSION = split_name(ANCIEN)
NOUVEAU = f"{SERVICE}.{GENRE}.v{VERSION + 1}"


def _inchangees(data: Data) -> Data:
    return data


def devenir() -> None:
    """Avant que rien n'ait lu le registre des événements."""
    notation.NoteSaisie.NAME = NOUVEAU
    etapes = {nom: etape for module in MODULES for nom, etape in module.ETAPES.items()}
    evenements.REGISTRE = Registry(evenements.REGISTRE.events, {**etapes, ANCIEN: _inchangees})


if __name__ == "__main__":
    devenir()
    from services.exploitation.cli import main

    main()
