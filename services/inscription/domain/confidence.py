"""Confier l'identité d'un candidat à une académie du regroupement, et à aucune autre (AMB-55, TR-G01)."""

from __future__ import annotations

from contracts.commandes.confidence import ConfierIdentite
from contracts.evenements.confidence import IdentiteConfiee
from contracts.messages import Refus
from contracts.vocabulaire import Enveloppe
from services.inscription.domain.etats import Fiche
from services.inscription.domain.regroupement import Partage, exiger_partage

REGLE = "AMB-55"
"""Les données ne sont visibles que des académies du groupement."""


def confier(
    command: ConfierIdentite, fiche: Fiche, partage: Partage | None, ici: str, enveloppe: Enveloppe | None
) -> list[IdentiteConfiee]:
    """L'enveloppe faite pour l'académie qui en a besoin, une seule fois.

    Raises:
        Refus: ``REGROUPEMENT_INCONNU``, TR-G01, ``PARTENAIRE_SANS_CLE``.
    """
    exiger_partage(partage, command.a, ici)
    if command.a in fiche.confiees:
        return []
    if enveloppe is None or enveloppe.pour != command.a:
        raise Refus(
            "PARTENAIRE_SANS_CLE",
            f"{command.a} n'a pas encore fait connaître sa clé ici : attendez qu'elle ait accepté le regroupement",
        )
    return [IdentiteConfiee(candidat=fiche.candidat, a=command.a, enveloppe=enveloppe, regle=REGLE)]
