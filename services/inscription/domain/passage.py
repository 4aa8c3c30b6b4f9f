"""Où et quand le candidat compose : centre, convocation, épreuves de remplacement."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from contracts.commandes.inscription import AffecterCentre, DemanderRemplacement, EmettreConvocation
from contracts.evenements.inscription import (
    CentreAffecte,
    ConvocationEmise,
    DemandeRemplacementRenvoyee,
    RemplacementAutorise,
)
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, Mode, TypeCentre
from services.inscription.domain.acquis import exiger_passee
from services.inscription.domain.admission import exiger_categorie
from services.inscription.domain.etats import Convoquee, EnCours, Fiche, Inscrite, NonAutorisee
from services.inscription.domain.session_examen import Centre


@dataclass(frozen=True)
class SituationRemplacement:
    """Ce que les autres services disent du candidat : épreuves manquées avec motif admis, décision du jury."""

    absences_justifiees: frozenset[str] = frozenset()
    decision: Decision | None = None


# Le centre ---------------------------------------------------------------------------------------------------------


def affecter(command: AffecterCentre, fiche: Fiche, reglement: Reglement, centre: Centre | None) -> list[CentreAffecte]:
    """Un centre principal, ou son propre établissement s'il est désigné annexe et si le statut le permet (CAP24-G07).

    Raises:
        Refus: ``CENTRE_INCONNU``, ou la règle des centres annexes.
    """
    categorie, regles = exiger_categorie(fiche.categorie, reglement), reglement.inscription
    chez_lui = command.centre == fiche.etablissement
    if centre is None and chez_lui:
        raise Refus(regles.regle_centre_annexe, f"{command.centre} n'est pas centre annexe : affectez un principal")
    if centre is None:
        raise Refus("CENTRE_INCONNU", f"{command.centre} n'est pas un centre ouvert : vérifiez son code, ou ouvrez-le")
    annexe_permis = TypeCentre.ANNEXE in categorie.centres
    if centre.type is TypeCentre.ANNEXE and not (annexe_permis and chez_lui):
        raise Refus(
            regles.regle_centre_annexe,
            f"centre annexe {centre.code} : réservé à ses propres élèves et apprentis ; affectez un centre principal",
        )
    regle = regles.regle_centre_annexe if annexe_permis else regles.regle_centre
    affecte = CentreAffecte(candidat=fiche.candidat, centre=centre.code, type=centre.type, regle=regle)
    return [] if fiche.centre == affecte else [affecte]


# La convocation ----------------------------------------------------------------------------------------------------


def convoquer(command: EmettreConvocation, candidature: EnCours, session: SessionFigee) -> list[ConvocationEmise]:
    """Convoquer un candidat autorisé, dans son centre, aux épreuves ponctuelles qu'il doit.

    Raises:
        Refus: ``NON_AUTORISE``, ``CONTROLE_ATTENDU``, ``CENTRE_ATTENDU``, ``CONVOCATION_PREMATUREE``,
            ``RIEN_A_CONVOQUER``, ou la règle qui s'oppose.
    """
    fiche = candidature.fiche
    _exiger_autorise(candidature, session.reglement)
    if fiche.centre is None:
        raise Refus("CENTRE_ATTENDU", f"{fiche.candidat} n'a pas de centre : affectez-le avant de le convoquer")
    _exiger_date(command, session)
    epreuves = epreuves_ponctuelles(fiche)
    if not epreuves:
        raise Refus(
            "RIEN_A_CONVOQUER", f"{fiche.candidat} ne passe aucune épreuve ponctuelle (CCF, dispenses, bénéfices)"
        )
    emise = ConvocationEmise(candidat=fiche.candidat, centre=fiche.centre.centre, epreuves=epreuves, le=command.date)
    return [] if isinstance(candidature, Convoquee) and candidature.convocation == emise else [emise]


def epreuves_ponctuelles(fiche: Fiche) -> tuple[str, ...]:
    """Ce que le candidat passe hors de son établissement : ni CCF, ni dispense, ni note conservée."""
    return tuple(
        code
        for code, mode in fiche.modes.items()
        if mode is Mode.PONCTUEL and not fiche.dispensee(code) and code not in fiche.benefices
    )


def _exiger_autorise(candidature: EnCours, reglement: Reglement) -> None:
    """Pas de convocation pour un candidat non autorisé (CAP26-P01)."""
    candidat = candidature.fiche.candidat
    if isinstance(candidature, NonAutorisee):
        detail = f"{candidat} n'est pas autorisé à se présenter ({candidature.regle}) : pas de convocation"
        regle = reglement.inscription.regle_convocation
        raise Refus(regle, detail) if regle else Refus("NON_AUTORISE", detail)
    if isinstance(candidature, Inscrite):
        raise Refus("CONTROLE_ATTENDU", f"{candidat} : le contrôle de son dossier n'est pas conclu, faites-le conclure")


def _exiger_date(command: EmettreConvocation, session: SessionFigee) -> None:
    premiere = session.parametres.premiere_epreuve
    if command.date.astimezone(ZoneInfo(session.parametres.fuseau)).date() < premiere:
        raise Refus("CONVOCATION_PREMATUREE", f"{command.candidat} : la première épreuve est le {premiere}")


# Le remplacement ---------------------------------------------------------------------------------------------------


def remplacer(
    command: DemanderRemplacement, fiche: Fiche, session: SessionFigee, situation: SituationRemplacement
) -> list[RemplacementAutorise | DemandeRemplacementRenvoyee]:
    """Autoriser les épreuves de remplacement d'un ajourné absent avec motif (DC-CAP16, DC-CAP17).

    Une demande déposée dans une autre académie revient au recteur de celle-ci, sans être examinée (CAP24-I06).

    Raises:
        Refus: ``DECISION_ATTENDUE``, ceux d'`exiger_passee`, ou la règle qui s'oppose.
    """
    regles = session.reglement.remplacement
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
    _exiger_ajourne(fiche, session.reglement, situation)
    return [RemplacementAutorise(candidat=fiche.candidat, epreuves=epreuves, regle=regles.regle)]


def _exiger_remplacable(code: str, fiche: Fiche, reglement: Reglement, situation: SituationRemplacement) -> None:
    if not exiger_passee(code, fiche, reglement).remplacement:
        raise Refus(reglement.remplacement.regle, f"{code} : ni l'EPS ni une facultative n'a d'épreuve de remplacement")
    if code not in situation.absences_justifiees:
        raise Refus(
            reglement.remplacement.regle_motif, f"{code} : {fiche.candidat} n'y a pas d'absence dont le motif est admis"
        )


def _exiger_ajourne(fiche: Fiche, reglement: Reglement, situation: SituationRemplacement) -> None:
    """Le zéro de l'absence justifiée compte d'abord : admis malgré lui, le candidat n'a rien à remplacer."""
    match situation.decision:
        case Decision.AJOURNE:
            return
        case None | Decision.EN_ATTENTE:
            raise Refus("DECISION_ATTENDUE", f"{fiche.candidat} : le jury n'a pas encore décidé, attendez sa décision")
        case decision:
            raise Refus(
                reglement.remplacement.regle_motif, f"{fiche.candidat} : décision « {decision} », rien à remplacer"
            )
