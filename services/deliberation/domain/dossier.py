"""Ce que le jury voit d'un candidat : des résultats et leurs faits, jamais une identité."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.vocabulaire import Categorie, EtatResultat, Forme, Mode


@dataclass(frozen=True)
class ResultatJury:
    """Le résultat d'une épreuve, avec l'identifiant du fait qui l'établit.

    ``note`` est celle que l'on affiche ; ``note_brute`` la fraction exacte ``n/d`` dont elle vient. ``controle`` : note
    de l'oral de contrôle, absente s'il n'y était pas ; ``controle_fait`` dit que l'oral a eu lieu. ``repris`` : unité
    acquise avant cette session. ``regle`` : celle du résultat. ``vu``, ``controle_vu`` : quand et par qui ces faits ont
    été dits, en mots.
    """

    etat: EtatResultat
    fait: str
    note: Decimal | None = None
    mode: Mode | None = None
    situations: Mapping[str, str] = field(default_factory=dict)
    note_brute: str | None = None
    controle: Decimal | None = None
    controle_fait: str | None = None
    repris: bool = False
    regle: str = field(default="", compare=False)
    vu: str = field(default="", compare=False)
    controle_vu: str = field(default="", compare=False)


@dataclass(frozen=True)
class Fermeture:
    """Le dossier déclaré non conforme : le candidat n'est pas autorisé à se présenter (CAP26-I05)."""

    fait: str
    regle: str
    vu: str = field(default="", compare=False)


@dataclass(frozen=True)
class DossierJury:
    """Le dossier anonyme d'un candidat, tel qu'il est à ``position`` du ``journal``.

    ``resultats`` va par épreuve ; ``inscription`` et ``annulation`` sont des identifiants de faits. ``unites`` : celles
    que le candidat présente, quand ce ne sont pas toutes les obligatoires. ``controles`` : les oraux qu'il a choisis.
    ``remplacements`` : les épreuves que le recteur l'autorise à passer à la session de remplacement.
    """

    numero: str
    categorie: Categorie
    resultats: Mapping[str, ResultatJury]
    journal: str
    position: int
    inscription: str
    facultatives: tuple[str, ...] = ()
    livret: bool = False
    non_autorise: Fermeture | None = None
    remplacements: tuple[str, ...] = ()
    annulation: str | None = None
    forme: Forme = Forme.GLOBALE
    unites: tuple[str, ...] = ()
    controles: tuple[str, ...] = ()


@dataclass(frozen=True)
class PointsAccordes:
    """Le jury a porté la note ``arretee`` à ``apres`` ; sans effet si le résultat arrêté change ensuite (AMB-53)."""

    arretee: Decimal
    apres: Decimal
    motif: str
