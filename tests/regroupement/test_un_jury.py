"""One exam, two académies, one jury at the pilot (AMB-55): who decides, who publishes, and what comes too late."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.commandes.publication import (
    CloreReclamation,
    DeposerReclamation,
    EditerReleve,
    InstruireReclamation,
    PublierResultats,
)
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    NatureDecision,
    ResultatApresCloture,
)
from contracts.evenements.publication import (
    ConstatReclamation,
    DecisionPubliee,
    IssueReclamation,
    NatureReclamation,
    PublicationPreparee,
    ReclamationClose,
    ReleveEdite,
    ResultatsPublies,
)
from contracts.messages import Refus
from contracts.requetes import ListerResultats, VoirDocuments, VoirJury, VoirReleve
from contracts.session import reglements
from services.notation.domain.jury import EtatJury
from services.notation.shell.app import Shell as Notation
from services.socle.journal import Appended
from tests.regroupement.academies import (
    ALICE,
    BASILE,
    ENSUITE,
    ETRANGERE,
    MEMBRE,
    PILOTE,
    PUBLIE,
    REGLEMENT,
    Academie,
    clore,
    decider,
    nommer,
    ordre,
    question,
    reconvoquer,
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
        query = ListerResultats(**question(one.nom))
        assert [ligne["candidat"] for ligne in await one.publication.demander(query)] == [sien]
    assert [len(list(one.settings.donnees.rglob("pv-J1-v1.pdf"))) for one in (pilote, membre)] == [1, 0]


async def test_tr_p01_la_pilote_n_edite_rien_pour_le_candidat_d_une_autre_academie(pilote: Academie, membre: Academie):
    await juger(pilote, membre)
    for one in (pilote, membre):
        await publier(one)
    with pytest.raises(Refus) as refus:
        await pilote.publication.ordonner(
            EditerReleve(**ordre(PILOTE, "gestionnaire", PUBLIE), jury="J1", candidat=BASILE)
        )
    assert refus.value.regle == reglements()[REGLEMENT].documents.regle_releve


async def test_amb_55_une_academie_rattachee_ne_nomme_pas_de_jury(membre: Academie):
    await membre.inscrire(BASILE)
    with pytest.raises(Refus) as refus:
        await membre.deliberation.ordonner(nommer(MEMBRE, [BASILE]))
    assert refus.value.regle == "AMB-55"


# What comes too late, or twice ---------------------------------------------------------------------------------------


async def test_amb_54_un_resultat_arrive_apres_la_cloture_est_dit_et_le_jury_peut_etre_reuni(
    pilote: Academie, membre: Academie
):
    await pilote.inscrire(ALICE)
    await membre.inscrire(BASILE, "8")
    relier([pilote, membre])
    await sieger(pilote, [ALICE, BASILE])
    tardif = await membre.arreter(BASILE, "EP1", "19")  # the link is down: the jury does not know
    await clore(pilote)
    await pilote.reagir()
    assert pilote.faits(ResultatApresCloture) == []
    relier([pilote, membre])
    for one in (pilote, membre):
        await one.reagir()

    [dit] = pilote.faits(ResultatApresCloture)
    assert (dit.candidat, dit.academie, dit.epreuve, dit.fait) == (BASILE, MEMBRE, "EP1", tardif)
    vu = await pilote.deliberation.demander(VoirJury(**question(PILOTE), jury="J1"))
    assert [one["fait"] for one in vu["tardifs"]] == [tardif]
    [avant] = [one for one in pilote.faits(DecisionPrise) if one.candidat == BASILE]
    await reconvoquer(pilote, BASILE)
    await decider(pilote, BASILE, ENSUITE)
    apres = pilote.faits(DecisionPrise)[-1]
    assert (apres.nature, apres.origine) == (NatureDecision.RECTIFICATIVE, MEMBRE)
    assert Decimal(apres.moyenne) > Decimal(avant.moyenne)


async def test_un_resultat_arrive_pendant_la_cloture_n_est_pas_perdu(
    pilote: Academie, membre: Academie, monkeypatch: pytest.MonkeyPatch
):
    await membre.inscrire(BASILE)
    relier([pilote, membre])
    await sieger(pilote, [BASILE])
    append = pilote.journal.append

    async def after_it_came(*entry: Any) -> Appended:
        monkeypatch.undo()
        await membre.arreter(BASILE, "EP1", "3")
        pilote.recevoir(membre)
        await pilote.deliberation.reagir()  # it is looked at while the jury is still open, once the closing is decided
        return await append(*entry)

    monkeypatch.setattr(pilote.journal, "append", after_it_came)
    assert await clore(pilote) == [JuryClos.NAME]
    assert pilote.faits(ResultatApresCloture) == []
    await pilote.reagir()
    assert [one.candidat for one in pilote.faits(ResultatApresCloture)] == [BASILE]


async def test_un_resultat_arrive_en_seance_fait_redecider_le_jury(pilote: Academie, membre: Academie):
    await pilote.inscrire(ALICE)
    await membre.inscrire(BASILE)
    relier([pilote, membre])
    await sieger(pilote, [ALICE, BASILE])
    await membre.arreter(BASILE, "EP1", "3")
    relier([pilote, membre])
    with pytest.raises(Refus) as refus:
        await clore(pilote)
    manques: Any = refus.value.donnees["manques"]
    assert [one.sur for one in manques] == [BASILE]
    await decider(pilote, BASILE)
    await clore(pilote)


async def test_ce_qui_revient_d_une_archive_ne_change_rien(pilote: Academie, membre: Academie):
    await juger(pilote, membre)
    for one in (pilote, membre):
        await publier(one)
    avant = [len(one.journal.messages) for one in (pilote, membre)]
    for one, autre in ((pilote, membre), (membre, pilote)):
        one.recevoir_encore(autre)
        await one.reagir()
    assert [len(one.journal.messages) for one in (pilote, membre)] == avant
    await reconvoquer(pilote, BASILE)  # the history read from the exchanges holds everything twice
    await decider(pilote, BASILE, ENSUITE)
    relier([pilote, membre])
    await membre.reagir()
    assert [(one.candidat, one.confirmee) for one in membre.faits(DecisionPubliee)] == [(BASILE, True)]


async def test_amb_44_une_decision_prise_apres_la_publication_est_publiee_par_l_academie_du_candidat(
    pilote: Academie, membre: Academie
):
    await juger(pilote, membre)
    await publier(membre)
    await membre.arreter(BASILE, "EP1", "5")
    relier([pilote, membre])
    await reconvoquer(pilote, BASILE)
    await decider(pilote, BASILE, ENSUITE)
    voir = VoirDocuments(**question(MEMBRE), candidat=BASILE)
    relier([pilote, membre])
    assert [one["moyenne"] for one in await membre.publication.demander(voir)] == ["14.00"]  # not public yet
    for one in (pilote, membre):
        await one.reagir()

    assert [one.candidat for one in membre.faits(DecisionPubliee)] == [BASILE]
    assert pilote.faits(DecisionPubliee) == []
    assert [one.version for one in membre.faits(ReleveEdite)] == [1, 2]
    [vu] = await membre.publication.demander(voir)
    assert Decimal(vu["moyenne"]) < 14


# Whom an académie heeds ---------------------------------------------------------------------------------------------


async def test_amb_55_le_jury_d_une_academie_que_l_on_n_a_pas_acceptee_ne_publie_rien(
    tmp_path: Path, pilote: Academie, membre: Academie
):
    await juger(pilote, membre)
    etrangere = Academie(ETRANGERE, tmp_path)
    for event in (pilote.faits(JuryConstitue)[0], *pilote.faits(DecisionPrise)):
        forge = {"moyenne": "19.00"} if isinstance(event, DecisionPrise) else {}
        await etrangere.dire("deliberation", "jury-J1", event.model_copy(update=forge))
    await etrangere.dire("deliberation", "jury-J2", pilote.faits(JuryClos)[0].model_copy(update={"jury": "J2"}))
    membre.recevoir(etrangere)
    await membre.reagir()
    await publier(membre)
    etrangere.fermer()

    assert [one.jury for one in membre.faits(PublicationPreparee)] == ["J1"]
    [vu] = await membre.publication.demander(VoirDocuments(**question(MEMBRE), candidat=BASILE))
    assert vu["moyenne"] == "14.00"


async def test_amb_54_le_jury_de_la_pilote_fige_les_notes_du_candidat_chez_lui(pilote: Academie, membre: Academie):
    async def etat() -> EtatJury:
        await membre.notation.env.projector.catch_up()
        found: EtatJury = await Notation(membre.notation.env)._jury(
            VoirReleve(**question(MEMBRE), candidat=BASILE), BASILE
        )
        return found

    await membre.inscrire(BASILE)
    relier([pilote, membre])
    await sieger(pilote, [BASILE])
    relier([pilote, membre])
    assert await etat() is EtatJury.A_VENIR
    await clore(pilote)
    assert await etat() is EtatJury.A_VENIR  # not known here yet
    relier([pilote, membre])
    assert await etat() is EtatJury.CLOS
    await reconvoquer(pilote, BASILE)
    relier([pilote, membre])
    assert await etat() is EtatJury.RECONVOQUE
    await decider(pilote, BASILE, ENSUITE)
    relier([pilote, membre])
    assert await etat() is EtatJury.CLOS


# Réclamations --------------------------------------------------------------------------------------------------------


async def test_dc_rec01_la_reclamation_d_un_candidat_rattache_lit_le_jury_de_la_pilote(
    pilote: Academie, membre: Academie
):
    await juger(pilote, membre)
    await publier(membre)
    rectifiee = await membre.arreter(BASILE, "EP1", "18")
    demander = {"numero": "R1", "candidat": BASILE}
    chez_soi = {**ordre(MEMBRE, "gestionnaire", PUBLIE), **demander}
    await membre.publication.ordonner(
        DeposerReclamation(**chez_soi, nature=NatureReclamation.DECISION_JURY, depose_le=PUBLIE)
    )
    instruite = {"constat": ConstatReclamation.ERREUR_MATERIELLE, "motif": "note EP1 recopiée de travers"}
    await membre.publication.ordonner(InstruireReclamation(**chez_soi, **instruite))
    with pytest.raises(Refus) as refus:
        await reconvoquer(pilote, BASILE, reclamation="R1")
    assert refus.value.regle == "RECLAMATION_INCONNUE"  # not come yet
    relier([pilote, membre])
    await reconvoquer(pilote, BASILE, reclamation="R1")
    await decider(pilote, BASILE, ENSUITE)
    relier([pilote, membre])
    await membre.reagir()
    decision = pilote.faits(DecisionPrise)[-1]
    assert rectifiee in {one for clause in decision.explication for one in clause.preuves}
    await membre.publication.ordonner(
        CloreReclamation(**chez_soi, issue=IssueReclamation.ACCEPTEE, motif="erreur de report corrigée")
    )
    [close] = membre.faits(ReclamationClose)
    assert close.rectification is not None
    assert (close.rectification.jury, close.rectification.confirmee) == ("J1", False)
    assert close.rectification.documents == (membre.faits(ReleveEdite)[-1].numero,)
