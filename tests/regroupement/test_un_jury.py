"""One exam, two académies, one jury at the pilot (AMB-55): who decides, who publishes, and what comes too late."""

from __future__ import annotations

import pytest

from contracts.commandes.publication import PublierResultats
from contracts.evenements.deliberation import DecisionPrise, JuryClos, JuryConstitue, JuryOuvert
from contracts.evenements.publication import PublicationPreparee, ReleveEdite, ResultatsPublies
from contracts.messages import Refus
from contracts.requetes import ListerResultats
from tests.regroupement.academies import (
    ALICE,
    BASILE,
    MEMBRE,
    PILOTE,
    PUBLIE,
    Academie,
    clore,
    nommer,
    ordre,
    relier,
    sieger,
)


async def publier(academie: Academie) -> None:
    await academie.publication.ordonner(PublierResultats(**ordre(academie.nom, "gestionnaire", PUBLIE), jury="J1"))
    await academie.reagir()


async def juger(pilote: Academie, membre: Academie) -> None:
    """Alice is of the pilot, Basile of the member; both are decided on, and the jury is closed."""
    await pilote.inscrire(ALICE)
    await membre.inscrire(BASILE, "14")
    relier([pilote, membre])
    await sieger(pilote, [ALICE, BASILE])
    await clore(pilote)
    relier([pilote, membre])
    for one in (pilote, membre):
        await one.reagir()


async def test_amb_55_un_jury_a_la_pilote_decide_des_candidats_de_chaque_academie(pilote: Academie, membre: Academie):
    await juger(pilote, membre)

    assert pilote.faits(JuryConstitue)[0].origines == {BASILE: MEMBRE}
    assert {one.candidat: one.origine for one in pilote.faits(DecisionPrise)} == {ALICE: None, BASILE: MEMBRE}
    assert pilote.faits(JuryClos)[0].origines == {BASILE: MEMBRE}
    decisions = {one.candidat: one for one in pilote.faits(DecisionPrise)}
    assert decisions[ALICE].journal == pilote.journal.stream
    assert (decisions[BASILE].journal, decisions[BASILE].moyenne) == (pilote.echanges.stream, "14.00")
    assert set(pilote.faits(JuryOuvert)[0].positions) == {pilote.journal.stream, pilote.echanges.stream}


async def test_cap24_p01_chaque_academie_publie_et_edite_pour_les_siens(pilote: Academie, membre: Academie):
    await juger(pilote, membre)
    for one, sien, pilote_dite in ((pilote, ALICE, None), (membre, BASILE, PILOTE)):
        await publier(one)
        assert [(list(prete.decisions), prete.pilote) for prete in one.faits(PublicationPreparee)] == [
            ([sien], pilote_dite)
        ]
        assert [list(publies.decisions) for publies in one.faits(ResultatsPublies)] == [[sien]]
        [releve] = one.faits(ReleveEdite)
        assert (releve.candidat, releve.numero.partition("-")[0]) == (sien, one.nom.upper())
        query = ListerResultats(
            **{name: value for name, value in ordre(one.nom, "gestionnaire").items() if name != "le"}
        )
        assert [ligne["candidat"] for ligne in await one.publication.demander(query)] == [sien]
    assert [len(list(one.settings.donnees.rglob("pv-J1-v1.pdf"))) for one in (pilote, membre)] == [1, 0]


async def test_amb_55_une_academie_rattachee_ne_nomme_pas_de_jury(membre: Academie):
    await membre.inscrire(BASILE)
    with pytest.raises(Refus) as refus:
        await membre.deliberation.ordonner(nommer(MEMBRE, [BASILE]))
    assert refus.value.regle == "AMB-55"
