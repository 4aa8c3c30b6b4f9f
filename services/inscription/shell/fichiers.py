"""Candidates files, for who imports them: each good line becomes the order to register that candidate."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contracts.commandes.inscription import InscrireCandidat
from contracts.messages import Acteur
from contracts.vocabulaire import Forme
from services.inscription.domain.fichier_candidats import Candidat, ErreurLigne, FichierRefuse, lire

__all__ = ["ErreurLigne", "FichierRefuse", "Lecture", "lire_candidats"]


@dataclass(frozen=True)
class Lecture:
    """What a file gives: its number of lines, the orders by line, the errors by line and column."""

    lignes: int
    commandes: tuple[tuple[int, InscrireCandidat], ...]
    erreurs: tuple[ErreurLigne, ...]


def lire_candidats(path: Path, *, session: str, diplome: str, par: Acteur, le: datetime, secret: bytes) -> Lecture:
    """The orders of a candidates file. The same line gives the same command id, so importing it twice does it once.

    ``secret`` keys that id, which stands in clear in the journal: nobody may confirm with it an identity he guesses.

    Raises:
        FichierRefuse: the file as a whole cannot be read.
    """
    try:
        contenu = path.read_bytes()
    except OSError as error:
        raise FichierRefuse("FICHIER_ILLISIBLE", f"{path} : {error.strerror}") from None
    lu = lire(contenu)
    commandes = tuple(
        (
            one.ligne,
            one.commande(
                identifiant=_id(one, session, diplome, secret), le=le, par=par, session=session, diplome=diplome
            ),
        )
        for one in lu.candidats
    )
    return Lecture(lu.lignes, commandes, lu.erreurs)


def _id(candidat: Candidat, session: str, diplome: str, secret: bytes) -> str:
    """From what the line says, not from where it stands: sorting the file changes nothing."""
    said = repr((session, diplome, candidat.numero, candidat.identite, candidat.categorie, *_choix(candidat)))
    return f"import-{hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()[:32]}"


def _choix(candidat: Candidat) -> tuple[object, ...]:
    suite = (candidat.forme, candidat.unites, candidat.anteriorite)
    dite = suite != (Forme.GLOBALE, (), None)
    return (
        sorted(candidat.modes.items()),
        candidat.facultatives,
        candidat.etablissement,
        candidat.formation_attestee,
        candidat.permis_b,
        candidat.livret,
        candidat.derogation,
        candidat.contrat_deux_specialites,
        # A line that says nothing of these keeps the id that it had before they could be said.
        *(suite if dite else ()),
    )
