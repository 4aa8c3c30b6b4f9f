"""What the specs of the other diplomas start from: their sessions, relevés open, shorthand commands and facts."""

from __future__ import annotations

from decimal import Decimal
from functools import cache, partial
from typing import Any

from contracts.commandes.notation import (
    ArreterResultat,
    ConclureDiscipline,
    ConstaterAbsence,
    EvaluerCompetence,
    JustifierAbsence,
    LeverSuspension,
    PorterNonValide,
    RetirerNonValide,
    SaisirNote,
    SignalerSuspicion,
    SuspendreNote,
)
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.releve import ReleveOuvert
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Mode
from services.notation.domain.controle import DecisionJury
from services.notation.domain.releve import decide, evolve, initial
from services.notation.tests.donnees import ALICE, CORRECTEUR, fait, session
from services.socle.spec import Given, Spec

BTS, MC, TP = "BTS-NDRC-2022", "MC-ACVD", "TP-CRCD-2021"
AU_CONTROLE = DecisionJury(Decision.EPREUVES_CONTROLE)


@cache
def ouverte(reglement: str) -> SessionFigee:
    """A session of this règlement, with the dates of the others."""
    return session(None, reglement)


def bts(*history: Any, dans: SessionFigee | None = None, **looked: Any) -> Given[Any]:
    """``looked``: what the shell found, the jury's latest decision or where it stands."""
    return _etant_donne(BTS, history, dans=dans, **looked)


def mc(*history: Any, dans: SessionFigee | None = None) -> Given[Any]:
    return _etant_donne(MC, history, dans=dans)


def tp(*history: Any) -> Given[Any]:
    return _etant_donne(TP, history)


def _etant_donne(reglement: str, history: Any, dans: SessionFigee | None = None, **looked: Any) -> Given[Any]:
    decider = partial(decide, session=dans or ouverte(reglement), **looked)
    return Spec(decider, evolve, initial).given(*history)


def releve(reglement: str, categorie: Categorie, modes: dict[str, Mode] | None = None, **autres: Any) -> ReleveOuvert:
    return ReleveOuvert(candidat=ALICE, categorie=categorie, reglement=reglement, modes=modes or {}, **autres)


AU_BTS = releve(BTS, Categorie.SCOLAIRE_PUBLIC)
A_LA_MC = releve(MC, Categorie.SCOLAIRE_PUBLIC, {"E1": Mode.CCF, "E2": Mode.CCF})
AU_TP = releve(TP, Categorie.PARCOURS_CONTINU)

# Commands ----------------------------------------------------------------------------------------------------------


def noter(epreuve: str, note: str, situation: str | None = None, **autres: Any) -> SaisirNote:
    champs = {"epreuve": epreuve, "note": Decimal(note), "situation": situation, "par": CORRECTEUR}
    return fait(SaisirNote, **champs | autres)


def arreter(epreuve: str, **autres: Any) -> ArreterResultat:
    return fait(ArreterResultat, epreuve=epreuve, **autres)


def absence(epreuve: str, situation: str | None = None, **autres: Any) -> ConstaterAbsence:
    return fait(ConstaterAbsence, epreuve=epreuve, situation=situation, **autres)


def justifier(epreuve: str, situation: str | None = None) -> JustifierAbsence:
    return fait(JustifierAbsence, epreuve=epreuve, situation=situation, motif="force majeure")


def suspendre(epreuve: str = "E4", regle: str = "BTS-C05", motif: str = "fiches illisibles") -> SuspendreNote:
    return fait(SuspendreNote, epreuve=epreuve, motif=motif, regle=regle)


def lever(epreuve: str = "E4", regle: str = "BTS-C06", **autres: Any) -> LeverSuspension:
    return fait(LeverSuspension, epreuve=epreuve, motif="dossier conforme", regle=regle, **autres)


def non_valide(
    epreuve: str = "E4", regle: str = "BTS-C03", mention: EtatResultat = EtatResultat.NON_VALIDE
) -> PorterNonValide:
    return fait(PorterNonValide, epreuve=epreuve, mention=mention, motifs=("duree",), regle=regle)


def retirer(epreuve: str = "E4", regle: str = "BTS-C01") -> RetirerNonValide:
    return fait(RetirerNonValide, epreuve=epreuve, regle=regle)


def suspecter(epreuve: str = "E3", **autres: Any) -> SignalerSuspicion:
    return fait(SignalerSuspicion, epreuve=epreuve, motif="téléphone en salle", **autres)


def conclure(epreuve: str = "E3", annulee: bool = True, **autres: Any) -> ConclureDiscipline:
    return fait(ConclureDiscipline, epreuve=epreuve, annulee=annulee, motif="commission du 10 juin", **autres)


def evaluer(epreuve: str, situation: str | None, acquise: bool = True, **autres: Any) -> EvaluerCompetence:
    champs = {"epreuve": epreuve, "situation": situation, "acquise": acquise, "par": CORRECTEUR}
    return fait(EvaluerCompetence, **champs | autres)


# Histories ---------------------------------------------------------------------------------------------------------


def apres(donne: Any, *commandes: Any) -> Any:
    """What these commands make happen, one after the other, from there."""
    for commande in commandes:
        for event in donne.when(commande).events():
            donne = type(donne)(donne.decide, donne.evolve, donne.evolve(donne.state, event))
    return donne


def resultat(donne: Any, epreuve: str) -> ResultatArrete | None:
    """The last result said of this épreuve."""
    found: ResultatArrete | None = donne.state.resultats.get(epreuve)
    return found
