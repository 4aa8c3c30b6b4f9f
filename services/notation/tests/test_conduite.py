"""La conduite : théorie d'abord, une mention, jamais une note."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.conduite import EnregistrerConduite, EnregistrerEtg, RectifierConduite
from contracts.commandes.notation import ArreterResultat, ConstaterAbsence, HarmoniserNote
from contracts.evenements.conduite import EtgEchouee, EtgValidee, PermisNonValide, PermisValide
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.releve import EpreuveDispensee, ReleveOuvert
from contracts.vocabulaire import Categorie, EtatResultat, Mode, Profil
from services.notation.tests.donnees import (
    ALICE,
    CONDUITE,
    EN_CCF,
    ENS,
    ETG,
    EXPERT,
    OUVERT,
    PRO,
    etant_donne,
    fait,
    ouvert,
    saisie,
    saisir,
    session,
)

COMMISSION = (EXPERT, CONDUITE)
PERMIS_B = EpreuveDispensee(candidat=ALICE, epreuve="EP3", situation="S1", regle="CAP24-I04")
INDIVIDUEL = ouvert(Categorie.INDIVIDUEL)
ARRETER = fait(ArreterResultat, epreuve="EP3")
S2 = saisie("EP3", "13", "S2")


def etg(valide: bool, tentative: int | None = None) -> EnregistrerEtg:
    return fait(EnregistrerEtg, valide=valide, tentative=tentative)


def echouee(tentative: int) -> EtgEchouee:
    return EtgEchouee(candidat=ALICE, tentative=tentative, regle="CAP24-N12")


def conduite(
    mention: str, commission: tuple[Profil, ...] = COMMISSION, tentative: int | None = None
) -> EnregistrerConduite:
    return fait(EnregistrerConduite, mention=mention, commission=commission, tentative=tentative)


def permis(mention: str, tentative: int = 1, regle: str = "CAP24-N14") -> PermisValide | PermisNonValide:
    classe = PermisValide if mention in ("validee", "favorable") else PermisNonValide
    return classe(
        candidat=ALICE,
        epreuve="EP3",
        situation="S1",
        mention=EtatResultat(mention),
        tentative=tentative,
        regle=regle,
    )


def arretee(*history: Any) -> ResultatArrete:
    [resultat] = etant_donne(*history).when(ARRETER).events()
    assert isinstance(resultat, ResultatArrete)
    return resultat


# ETG ---------------------------------------------------------------------------------------------------------------


def test_cl_038_cap24_n12_l_etg_se_repasse_sans_limite_puis_ouvre_la_pratique() -> None:
    histoire: list[Any] = [OUVERT]
    for tentative in range(1, 5):
        faits = etant_donne(*histoire).when(etg(False, tentative))
        faits.then(echouee(tentative))
        histoire += faits.events()
    reussie = EtgValidee(candidat=ALICE, tentative=5, regle="CAP24-N11")
    etant_donne(*histoire).when(etg(True)).then(reussie)
    etant_donne(*histoire, reussie).when(conduite("validee")).then(permis("validee"))


def test_cap24_n12_les_tentatives_d_etg_se_suivent() -> None:
    donne = etant_donne(OUVERT, echouee(1))
    donne.when(etg(False, 1)).then_nothing()
    donne.when(etg(True, 1)).then_refused("TENTATIVE_DEJA_ENREGISTREE")
    donne.when(etg(False, 3)).then_refused("TENTATIVE_HORS_SUITE")
    assert donne.when(etg(False)).events() == [echouee(2)]


def test_l_etg_validee_le_reste() -> None:
    etant_donne(OUVERT, ETG).when(etg(True)).then_nothing()
    etant_donne(OUVERT, ETG).when(etg(False)).then_refused("ETG_DEJA_VALIDEE")


def test_un_reglement_sans_conduite_n_a_pas_d_etg() -> None:
    sans = session()
    epreuves = {code: one for code, one in sans.reglement.epreuves.items() if code != "EP3"}
    sans = replace(sans, reglement=sans.reglement.model_copy(update={"epreuves": epreuves}))
    etant_donne(OUVERT, dans=sans).when(etg(True)).then_refused("ETG_SANS_OBJET")


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cl_039_cap24_n11_sans_etg_pas_de_pratique(donne: ReleveOuvert) -> None:
    mention = "validee" if donne is OUVERT else "favorable"
    etant_donne(donne).when(conduite(mention)).then_refused("CAP24-N11")
    etant_donne(donne, echouee(1)).when(conduite(mention)).then_refused("CAP24-N11")


def test_cl_039_cap24_n17_sans_etg_ep3_s1_non_validee_et_les_autres_epreuves_se_passent() -> None:
    etant_donne(OUVERT, echouee(1)).when(saisir("EP2", "12")).then(saisie("EP2", "12"))
    resultat = arretee(OUVERT, echouee(1), S2)
    assert (resultat.etat, resultat.note) == (EtatResultat.NOTE, Decimal(13))
    assert resultat.situations == {"S1": "non_validee", "S2": "13"}
    assert "CAP24-N11" in resultat.regles


# La mention --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mention", ["validee", "non_validee"])
def test_cap24_n14_en_ponctuel_validee_ou_non_validee(mention: str) -> None:
    etant_donne(OUVERT, ETG).when(conduite(mention)).then(permis(mention))


@pytest.mark.parametrize("mention", ["favorable", "insuffisant"])
def test_cap24_n15_en_ccf_favorable_ou_insuffisant(mention: str) -> None:
    etant_donne(EN_CCF, ETG).when(conduite(mention)).then(permis(mention, regle="CAP24-N15"))


def test_amb_11_chaque_mode_garde_son_vocabulaire() -> None:
    etant_donne(OUVERT, ETG).when(conduite("favorable")).then_refused("CAP24-N14")
    etant_donne(EN_CCF, ETG).when(conduite("validee")).then_refused("CAP24-N15")


def test_cl_044_quinze_sur_vingt_a_la_conduite_est_refuse() -> None:
    etant_donne(OUVERT, ETG).when(conduite("15")).then_refused("CAP24-N14")
    etant_donne(OUVERT, ETG).when(saisir("EP3", "15", "S1")).then_refused("CAP24-N14")
    etant_donne(EN_CCF, ETG).when(saisir("EP3", "15", "S1")).then_refused("CAP24-N15")
    harmoniser = fait(HarmoniserNote, epreuve="EP3", situation="S1", note=15, motif="rehausser")
    etant_donne(OUVERT, ETG, permis("validee")).when(harmoniser).then_refused("CAP24-N14")


def test_une_mention_ne_se_porte_pas_a_une_situation_notee() -> None:
    commande = fait(EnregistrerConduite, situation="S2", mention="validee")
    etant_donne(OUVERT, ETG).when(commande).then_refused("SITUATION_NOTEE")


@pytest.mark.parametrize("presents", [(), (EXPERT,), (CONDUITE, PRO), (ENS, PRO)])
def test_cap24_n16_en_ccf_l_expert_et_l_enseignant_de_la_conduite_siegent(presents: tuple[Profil, ...]) -> None:
    etant_donne(EN_CCF, ETG).when(conduite("favorable", presents)).then_refused("CAP24-N16")


def test_cap24_n16_le_professionnel_est_facultatif_et_le_ponctuel_sans_commission() -> None:
    favorable = permis("favorable", regle="CAP24-N15")
    etant_donne(EN_CCF, ETG).when(conduite("favorable", (*COMMISSION, PRO))).then(favorable)
    etant_donne(OUVERT, ETG).when(conduite("validee", ())).then(permis("validee"))


# Les présentations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconde", ["validee", "non_validee"])
def test_cl_040_cap24_n13_en_ponctuel_une_seule_presentation(seconde: str) -> None:
    donne = etant_donne(OUVERT, ETG, permis("non_validee"))
    donne.when(conduite(seconde, tentative=2)).then_refused("CAP24-N13")
    donne.when(conduite("validee")).then_refused("CAP24-N13")


def test_la_meme_mention_redite_ne_fait_rien() -> None:
    etant_donne(OUVERT, ETG, permis("non_validee")).when(conduite("non_validee")).then_nothing()
    insuffisant = permis("insuffisant", regle="CAP24-N15")
    etant_donne(EN_CCF, ETG, insuffisant).when(conduite("insuffisant")).then_nothing()


def test_amb_11_en_ccf_un_nouvel_essai_est_permis_et_trace() -> None:
    donne = etant_donne(EN_CCF, ETG, permis("insuffisant", regle="CAP24-N15"))
    donne.when(conduite("favorable")).then(permis("favorable", 2, "CAP24-N15"))
    donne.when(conduite("insuffisant", tentative=2)).then(permis("insuffisant", 2, "CAP24-N15"))
    donne.when(conduite("favorable", tentative=3)).then_refused("TENTATIVE_HORS_SUITE")
    donne.when(conduite("favorable", tentative=1)).then_refused("TENTATIVE_DEJA_ENREGISTREE")


def test_une_conduite_favorable_ne_se_repasse_pas() -> None:
    donne = etant_donne(EN_CCF, ETG, permis("favorable", regle="CAP24-N15"))
    donne.when(conduite("insuffisant")).then_refused("CONDUITE_DEJA_VALIDEE")


def test_dc_rec01_une_mention_mal_reportee_se_rectifie_avec_son_motif() -> None:
    rectifier = fait(RectifierConduite, mention="validee", motif="erreur de report")
    attendu = permis("validee", regle="DC-REC01").model_copy(update={"motif": "erreur de report"})
    etant_donne(OUVERT, ETG, permis("non_validee")).when(rectifier).then(attendu)
    etant_donne(OUVERT, ETG, permis("validee")).when(rectifier).then_nothing()
    etant_donne(OUVERT, ETG).when(rectifier).then_refused("RIEN_A_RECTIFIER")
    etant_donne(EN_CCF, ETG, permis("insuffisant", regle="CAP24-N15")).when(rectifier).then_refused("CAP24-N15")


# Absence, dispense, non organisée ----------------------------------------------------------------------------------


def test_cl_045_amb_51_absent_a_la_conduite_seule_non_validee_jamais_absent() -> None:
    absence = fait(ConstaterAbsence, epreuve="EP3", situation="S1")
    non_validee = permis("non_validee", 0, "AMB-51")
    etant_donne(OUVERT, ETG).when(absence).then(non_validee)
    resultat = arretee(OUVERT, ETG, non_validee, S2)
    assert (resultat.etat, resultat.situations["S1"]) == (EtatResultat.NOTE, "non_validee")
    etant_donne(OUVERT, ETG, non_validee).when(absence).then_nothing()


def test_amb_51_une_absence_n_est_pas_une_presentation() -> None:
    non_validee = permis("non_validee", 0, "AMB-51")
    etant_donne(OUVERT, ETG, non_validee).when(conduite("validee")).then(permis("validee"))
    etant_donne(OUVERT, ETG, non_validee).when(conduite("non_validee")).then(permis("non_validee"))


def test_une_mention_portee_ne_devient_pas_une_absence() -> None:
    absence = fait(ConstaterAbsence, epreuve="EP3", situation="S1")
    etant_donne(OUVERT, ETG, permis("validee")).when(absence).then_refused("CONDUITE_DEJA_EVALUEE")
    etant_donne(OUVERT, PERMIS_B).when(absence).then_refused("CAP24-I04")


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cl_037_amb_10_titulaire_du_permis_b_dispense_et_ep3_vaut_s2(donne: ReleveOuvert) -> None:
    mention = "validee" if donne is OUVERT else "favorable"
    etant_donne(donne, PERMIS_B, ETG).when(conduite(mention)).then_refused("CAP24-I04")
    resultat = arretee(donne, PERMIS_B, S2)
    assert (resultat.etat, resultat.note, resultat.regle) == (EtatResultat.NOTE, Decimal(13), "CAP24-N10")
    assert resultat.situations == {"S1": "dispense", "S2": "13"}
    assert "CAP24-I04" in resultat.regles


def test_cl_037_la_dispense_de_conduite_laisse_s2_due() -> None:
    etant_donne(OUVERT, PERMIS_B).when(ARRETER).then_refused("TR-N01")


def test_cl_043_cap24_i05_conduite_non_organisee_pour_un_individuel() -> None:
    non_organisee = permis("non_organisee", 0, "CAP24-I05")
    etant_donne(INDIVIDUEL, non_organisee, ETG).when(conduite("validee")).then_refused("CAP24-I05")
    resultat = arretee(INDIVIDUEL, non_organisee, S2)
    assert (resultat.etat, resultat.note) == (EtatResultat.NOTE, Decimal(13))
    assert resultat.situations["S1"] == "non_organisee"
    assert arretee(INDIVIDUEL, S2).situations["S1"] == "non_organisee"


def test_cap24_i05_l_academie_qui_organise_la_conduite_y_admet_les_individuels() -> None:
    organise = session(conduite_individuels=True)
    etant_donne(INDIVIDUEL, ETG, dans=organise).when(conduite("validee")).then(permis("validee"))


def test_cap24_i05_ne_vise_que_les_individuels() -> None:
    etant_donne(ouvert(Categorie.DISTANCE), ETG).when(conduite("validee")).then(permis("validee"))


def test_cap24_n17_une_conduite_connue_apres_l_arrete_redit_le_resultat() -> None:
    arrete = etant_donne(OUVERT, ETG, S2).when(ARRETER).events()
    assert arrete[0].situations["S1"] == "non_validee"
    faits = etant_donne(OUVERT, ETG, S2, arrete).when(conduite("validee")).events()
    assert faits[0] == permis("validee")
    assert (faits[1].note, faits[1].situations) == (13, {"S1": "validee", "S2": "13"})


def test_cap24_n15_le_resultat_d_ep3_porte_l_avis_de_l_expert() -> None:
    resultat = arretee(EN_CCF, ETG, permis("favorable", regle="CAP24-N15"), S2)
    assert resultat.mode is Mode.CCF
    assert resultat.situations["S1"] == "favorable"
    assert "CAP24-N15" in resultat.regles
