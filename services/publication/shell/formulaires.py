"""The blank forms of a session, for whoever prints or displays them (the command line)."""

from __future__ import annotations

from contracts.reglement import Reglement
from services.publication.documents.formulaires import donnees_formulaires
from services.publication.documents.rendu import rendre


def formulaires(reglement: Reglement, session_annee: int) -> list[tuple[str, bytes]]:
    """Every blank bordereau and fiche of a session, as (file name, PDF); the same bytes each time."""
    return [(one.nom, rendre(one)) for one in donnees_formulaires(reglement, session_annee)]
