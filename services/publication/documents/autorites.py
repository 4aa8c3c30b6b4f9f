"""Qui délivre un document, sous quel en-tête, et devant qui sa décision se conteste."""

from __future__ import annotations

from dataclasses import dataclass

from services.publication.documents import francais
from services.publication.documents.erreurs import RenduImpossible
from services.publication.documents.francais import capitale, typographie

NIVEAU_SUPERIEUR = 5  # les diplômes de ce niveau et au-delà relèvent de l'enseignement supérieur
RECTEUR = "recteur"
RECTEUR_DE_REGION = "recteur de région académique"
EMPLOI = "représentant territorial du ministère chargé de l’emploi"


@dataclass(frozen=True)
class Autorite:
    """``titre`` : en entier, sans article ; ``ministre`` : devant qui le recours est hiérarchique.

    ``nature`` : ce que l'autorité délivre ; ``valide_pv`` : elle valide le procès-verbal du jury (DC-TP08).
    """

    nom: str
    titre: str
    entete: str
    service: str
    ministre: str
    nature: str
    valide_pv: bool = False


def autorite(nom: str, academie: str, niveau: int) -> Autorite:
    """L'autorité que nomme le règlement, dans cette académie.

    Raises:
        RenduImpossible: une autorité dont on ne sait dire ni l'en-tête ni les recours.
    """
    dit = typographie(nom)
    tutelle = "de l’enseignement supérieur" if niveau >= NIVEAU_SUPERIEUR else "de l’éducation nationale"
    ministre = f"ministre chargé {tutelle}"
    tete = capitale(francais.academie(academie))
    match dit:
        case _ if dit == RECTEUR:
            titre = f"recteur de l’{francais.academie(academie)}"
            return Autorite(dit, titre, tete, "Division des examens et concours", ministre, "diplôme")
        case _ if dit == RECTEUR_DE_REGION:
            titre = francais.region_academique(academie)
            return Autorite(dit, f"recteur de la {titre}", capitale(titre), "", ministre, "diplôme")
        case _ if dit == EMPLOI:
            return Autorite(
                dit, dit, "Ministère chargé de l’emploi", "", "ministre chargé de l’emploi", "titre", valide_pv=True
            )
    raise RenduImpossible(f"autorité « {nom} » inconnue : dites dans documents/autorites.py comment elle s'écrit")
