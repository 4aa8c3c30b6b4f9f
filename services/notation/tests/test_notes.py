"""Une note : saisie, relue, tardive, harmonisée, rectifiée."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.notation import (
    ArreterResultat,
    HarmoniserNote,
    IntegrerNoteTardive,
    RectifierNote,
    SaisirSecondeFois,
)
from contracts.droits import DROITS, check_rights
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    DoubleSaisieComparee,
    NoteHarmonisee,
    NoteRectifiee,
    NoteSaisie,
    NoteTardiveIntegree,
    NoteTardiveRecue,
    NoteVerrouillee,
    ResultatArrete,
    SupportAbsentConstate,
)
from contracts.evenements.releve import AccesFerme, EpreuveDispensee
from contracts.messages import Acteur, Refus
from services.notation.domain.jury import EtatJury
from services.notation.tests.donnees import (
    ALICE,
    APRES_JURY,
    APRES_REMONTEE,
    CORRECTEUR,
    EN_CCF,
    GESTIONNAIRE,
    LE,
    OUVERT,
    SECOND,
    etant_donne,
    fait,
    note_arretee,
    ouvert,
    saisie,
    saisir,
    session,
)

UG1 = saisie("UG1", "12")
VERROU = NoteVerrouillee(candidat=ALICE, epreuve="UG1", note=Decimal(12), lot="L1", regle="TR-N01")
TARDIVE = NoteTardiveRecue(candidat=ALICE, epreuve="EP2", note=Decimal(12), regle="CAP24-N07")


def seconde(note: str, par: Acteur = SECOND, epreuve: str = "UG1") -> SaisirSecondeFois:
    return fait(SaisirSecondeFois, epreuve=epreuve, note=Decimal(note), par=par)


def comparee(premiere: str, deuxieme: str, **autres: Any) -> DoubleSaisieComparee:
    valeurs: dict[str, Any] = {"epreuve": "UG1", "concorde": premiere == deuxieme, "auteur": "cor2"}
    notes = {"premiere": Decimal(premiere), "seconde": Decimal(deuxieme)}
    return DoubleSaisieComparee(candidat=ALICE, **notes, **valeurs | autres)


def harmoniser(note: str, epreuve: str = "UG1", situation: str | None = None) -> HarmoniserNote:
    return fait(HarmoniserNote, epreuve=epreuve, situation=situation, note=Decimal(note), motif="écart entre lots")


def rectifier(note: str, epreuve: str = "UG1", situation: str | None = None) -> RectifierNote:
    valeur = note if note == "ABS" else Decimal(note)
    return fait(RectifierNote, epreuve=epreuve, situation=situation, note=valeur, motif="erreur de report")


def rectifiee(
    avant: str | None, apres: str | None, epreuve: str = "UG1", situation: str | None = None
) -> NoteRectifiee:
    return NoteRectifiee(
        candidat=ALICE,
        epreuve=epreuve,
        avant=None if avant is None else Decimal(avant),
        apres=None if apres is None else Decimal(apres),
        motif="erreur de report",
        regle="DC-REC01",
    )


# Où une note se porte ----------------------------------------------------------------------------------------------


def test_une_note_directe_garde_son_auteur_et_son_lot() -> None:
    etant_donne(OUVERT).when(saisir("UG1", "12", lot="L1")).then(saisie("UG1", "12", lot="L1"))


def test_cap24_n01_a_ep1_la_note_nomme_sa_situation() -> None:
    etant_donne(OUVERT).when(saisir("EP1", "12", "S1")).then(saisie("EP1", "12", "S1"))
    etant_donne(OUVERT).when(saisir("EP1", "12")).then_refused("SITUATION_REQUISE")
    etant_donne(OUVERT).when(saisir("EP1", "12", "S3")).then_refused("SITUATION_INCONNUE")


def test_une_epreuve_sans_situation_n_en_nomme_pas() -> None:
    etant_donne(OUVERT).when(saisir("EP2", "12", "S1")).then_refused("SITUATION_SANS_OBJET")


def test_une_epreuve_inconnue_est_refusee() -> None:
    etant_donne(OUVERT).when(saisir("EP9", "12")).then_refused("EPREUVE_INCONNUE")


def test_sans_inscription_connue_rien_ne_se_saisit() -> None:
    etant_donne().when(saisir("UG1", "12")).then_refused("RELEVE_NON_OUVERT")


def test_dc_cap02_une_facultative_non_choisie_ne_se_note_pas() -> None:
    etant_donne(OUVERT).when(saisir("UF1", "12")).then_refused("EPREUVE_NON_INSCRITE")
    etant_donne(ouvert(facultatives=("UF1",))).when(saisir("UF1", "12")).then(saisie("UF1", "12"))


def test_cap26_i05_acces_ferme_rien_ne_se_saisit() -> None:
    ferme = AccesFerme(candidat=ALICE, regle="CAP26-I05")
    for histoire in ((OUVERT, ferme), (ferme, OUVERT), (ferme,)):
        etant_donne(*histoire).when(saisir("UG1", "12")).then_refused("CAP26-I05")


def test_une_epreuve_dispensee_ne_se_note_pas() -> None:
    dispense = EpreuveDispensee(candidat=ALICE, epreuve="EP1", regle="DC-CAP20")
    etant_donne(OUVERT, dispense).when(saisir("EP1", "12", "S1")).then_refused("DC-CAP20")


def test_amb_05_une_note_se_saisit_avant_que_les_poids_soient_connus() -> None:
    sans = session(valeurs=None)
    etant_donne(OUVERT, dans=sans).when(saisir("EP1", "12", "S1")).then(saisie("EP1", "12", "S1"))


# Reprendre une note ------------------------------------------------------------------------------------------------


def test_la_meme_note_redite_ne_fait_rien() -> None:
    etant_donne(OUVERT, UG1).when(saisir("UG1", "12", par=SECOND)).then_nothing()


def test_son_auteur_reprend_sa_note_tant_qu_elle_n_est_pas_verrouillee() -> None:
    etant_donne(OUVERT, UG1).when(saisir("UG1", "13")).then(saisie("UG1", "13"))


def test_un_autre_ne_la_reprend_que_dans_le_meme_lot() -> None:
    etant_donne(OUVERT, UG1).when(saisir("UG1", "13", par=SECOND)).then_refused("NOTE_DEJA_SAISIE")
    du_lot = saisie("UG1", "12", lot="L1")
    etant_donne(OUVERT, du_lot).when(saisir("UG1", "13", par=SECOND, lot="L2")).then_refused("NOTE_DEJA_SAISIE")
    reprise = saisie("UG1", "13", auteur="cor2", lot="L1")
    etant_donne(OUVERT, du_lot).when(saisir("UG1", "13", par=SECOND, lot="L1")).then(reprise)


@pytest.mark.parametrize("verrou", [VERROU, note_arretee("UG1", "12")])
def test_tr_n01_une_note_verrouillee_ne_se_reprend_plus(verrou: NoteVerrouillee | ResultatArrete) -> None:
    etant_donne(OUVERT, UG1, verrou).when(saisir("UG1", "13")).then_refused("TR-N01")
    etant_donne(OUVERT, UG1, verrou).when(saisir("UG1", "12")).then_nothing()


# Seconde saisie ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("note", ["12", "15"])
def test_la_seconde_saisie_concorde_ou_non(note: str) -> None:
    etant_donne(OUVERT, UG1).when(seconde(note)).then(comparee("12", note))


def test_la_seconde_saisie_revient_a_une_autre_personne() -> None:
    etant_donne(OUVERT, UG1).when(seconde("12", par=CORRECTEUR)).then_refused("MEME_AUTEUR")


def test_la_seconde_saisie_veut_une_premiere_et_rien_de_verrouille() -> None:
    etant_donne(OUVERT).when(seconde("12")).then_refused("PREMIERE_SAISIE_ABSENTE")
    etant_donne(OUVERT, UG1, VERROU).when(seconde("12")).then_refused("TR-N01")
    etant_donne(OUVERT, UG1).when(seconde("12.3")).then_refused("DC-CAP11")


def test_une_discordance_se_leve_par_une_nouvelle_seconde_saisie_ou_une_reprise() -> None:
    discorde = comparee("12", "15")
    etant_donne(OUVERT, UG1, discorde).when(seconde("12")).then(comparee("12", "12"))
    etant_donne(OUVERT, UG1, discorde).when(saisir("UG1", "15")).then(saisie("UG1", "15"))


def test_une_discordance_interdit_d_arreter_et_d_harmoniser() -> None:
    donne = etant_donne(OUVERT, UG1, comparee("12", "15"))
    donne.when(fait(ArreterResultat, epreuve="UG1")).then_refused("SAISIES_DISCORDANTES")
    donne.when(harmoniser("13")).then_refused("SAISIES_DISCORDANTES")


def test_dc_rec01_rectifier_leve_une_discordance_meme_en_confirmant_la_premiere() -> None:
    donne = etant_donne(OUVERT, UG1, comparee("12", "15"))
    donne.when(rectifier("12")).then(rectifiee("12", "12"))
    donne.when(rectifier("15")).then(rectifiee("12", "15"))


def test_une_double_saisie_concordante_s_arrete() -> None:
    arreter = fait(ArreterResultat, epreuve="UG1")
    etant_donne(OUVERT, UG1, comparee("12", "12")).when(arreter).then(note_arretee("UG1", "12"))


# Note tardive ------------------------------------------------------------------------------------------------------


def test_cl_046_cap24_n07_note_ccf_apres_la_remontee_gardee_sans_etre_integree() -> None:
    tardive = NoteTardiveRecue(candidat=ALICE, epreuve="EP1", situation="S1", note=Decimal(14), regle="CAP24-N07")
    etant_donne(EN_CCF).when(saisir("EP1", "14", "S1", le=APRES_REMONTEE)).then(tardive)
    etant_donne(EN_CCF, tardive, saisie("EP1", "10", "S2")).when(
        fait(ArreterResultat, epreuve="EP1", le=APRES_REMONTEE)
    ).then_refused("CAP24-N07")


def test_cap24_n07_le_dernier_jour_compte_entier_en_heure_legale() -> None:
    minuit_moins_une = datetime(2026, 6, 12, 21, 59, 59, tzinfo=UTC)
    etant_donne(EN_CCF).when(saisir("EP2", "14", le=minuit_moins_une)).then(saisie("EP2", "14"))
    etant_donne(EN_CCF).when(saisir("EP2", "14", le=datetime(2026, 6, 12, 22, 0, tzinfo=UTC))).then_kinds(
        NoteTardiveRecue
    )


def test_cap24_n07_une_note_ponctuelle_n_est_jamais_tardive() -> None:
    etant_donne(OUVERT).when(saisir("EP2", "14", le=APRES_REMONTEE)).then(saisie("EP2", "14"))


def test_cap24_n07_la_remontee_faite_une_note_de_ccf_ne_se_reprend_plus() -> None:
    donne = etant_donne(EN_CCF, saisie("EP2", "12"))
    donne.when(saisir("EP2", "13", le=APRES_REMONTEE)).then_refused("CAP24-N07")
    donne.when(saisir("EP2", "12", le=APRES_REMONTEE)).then_nothing()


def test_cap24_n07_le_service_integre_une_note_tardive_avec_son_motif() -> None:
    integrer = fait(IntegrerNoteTardive, epreuve="EP2", motif="panne du logiciel de saisie", le=APRES_REMONTEE)
    integree = NoteTardiveIntegree(
        candidat=ALICE, epreuve="EP2", note=Decimal(12), motif="panne du logiciel de saisie", regle="CAP24-N07"
    )
    etant_donne(EN_CCF, TARDIVE).when(integrer).then(integree)
    etant_donne(EN_CCF, TARDIVE, integree).when(integrer).then_nothing()
    etant_donne(EN_CCF).when(integrer).then_refused("AUCUNE_NOTE_TARDIVE")


def test_cap24_n07_seul_le_service_integre_une_note_tardive() -> None:
    assert DROITS["notation.integrer_note_tardive"].roles == {"recteur", "gestionnaire"}
    integrer = fait(IntegrerNoteTardive, epreuve="EP2", motif="panne", par=CORRECTEUR)
    with pytest.raises(Refus, match="DROIT_ROLE"):
        check_rights(integrer, "normandie")


def test_une_note_tardive_corrigee_remplace_la_precedente() -> None:
    corrigee = TARDIVE.model_copy(update={"note": Decimal(13)})
    etant_donne(EN_CCF, TARDIVE).when(saisir("EP2", "13", le=APRES_REMONTEE)).then(corrigee)
    etant_donne(EN_CCF, TARDIVE).when(saisir("EP2", "12", le=APRES_REMONTEE)).then_nothing()
    etant_donne(EN_CCF, TARDIVE).when(rectifier("13", "EP2")).then_refused("RIEN_A_RECTIFIER")


@pytest.mark.parametrize("situation", ["S1", "S2"])
def test_cap24_n01_relire_integrer_ou_harmoniser_nomme_la_situation(situation: str) -> None:
    """À EP1, qui n'a pas de note directe, chaque fait dit de quelle situation il parle."""
    note = saisie("EP1", "12", situation)
    relue = fait(SaisirSecondeFois, epreuve="EP1", situation=situation, note=Decimal(12), par=SECOND)
    etant_donne(OUVERT, note).when(relue).then(comparee("12", "12", epreuve="EP1", situation=situation))
    [harmonisee] = etant_donne(OUVERT, note).when(harmoniser("13", "EP1", situation)).then_kinds(NoteHarmonisee)
    assert harmonisee.situation == situation
    tardive = TARDIVE.model_copy(update={"epreuve": "EP1", "situation": situation})
    integrer = fait(IntegrerNoteTardive, epreuve="EP1", situation=situation, motif="panne", le=APRES_REMONTEE)
    [integree] = etant_donne(EN_CCF, tardive).when(integrer).then_kinds(NoteTardiveIntegree)
    assert integree.situation == situation


