"""L'explication de la seconde chance : ouverte, passée, ou pourquoi elle ne l'est pas (DC-BTS11, AMB-47)."""

from __future__ import annotations

from contracts.reglement import Reglement
from contracts.vocabulaire import Explication
from services.deliberation.domain.calcul import Bilan, exact
from services.deliberation.domain.explication_base import choix, dire, fr, liste, totaux_dits
from services.deliberation.domain.rattrapage import Rattrapage

REPARTITION = "AMB-16"  # quelles épreuves font chaque domaine
DOMAINES = {"professionnel": "professionnel", "general": "général"}


def seconde_chance(
    rattrapage: Rattrapage | None, bilan: Bilan, reglement: Reglement, *, admis: bool
) -> list[Explication]:
    """Rien à dire d'un candidat admis sur ses premières notes."""
    if rattrapage is None or rattrapage.totaux.atteint(rattrapage.chance.seuil) or rattrapage.totaux.moyenne is None:
        return []
    comptes = [one for one in bilan.comptes if one.code in rattrapage.epreuves]
    if rattrapage.empeche:
        regle = rattrapage.chance.regle_exclusion
        texte = "Pas d'épreuve de contrôle : le diplôme ne peut pas être délivré, un oral n'y changerait rien."
        return [dire(reglement, regle, texte, effet="aucune épreuve de contrôle")]
    chance = rattrapage.chance
    suite = _suite(rattrapage, admis=admis)
    texte = f"{_premiere_moyenne(rattrapage)} {suite[0]}"
    chiffres = {
        **totaux_dits(rattrapage.totaux),
        "plancher": str(chance.plancher),
        "seuil": str(chance.seuil),
        "points_domaine": exact(rattrapage.domaine.points),
        "coefficients_domaine": exact(rattrapage.domaine.coefficients),
        "seuil_domaine": str(chance.seuil_domaine),
    }
    details = choix(reglement, REPARTITION)
    return [dire(reglement, chance.regle, texte, *comptes, chiffres=chiffres, effet=suite[1], details=details)]


def _premiere_moyenne(rattrapage: Rattrapage) -> str:
    chance, domaine = rattrapage.chance, DOMAINES[rattrapage.chance.domaine_tenu]
    return (
        f"Moyenne avant contrôle {fr(rattrapage.totaux.moyenne)}, domaine {domaine} "
        f"{fr(rattrapage.domaine.moyenne) or 'dispensé'} ; le contrôle est ouvert de {fr(str(chance.plancher))} à "
        f"moins de {fr(str(chance.seuil))}, avec au moins {fr(str(chance.seuil_domaine))} dans ce domaine."
    )


def _suite(rattrapage: Rattrapage, *, admis: bool) -> tuple[str, str]:
    """Ce qui s'ensuit, et son effet."""
    chance = rattrapage.chance
    if not rattrapage.ouvert:
        return "Ces conditions ne sont pas réunies.", "aucune épreuve de contrôle"
    if rattrapage.termine:
        effet = "admis après le contrôle" if admis else "le contrôle ne suffit pas"
        return (
            f"Oraux de contrôle : {liste(rattrapage.passes)} ; la meilleure note de chaque épreuve est gardée.",
            effet,
        )
    nombre = min(chance.nombre, len(rattrapage.epreuves))
    domaine = DOMAINES[chance.domaine]
    ouverts = f"{nombre} à choisir parmi {liste(rattrapage.epreuves)}"
    return f"Des oraux de contrôle sont ouverts dans le domaine {domaine}, {ouverts}.", "épreuves de contrôle"
