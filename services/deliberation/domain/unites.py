"""Les unités : celles que le candidat présente, acquiert, ou peut garder pour une autre session."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction

from contracts.reglement import CompetenceRequise, Parcours, Reglement
from contracts.vocabulaire import Decision, Forme
from services.deliberation.domain.calcul import NOTES, Bilan, Compte
from services.deliberation.domain.dossier import DossierJury


def presentees(dossier: DossierJury, reglement: Reglement) -> tuple[str, ...]:
    """Les unités obligatoires que le candidat présente à cette session."""
    reprises = {code for code, one in dossier.resultats.items() if one.repris}
    return tuple(
        code
        for code, epreuve in reglement.epreuves.items()
        if epreuve.obligatoire and (code in dossier.unites if dossier.unites else code not in reprises)
    )


def parcours(reglement: Reglement, unites: Collection[str]) -> dict[str, Parcours]:
    """Les façons de se présenter qui correspondent à ces unités : celle qui les prend toutes, sinon celles qui y sont.

    Qui présente le dernier CCP et l'entretien final suit deux parcours à la fois (TP-D02).
    """
    exact = {code: one for code, one in reglement.parcours.items() if set(one.epreuves) == set(unites)}
    return exact or {code: one for code, one in reglement.parcours.items() if set(one.epreuves) <= set(unites)}


def competences_exigees(reglement: Reglement, unites: Collection[str]) -> tuple[CompetenceRequise, ...]:
    """Les compétences qu'un juré au moins doit avoir pour ces unités (TP-N17)."""
    suivis = parcours(reglement, unites)
    return tuple(
        one
        for one in reglement.jury.competences
        if one.epreuve in unites and (not one.parcours or set(one.parcours) & suivis.keys())
    )


def conservees(dossier: DossierJury, reglement: Reglement, bilan: Bilan) -> tuple[Compte, ...]:
    """Les unités dont la note peut être gardée : au seuil, ou sans seuil en forme progressive (DC-BTS14, DC-BTS03)."""
    conservation = reglement.conservation
    sans_seuil = dossier.forme is Forme.PROGRESSIVE and conservation.progressive_sans_seuil is not None
    if conservation.seuil is None:
        return ()
    seuil = Fraction(0) if sans_seuil else Fraction(conservation.seuil)
    return tuple(one for one in _notees(bilan.comptes) if one.note is not None and one.note >= seuil)


@dataclass(frozen=True)
class Acquisition:
    """Ce qui est acquis d'un titre : à cette session, auparavant, et ce qui ne l'est pas."""

    decision: Decision
    acquises: tuple[str, ...]
    tenues: tuple[str, ...]
    non_acquises: tuple[str, ...]
    absentes: tuple[str, ...]

    @property
    def unites(self) -> tuple[str, ...]:
        """Les unités que le candidat garde quand il n'a pas le titre."""
        return () if self.decision is Decision.ADMIS else (*self.tenues, *self.acquises)


def acquerir(dossier: DossierJury, reglement: Reglement, bilan: Bilan) -> Acquisition:
    """Le titre si toutes ses unités sont acquises ou tenues ; sinon, des unités, ou rien (DC-TP06)."""
    du_jour = presentees(dossier, reglement)
    comptes = [one for one in bilan.comptes if one.epreuve.obligatoire]
    acquises = tuple(one.code for one in comptes if one.acquise and one.code in du_jour)
    tenues = tuple(one.code for one in comptes if one.acquise and one.code not in du_jour)
    non_acquises = tuple(one.code for one in comptes if not one.acquise)
    delivrables = [code for code in acquises if seule(reglement, code)]
    titre = not non_acquises and not bilan.manquantes
    partielle = bool(delivrables) and reglement.deliberation.regle_partielle is not None
    defavorable = Decision(reglement.deliberation.defavorable)
    decision = Decision.ADMIS if titre else Decision.REUSSITE_PARTIELLE if partielle else defavorable
    gardees = acquises if titre else tuple(delivrables)
    return Acquisition(decision, gardees, tenues, non_acquises, bilan.manquantes)


def seule(reglement: Reglement, code: str) -> bool:
    """L'unité se délivre seule : un parcours ne porte que sur elle, sans rien exiger d'autre (TP-D03)."""
    return any(one.epreuves == (code,) and not one.acquis for one in reglement.parcours.values())


def _notees(comptes: Iterable[Compte]) -> list[Compte]:
    return [one for one in comptes if one.epreuve.obligatoire and one.resultat.etat in NOTES]