# Harmoniser, rectifier ---------------------------------------------------------------------------------------------


def test_tr_r02_harmoniser_garde_avant_apres_et_motif() -> None:
    harmonisee = NoteHarmonisee(
        candidat=ALICE,
        epreuve="UG1",
        avant=Decimal(12),
        apres=Decimal("12.5"),
        motif="écart entre lots",
        regle="TR-R02",
    )
    for histoire in ((OUVERT, UG1), (OUVERT, UG1, VERROU)):
        etant_donne(*histoire).when(harmoniser("12.5")).then(harmonisee)


def test_une_note_harmonisee_ne_se_reprend_plus_par_son_auteur() -> None:
    faits = etant_donne(OUVERT, UG1).when(harmoniser("13")).events()
    etant_donne(OUVERT, UG1, faits).when(saisir("UG1", "12")).then_refused("TR-N01")


def test_on_n_harmonise_que_des_notes_evaluees() -> None:
    etant_donne(OUVERT, UG1).when(harmoniser("12")).then_nothing()
    etant_donne(OUVERT).when(harmoniser("12")).then_refused("RIEN_A_HARMONISER")
    etant_donne(OUVERT, UG1).when(harmoniser("12.7")).then_refused("DC-CAP11")
    sans = SupportAbsentConstate(candidat=ALICE, epreuve="EP2", regle="CAP24-C06")
    etant_donne(OUVERT, sans).when(harmoniser("8", "EP2")).then_refused("RIEN_A_HARMONISER")


