"""The same person registered in two académies (AMB-56) is not transferred from one to the other, and both learn why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.commandes.inscription import InscrireCandidat
from contracts.evenements.inscription import CandidatInscrit, PersonneLiberee, PersonneReservee
from contracts.evenements.transfert import CandidatTransfere, TransfertDecline, TransfertRefuse
from contracts.messages import Refus
from contracts.requetes import VoirRegroupement
from contracts.vocabulaire import Categorie
from tests.regroupement.academies import clore, ordre, question, sieger
from tests.regroupement.entieres import INSCRIT_LE, Entiere, Monde, Moule, identite

AUTRE = "N2600077"


@pytest.fixture
def monde(moule: Moule) -> Iterator[Monde]:
    found = moule.monde()
    yield found
    found.fermer()


async def inscrire(un: Entiere, numero: str, comme: tuple[str, str]) -> list[str]:
    """Under this number, the person whom that académie knows under that other one."""
    choix = {"identite": identite(*comme), "categorie": Categorie.INDIVIDUEL, "formation_attestee": True}
    par = ordre(un.nom, "gestionnaire", INSCRIT_LE)
    return await un.inscription.ordonner(InscrireCandidat(**par, candidat=numero, **choix))


async def test_amb_56_la_meme_personne_dans_deux_academies_ne_se_transfere_pas(monde: Monde) -> None:
    _, caen, lille = monde.toutes
    candidat = caen.numeros[0]
    await caen.enregistrer(candidat)
    await inscrire(lille, AUTRE, (caen.nom, candidat))
    assert await caen.transferer(candidat, lille.nom)
    await monde.tout_livrer()
    assert await lille.repondre(candidat, caen.nom, oui=True)
    await monde.tout_livrer()
    [refuse], [decline] = lille.faits(TransfertRefuse), caen.faits(TransfertDecline)
    assert (refuse.regle, decline.regle) == ("AMB-56", "AMB-56")
    assert caen.faits(CandidatTransfere) == []
    vu = await caen.inscription.demander(VoirRegroupement(**question(caen.nom)))
    [a_traiter] = vu["a_traiter"]
    assert (a_traiter["nature"], a_traiter["motif"]) == ("transfert_decline", decline.motif)
    recus = (await lille.inscription.demander(VoirRegroupement(**question(lille.nom))))["transferts_recus"]
    assert [(one["etat"], one["motif"]) for one in recus] == [("decline", decline.motif)]


async def test_amb_56_accepte_il_ne_s_inscrit_pas_la_une_seconde_fois_en_l_attendant(monde: Monde) -> None:
    _, caen, lille = monde.toutes
    candidat = caen.numeros[0]
    await caen.enregistrer(candidat)
    assert await caen.transferer(candidat, lille.nom)
    await monde.tout_livrer()
    assert await lille.repondre(candidat, caen.nom, oui=True)
    with pytest.raises(Refus, match="AMB-56"):
        await inscrire(lille, AUTRE, (caen.nom, candidat))
    await monde.tout_livrer()
    assert [one.candidat for one in lille.faits(PersonneReservee)] == [candidat]
    assert [one.candidat for one in lille.faits(CandidatInscrit)] == [candidat]
    await monde.transferer(lille, caen, candidat)  # and he may come back
    assert [one.candidat for one in caen.faits(CandidatInscrit)] == [candidat, candidat]


async def test_amb_56_sans_suite_sa_place_est_rendue(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = caen.numeros[0]
    await caen.enregistrer(candidat)
    await monde.tout_livrer()
    await sieger(rouen, [candidat])
    assert await caen.transferer(candidat, lille.nom)
    await monde.tout_livrer()
    monde.coupes.add(frozenset((rouen.nom, lille.nom)))
    await clore(rouen)
    await monde.tout_passer()
    assert await lille.repondre(candidat, caen.nom, oui=True)
    await monde.tout_livrer()
    assert [one.candidat for one in lille.faits(PersonneLiberee)] == [candidat]
    assert await inscrire(lille, AUTRE, (caen.nom, candidat))
