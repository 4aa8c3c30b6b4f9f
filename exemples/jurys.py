"""Un jury d'exemple : qui y siège, et ce que son président ordonne."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from candidat import Candidat, acteur
from ecriture import Ligne, Montre


@dataclass(frozen=True)
class Jury:
    """Un jury : à égalité professionnels et enseignants ; un professionnel préside, un enseignant le supplée."""

    code: str
    president: str
    vice_president: str
    membres: tuple[Ligne, ...]

    @classmethod
    def compose(cls, code: str, suffixe: str = "") -> Jury:
        """Deux et deux, de PRO-1 à ENS-2 ; ``suffixe`` les distingue de ceux d'un autre jury : PRO-11 à ENS-12."""
        professionnels = [{"id": f"PRO-{suffixe}{n}", "profil": "professionnel", "public": False} for n in (1, 2)]
        enseignants = [{"id": f"ENS-{suffixe}{n}", "profil": "enseignant_specialite"} for n in (1, 2)]
        return cls(code, f"PRO-{suffixe}1", f"ENS-{suffixe}1", (*professionnels, *enseignants))

    def preside(self, membre: str | None = None) -> Ligne:
        """Qui ordonne : le président, ou le membre qui le supplée."""
        return acteur(membre or self.president, "president_jury", f"jury:{self.code}")

    def constituer(self, le: str, arrete: str, choisis: Iterable[Candidat]) -> Ligne:
        return {
            "commande": "deliberation.constituer_jury", "le": le, "jury": self.code, "arrete": arrete,
            "membres": list(self.membres), "president": self.president, "vice_president": self.vice_president,
            "candidats": [one.numero for one in choisis], "par": "recteur",
        }  # fmt: skip

    def presences(self, montre: Montre, *, absents: Collection[str] = ()) -> Iterator[Ligne]:
        for membre in (one["id"] for one in self.membres if one["id"] not in absents):
            yield {
                "commande": "deliberation.attester_presence", "le": montre.suivant(), "jury": self.code,
                "membre": membre, "par": "gestionnaire",
            }  # fmt: skip

    def ordre(self, commande: str, le: str, par: Ligne | None = None, **champs: Any) -> Ligne:
        """Ce que le président ordonne au jury : ``ouvrir_jury``, ``clore_jury``, ``transmettre_presidence``…"""
        ordonne = {"commande": f"deliberation.{commande}", "le": le, "jury": self.code, "par": par or self.preside()}
        return ordonne | champs

    def publier(self, le: str, **autrement: Any) -> Ligne:
        return {
            "commande": "publication.publier_resultats", "le": le, "par": "gestionnaire", "jury": self.code, **autrement
        }  # fmt: skip