def test_dc_rec01_rectifier_une_note() -> None:
    etant_donne(OUVERT, UG1).when(rectifier("13")).then(rectifiee("12", "13"))
    etant_donne(OUVERT, UG1, VERROU).when(rectifier("13")).then(rectifiee("12", "13"))
    etant_donne(OUVERT, UG1).when(rectifier("12")).then_nothing()
    etant_donne(OUVERT, UG1).when(rectifier("12.1")).then_refused("DC-CAP11")
    etant_donne(OUVERT).when(rectifier("13")).then_refused("RIEN_A_RECTIFIER")


def test_dc_rec01_un_candidat_porte_absent_par_erreur_retrouve_sa_note() -> None:
    absent = AbsenceConstatee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16")
    justifie = AbsenceJustifiee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16", motif="certificat")
    for histoire in ((absent,), (absent, justifie)):
        etant_donne(OUVERT, *histoire).when(rectifier("13")).then(rectifiee(None, "13"))


def test_dc_rec01_une_note_portee_sur_la_ligne_d_un_absent_devient_une_absence() -> None:
    corrigee = rectifiee("12", None)
    etant_donne(OUVERT, UG1).when(rectifier("ABS")).then(corrigee)
    resultat = etant_donne(OUVERT, UG1, corrigee).when(fait(ArreterResultat, epreuve="UG1")).events()
    assert [one.etat for one in resultat] == ["absent_injustifie"]


