"""Le temps d'un titre : jusqu'à quand il s'obtient, et quand se représenter veut une nouvelle formation."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

from contracts.commandes.inscription import InscrireCandidat
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Anteriorite

AUCUNE = Anteriorite()


def plus_mois(jour: date, mois: int) -> date:
    """Le même jour, tant de mois plus tard ; le dernier du mois s'il n'y est pas."""
    annees, rang = divmod(jour.month - 1 + mois, 12)
    annee, rang = jour.year + annees, rang + 1
    return date(annee, rang, min(jour.day, monthrange(annee, rang)[1]))


def exiger_validite(command: InscrireCandidat, session: SessionFigee) -> None:
    """Après la fin de validité du titre, seul finit qui s'y était inscrit avant, et dans le délai (DC-TP03).

    Raises:
        Refus: la règle de validité.
    """
    regles, echeance = session.reglement.inscription, session.parametres.echeance_titre
    premiere = session.parametres.premiere_epreuve
    if regles.regle_validite is None or echeance is None or premiere <= echeance:
        return
    terme = plus_mois(echeance, regles.delai_validite_mois)
    if premiere > terme:
        raise Refus(
            regles.regle_validite, f"le titre est échu depuis le {echeance}, et le délai pour finir depuis le {terme}"
        )
    jour = command.le.astimezone(ZoneInfo(session.parametres.fuseau)).date()
    inscrit_le = min(jour, (command.anteriorite or AUCUNE).premiere_inscription or jour)
    if inscrit_le > echeance:
        raise Refus(
            regles.regle_validite,
            f"le titre est échu depuis le {echeance} : seul peut finir, jusqu'au {terme}, qui s'y était inscrit avant "
            "(« anteriorite.premiere_inscription »)",
        )


def exiger_unite_acquise(acquis: Collection[str], session: SessionFigee) -> None:
    """Le délai pour finir un titre échu est donné à qui en détient déjà une unité (DC-TP03).

    Raises:
        Refus: la règle de validité.
    """
    regle, echeance = session.reglement.inscription.regle_validite, session.parametres.echeance_titre
    echu = echeance is not None and session.parametres.premiere_epreuve > echeance
    if regle is not None and echu and not acquis:
        raise Refus(
            regle,
            f"titre échu depuis le {echeance} : faites d'abord reconnaître l'unité déjà acquise, sans elle il "
            "ne se finit pas",
        )


def exiger_formation(command: InscrireCandidat, session: SessionFigee) -> None:
    """Passé le délai qui suit un échec, se représenter veut une nouvelle formation (DC-TP07).

    Raises:
        Refus: la règle du délai.
    """
    regles, passe = session.reglement.inscription, command.anteriorite or AUCUNE
    if regles.regle_nouvelle_session is None or passe.dernier_echec is None or passe.formation_suivie:
        return
    terme = plus_mois(passe.dernier_echec, regles.delai_nouvelle_session_mois)
    if session.parametres.premiere_epreuve > terme:
        raise Refus(
            regles.regle_nouvelle_session,
            f"échec du {passe.dernier_echec} : sans nouvelle formation, il se représentait jusqu'au {terme} ; "
            "enregistrez la formation suivie (« anteriorite.formation_suivie »)",
        )
