"""La seconde chance : des oraux de contrôle entre deux moyennes, le domaine professionnel étant tenu (DC-BTS11)."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.reglement import SecondeChance
from contracts.session import SessionFigee
from services.deliberation.domain.calcul import NOTES, Bilan, Constat, Totaux
from services.deliberation.domain.dossier import DossierJury


@dataclass(frozen=True)
class Rattrapage:
    """Ce que donne la première moyenne. ``epreuves`` : celles où l'oral est possible ; ``passes`` : les oraux tenus.

    ``empeche`` : une condition autre que la moyenne n'est pas remplie ; l'oral n'y changerait rien (AMB-47).
    """

    chance: SecondeChance
    totaux: Totaux
    domaine: Totaux
    epreuves: tuple[str, ...]
    choisies: tuple[str, ...]
    passes: tuple[str, ...]
    empeche: bool

    @property
    def moyenne_ouvre(self) -> bool:
        """La moyenne est dans l'intervalle : au moins le plancher, moins que le seuil."""
        return self.totaux.atteint(self.chance.plancher) and not self.totaux.atteint(self.chance.seuil)

    @property
    def domaine_tenu(self) -> bool:
        return self.domaine.atteint(self.chance.seuil_domaine)

    @property
    def ouvert(self) -> bool:
        return not self.empeche and self.moyenne_ouvre and self.domaine_tenu and bool(self.epreuves)

    @property
    def termine(self) -> bool:
        """Tous les oraux dus ont eu lieu, ou le candidat n'y était pas : il est décidé pour de bon."""
        dus = set(self.choisies)
        if dus:
            return dus <= set(self.passes)
        return len(self.passes) >= min(self.chance.nombre, len(self.epreuves))

    @property
    def restent(self) -> tuple[str, ...]:
        """Les oraux choisis que le candidat n'a pas encore passés."""
        return tuple(code for code in self.choisies if code not in self.passes)


def examiner(dossier: DossierJury, session: SessionFigee, bilan: Bilan, constats: list[Constat]) -> Rattrapage | None:
    """La seconde chance du candidat, d'après ses premières notes ; aucune si le règlement n'en a pas."""
    chance = session.reglement.deliberation.seconde_chance
    if chance is None:
        return None
    du_domaine = [one for one in bilan.comptes if one.epreuve.domaine == chance.domaine]
    epreuves = tuple(one.code for one in du_domaine if one.resultat.etat in NOTES)
    return Rattrapage(
        chance=chance,
        totaux=bilan.totaux(),
        domaine=bilan.totaux(chance.domaine_tenu),
        epreuves=epreuves,
        choisies=tuple(code for code in dossier.controles if code in epreuves),
        passes=tuple(code for code in epreuves if dossier.resultats[code].controle_fait is not None),
        empeche=any(not one.tenue for one in constats if one.admission and one.clause.procedure != "moyenne_ensemble"),
    )
