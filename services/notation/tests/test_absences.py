"""Ce qui manque : un support, ou le candidat."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.commandes.notation import ArreterResultat, ConstaterAbsence, ConstaterSupportAbsent, JustifierAbsence
from contracts.droits import check_rights
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    NoteSaisie,
    NoteTardiveRecue,
    SupportAbsentConstate,
)
from contracts.evenements.releve import EpreuveDispensee, ReleveOuvert
from contracts.messages import Refus
from contracts.vocabulaire import EtatResultat
from services.notation.domain.jury import EtatJury
from services.notation.tests.donnees import (
    ALICE,
    APRES_JURY,
    APRES_REMONTEE,
    CORRECTEUR,
    EN_CCF,
    LE,
    OUVERT,
    etant_donne,
    fait,
    ouvert,
    saisie,
    saisir,
)


def sans_support(epreuve: str, situation: str | None = None) -> ConstaterSupportAbsent:
    return fait(ConstaterSupportAbsent, epreuve=epreuve, situation=situation, regle="apprise")


def support_absent(epreuve: str, situation: str | None = None) -> SupportAbsentConstate:
    regle = "CAP24-C03" if situation else "CAP24-C06"
    return SupportAbsentConstate(candidat=ALICE, epreuve=epreuve, situation=situation, regle=regle)


def absence(epreuve: str, situation: str | None = None, **autres: object) -> ConstaterAbsence:
    return fait(ConstaterAbsence, epreuve=epreuve, situation=situation, **autres)


def absent(epreuve: str, situation: str | None = None, regle: str = "DC-CAP16") -> AbsenceConstatee:
    return AbsenceConstatee(candidat=ALICE, epreuve=epreuve, situation=situation, regle=regle, constatee_le=LE)


def justifier(epreuve: str, situation: str | None = None, **autres: object) -> JustifierAbsence:
    return fait(JustifierAbsence, epreuve=epreuve, situation=situation, motif="certificat médical", **autres)


def justifiee(epreuve: str, situation: str | None = None) -> AbsenceJustifiee:
    return AbsenceJustifiee(
        candidat=ALICE, epreuve=epreuve, situation=situation, regle="DC-CAP16", motif="certificat médical"
    )


def arreter(epreuve: str, **autres: object) -> ArreterResultat:
    return fait(ArreterResultat, epreuve=epreuve, **autres)


# Support absent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cl_026_cap24_c03_sans_fiche_produit_zero_a_s1_et_s2_garde_sa_note(donne: ReleveOuvert) -> None:
    etant_donne(donne).when(sans_support("EP1", "S1")).then(support_absent("EP1", "S1"))
    [resultat] = (
        etant_donne(donne, support_absent("EP1", "S1"), saisie("EP1", "15", "S2")).when(arreter("EP1")).events()
    )
    assert (resultat.etat, resultat.note, resultat.note_brute) == (EtatResultat.NOTE, Decimal(5), "5/1")
    assert resultat.situations == {"S1": "zero_support", "S2": "15"}
    assert "CAP24-C03" in resultat.regles


def test_cl_027_sans_support_aux_deux_situations_zero_et_present() -> None:
    donne = etant_donne(OUVERT, support_absent("EP1", "S1"), support_absent("EP1", "S2"))
    [resultat] = donne.when(arreter("EP1")).events()
    assert (resultat.etat, resultat.note) == (EtatResultat.ZERO_SUPPORT, Decimal(0))
    assert resultat.regle == "CAP24-C03"
    donne.when(absence("EP1")).then_refused("CAP24-C03")
    donne.when(absence("EP1", "S2")).then_refused("CAP24-C03")


@pytest.mark.parametrize("donne", [OUVERT, EN_CCF])
def test_cl_028_amb_07_ep2_sans_recapitulatif_zero_dans_les_deux_modes(donne: ReleveOuvert) -> None:
    etant_donne(donne).when(sans_support("EP2")).then(support_absent("EP2"))
    [resultat] = etant_donne(donne, support_absent("EP2")).when(arreter("EP2")).events()
    assert (resultat.etat, resultat.note, resultat.regle) == (EtatResultat.ZERO_SUPPORT, Decimal(0), "CAP24-C06")


def test_cap24_c03_sans_support_aucune_note_ne_se_saisit_ensuite() -> None:
    donne = etant_donne(OUVERT, support_absent("EP1", "S1"))
    donne.when(saisir("EP1", "12", "S1")).then_refused("CAP24-C03")
    donne.when(saisir("EP1", "0", "S1")).then_nothing()
    donne.when(saisir("EP1", "12", "S2")).then(saisie("EP1", "12", "S2"))


def test_cap24_c03_le_support_absent_l_emporte_sur_une_note_deja_saisie() -> None:
    etant_donne(OUVERT, saisie("EP2", "14")).when(sans_support("EP2")).then(support_absent("EP2"))
    [resultat] = etant_donne(OUVERT, saisie("EP2", "14"), support_absent("EP2")).when(arreter("EP2")).events()
    assert (resultat.etat, resultat.note) == (EtatResultat.ZERO_SUPPORT, Decimal(0))


def test_cl_027_le_support_absent_l_emporte_sur_une_absence_deja_portee() -> None:
    etant_donne(OUVERT, absent("EP2")).when(sans_support("EP2")).then(support_absent("EP2"))


def test_le_support_absent_se_retient_avant_l_ouverture_et_la_regle_vient_du_reglement() -> None:
    etant_donne().when(sans_support("EP1", "S2")).then(support_absent("EP1", "S2"))
    etant_donne(support_absent("EP1", "S2"), OUVERT).when(saisir("EP1", "9", "S2")).then_refused("CAP24-C03")


def test_un_support_ne_manque_que_la_ou_il_est_exige() -> None:
    etant_donne(OUVERT).when(sans_support("UG1")).then_refused("SUPPORT_SANS_OBJET")
    etant_donne(OUVERT).when(sans_support("EP3", "S2")).then_refused("SUPPORT_SANS_OBJET")
    etant_donne(OUVERT).when(sans_support("EP1")).then_refused("SITUATION_REQUISE")


def test_un_dispense_n_a_pas_de_support_a_remettre() -> None:
    dispense = EpreuveDispensee(candidat=ALICE, epreuve="EP2", regle="DC-CAP20")
    etant_donne(OUVERT, dispense).when(sans_support("EP2")).then_nothing()


# Absence -----------------------------------------------------------------------------------------------------------


def test_dc_cap16_absent_a_une_epreuve_sans_motif() -> None:
    etant_donne(OUVERT).when(absence("UG1")).then(absent("UG1"))
    [resultat] = etant_donne(OUVERT, absent("UG1")).when(arreter("UG1")).events()
    assert (resultat.etat, resultat.note, resultat.regle) == (EtatResultat.ABSENT_INJUSTIFIE, None, "DC-CAP16")


def test_dc_cap16_absent_a_une_epreuve_entiere_l_est_a_ses_situations() -> None:
    etant_donne(OUVERT).when(absence("EP1")).then(absent("EP1", "S1"), absent("EP1", "S2"))


def test_dc_cap16_absent_a_une_seule_situation_rend_absent_a_l_epreuve() -> None:
    donne = etant_donne(OUVERT, saisie("EP1", "14", "S1"), absent("EP1", "S2"))
    [resultat] = donne.when(arreter("EP1")).events()
    assert resultat.etat is EtatResultat.ABSENT_INJUSTIFIE
    assert resultat.situations == {"S1": "14", "S2": "absent_injustifie"}


def test_absent_sans_support_a_l_autre_situation_est_absent() -> None:
    donne = etant_donne(OUVERT, support_absent("EP1", "S1"))
    donne.when(absence("EP1")).then(absent("EP1", "S2"))


def test_amb_51_absent_a_ep3_entiere_l_est_a_s2_seule() -> None:
    etant_donne(OUVERT).when(absence("EP3")).then(absent("EP3", "S2"))
    [resultat] = etant_donne(OUVERT, absent("EP3", "S2")).when(arreter("EP3")).events()
    assert resultat.etat is EtatResultat.ABSENT_INJUSTIFIE
    assert resultat.situations == {"S1": "non_validee", "S2": "absent_injustifie"}


def test_un_candidat_deja_note_ou_dispense_n_est_pas_porte_absent() -> None:
    etant_donne(OUVERT, saisie("UG1", "12")).when(absence("UG1")).then_refused("NOTE_DEJA_SAISIE")
    etant_donne(OUVERT, saisie("EP1", "12", "S1")).when(absence("EP1")).then_refused("NOTE_DEJA_SAISIE")
    dispense = EpreuveDispensee(candidat=ALICE, epreuve="UG1", regle="DC-CAP20")
    etant_donne(OUVERT, dispense).when(absence("UG1")).then_refused("DC-CAP20")


def test_un_absent_ne_se_note_pas_sans_rectification() -> None:
    etant_donne(OUVERT, absent("UG1")).when(saisir("UG1", "12")).then_refused("CANDIDAT_ABSENT")
    etant_donne(OUVERT, absent("UG1")).when(absence("UG1")).then_nothing()


def test_amb_50_l_absence_a_une_facultative_est_sans_effet() -> None:
    donne = ouvert(facultatives=("UF1",))
    etant_donne(donne).when(absence("UF1")).then(absent("UF1", regle="AMB-50"))
    [resultat] = etant_donne(donne, absent("UF1", regle="AMB-50")).when(arreter("UF1")).events()
    assert (resultat.etat, resultat.note, resultat.regle) == (EtatResultat.ABSENT_INJUSTIFIE, None, "AMB-50")
    etant_donne(donne, absent("UF1", regle="AMB-50")).when(justifier("UF1")).then_refused("AMB-50")


# Motif admis -------------------------------------------------------------------------------------------------------


def test_amb_49_dc_cap16_le_motif_admis_vaut_zero_a_l_epreuve() -> None:
    etant_donne(OUVERT, absent("UG1")).when(justifier("UG1")).then(justifiee("UG1"))
    [resultat] = etant_donne(OUVERT, absent("UG1"), justifiee("UG1")).when(arreter("UG1")).events()
    assert (resultat.etat, resultat.note, resultat.regle) == (EtatResultat.ABSENT_JUSTIFIE, Decimal(0), "DC-CAP16")
    etant_donne(OUVERT, absent("UG1"), justifiee("UG1")).when(justifier("UG1")).then_nothing()


def test_dc_cap16_justifier_l_epreuve_justifie_toutes_ses_situations() -> None:
    donne = etant_donne(OUVERT, absent("EP1", "S1"), absent("EP1", "S2"))
    donne.when(justifier("EP1")).then(justifiee("EP1", "S1"), justifiee("EP1", "S2"))


def test_dc_cap16_une_situation_justifiee_une_autre_non_reste_une_absence() -> None:
    donne = etant_donne(OUVERT, absent("EP1", "S1"), absent("EP1", "S2"), justifiee("EP1", "S1"))
    [resultat] = donne.when(arreter("EP1")).events()
    assert resultat.etat is EtatResultat.ABSENT_INJUSTIFIE


def test_dc_cap16_en_ponctuel_un_absent_justifie_n_est_plus_note_a_cette_session() -> None:
    etant_donne(OUVERT, absent("UG1"), justifiee("UG1")).when(saisir("UG1", "12")).then_refused("DC-CAP16")


def test_amb_49_seul_le_service_d_examens_admet_un_motif() -> None:
    with pytest.raises(Refus, match="DROIT_ROLE"):
        check_rights(justifier("UG1", par=CORRECTEUR), "normandie")
    check_rights(justifier("UG1"), "normandie")


@pytest.mark.parametrize("jury", [EtatJury.CLOS, EtatJury.RECONVOQUE])
def test_amb_49_un_motif_s_admet_avant_la_deliberation_quelle_que_soit_la_date_ecrite(jury: EtatJury) -> None:
    etant_donne(OUVERT, absent("UG1"), jury=jury).when(justifier("UG1")).then_refused("AMB-49")
    etant_donne(OUVERT, absent("UG1")).when(justifier("UG1", le=APRES_JURY)).then_kinds(AbsenceJustifiee)


def test_on_ne_justifie_que_l_absence_d_un_absent() -> None:
    etant_donne(OUVERT, saisie("UG1", "12")).when(justifier("UG1")).then_refused("PAS_ABSENT")
    etant_donne(OUVERT).when(justifier("EP3", "S1")).then_refused("AMB-51")


def test_dc_cap16_justifier_apres_l_arrete_redit_le_resultat() -> None:
    histoire = [OUVERT, absent("UG1")]
    arrete = etant_donne(*histoire).when(arreter("UG1")).events()
    faits = etant_donne(*histoire, arrete).when(justifier("UG1")).events()
    assert [type(one).__name__ for one in faits] == ["AbsenceJustifiee", "ResultatArrete"]
    assert faits[1].etat is EtatResultat.ABSENT_JUSTIFIE


# CCF ---------------------------------------------------------------------------------------------------------------


def test_amb_52_absent_injustifie_a_une_situation_de_ccf_l_est_a_l_unite() -> None:
    etant_donne(EN_CCF).when(absence("EP1", "S1")).then(absent("EP1", "S1", "AMB-52"))
    [resultat] = etant_donne(EN_CCF, absent("EP1", "S1", "AMB-52")).when(arreter("EP1")).events()
    assert (resultat.etat, resultat.regle) == (EtatResultat.ABSENT_INJUSTIFIE, "AMB-52")


def test_amb_52_absence_justifiee_en_ccf_nouvelle_situation_avant_la_remontee() -> None:
    histoire = (EN_CCF, absent("EP1", "S1", "AMB-52"), justifiee("EP1", "S1"), saisie("EP1", "12", "S2"))
    etant_donne(*histoire).when(arreter("EP1")).then_refused("AMB-52")
    etant_donne(*histoire).when(saisir("EP1", "15", "S1")).then(saisie("EP1", "15", "S1"))
    [resultat] = etant_donne(*histoire, saisie("EP1", "15", "S1")).when(arreter("EP1")).events()
    assert (resultat.etat, resultat.note) == (EtatResultat.NOTE, Decimal(14))


def test_amb_52_sans_nouvelle_situation_la_remontee_passee_absent_justifie() -> None:
    histoire = (EN_CCF, absent("EP2", regle="AMB-52"), justifiee("EP2"))
    [resultat] = etant_donne(*histoire).when(arreter("EP2", le=APRES_REMONTEE)).events()
    assert (resultat.etat, resultat.note) == (EtatResultat.ABSENT_JUSTIFIE, Decimal(0))


def test_amb_52_une_note_tardive_apres_absence_justifiee_attend_la_decision_du_service() -> None:
    histoire = (EN_CCF, absent("EP2", regle="AMB-52"), justifiee("EP2"))
    faits = etant_donne(*histoire).when(saisir("EP2", "13", le=APRES_REMONTEE)).then_kinds(NoteTardiveRecue)
    [resultat] = etant_donne(*histoire, faits).when(arreter("EP2", le=APRES_REMONTEE)).events()
    assert resultat.etat is EtatResultat.ABSENT_JUSTIFIE


def test_amb_52_absent_de_nouveau_a_la_nouvelle_situation() -> None:
    histoire = (EN_CCF, absent("EP2", regle="AMB-52"), justifiee("EP2"))
    etant_donne(*histoire).when(absence("EP2")).then(absent("EP2", regle="AMB-52"))
    etant_donne(OUVERT, absent("EP2"), justifiee("EP2")).when(absence("EP2")).then_nothing()


def test_amb_52_la_nouvelle_note_redit_un_resultat_deja_arrete() -> None:
    histoire = [EN_CCF, absent("EP2", regle="AMB-52")]
    arrete = etant_donne(*histoire).when(arreter("EP2")).events()
    admis = etant_donne(*histoire, arrete).when(justifier("EP2")).events()
    faits = etant_donne(*histoire, arrete, admis).when(saisir("EP2", "13")).events()
    assert isinstance(faits[0], NoteSaisie)
    assert (faits[1].etat, faits[1].note) == (EtatResultat.NOTE, Decimal(13))
