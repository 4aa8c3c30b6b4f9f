"""A candidate changes académie while a jury has him (AMB-55): decided once, delivered by one académie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.commandes.inscription import AnnulerInscription
from contracts.commandes.publication import PublierResultats
from contracts.commandes.transfert import AccepterTransfert, TransfererCandidat
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    ResultatApresCloture,
    TransfertApresCloture,
    TransfertSuivi,
)
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.publication import DecisionPubliee, PublicationPreparee, ReleveEdite
from contracts.evenements.transfert import CandidatTransfere, CandidatureReprise, TransfertDecline
from contracts.messages import Refus
from contracts.requetes import VoirJury, VoirProposition, VoirRegroupement
from contracts.vocabulaire import EtatResultat
from services.notation.domain.jury import EtatJury
from services.notation.shell.app import Shell as Notation
from tests.regroupement.academies import ENSUITE, PUBLIE, clore, decider, nommer, ordre, question, reconvoquer, sieger
from tests.regroupement.accords import verifier
from tests.regroupement.entieres import INSCRIT_LE, Entiere, Monde, Moule


@pytest.fixture
def monde(moule: Moule) -> Iterator[Monde]:
    found = moule.monde()
    yield found
    found.fermer()


async def inscrire(monde: Monde, un: Entiere) -> str:
    """One candidate of this académie, whose marks have come to the pilot."""
    await un.enregistrer(candidat := un.numeros[0])
    await monde.tout_passer()
    return candidat


def couper(monde: Monde, un: Entiere, autre: Entiere) -> None:
    monde.coupes.add(frozenset((un.nom, autre.nom)))


async def publier(monde: Monde) -> dict[str, list[str]]:
    """Each académie for its own; who got a relevé where."""
    for un in monde.toutes:
        if un.faits(PublicationPreparee):
            await un.publication.ordonner(PublierResultats(**ordre(un.nom, "gestionnaire", PUBLIE), jury="J1"))
    await monde.tout_livrer()
    return {un.nom: [one.candidat for one in un.faits(ReleveEdite)] for un in monde.toutes}


async def refus_de_clore(pilote: Entiere) -> list[str]:
    """On whom the closing waits."""
    with pytest.raises(Refus) as refus:
        await clore(pilote)
    manques: Any = refus.value.donnees["manques"]
    return [one.sur for one in manques]


# Before the jury closes ---------------------------------------------------------------------------------------------


async def test_amb_55_transfere_en_seance_il_est_decide_une_fois_et_sa_nouvelle_academie_delivre(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    reste = await inscrire(monde, rouen)
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [reste, candidat])
    await monde.transferer(caen, lille, candidat)
    assert [(one.de, one.vers, one.origine) for one in rouen.faits(TransfertSuivi)] == [("caen", "lille", "lille")]

    assert await refus_de_clore(rouen) == [candidat]
    await decider(rouen, candidat)
    await clore(rouen)
    [clos] = rouen.faits(JuryClos)
    assert (clos.origines, set(clos.decisions)) == ({candidat: "lille"}, {reste, candidat})
    await monde.tout_livrer()
    assert await publier(monde) == {"rouen": [reste], "caen": [], "lille": [candidat]}
    await verifier(monde)


@pytest.mark.parametrize(("de", "vers"), [("caen", "rouen"), ("rouen", "caen")])
async def test_amb_55_venu_a_la_pilote_ou_parti_d_elle_le_jury_le_suit(monde: Monde, de: str, vers: str) -> None:
    rouen = monde.pilote
    candidat = await inscrire(monde, monde.academies[de])
    await sieger(rouen, [candidat])
    await monde.transferer(monde.academies[de], monde.academies[vers], candidat)
    await decider(rouen, candidat)
    await clore(rouen)
    assert rouen.faits(JuryClos)[0].origines == ({} if vers == rouen.nom else {candidat: vers})
    await monde.tout_livrer()
    assert await publier(monde) == {"lille": [], de: [], vers: [candidat]}
    assert await etat_du_jury(monde.academies[vers], candidat) is EtatJury.CLOS
    await verifier(monde)


async def test_amb_55_le_jury_attend_le_dossier_de_la_nouvelle_academie(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [candidat])
    couper(monde, rouen, lille)
    await monde.transferer(caen, lille, candidat)
    assert lille.faits(CandidatureReprise)
    assert await refus_de_clore(rouen) == [candidat]
    with pytest.raises(Refus, match="DOSSIER_ABSENT"):
        await decider(rouen, candidat)
    await monde.tout_livrer()
    await decider(rouen, candidat)
    await clore(rouen)
    assert rouen.faits(JuryClos)[0].origines == {candidat: "lille"}


async def test_amb_55_nomme_pendant_qu_il_part_il_n_est_pas_oublie(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    couper(monde, rouen, lille)
    await monde.transferer(caen, lille, candidat)
    await rouen.deliberation.ordonner(nommer(rouen.nom, [candidat]))
    assert rouen.faits(JuryConstitue)[0].origines == {candidat: "lille"}


async def test_amb_55_parti_pendant_la_nomination_le_jury_l_apprend_une_fois_nomme(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    couper(monde, rouen, caen)
    couper(monde, rouen, lille)
    await monde.transferer(caen, lille, candidat)
    append = rouen.journal.append_batch

    async def after_he_left(*entry: Any) -> Any:
        rouen.journal.append_batch = append  # type: ignore[method-assign]
        rouen.recevoir(caen)
        await rouen.deliberation.reagir()  # nobody has him yet
        return await append(*entry)

    rouen.journal.append_batch = after_he_left  # type: ignore[method-assign,assignment]
    await rouen.deliberation.ordonner(nommer(rouen.nom, [candidat]))
    assert rouen.faits(JuryConstitue)[0].origines == {candidat: "caen"}
    await rouen.deliberation.reagir()
    assert [one.vers for one in rouen.faits(TransfertSuivi)] == ["lille"]


async def test_amb_55_qui_revient_releve_de_nouveau_de_son_academie(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [candidat])
    await monde.transferer(caen, lille, candidat)
    await monde.transferer(lille, caen, candidat)
    assert [one.vers for one in rouen.faits(TransfertSuivi)] == ["lille", "caen"]
    await decider(rouen, candidat)
    await clore(rouen)
    await monde.tout_livrer()
    assert await publier(monde) == {"rouen": [], "caen": [candidat], "lille": []}


async def test_annule_apres_son_transfert_il_n_est_plus_a_decider(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    reste = await inscrire(monde, rouen)
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [reste, candidat])
    await monde.transferer(caen, lille, candidat)
    par = ordre("lille", "gestionnaire", INSCRIT_LE)
    await lille.inscription.ordonner(AnnulerInscription(**par, candidat=candidat, motif="il renonce à l'examen"))
    await monde.tout_livrer()
    await clore(rouen)
    assert set(rouen.faits(JuryClos)[0].decisions) == {reste}


# Once it is closed --------------------------------------------------------------------------------------------------


async def test_candidat_delibere_un_jury_clos_et_connu_fait_refuser_le_transfert(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat, autre = await inscrire(monde, caen), await inscrire(monde, rouen)
    await sieger(rouen, [candidat, autre])
    assert await caen.transferer(candidat, lille.nom)
    await monde.tout_livrer()
    await clore(rouen)
    await monde.tout_livrer()
    accepter = AccepterTransfert(**ordre("lille", "gestionnaire", INSCRIT_LE), candidat=candidat, origine="caen")
    with pytest.raises(Refus, match="CANDIDAT_DELIBERE"):
        await lille.inscription.ordonner(accepter)
    assert await lille.repondre(candidat, "caen", oui=False)
    await monde.tout_livrer()
    for un, numero in ((caen, candidat), (rouen, autre)):
        envoi = ordre(un.nom, "gestionnaire", INSCRIT_LE, candidat=numero, vers="lille", motif="déménagement")
        with pytest.raises(Refus, match="CANDIDAT_DELIBERE"):
            await un.inscription.ordonner(TransfererCandidat(**envoi))


async def test_amb_55_accepte_trop_tard_il_reste_et_les_deux_academies_le_voient(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [candidat])
    assert await caen.transferer(candidat, lille.nom)
    await monde.tout_livrer()
    couper(monde, rouen, lille)
    await clore(rouen)
    await monde.tout_passer()  # caen knows, lille does not
    assert await lille.repondre(candidat, "caen", oui=True)
    await monde.tout_livrer()
    assert (caen.faits(CandidatTransfere), len(caen.faits(TransfertDecline))) == ([], 1)
    for un, nature in ((caen, "transfert_decline"), (lille, "transfert_sans_suite")):
        vu = await un.inscription.demander(VoirRegroupement(**question(un.nom)))
        assert [one["nature"] for one in vu["a_traiter"]] == [nature]
    assert await publier(monde) == {"rouen": [], "caen": [candidat], "lille": []}


async def test_amb_55_parti_sans_que_le_jury_le_sache_l_academie_de_la_cloture_delivre(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [candidat])
    couper(monde, rouen, caen)
    couper(monde, rouen, lille)
    await monde.transferer(caen, lille, candidat)
    await clore(rouen)
    assert await lille.noter(candidat, "UG1")  # the closing is not known there
    await monde.tout_livrer()

    assert [(one.academie, one.vers) for one in rouen.faits(TransfertApresCloture)] == [("caen", "lille")]
    vu = await rouen.deliberation.demander(VoirJury(**question(rouen.nom), jury="J1"))
    assert [(one["de"], one["vers"], one["suivi"]) for one in vu["transferts"]] == [("caen", "lille", False)]
    assert {(one.candidat, one.epreuve) for one in rouen.faits(ResultatApresCloture)} == {(candidat, "UG1")}
    assert await publier(monde) == {"rouen": [], "caen": [candidat], "lille": []}
    assert await etat_du_jury(lille, candidat) is EtatJury.CLOS

    await reconvoquer(rouen, candidat)
    await monde.tout_livrer()
    assert await etat_du_jury(lille, candidat) is EtatJury.RECONVOQUE
    await decider(rouen, candidat, ENSUITE)
    redecidee = rouen.faits(DecisionPrise)[-1]
    assert (redecidee.origine, redecidee.tenu_par) == ("caen", "lille")
    [vue] = [one for one in redecidee.lignes if one.epreuve == "UG1"]
    [de_lille] = [one for one in await arretes(lille, candidat) if one["epreuve"] == "UG1"]
    assert (vue.etat, vue.note) == (EtatResultat.NOTE, de_lille["note"])
    await monde.tout_livrer()
    assert await etat_du_jury(lille, candidat) is EtatJury.CLOS
    assert [one.candidat for one in caen.faits(DecisionPubliee)] == [candidat]
    assert (len(caen.faits(ReleveEdite)), lille.faits(ReleveEdite)) == (2, [])
    await verifier(monde)


async def test_la_proposition_lit_le_dossier_de_qui_le_tient(monde: Monde) -> None:
    rouen, caen, lille = monde.toutes
    candidat = await inscrire(monde, caen)
    await sieger(rouen, [candidat])
    await monde.transferer(caen, lille, candidat)
    assert await lille.noter(candidat, "UG1")
    await monde.tout_livrer()
    vue = await rouen.deliberation.demander(VoirProposition(**question(rouen.nom), candidat=candidat))
    [de_lille] = [one for one in await arretes(lille, candidat) if one["epreuve"] == "UG1"]
    assert [one["note"] for one in vue["lignes"] if one["epreuve"] == "UG1"] == [str(de_lille["note"])]


async def etat_du_jury(un: Entiere, candidat: str) -> EtatJury:
    """As notation knows it there, which freezes the marks."""
    await un.notation.env.projector.catch_up()
    ordinaire: Any = VoirProposition(**question(un.nom), candidat=candidat)
    return await Notation(un.notation.env)._jury(ordinaire, candidat)


async def arretes(un: Entiere, candidat: str) -> list[dict[str, Any]]:
    """The results said there last, épreuve by épreuve."""
    dits = {one.epreuve: one.model_dump() for one in un.faits(ResultatArrete) if one.candidat == candidat}
    return list(dits.values())
