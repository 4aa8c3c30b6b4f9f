"""Ce que reçoit qui n'obtient pas le diplôme : ses unités, sur une attestation (DC-BTS17, DC-MC11, DC-TP08)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from contracts.evenements.deliberation import Ligne
from contracts.messages import Refus
from contracts.reglement import Attestation, Reglement
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.domain.resultat import PREMIERE, ResultatPublie, lignes_publiables

# Décisions qui laissent le candidat sans diplôme, ses unités acquises ou conservables.
SANS_DIPLOME = frozenset({Decision.AJOURNE, Decision.REFUSE, Decision.POURSUITE, Decision.REUSSITE_PARTIELLE})


def unites_attestees(publie: ResultatPublie, reglement: Reglement) -> tuple[str, ...]:
    """Les unités à attester, dans l'ordre du règlement ; aucune si le règlement n'en atteste pas.

    Avec un seuil, celles dont la note retenue l'atteint ; sans seuil, celles que le jury dit acquises.
    """
    attestation = reglement.documents.attestation
    if attestation is None or publie.decision not in SANS_DIPLOME:
        return ()
    tenues = _tenues(publie, attestation)
    possibles = {code: one for code, one in reglement.epreuves.items() if one.obligatoire}
    if attestation.seuil is None:  # une unité y est faite de compétences : un entretien final n'en est pas une
        possibles = {code: one for code, one in possibles.items() if one.situations}
    return tuple(code for code in possibles if code in tenues)


def exiger_unites(publie: ResultatPublie, reglement: Reglement) -> tuple[Attestation, tuple[str, ...]]:
    """L'attestation du règlement et les unités qu'elle porte.

    Raises:
        Refus: la règle qui la fonde, quand il n'y a rien à attester.
    """
    attestation = reglement.documents.attestation
    if attestation is None:
        detail = "le règlement de cette session ne prévoit aucune attestation d'unités"
        raise Refus(reglement.documents.regle_diplome, f"{publie.candidat} : {detail}")
    if publie.decision is Decision.ADMIS:
        raise Refus(attestation.regle, f"{publie.candidat} est admis : il reçoit le diplôme, pas une attestation")
    unites = unites_attestees(publie, reglement)
    if not unites:
        manque = "aucune unité acquise" if attestation.seuil is None else f"aucune unité d'au moins {attestation.seuil}"
        raise Refus(attestation.regle, f"{publie.candidat} : {manque}, rien à attester")
    return attestation, unites


def note_retenue(ligne: Ligne) -> Decimal | None:
    """La meilleure des deux notes, quand l'oral de contrôle compte (DC-BTS11) ; celle du jury, s'il donne les deux."""
    if PREMIERE in ligne.situations:
        return ligne.note
    return max((one for one in (ligne.note, ligne.controle) if one is not None), default=None)


def _tenues(publie: ResultatPublie, attestation: Attestation) -> frozenset[str]:
    if attestation.seuil is None:
        acquises = (one.epreuve for one in publie.lignes if one.etat is EtatResultat.ACQUISE)
        return frozenset(publie.unites or acquises)
    return frozenset(one.epreuve for one in lignes_publiables(publie.lignes) if _atteint(one, attestation.seuil))


def _atteint(ligne: Ligne, seuil: Decimal) -> bool:
    """La note exacte, quand l'affichage la tronque : c'est elle que le seuil juge (AMB-38)."""
    exacte = Fraction(ligne.note_exacte) if ligne.note_exacte else None
    retenue = note_retenue(ligne)
    notes = [] if retenue is None else [Fraction(retenue)]
    return max([*notes, *([exacte] if exacte is not None else [])], default=Fraction(-1)) >= seuil
