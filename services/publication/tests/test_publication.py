"""La publication d'un jury : embargo, puis résultats publics, par l'académie des candidats."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import partial
from typing import Any

from contracts.commandes.publication import PreparerPublication, PublierResultats
from contracts.evenements.publication import PublicationPreparee, ResultatsPublies
from contracts.vocabulaire import Decision
from services.publication.domain.publication import Publiee, decide, evolve, initial
from services.publication.tests.donnees import ALICE, BASILE, EMBARGO, PUBLIE, qui, session
from services.socle.spec import Spec

DECISIONS = {ALICE: Decision.ADMIS, BASILE: Decision.NON_AUTORISE}
PREPAREE = PublicationPreparee(jury="J1", decisions=DECISIONS, embargo=EMBARGO)
PUBLIES = ResultatsPublies(jury="J1", decisions=DECISIONS, le=PUBLIE)

given = Spec(partial(decide, session=session()), evolve, initial).given


def preparer(**autres: Any) -> PreparerPublication:
    return PreparerPublication(**{"jury": "J1", "decisions": DECISIONS, **qui("systeme"), **autres})


def publier(**autres: Any) -> PublierResultats:
    return PublierResultats(**{"jury": "J1", **qui(), **autres})


def test_le_jury_clos_attend_la_date_de_la_session() -> None:
    given().when(preparer()).then(PREPAREE)


def test_preparer_deux_fois_ne_fait_rien_de_plus() -> None:
    given(PREPAREE).when(preparer()).then_nothing()
    given(PREPAREE, PUBLIES).when(preparer()).then_nothing()


def test_un_jury_clos_ne_change_plus() -> None:
    autres = {ALICE: Decision.AJOURNE, BASILE: Decision.NON_AUTORISE}
    given(PREPAREE).when(preparer(decisions=autres)).then_refused("PUBLICATION_DIFFERENTE")
    given(PREPAREE, PUBLIES).when(preparer(decisions=autres)).then_refused("PUBLICATION_DIFFERENTE")


def test_rien_ne_se_publie_avant_la_date() -> None:
    refus = given(PREPAREE).when(publier(le=EMBARGO - timedelta(microseconds=1))).then_refused("EMBARGO")
    assert "2026-07-07T10:00:00+02:00" in refus.detail
    assert refus.donnees == {"embargo": "2026-07-07T10:00:00+02:00"}


def test_a_l_instant_fixe_c_est_public() -> None:
    given(PREPAREE).when(publier(le=EMBARGO)).then(PUBLIES.model_copy(update={"le": EMBARGO}))


def test_l_embargo_est_un_instant_quel_que_soit_le_fuseau() -> None:
    avant = (EMBARGO - timedelta(minutes=1)).astimezone(UTC)
    given(PREPAREE).when(publier(le=avant)).then_refused("EMBARGO")
    given(PREPAREE).when(publier(le=PUBLIE.astimezone(UTC))).then_kinds(ResultatsPublies)


def test_publier_deux_fois_ne_fait_rien_de_plus() -> None:
    given(PREPAREE, PUBLIES).when(publier()).then_nothing()


def test_un_jury_non_clos_ne_se_publie_pas() -> None:
    given().when(publier()).then_refused("PUBLICATION_NON_PREPAREE")


def test_cap24_p01_tr_p01_le_pilote_ne_publie_pas_pour_une_autre_academie() -> None:
    given(PREPAREE).when(publier(**qui(academie="rouen"))).then_refused("CAP24-P01")
    given().when(preparer(**qui("systeme", academie="rouen"))).then_refused("CAP24-P01")


def test_une_preparation_relue_apres_publication_ne_remet_pas_sous_embargo() -> None:
    assert evolve(Publiee("J1", DECISIONS), PREPAREE) == Publiee("J1", DECISIONS)