def test_dc_rec01_un_support_declare_absent_par_erreur() -> None:
    sans = SupportAbsentConstate(candidat=ALICE, epreuve="EP2", regle="CAP24-C06")
    etant_donne(OUVERT, sans).when(rectifier("13", "EP2")).then(rectifiee("0", "13", "EP2"))
    etant_donne(OUVERT, sans).when(rectifier("0", "EP2")).then_nothing()


def test_tr_r02_rectifier_apres_l_arrete_redit_le_resultat() -> None:
    donne = etant_donne(OUVERT, UG1, note_arretee("UG1", "12"))
    donne.when(rectifier("13")).then(rectifiee("12", "13"), note_arretee("UG1", "13"))


def test_arreter_de_nouveau_apres_une_rectification_donne_un_nouveau_resultat() -> None:
    donne = etant_donne(OUVERT, UG1, note_arretee("UG1", "12"), rectifiee("12", "13"))
    donne.when(fait(ArreterResultat, epreuve="UG1")).then(note_arretee("UG1", "13"))


def test_harmoniser_et_rectifier_sont_au_service_d_examens() -> None:
    for nom in ("notation.harmoniser_note", "notation.rectifier_note", "notation.rectifier_conduite"):
        assert DROITS[nom].roles == {"recteur", "gestionnaire"}
    check_rights(rectifier("12"), GESTIONNAIRE.academie)


