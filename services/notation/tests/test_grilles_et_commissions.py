"""Les grilles officielles et ceux qui les remplissent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.notation import ArreterResultat
from contracts.evenements.notation import GrilleRemplie, NoteSaisie, SupportAbsentConstate
from contracts.evenements.releve import ReleveOuvert
from contracts.messages import Refus
from contracts.reglement import Commission
from contracts.vocabulaire import Mode, Profil
from services.notation.domain.commission import exiger_commission
from services.notation.tests.donnees import (
    ALICE,
    CONDUITE,
    EN_CCF,
    ENS,
    EXPERT,
    OUVERT,
    PRO,
    etant_donne,
    fait,
    grille,
    reglement,
    saisie,
    saisir,
)

S2 = {"C1": 5, "C4": 6}


def remplie(epreuve: str, situation: str | None, **champs: Any) -> GrilleRemplie:
    valeurs: dict[str, Any] = {"criteres": {"C2": 3, "C3": 4}, "commission": (ENS, PRO)}
    return GrilleRemplie(candidat=ALICE, epreuve=epreuve, situation=situation, **valeurs | champs)


@pytest.mark.parametrize("seconde", ["C2", "C5"])
def test_cap24_n04_la_competence_3_et_une_seule_autre(seconde: str) -> None:
    criteres = {"C3": 4, seconde: 3}
    etant_donne(OUVERT).when(grille("EP1", "S1", criteres)).then(
        remplie("EP1", "S1", annexe="2.3", criteres=criteres, regle="CAP24-N04"),
        NoteSaisie(candidat=ALICE, epreuve="EP1", situation="S1", note=Decimal(12), auteur="cor1", regle="CAP24-N04"),
    )


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cl_031_grille_s1_sans_la_competence_3_refusee(donne: ReleveOuvert) -> None:
    etant_donne(donne).when(grille("EP1", "S1", {"C2": 4, "C5": 4})).then_refused("CAP24-N04")


def test_cl_032_grille_s1_avec_deux_competences_au_choix_refusee() -> None:
    etant_donne(OUVERT).when(grille("EP1", "S1", {"C2": 4, "C3": 4, "C5": 4})).then_refused("CAP24-N04")


@pytest.mark.parametrize(
    "criteres", [{"C3": 4}, {"C3": 4, "C1": 4}, {"C3": 4, "C2": 2, "C4": 1}, {}, {"C3": 4, "C2": 0}]
)
def test_cap24_n04_toute_autre_composition_est_refusee(criteres: dict[str, int]) -> None:
    etant_donne(OUVERT).when(grille("EP1", "S1", criteres)).then_refused("CAP24-N04")


def test_cl_033_grille_s2_ponctuel_avec_quatre_criteres_refusee() -> None:
    refus = etant_donne(OUVERT).when(grille("EP1", "S2", {"C1": 5, "C4": 4})).then_refused("CAP24-N05")
    assert "C4" in refus.detail


def test_cap24_n05_cinq_criteres_par_competence_en_ponctuel() -> None:
    etant_donne(OUVERT).when(grille("EP1", "S2", S2)).then_kinds(GrilleRemplie, NoteSaisie)
    etant_donne(OUVERT).when(grille("EP1", "S2", {})).then_refused("CAP24-N05")


def test_cap24_n07_en_ccf_la_grille_s2_n_exige_pas_cinq_criteres() -> None:
    events = etant_donne(EN_CCF).when(grille("EP1", "S2", {"C1": 2})).then_kinds(GrilleRemplie, NoteSaisie)
    assert (events[0].annexe, events[0].regle) == ("2.8", "CAP24-N07")


@pytest.mark.parametrize(("mode", "annexe", "regle"), [("ponctuel", "3.5", "CAP24-N08"), ("ccf", "3.6", "CAP24-N09")])
def test_cap24_n08_cap24_n09_ep2_a_sa_grille_dans_chaque_mode(mode: str, annexe: str, regle: str) -> None:
    donne = OUVERT if mode == "ponctuel" else EN_CCF
    events = etant_donne(donne).when(grille("EP2", None, {"C1": 2})).then_kinds(GrilleRemplie, NoteSaisie)
    assert (events[0].annexe, events[0].regle) == (annexe, regle)


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cap24_n19_ep3_s2_a_la_meme_grille_dans_les_deux_modes(donne: ReleveOuvert) -> None:
    events = etant_donne(donne).when(grille("EP3", "S2", {"C1": 3})).then_kinds(GrilleRemplie, NoteSaisie)
    assert (events[0].annexe, events[0].regle) == ("5.1", "CAP24-N19")


def test_tr_n01_pas_de_grille_la_ou_il_n_y_en_a_pas_d_officielle() -> None:
    etant_donne(OUVERT).when(grille("UG1", None, {"C1": 3})).then_refused("TR-N01")


def test_tr_n01_une_grille_refaite_a_l_identique_ne_fait_rien() -> None:
    commande = grille("EP1", "S2", S2)
    faits = etant_donne(OUVERT).when(commande).events()
    etant_donne(OUVERT, faits).when(commande).then_nothing()


def test_une_grille_corrigee_remplace_la_precedente_et_garde_la_note() -> None:
    faits = etant_donne(OUVERT).when(grille("EP1", "S2", S2)).events()
    etant_donne(OUVERT, faits).when(grille("EP1", "S2", {"C1": 6, "C4": 6})).then_kinds(GrilleRemplie)


def test_tr_n01_une_grille_ne_se_refait_pas_sur_une_note_verrouillee() -> None:
    faits = etant_donne(OUVERT).when(grille("EP2", None, {"C1": 3})).events()
    arrete = etant_donne(OUVERT, faits).when(fait(ArreterResultat, epreuve="EP2")).events()
    etant_donne(OUVERT, faits, arrete).when(grille("EP2", None, {"C1": 4})).then_refused("TR-N01")


def test_cap24_c03_pas_de_grille_sans_support() -> None:
    sans = SupportAbsentConstate(candidat=ALICE, epreuve="EP1", situation="S1", regle="CAP24-C03")
    etant_donne(OUVERT, sans).when(grille("EP1", "S1", {"C3": 4, "C2": 4}, note="0")).then_refused("CAP24-C03")


# Les commissions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cl_034_cap24_n02_ep1_sans_professionnel_irreguliere(donne: ReleveOuvert) -> None:
    commande = grille("EP1", "S1", {"C3": 5, "C2": 5}, commission=(ENS, ENS))
    etant_donne(donne).when(commande).then_refused("CAP24-N02")


def test_cap24_n02_ep1_sans_enseignant_irreguliere() -> None:
    commande = grille("EP1", "S1", {"C3": 5, "C2": 5}, commission=(PRO, PRO))
    etant_donne(OUVERT).when(commande).then_refused("CAP24-N02")


def test_cl_035_cap24_n21_ep3_s2_ccf_deux_formateurs_reguliere_avec_repli() -> None:
    commande = grille("EP3", "S2", {"C1": 3}, commission=(ENS, ENS))
    events = etant_donne(EN_CCF).when(commande).then_kinds(GrilleRemplie, NoteSaisie)
    assert events[0].repli


def test_cap24_n21_ep3_s2_ccf_complete_sans_repli() -> None:
    events = etant_donne(EN_CCF).when(grille("EP3", "S2", {"C1": 3})).then_kinds(GrilleRemplie, NoteSaisie)
    assert not events[0].repli


@pytest.mark.parametrize("presents", [(ENS,), (PRO,), ()])
def test_cap24_n21_un_seul_membre_ne_suffit_pas(presents: tuple[Profil, ...]) -> None:
    etant_donne(EN_CCF).when(grille("EP3", "S2", {"C1": 3}, commission=presents)).then_refused("CAP24-N21")


def test_cl_036_cap24_n20_ep3_s2_ponctuel_sans_professionnel_irreguliere() -> None:
    commande = grille("EP3", "S2", {"C1": 3}, commission=(ENS, ENS))
    etant_donne(OUVERT).when(commande).then_refused("CAP24-N20")


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_amb_08_ep2_admet_un_repli(donne: ReleveOuvert) -> None:
    events = etant_donne(donne).when(grille("EP2", None, {"C1": 3}, commission=(ENS, ENS))).events()
    assert events[0].repli
    etant_donne(donne).when(grille("EP2", None, {"C1": 3}, commission=(ENS,))).then_refused("AMB-08")


def test_tr_n03_le_repli_prevu_sert_pour_un_membre_a_la_fois() -> None:
    regle = Commission(regle="CAP24-N21", obligatoires=(ENS, PRO, PRO), repli={PRO: ENS})
    assert exiger_commission(regle, (ENS, ENS, ENS))
    with pytest.raises(Refus):
        exiger_commission(regle, (ENS, ENS))


def test_cap24_n16_la_conduite_en_ccf_veut_l_expert_et_l_enseignant_de_la_conduite() -> None:
    conduite = reglement().epreuves["EP3"].situations["S1"].conduite
    assert conduite is not None
    regle = conduite.commissions[Mode.CCF]
    assert not exiger_commission(regle, (EXPERT, CONDUITE))
    assert not exiger_commission(regle, (PRO, EXPERT, CONDUITE))
    for presents in ((EXPERT, PRO), (CONDUITE, PRO), (EXPERT, EXPERT)):
        with pytest.raises(Refus) as refus:
            exiger_commission(regle, presents)
        assert refus.value.regle == "CAP24-N16"


def test_une_note_deja_la_et_une_grille_d_un_autre_auteur_sont_refusees() -> None:
    etant_donne(OUVERT, saisie("EP2", "10", auteur="cor9")).when(grille("EP2", None, {"C1": 3})).then_refused(
        "NOTE_DEJA_SAISIE"
    )


def test_une_note_directe_et_une_grille_donnent_la_meme_place() -> None:
    faits = etant_donne(OUVERT).when(grille("EP2", None, {"C1": 3}, note="12")).events()
    etant_donne(OUVERT, faits).when(saisir("EP2", "12")).then_nothing()
