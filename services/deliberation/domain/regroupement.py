"""Un examen partagé a un seul jury, à l'académie pilote (AMB-55) : d'où vient chacun de ses candidats."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contracts.messages import Refus

REGLE_UN_JURY = "AMB-55"
REGLE_VALEURS = "AMB-05"


@dataclass(frozen=True)
class Regroupement:
    """Le regroupement, vu de l'académie ``ici``. ``acceptes`` : les rattachées qui l'ont accepté.

    ``inscrits`` : candidat → académies où ce numéro est inscrit, celles que l'on connaît d'ici. ``contraires`` :
    académie → les valeurs qu'elle a fournies, et qui ne sont pas celles d'ici.
    """

    ici: str
    pilote: str
    membres: frozenset[str] = frozenset()
    acceptes: frozenset[str] = frozenset()
    inscrits: Mapping[str, Collection[str]] = field(default_factory=dict)
    contraires: Mapping[str, Collection[str]] = field(default_factory=dict)

    def exiger_pilote(self) -> None:
        """Le jury est celui de la pilote : ailleurs, rien d'autre n'est à regarder.

        Raises:
            Refus: AMB-55.
        """
        if self.ici != self.pilote:
            detail = f"cet examen est partagé : son jury est nommé et siège à l'académie pilote, {self.pilote}"
            raise Refus(REGLE_UN_JURY, detail)

    def origines(self, candidats: Collection[str]) -> dict[str, str]:
        """Candidat → son académie, pour ceux qui ne sont pas d'ici.

        Raises:
            Refus: AMB-55, AMB-05 ; ``NUMERO_AMBIGU``, ``REGROUPEMENT_NON_ACCEPTE``, ``DOSSIER_ABSENT``.
        """
        self.exiger_pilote()
        trouvees = {one: self._academie(one) for one in candidats}
        self._exiger_memes_valeurs({*trouvees.values()})
        return {one: academie for one, academie in trouvees.items() if academie != self.ici}

    def _exiger_memes_valeurs(self, academies: Collection[str]) -> None:
        """Ses notes comptent partout pareil : une académie ne les a pas pondérées autrement que le jury."""
        for academie in sorted(academies):
            if cles := self.contraires.get(academie):
                detail = f"{', '.join(cles)} : la valeur fournie à {academie} n'est pas celle d'ici"
                raise Refus(REGLE_VALEURS, f"{detail} ; ses candidats ne se jugent pas sous deux barèmes", cles=[*cles])

    def _academie(self, candidat: str) -> str:
        """L'académie du candidat : une seule, du regroupement, qui l'a accepté."""
        connues = sorted(self.inscrits.get(candidat, ()))
        if not connues:
            detail = f"l'inscription de {candidat} n'est connue d'aucune académie du regroupement"
            raise Refus("DOSSIER_ABSENT", f"{detail} : attendez qu'elle arrive, ou vérifiez son numéro")
        du_regroupement = [one for one in connues if one == self.ici or one in self.membres]
        if len(du_regroupement) > 1:
            detail = f"{candidat} est inscrit à {' et à '.join(du_regroupement)}"
            raise Refus("NUMERO_AMBIGU", f"{detail} : changez l'un des deux numéros", academies=du_regroupement)
        if not du_regroupement or du_regroupement[0] not in {self.ici, *self.acceptes}:
            academie = (du_regroupement or connues)[0]
            detail = f"{candidat} est inscrit à {academie}, qui n'a pas accepté le regroupement"
            raise Refus("REGROUPEMENT_NON_ACCEPTE", f"{detail} : faites-le accepter, puis nommez le jury")
        return du_regroupement[0]
