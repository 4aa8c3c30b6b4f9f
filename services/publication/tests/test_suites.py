"""Une décision prise après la clôture : rejointe aux autres avant la date, publiée seule ensuite (AMB-44, AMB-54)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from contracts.commandes.publication import DelivrerDiplome, EditerReleve, PublierDecision
from contracts.droits import check_rights
from contracts.evenements.deliberation import NatureDecision
from contracts.evenements.publication import DecisionPubliee, PublicationPreparee, ResultatsPublies
from contracts.vocabulaire import Decision
from services.publication.domain.publication import Prise, Publication, decide, evolve, initial
from services.publication.shell.reactions import editer_documents, preparer_publication
from services.publication.tests.donnees import ALICE, BASILE, EMBARGO, PUBLIE, decidee, fait, qui, session
from services.socle.spec import Given, Spec

APRES = PUBLIE + timedelta(days=3)
DECISIONS = {ALICE: Decision.ADMIS, BASILE: Decision.EN_ATTENTE}
PREPAREE = PublicationPreparee(jury="J1", decisions=DECISIONS, embargo=EMBARGO)
PUBLIES = ResultatsPublies(jury="J1", decisions=DECISIONS, le=PUBLIE)


def prise(decision: Decision = Decision.ADMIS, le: datetime = APRES, nature: str = "complementaire") -> Prise:
    return Prise(decision, NatureDecision(nature), le)


def given(*history: Any, prises: Sequence[Prise] = ()) -> Given[Publication]:
    return Spec[Publication](partial(decide, session=session(), prises=prises), evolve, initial).given(*history)


def publier(candidat: str = BASILE, decision: Decision = Decision.ADMIS, le: datetime = APRES) -> PublierDecision:
    return PublierDecision(jury="J1", candidat=candidat, decision=decision, **qui("systeme", le=le))


def publiee(candidat: str = BASILE, decision: Decision = Decision.ADMIS, **autres: Any) -> DecisionPubliee:
    valeurs = {"jury": "J1", "candidat": candidat, "decision": decision, "le": APRES, "regle": "AMB-44"}
    return DecisionPubliee(**{**valeurs, **autres})


def test_amb_44_cl_083_la_decision_complementaire_est_publiee_seule() -> None:
    given(PREPAREE, PUBLIES, prises=[prise()]).when(publier()).then(publiee())


def test_amb_54_cl_130_une_decision_rectifiee_est_publiee_meme_inchangee() -> None:
    rectifiee = prise(nature="rectificative")
    attendue = publiee(ALICE, regle="AMB-54")
    given(PREPAREE, PUBLIES, prises=[rectifiee]).when(publier(ALICE)).then(attendue)


def test_amb_54_une_decision_confirmee_est_publiee_comme_telle() -> None:
    confirmee = replace(prise(nature="rectificative"), confirmee=True)
    [dite] = given(PREPAREE, PUBLIES, prises=[confirmee]).when(publier(ALICE)).then_kinds(DecisionPubliee)
    assert (dite.confirmee, dite.regle) == (True, "AMB-54")
    changee = [prise(nature="rectificative"), replace(confirmee, le=APRES + timedelta(minutes=1))]
    [dite] = given(PREPAREE, PUBLIES, prises=changee).when(publier(ALICE)).then_kinds(DecisionPubliee)
    assert dite.confirmee is False  # ce qui est public, lui, change


def test_une_decision_deja_publiee_ne_l_est_pas_deux_fois() -> None:
    plus_tard = publier(le=APRES + timedelta(days=1))
    given(PREPAREE, PUBLIES, publiee(), prises=[prise()]).when(plus_tard).then_nothing()


def test_avant_la_date_elle_rejoint_les_autres_sous_embargo() -> None:
    avant = EMBARGO - timedelta(days=1)
    toutes = PREPAREE.model_copy(update={"decisions": {**DECISIONS, BASILE: Decision.ADMIS}})
    given(PREPAREE, prises=[prise(le=avant)]).when(publier(le=avant)).then(toutes)


def test_une_decision_prise_juste_avant_la_publication_n_est_pas_perdue() -> None:
    given(PREPAREE, PUBLIES, prises=[prise(le=PUBLIE - timedelta(seconds=1))]).when(publier()).then(publiee())


def test_une_decision_reprise_sans_changer_avant_la_publication_y_etait_deja() -> None:
    avant = prise(le=PUBLIE - timedelta(seconds=1), nature="rectificative")
    given(PREPAREE, PUBLIES, prises=[avant]).when(publier(ALICE)).then_nothing()


def test_une_decision_ulterieure_relue_avant_les_resultats_ne_se_retient_pas() -> None:
    assert given(PREPAREE, publiee()).state == given(PREPAREE).state


def test_une_decision_que_le_jury_n_a_pas_prise_ne_se_publie_pas() -> None:
    given(PREPAREE, PUBLIES).when(publier()).then_refused("PUBLICATION_DIFFERENTE")
    autre = publier(decision=Decision.REFUSE)
    given(PREPAREE, PUBLIES, prises=[prise()]).when(autre).then_refused("PUBLICATION_DIFFERENTE")


def test_une_decision_remplacee_laisse_la_place_a_la_plus_recente() -> None:
    prises = [prise(), prise(Decision.REFUSE, APRES + timedelta(minutes=1), "rectificative")]
    given(PREPAREE, PUBLIES, prises=prises).when(publier()).then_nothing()
    [dite] = given(PREPAREE, PUBLIES, prises=prises).when(publier(decision=Decision.REFUSE)).then_kinds(DecisionPubliee)
    assert (dite.decision, dite.regle) == (Decision.REFUSE, "AMB-54")
    assert dite.le == APRES + timedelta(minutes=1)  # jamais publiée avant d'être prise


def test_un_candidat_que_le_jury_n_a_pas_prepare_est_refuse() -> None:
    given(prises=[prise()]).when(publier()).then_refused("PUBLICATION_NON_PREPAREE")
    given(PREPAREE, PUBLIES, prises=[prise()]).when(publier("N2609999")).then_refused("PUBLICATION_NON_PREPAREE")


def test_tr_p01_une_autre_academie_ne_publie_pas_cette_decision() -> None:
    ordre = PublierDecision(jury="J1", candidat=BASILE, decision=Decision.ADMIS, **qui(academie="rouen"))
    given(PREPAREE, PUBLIES, prises=[prise()]).when(ordre).then_refused("CAP24-P01")


# Ce que les faits appellent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nature", [NatureDecision.COMPLEMENTAIRE, NatureDecision.RECTIFICATIVE])
def test_amb_44_amb_54_une_decision_ulterieure_appelle_sa_publication(nature: NatureDecision) -> None:
    [command] = preparer_publication(fait(decidee(nature=nature)))
    assert isinstance(command, PublierDecision)
    assert (command.candidat, command.jury, command.decision) == (ALICE, "J1", Decision.ADMIS)
    check_rights(command, "normandie")


def test_une_decision_initiale_attend_la_cloture() -> None:
    assert preparer_publication(fait(decidee())) == []


def test_cl_083_une_decision_publiee_appelle_les_documents_du_seul_candidat() -> None:
    appels = [(type(one), getattr(one, "candidat", "")) for one in editer_documents(fait(publiee()))]
    assert appels == [(EditerReleve, BASILE), (DelivrerDiplome, BASILE)]
    refusee = fait(publiee(decision=Decision.REFUSE))
    assert [one.NAME for one in editer_documents(refusee)] == ["publication.editer_releve"]
    avec = [one.NAME for one in editer_documents(refusee, attestation=True)]
    assert avec == ["publication.editer_releve", "publication.delivrer_attestation"]
    assert editer_documents(fait(publiee(decision=Decision.EN_ATTENTE)), attestation=True) == []
