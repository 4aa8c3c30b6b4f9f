"""Le doute le jour de l'épreuve, sa vérification, la relance (BTS-C05, BTS-C06, BTS-C19, TR-C02, AMB-44, AMB-45)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.evenements import REGISTRE
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    VerificationConclue,
)
from contracts.messages import Refus
from contracts.vocabulaire import CauseReduction, Verdict
from services.conformite.domain.dossier import decide, evolve, initial
from services.conformite.domain.doutes import relance
from services.conformite.domain.etats import Autorise, DossierEvent, Etat
from services.conformite.tests.donnees import ALICE, PARIS, clause, juger
from services.conformite.tests.donnees_controles import (
    APRES,
    BTS,
    JOUR_J,
    LENDEMAIN,
    STAGE,
    Cadre,
    attester,
    conclure,
    controler,
    deposer,
    dispenser,
    dossier_e4,
    dossier_e6,
    douter,
    etudiant,
    reduire,
    retablir,
    semaines,
    session_de,
)

SESSION = session_de(BTS)
CADRE = Cadre(SESSION)
CONTROLE = (etudiant(), dossier_e4(), dossier_e6(), STAGE, controler())


def decision(etat: Any, epreuve: str) -> type:
    return type(etat.dossier.suivi(epreuve).decision)


def test_cl_083_bts_c05_bts_c19_un_doute_le_jour_j_malgre_un_controle_favorable():
    CADRE.apres(*CONTROLE).when(douter("E4")).then(
        DouteSignale(candidat=ALICE, motif="attestation douteuse", regle="BTS-C05", epreuve="E4")
    )


def test_cl_083_tr_c02_signaler_ne_rejette_pas_et_ne_touche_pas_l_autre_epreuve():
    etat = CADRE.apres(*CONTROLE, douter("E4")).state
    assert isinstance(etat, Autorise)
    assert decision(etat, "E4") is decision(etat, "E6") is DossierDeclareConforme
    CADRE.apres(*CONTROLE, douter("E4")).when(controler()).then_refused("BTS-C05")


def test_bts_c05_plusieurs_doutes_a_la_fois_sur_des_epreuves_differentes():
    deux = (*CONTROLE, douter("E4"), douter("E6"), douter("E4", "dates surchargées"))
    etat: Any = CADRE.apres(*deux).state
    assert etat.dossier.suivi("E4").doutes == ("attestation douteuse", "dates surchargées")
    CADRE.apres(*deux).when(douter("E6")).then_nothing()
    CADRE.apres(*deux).when(conclure(True, "E4")).then_kinds(VerificationConclue)
    apres: Any = CADRE.apres(*deux, conclure(True, "E4")).state
    assert (apres.dossier.suivi("E4").doutes, apres.dossier.suivi("E6").doutes) == ((), ("attestation douteuse",))


def test_cl_084_bts_c06_une_verification_positive_rend_la_note_sans_nouvelle_decision():
    CADRE.apres(*CONTROLE, douter("E4")).when(conclure(True, "E4")).then(
        VerificationConclue(candidat=ALICE, conforme=True, motif="entreprise jointe", regle="BTS-C06", epreuve="E4")
    )


def test_cl_085_bts_c06_une_verification_negative_non_valide_pour_cette_epreuve_seule():
    dossier = CADRE.apres(*CONTROLE, douter("E4"))
    _, refuse = dossier.when(conclure(False, "E4", "attestation falsifiée")).then_kinds(
        VerificationConclue, DossierDeclareNonConforme
    )
    assert (refuse.epreuves, refuse.effet, refuse.motifs) == (("E4",), "non_valide", ("attestation",))
    assert "vérification : attestation falsifiée" in clause(refuse.explication, "BTS-C01").faits
    etat = CADRE.apres(*CONTROLE, douter("E4"), conclure(False, "E4")).state
    assert (decision(etat, "E4"), decision(etat, "E6")) == (DossierDeclareNonConforme, DossierDeclareConforme)


def test_cl_085_un_controle_de_plus_n_y_revient_pas():
    CADRE.apres(*CONTROLE, douter("E4"), conclure(False, "E4")).when(controler()).then_nothing()


def test_bts_c06_une_seconde_verification_peut_rendre_l_epreuve():
    refuse = (*CONTROLE, douter("E4"), conclure(False, "E4"), douter("E4", "l'entreprise se ravise"))
    _, rendu = CADRE.apres(*refuse).when(conclure(True, "E4")).then_kinds(VerificationConclue, DossierDeclareConforme)
    assert rendu.epreuves == ("E4",)


def test_cl_086_bts_c03_non_valide_avant_l_epreuve_la_presence_du_candidat_n_y_change_rien():
    sans = (etudiant(), dossier_e6(), STAGE, controler())
    CADRE.apres(*sans).when(controler(JOUR_J)).then_nothing()
    refuse: Any = CADRE.apres(*sans).state
    clauses = refuse.dossier.suivi("E4").decision.explication
    assert "même présent, n'est pas interrogé" in clause(clauses, "BTS-C03").texte
    assert "ni une absence" in clause(clauses, "BTS-C03").texte


def test_bts_c05_un_doute_avant_le_controle_le_suspend_pour_cette_epreuve():
    avant = (*CONTROLE[:-1], douter("E4"))
    assert set(CADRE.decisions(*avant)) == {"examen", "E6"}
    _, refuse = (
        CADRE.apres(*avant).when(conclure(False, "E4")).then_kinds(VerificationConclue, DossierDeclareNonConforme)
    )
    assert refuse.epreuves == ("E4",)


def test_bts_c05_une_epreuve_sans_dossier_controle_ne_se_met_pas_en_doute():
    for epreuve in ("E1", "E9"):
        CADRE.apres(*CONTROLE).when(douter(epreuve)).then_refused("EPREUVE_INCONNUE")
    CADRE.apres(etudiant(), dispenser("E4")).when(douter("E4")).then_refused("EPREUVE_INCONNUE")


def test_bts_c06_conclure_sans_doute_est_refuse():
    CADRE.apres(*CONTROLE).when(conclure(True, "E4")).then_refused("AUCUNE_VERIFICATION")
    CADRE.apres(*CONTROLE, douter("E6")).when(conclure(True, None)).then_refused("AUCUNE_VERIFICATION")
    CADRE.apres(*CONTROLE, douter("E4"), conclure(True, "E4")).when(conclure(True, "E4")).then_nothing()


def test_tr_c02_un_doute_sur_le_dossier_entier_atteint_toutes_ses_epreuves():
    dossier = CADRE.apres(*CONTROLE, douter(None))
    _, e4, e6 = dossier.when(conclure(False, None)).then_kinds(
        VerificationConclue, DossierDeclareNonConforme, DossierDeclareNonConforme
    )
    assert (e4.epreuves, e6.epreuves) == (("E4",), ("E6",))


# La relance -------------------------------------------------------------------------------------------------------


def test_amb_45_la_relance_vient_au_bout_du_delai_de_la_session():
    depuis = datetime.fromisoformat("2022-05-18T16:00:00+02:00")
    dernier = datetime.fromisoformat("2022-06-02T23:59:59+02:00")
    assert relance(depuis, SESSION, dernier).echeance.isoformat() == "2022-06-02"
    assert not relance(depuis, SESSION, dernier).en_retard
    assert relance(depuis, SESSION, dernier + timedelta(seconds=1)).en_retard
    court = session_de(BTS, suspension_jours=3)
    assert relance(depuis, court, dernier).en_retard


def test_amb_44_amb_45_rien_n_est_jamais_converti_par_le_temps():
    etat = CADRE.apres(*CONTROLE, douter("E4"))
    etat.when(controler(JOUR_J + timedelta(days=300))).then_refused("BTS-C05")


# Ce qui vaut toujours ---------------------------------------------------------------------------------------------

ORDRES: list[Any] = [
    etudiant(),
    dossier_e4(),
    dossier_e4(LENDEMAIN, annexes=0),
    dossier_e6(),
    STAGE,
    attester("A2", semaines(8), signature=False),
    deposer("E4bis", dossier_e4().nature, depose_le=LENDEMAIN),
    dispenser("E4"),
    retablir("E4"),
    reduire(CauseReduction.POSITIONNEMENT),
    juger("A1", Verdict.NON_CONFORME, le=APRES),
    controler(),
    douter("E4"),
    douter(None),
    conclure(True, "E4"),
    conclure(False, "E4"),
    conclure(False, None),
]


@given(st.lists(st.sampled_from(ORDRES), max_size=14))
@settings(max_examples=150)
def test_quel_que_soit_l_ordre_tout_se_relit_et_se_repete_sans_effet(ordres: list[Any]):
    etat: Etat = initial
    events: list[DossierEvent] = []
    for ordre in [etudiant(), *ordres]:
        try:
            nouveaux = decide(ordre, etat, SESSION)
        except Refus:
            continue
        for event in nouveaux:
            etat = evolve(etat, event)
        events += nouveaux
        try:
            assert decide(ordre, etat, SESSION) == []
        except Refus:
            continue
    assert [REGISTRE.load(event.NAME, event.model_dump(mode="json")) for event in events] == events


# Après le jury -----------------------------------------------------------------------------------------------------

APRES_JURY = datetime(2022, 7, 25, 9, 0, tzinfo=PARIS)


@pytest.mark.parametrize(
    "command",
    [
        douter("E4", le=APRES_JURY),
        reduire(CauseReduction.POSITIONNEMENT, le=APRES_JURY),
        dossier_e4().model_copy(update={"le": APRES_JURY, "piece": "E4-bis"}),
        juger("A1", Verdict.NON_CONFORME, le=APRES_JURY),
    ],
    ids=["doute", "duree_reduite", "piece", "verdict"],
)
def test_amb_54_ce_que_le_jury_a_vu_ne_change_plus_apres_lui(command: Any) -> None:
    CADRE.apres(etudiant(), dossier_e4(), attester("A1", semaines(15)), controler()).when(command).then_refused(
        "AMB-54"
    )


def test_amb_44_une_verification_commencee_avant_le_jury_se_conclut_apres_lui() -> None:
    doute = CADRE.apres(etudiant(), dossier_e4(), dossier_e6(), attester("A1", semaines(16)), controler(), douter("E4"))
    conclue = conclure(True, "E4").model_copy(update={"le": APRES_JURY})
    [event] = doute.when(conclue).then_kinds(VerificationConclue)
    assert event.conforme
