"""Ce que le dossier sait de l'inscription : le statut du candidat, et les épreuves qu'il présente."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contracts.commandes.conformite import OuvrirDossier
from contracts.evenements.conformite import DossierOuvert
from contracts.reglement import Epreuve, Reglement
from contracts.vocabulaire import Categorie, Mode


@dataclass(frozen=True)
class Inscrit:
    """Ce que le dossier sait du candidat : son statut, sa majorité au 31 décembre, la formation qu'il atteste.

    ``unites`` : celles qu'il présente, quand ce ne sont pas toutes les obligatoires ; ``facultatives`` : à son choix.
    """

    categorie: Categorie
    majeur: bool
    formation_attestee: bool
    unites: tuple[str, ...] = ()
    facultatives: tuple[str, ...] = ()
    modes: Mapping[str, Mode] = field(default_factory=dict)

    @classmethod
    def de(cls, source: OuvrirDossier | DossierOuvert) -> Inscrit:
        return cls(
            categorie=source.categorie,
            majeur=source.majeur,
            formation_attestee=source.formation_attestee,
            unites=tuple(sorted(source.unites)),
            facultatives=tuple(sorted(source.facultatives)),
            modes=source.modes,
        )

    def choisit(self, code: str, epreuve: Epreuve) -> bool:
        """Se présente-t-il à cette épreuve, dispenses et notes conservées mises à part ?"""
        if not epreuve.obligatoire:
            return code in self.facultatives or code in self.unites
        return not self.unites or code in self.unites


def mode_de(inscrit: Inscrit, code: str, reglement: Reglement) -> Mode:
    """Le mode de l'épreuve pour ce candidat ; à défaut d'être dit, celui que son statut donne d'abord."""
    possibles = reglement.epreuves[code].modes
    de_droit = (mode for mode in reglement.categories[inscrit.categorie].modes if mode in possibles)
    return inscrit.modes.get(code) or next(de_droit, possibles[0])


def non_presentees(inscrit: Inscrit, dispenses: Collection[str], reglement: Reglement) -> frozenset[str]:
    """Les épreuves que le candidat ne passe pas : dispensées, conservées, ou qu'il n'a pas choisies."""
    ecartees = {code for code, epreuve in reglement.epreuves.items() if not inscrit.choisit(code, epreuve)}
    return frozenset(ecartees | set(dispenses))