def test_une_note_refusee_ne_dit_rien_du_candidat() -> None:
    refus = etant_donne(OUVERT).when(saisir("UG1", "12.3")).then_refused("DC-CAP11")
    assert ALICE not in refus.detail
    assert NoteSaisie.PERSONAL == ()


@pytest.mark.parametrize("le", [LE, APRES_JURY])
def test_amb_54_le_jury_clos_aucune_note_ne_change_sous_sa_decision_meme_antidatee(le: datetime) -> None:
    notee = etant_donne(OUVERT, UG1, jury=EtatJury.CLOS)
    for commande in (rectifier("13"), harmoniser("13"), saisir("UG2", "9")):
        notee.when(commande.model_copy(update={"le": le})).then_refused("AMB-54")


def test_amb_54_redire_la_note_en_place_apres_le_jury_ne_fait_rien() -> None:
    etant_donne(OUVERT, UG1, jury=EtatJury.CLOS).when(rectifier("12")).then_nothing()


def test_amb_54_un_jury_en_retard_sur_sa_date_recoit_encore_les_notes() -> None:
    etant_donne(OUVERT, UG1).when(rectifier("13").model_copy(update={"le": APRES_JURY})).then_kinds(NoteRectifiee)


def test_amb_54_le_jury_reuni_de_nouveau_une_erreur_se_corrige_et_rien_d_autre() -> None:
    notee = etant_donne(OUVERT, UG1, jury=EtatJury.RECONVOQUE)
    notee.when(rectifier("13")).then_kinds(NoteRectifiee)
    for commande in (harmoniser("13"), saisir("UG2", "9")):
        notee.when(commande).then_refused("AMB-54")
