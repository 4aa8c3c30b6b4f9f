"""Les épreuves de remplacement d'un candidat qu'une absence justifiée prive de son diplôme."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.commandes.inscription import DemanderRemplacement
from contracts.evenements.inscription import DemandeRemplacementRenvoyee, RemplacementAutorise
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision
from services.inscription.domain.acquis import exiger_passee
from services.inscription.domain.etats import Fiche


@dataclass(frozen=True)
class SituationRemplacement:
    """Ce que les autres services disent du candidat : épreuves manquées avec motif admis, décision du jury."""

    absences_justifiees: frozenset[str] = frozenset()
    decision: Decision | None = None


def remplacer(
    command: DemanderRemplacement, fiche: Fiche, session: SessionFigee, situation: SituationRemplacement
) -> list[RemplacementAutorise | DemandeRemplacementRenvoyee]:
    """Autoriser les épreuves de remplacement d'un ajourné absent avec motif (DC-CAP16, DC-CAP17).

    Une demande déposée dans une autre académie revient au recteur de celle-ci, sans être examinée (CAP24-I06).

    Raises:
        Refus: ``DECISION_ATTENDUE``, ceux d'`exiger_passee`, ou la règle qui s'oppose.
    """
    regles = session.reglement.remplacement
    if not regles.ouverte:
        raise Refus(regles.regle, f"{fiche.candidat} : les textes de ce diplôme n'ont pas de session de remplacement")
    if command.academie_depot != session.academie:
        renvoi = DemandeRemplacementRenvoyee(
            candidat=fiche.candidat, academie_origine=session.academie, regle=regles.regle_academie
        )
        return [] if fiche.renvoi == renvoi else [renvoi]
    epreuves = tuple(code for code in dict.fromkeys(command.epreuves) if code not in fiche.remplacements)
    if not epreuves:
        return []
    for code in epreuves:
        _exiger_remplacable(code, fiche, session.reglement, situation)
    _exiger_sans_diplome(fiche, session.reglement, situation)
    return [RemplacementAutorise(candidat=fiche.candidat, epreuves=epreuves, regle=regles.regle)]


def _exiger_remplacable(code: str, fiche: Fiche, reglement: Reglement, situation: SituationRemplacement) -> None:
    if not exiger_passee(code, fiche, reglement).remplacement:
        raise Refus(reglement.remplacement.regle, f"{code} : ni l'EPS ni une facultative n'a d'épreuve de remplacement")
    if code not in situation.absences_justifiees:
        raise Refus(
            reglement.remplacement.regle_motif, f"{code} : {fiche.candidat} n'y a pas d'absence dont le motif est admis"
        )


def _exiger_sans_diplome(fiche: Fiche, reglement: Reglement, situation: SituationRemplacement) -> None:
    """Le zéro de l'absence justifiée compte d'abord : admis malgré lui, le candidat n'a rien à remplacer."""
    if situation.decision in (None, Decision.EN_ATTENTE):
        raise Refus("DECISION_ATTENDUE", f"{fiche.candidat} : le jury n'a pas encore décidé, attendez sa décision")
    if situation.decision != Decision(reglement.deliberation.defavorable):
        raise Refus(
            reglement.remplacement.regle_motif,
            f"{fiche.candidat} : décision « {situation.decision} », rien à remplacer",
        )
