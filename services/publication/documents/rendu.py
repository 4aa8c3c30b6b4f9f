"""De ce qu'un document dit à son fichier : PDF/A-2a et PDF/UA-1, les mêmes octets pour les mêmes données.

No clock, no font of the machine, no network: the date comes from the data, the fonts from the compiler's wheel. What a
person wrote reaches the template as data (JSON), never as source: it is printed as it stands.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import typst

from services.publication.documents.attestation import DonneesAttestation
from services.publication.documents.donnees import DonneesDiplome, DonneesListe, DonneesReleve
from services.publication.documents.dossier import DonneesDossier
from services.publication.documents.erreurs import RenduImpossible
from services.publication.documents.formulaires import DonneesFormulaire
from services.publication.documents.pv import DonneesPv
from services.publication.documents.releve import DonneesReleveV2

__all__ = ["RenduImpossible", "empreinte", "rendre", "rendre_diplome", "rendre_liste", "rendre_releve"]

Donnees = (
    DonneesReleve
    | DonneesReleveV2
    | DonneesDiplome
    | DonneesAttestation
    | DonneesListe
    | DonneesPv
    | DonneesFormulaire
    | DonneesDossier
)

GABARITS = Path(__file__).parent
NORMES: list[Any] = ["a-2a", "ua-1"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Compilers(threading.local):
    """One compiler per template and thread: reused it is twice as fast, shared between threads it is not safe."""

    def __init__(self) -> None:
        self.known: dict[str, typst.Compiler] = {}

    def of(self, modele: str) -> typst.Compiler:
        if modele not in self.known:
            path = GABARITS / f"{modele}.typ"
            if not path.is_file():
                raise RenduImpossible(f"gabarit « {modele} » absent : mettez le programme à jour")
            self.known[modele] = typst.Compiler(str(path), root=str(GABARITS), ignore_system_fonts=True)
        return self.known[modele]


_compilers = _Compilers()


def rendre_releve(donnees: DonneesReleve | DonneesReleveV2) -> bytes:
    """Le relevé de notes, en PDF.

    Raises:
        RenduImpossible: gabarit absent, ou caractère qu'aucune police fournie ne sait écrire.
    """
    return rendre(donnees)


def rendre_diplome(donnees: DonneesDiplome) -> bytes:
    """Le diplôme, en PDF.

    Raises:
        RenduImpossible: voir `rendre_releve`.
    """
    return rendre(donnees)


def rendre_liste(donnees: DonneesListe) -> bytes:
    """La liste des résultats d'un jury, en PDF.

    Raises:
        RenduImpossible: voir `rendre_releve`.
    """
    return rendre(donnees)


def empreinte(fichier: bytes) -> str:
    """sha256 du fichier, en hexadécimal : ce que l'événement garde."""
    return hashlib.sha256(fichier).hexdigest()


def rendre(donnees: Donnees) -> bytes:
    """Un document quelconque, en PDF.

    Raises:
        RenduImpossible: voir `rendre_releve`.
    """
    compile_pdf = partial(
        _compilers.of(donnees.entete.modele).compile,
        format="pdf",
        pdf_standards=NORMES,
        timestamp=(donnees.entete.cree_le - EPOCH) // timedelta(seconds=1),
    )
    try:
        fichier = compile_pdf(sys_inputs={"donnees": _json(donnees)})
    except typst.TypstError as error:
        raise RenduImpossible(_cause(donnees, error)) from None
    assert isinstance(fichier, bytes)  # noqa: S101 - one PDF, not the pages of an image
    return fichier


def _json(donnees: Donnees) -> str:
    """The data as the template reads them; the moment is told in words there, so it does not travel."""
    plain = asdict(donnees)
    del plain["entete"]["cree_le"]
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def _cause(donnees: Donnees, error: typst.TypstError) -> str:
    """The compiler quotes the text it stumbles on: a name must not reach a log that way."""
    numero = donnees.entete.numero
    if "could not be displayed" in str(error):
        return f"{numero} : un caractère de l'identité n'existe dans aucune police fournie ; corrigez la saisie"
    return f"{numero} : le gabarit {donnees.entete.modele} et les données ne vont pas ensemble"
