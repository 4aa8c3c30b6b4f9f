"""Un diplôme dont le dossier tient sur des stages : attestations et certificats, dossiers d'épreuve déposés."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, ClassVar

from candidat import Candidat
from ecriture import Ligne, Montre
from modele import Session
from personnes import Employeurs


class SessionAvecStages(Session):
    """Ce que ces sessions partagent ; un diplôme dit ses entreprises, ce qu'on y fait, et les dossiers qu'il veut."""

    entreprises: ClassVar[tuple[tuple[str, str], ...]]
    activite: ClassVar[str]

    def __init__(self, annee: int, graine: int) -> None:
        super().__init__(annee, graine)
        self.employeurs = Employeurs(f"stages-{graine}-{self.dossier}")
        self._lieux = Random(f"lieux-{graine}-{self.dossier}")

    def periode(self, debut: str, fin: str, nature: str = "stage", heures: str = "35", **autrement: Any) -> Ligne:
        """Une attestation de stage, ou un certificat de travail."""
        denomination, activite = self._lieux.choice(self.entreprises)
        champs: Ligne = {"denomination": denomination, "activite": activite, "activites": [self.activite]}
        return self.employeurs.attestation((nature, debut, fin, heures), **(champs | autrement))

    def dossiers(self, montre: Montre) -> Iterator[Ligne]:
        """Les dossiers d'épreuve, et une attestation ou un certificat par période, par qui inscrit le candidat."""
        for one in self.candidats:
            if one.annule:
                continue
            yield from one.avant["dossier"]
            par = one.chef if one.etablissement else one.lui
            for nature in self.natures(one):
                yield self.depot_dossier(one, nature, montre.suivant(), par)
            for rang, (le, attestation) in enumerate(one.attestations, 1):
                emploi = attestation["periodes"][0]["nature"] == "emploi"
                nature = "certificat_travail" if emploi else "attestation_stage"
                champs: Ligne = {"piece": f"attestation-{rang}", "nature": nature, "attestation": attestation}
                yield self.depot(one, le or montre.suivant(), par, **champs)
            yield from one.apres["dossier"]

    def natures(self, one: Candidat) -> Iterable[str]:
        """Les dossiers qu'il dépose."""
        return ()

    def depot_dossier(self, one: Candidat, nature: str, le: str, par: str | Ligne) -> Ligne:
        """L'un d'eux."""
        return self.depot(one, le, par, piece=nature.replace("_", "-"), nature=nature)
