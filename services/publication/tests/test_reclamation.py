"""La réclamation : reçue avec ses délais, instruite, close avec son motif."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts.evenements.publication import ReclamationClose, ReclamationDeposee, ReclamationInstruite
from contracts.messages import Acteur
from services.publication.documents.rendu import GABARITS
from services.publication.domain.edition import AVEC_VOIES
from services.publication.tests.diplomes import BTS
from services.publication.tests.diplomes import session as session_de
from services.publication.tests.donnees import ALICE, PUBLIE
from services.publication.tests.donnees_reclamations import (
    LENDEMAIN,
    RELEVE,
    C,
    I,
    N,
    clore,
    close,
    deposee,
    deposer,
    given,
    instruire,
    le_jour,
    notification,
    suite,
)

# Recevoir ------------------------------------------------------------------------------------------------------------


def test_dc_rec03_une_copie_demandee_appelle_une_reponse_dans_le_mois() -> None:
    [recue] = given().when(deposer(N.COMMUNICATION_COPIE, epreuve="EP2")).then_kinds(ReclamationDeposee)
    assert (recue.reponse_due, recue.interrompt, recue.recours_jusqu_au) == (date(2026, 8, 8), False, None)
    assert recue.regles == ("DC-REC03",)
    [clause] = recue.explication
    assert "sur place" in clause.texte
    assert clause.source == "code des relations entre le public et l'administration, L311-9 et R311-13"


def test_dc_rec05_un_recours_gracieux_est_du_en_deux_mois_et_interrompt_le_delai() -> None:
    [recue] = given().when(deposer(N.DECISION_JURY)).then_kinds(ReclamationDeposee)
    assert (recue.reponse_due, recue.interrompt, recue.tardive) == (date(2026, 9, 8), True, False)
    assert recue.recours_jusqu_au == date(2026, 9, 8)
    assert recue.notification == notification()
    assert recue.regles == ("DC-REC05", "DC-REC04")
    assert "silence vaut refus" in recue.explication[0].texte


def test_dc_rec05_le_delai_repart_de_la_reponse() -> None:
    reponse = le_jour(date(2026, 9, 4))
    faits = suite(deposer(N.DECISION_JURY), instruire(C.APPRECIATION), clore(I.REJETEE, reponse))
    assert close(faits).recours_jusqu_au == date(2026, 11, 5)
    apres = deposer(N.RECOURS_CONTENTIEUX, le_jour(date(2026, 11, 5)), "R2")
    [saisi] = given(faits).when(apres).then_kinds(ReclamationDeposee)
    assert (saisi.tardive, saisi.recours_jusqu_au, saisi.reponse_due) == (False, date(2026, 11, 5), None)
    trop_tard = deposer(N.RECOURS_CONTENTIEUX, le_jour(date(2026, 11, 6)), "R2")
    [saisi] = given(faits).when(trop_tard).then_kinds(ReclamationDeposee)
    assert saisi.tardive


def test_dc_rec05_un_recours_sans_reponse_tient_le_delai_ouvert() -> None:
    faits = suite(deposer(N.DECISION_JURY))
    tard = deposer(N.ERREUR_MATERIELLE, le_jour(date(2026, 12, 1)), "R2")
    [recue] = given(faits).when(tard).then_kinds(ReclamationDeposee)
    assert (recue.tardive, recue.recours_jusqu_au, recue.interrompt) == (False, None, False)


def test_deposee_deux_fois_elle_n_est_recue_qu_une() -> None:
    faits = suite(deposer(N.DECISION_JURY))
    given(faits).when(deposer(N.DECISION_JURY)).then_nothing()
    given(faits).when(deposer(N.ERREUR_MATERIELLE)).then_refused("RECLAMATION_DEJA_DEPOSEE")


def test_dc_rec02_rien_ne_se_demande_avant_la_publication() -> None:
    given(publie_le=None).when(deposer(N.COMMUNICATION_COPIE)).then_refused("RESULTAT_NON_PUBLIE")
    veille = PUBLIE - timedelta(seconds=1)
    given().when(deposer(N.COMMUNICATION_COPIE, veille)).then_refused("RESULTAT_NON_PUBLIE")
    given().when(deposer(N.COMMUNICATION_COPIE, PUBLIE)).then_kinds(ReclamationDeposee)


def test_la_conformite_se_conteste_avant_la_publication() -> None:
    [recue] = given(publie_le=None, notification=None).when(deposer(N.CONFORMITE)).then_kinds(ReclamationDeposee)
    assert (recue.publie_le, recue.recours_jusqu_au) == (None, None)


def test_dc_rec04_le_releve_ne_notifie_pas_la_conformite_du_dossier() -> None:
    [recue] = given().when(deposer(N.CONFORMITE, le_jour(date(2027, 3, 1)))).then_kinds(ReclamationDeposee)
    assert (recue.notification, recue.tardive) == (None, False)


def test_ce_qui_manque_a_la_demande_se_dit() -> None:
    given(inscrit=False).when(deposer(N.DECISION_JURY)).then_refused("CANDIDAT_INCONNU")
    given().when(deposer(N.DECISION_JURY, epreuve="EP9")).then_refused("EPREUVE_INCONNUE")
    given().when(deposer(N.DECISION_JURY, annexe="VIII-2")).then_refused("ANNEXE_SANS_OBJET")
    given().when(deposer(N.DECISION_JURY, depose_le=LENDEMAIN + timedelta(hours=1))).then_refused("DEPOT_A_VENIR")


def test_le_service_seul_enregistre_une_reception_passee() -> None:
    recue = LENDEMAIN - timedelta(hours=3)
    candidat = Acteur(id="c1", role="candidat", academie="normandie", portee=(f"candidat:{ALICE}",))
    given().when(deposer(N.DECISION_JURY, depose_le=recue, par=candidat)).then_refused("DEPOT_ANTIDATE")
    given().when(deposer(N.DECISION_JURY, par=candidat)).then_kinds(ReclamationDeposee)
    given().when(deposer(N.DECISION_JURY, depose_le=recue)).then_kinds(ReclamationDeposee)


# Seconde correction, copie, annexe ----------------------------------------------------------------------------------


def test_cl_131_dc_rec01_une_seconde_correction_est_refusee_et_la_copie_reste_communicable() -> None:
    _, fin = given().when(deposer(N.SECONDE_CORRECTION)).then_kinds(ReclamationDeposee, ReclamationClose)
    assert (fin.issue, fin.recours_jusqu_au) == (I.REJETEE, date(2026, 9, 9))
    assert {"DC-REC01", "DC-REC02", "DC-REC06"} <= set(fin.regles)
    jury = next(one for one in fin.explication if one.regle == "DC-REC01")
    assert jury.effet == "seconde correction refusée"
    [copie] = jury.details
    assert (copie.regle, copie.effet) == ("DC-REC02", "copie communicable")
    assert copie.details[0].chiffres == {"jusqu'au": "2027-07-07"}


def test_cl_131_apres_un_an_la_copie_ne_l_est_plus() -> None:
    fin = close(suite(deposer(N.SECONDE_CORRECTION, le_jour(date(2027, 7, 8)))))
    jury = next(one for one in fin.explication if one.regle == "DC-REC01")
    assert jury.details[0].effet == "copie non communicable"
    assert fin.recours_jusqu_au is None  # hors délai : refuser ne rouvre rien


def test_cl_132_dc_arc01_une_copie_demandee_treize_mois_apres_est_sans_suite() -> None:
    ordre = deposer(N.COMMUNICATION_COPIE, le_jour(date(2027, 8, 7)))
    _, fin = given().when(ordre).then_kinds(ReclamationDeposee, ReclamationClose)
    assert (fin.issue, fin.recours_jusqu_au) == (I.SANS_SUITE, None)
    assert fin.regles == ("DC-REC06", "DC-ARC01")
    assert "destruction est prévue" in fin.motif


def test_cl_132_le_dernier_jour_de_l_annee_est_compris_a_l_heure_legale() -> None:
    soir = le_jour(date(2027, 7, 7), 23)
    given().when(deposer(N.COMMUNICATION_COPIE, soir)).then_kinds(ReclamationDeposee)
    minuit = soir + timedelta(hours=1)
    given().when(deposer(N.COMMUNICATION_COPIE, minuit)).then_kinds(ReclamationDeposee, ReclamationClose)


@pytest.mark.parametrize("recours", [N.DECISION_JURY, N.RECOURS_CONTENTIEUX])
def test_cl_132_sauf_si_un_recours_court(recours: N) -> None:
    faits = suite(deposer(recours, numero="R0"))
    ordre = deposer(N.COMMUNICATION_COPIE, le_jour(date(2027, 8, 7)))
    given(faits).when(ordre).then_kinds(ReclamationDeposee)


def test_cl_133_dc_rec02_la_copie_d_un_mineur_se_demande_par_son_representant() -> None:
    refus = given(majeur=False).when(deposer(N.COMMUNICATION_COPIE)).then_refused("DC-REC02")
    assert "représentant légal" in refus.detail
    par_lui = deposer(N.COMMUNICATION_COPIE, par_representant=True)
    [recue] = given(majeur=False).when(par_lui).then_kinds(ReclamationDeposee)
    assert recue.par_representant


def test_cl_090_bts_r01_la_grille_est_refusee_avec_sa_regle_et_la_fiche_instruite() -> None:
    bts = session_de(BTS)
    grille = deposer(N.COMMUNICATION_COPIE, annexe="VIII-3")
    _, fin = given(ici=bts).when(grille).then_kinds(ReclamationDeposee, ReclamationClose)
    assert fin.issue is I.REJETEE
    assert "BTS-R01" in fin.regles
    assert "demandez plutôt VIII-2" in fin.motif
    assert fin.recours_jusqu_au == date(2026, 9, 9)  # un refus de communiquer se conteste
    given(ici=bts).when(deposer(N.COMMUNICATION_COPIE, annexe="VIII-2")).then_kinds(ReclamationDeposee)
    given(ici=bts).when(deposer(N.COMMUNICATION_COPIE, annexe="V-1")).then_refused("TR-R01")


# Les délais de recours ----------------------------------------------------------------------------------------------

NOTIFIEE = le_jour(date(2027, 1, 4))
SOIXANTE_ET_UN = NOTIFIEE + timedelta(days=61)


def test_cl_134_dc_rec04_a_61_jours_avec_la_mention_c_est_tardif() -> None:
    vue = notification(NOTIFIEE)
    recue, fin = (
        given(publie_le=NOTIFIEE, notification=vue)
        .when(deposer(N.DECISION_JURY, SOIXANTE_ET_UN))
        .then_kinds(ReclamationDeposee, ReclamationClose)
    )
    assert (recue.tardive, recue.interrompt, recue.recours_jusqu_au) == (True, False, date(2027, 3, 5))
    assert (fin.issue, fin.recours_jusqu_au) == (I.IRRECEVABLE, None)
    assert fin.regles == ("DC-REC06", "DC-REC04")


def test_cl_134_dc_rec04_sans_la_mention_le_delai_n_est_pas_opposable() -> None:
    muette = notification(NOTIFIEE, "bulletin.v1")
    assert not muette.voies_et_delais
    ordre = deposer(N.DECISION_JURY, SOIXANTE_ET_UN)
    [recue] = given(publie_le=NOTIFIEE, notification=muette).when(ordre).then_kinds(ReclamationDeposee)
    assert (recue.tardive, recue.recours_jusqu_au, recue.notification) == (False, None, muette)
    assert recue.explication[-1].effet == "aucun délai ne vous est opposé"


def test_cl_134_le_releve_qui_mentionne_est_garde_dans_l_accuse() -> None:
    recue = deposee(deposer(N.DECISION_JURY))
    assert recue.notification is not None
    assert (recue.notification.document, recue.notification.modele) == (RELEVE, "releve.v1")
    assert recue.notification.voies_et_delais
    sans = deposee(deposer(N.DECISION_JURY, le_jour(date(2027, 6, 1))), notification=None)
    assert (sans.notification, sans.tardive) == (None, False)


def test_dc_rec04_les_gabarits_qui_disent_les_voies_sont_ceux_qui_les_impriment() -> None:
    textes = {one.name.removesuffix(".typ"): one.read_text("utf-8") for one in GABARITS.glob("*.typ")}
    imprimes = {
        nom for nom, texte in textes.items() if "#recours(e)[" in texte or "[Voies et délais de recours]" in texte
    }
    assert imprimes - {"commun.v2"} == AVEC_VOIES


def test_cl_134_deux_mois_ne_sont_pas_soixante_jours() -> None:
    a_61_jours = PUBLIE + timedelta(days=61)
    assert not deposee(deposer(N.DECISION_JURY, a_61_jours)).tardive
    dernier = le_jour(date(2026, 9, 8), 23)
    assert not deposee(deposer(N.DECISION_JURY, dernier)).tardive
    assert deposee(deposer(N.DECISION_JURY, dernier + timedelta(hours=1))).tardive


def test_dc_rec01_une_erreur_materielle_se_signale_apres_le_delai() -> None:
    [recue] = given().when(deposer(N.ERREUR_MATERIELLE, le_jour(date(2027, 3, 1)))).then_kinds(ReclamationDeposee)
    assert (recue.tardive, recue.interrompt) == (True, False)


def test_un_releve_edite_apres_le_depot_ne_l_a_pas_notifie() -> None:
    tard = notification(LENDEMAIN + timedelta(hours=1))
    assert deposee(deposer(N.DECISION_JURY), notification=tard).notification is None


# Instruire, clore ---------------------------------------------------------------------------------------------------


def test_l_instruction_dit_ce_qui_est_trouve() -> None:
    faits = suite(deposer(N.ERREUR_MATERIELLE))
    [dite] = given(faits).when(instruire(C.ERREUR_MATERIELLE)).then_kinds(ReclamationInstruite)
    assert dite.regles == ("DC-REC01",)
    assert dite.explication[0].faits == ("vérifié sur le bordereau",)
    autre = instruire(C.AUCUNE_ERREUR)
    given(faits, dite).when(autre).then_kinds(ReclamationInstruite)  # le service se reprend
    given(faits).when(instruire(C.DOCUMENT_ABSENT)).then_refused("CONSTAT_SANS_OBJET")
    given(faits).when(instruire(C.AUCUNE_ERREUR, numero="R9")).then_refused("RECLAMATION_INCONNUE")


def test_dc_rec07_une_erreur_acceptee_fait_revoir_la_decision_et_dit_jusqu_a_quand_elle_se_retire() -> None:
    faits = suite(deposer(N.ERREUR_MATERIELLE), instruire(C.ERREUR_MATERIELLE))
    [fin] = given(faits).when(clore(I.ACCEPTEE)).then_kinds(ReclamationClose)
    assert fin.regles == ("DC-REC06", "DC-REC01", "AMB-54", "DC-REC07")
    assert fin.recours_jusqu_au is None
    retrait = fin.explication[-1].details[0]
    assert retrait.chiffres == {"retrait possible jusqu'au": "2026-11-07"}


@pytest.mark.parametrize("constat", [C.APPRECIATION, C.AUCUNE_ERREUR])
def test_dc_rec01_l_appreciation_du_jury_ne_fonde_aucune_acceptation(constat: C) -> None:
    faits = suite(deposer(N.DECISION_JURY), instruire(constat))
    given(faits).when(clore(I.ACCEPTEE)).then_refused("DC-REC01")
    [fin] = given(faits).when(clore(I.REJETEE)).then_kinds(ReclamationClose)
    assert fin.explication[0].regle == "DC-REC06"
    assert fin.explication[0].faits == ("réponse du service",)
    assert fin.explication[-1].chiffres == {"dernier jour": "2026-09-09"}


def test_dc_rec01_une_erreur_constatee_ne_se_rejette_pas() -> None:
    faits = suite(deposer(N.ERREUR_MATERIELLE), instruire(C.ERREUR_MATERIELLE))
    given(faits).when(clore(I.REJETEE)).then_refused("DC-REC01")


def test_une_irregularite_fonde_une_contestation_du_jury_mais_pas_une_erreur_d_addition() -> None:
    given(suite(deposer(N.DECISION_JURY), instruire(C.IRREGULARITE))).when(clore(I.ACCEPTEE)).then_kinds(
        ReclamationClose
    )
    faits = suite(deposer(N.ERREUR_MATERIELLE), instruire(C.IRREGULARITE))
    given(faits).when(clore(I.ACCEPTEE)).then_refused("DC-REC01")


def test_dc_rec02_une_copie_qui_est_la_se_communique() -> None:
    faits = suite(deposer(N.COMMUNICATION_COPIE), instruire(C.DOCUMENT_DISPONIBLE))
    given(faits).when(clore(I.REJETEE)).then_refused("DC-REC02")
    [fin] = given(faits).when(clore(I.ACCEPTEE)).then_kinds(ReclamationClose)
    assert fin.regles == ("DC-REC06", "DC-REC02")
    absente = suite(deposer(N.COMMUNICATION_COPIE), instruire(C.DOCUMENT_ABSENT))
    given(absente).when(clore(I.ACCEPTEE)).then_refused("DC-REC02")
    [fin] = given(absente).when(clore(I.REJETEE)).then_kinds(ReclamationClose)
    assert "accès aux documents administratifs" in fin.explication[-1].texte


def test_une_issue_sur_le_fond_veut_une_instruction() -> None:
    faits = suite(deposer(N.DECISION_JURY))
    given(faits).when(clore(I.ACCEPTEE)).then_refused("RECLAMATION_NON_INSTRUITE")
    given(faits).when(clore(I.SANS_SUITE)).then_kinds(ReclamationClose)
    given(faits).when(clore(I.SANS_SUITE, numero="R9")).then_refused("RECLAMATION_INCONNUE")


def test_un_jugement_clot_le_recours_contentieux() -> None:
    faits = suite(deposer(N.RECOURS_CONTENTIEUX), instruire(C.JUGEMENT_RENDU))
    [fin] = given(faits).when(clore(I.REJETEE)).then_kinds(ReclamationClose)
    assert fin.recours_jusqu_au is None  # c'est au jugement de dire ses voies de recours


def test_une_issue_ne_se_reprend_pas() -> None:
    faits = suite(deposer(N.DECISION_JURY), instruire(C.APPRECIATION), clore(I.REJETEE))
    given(faits).when(clore(I.REJETEE)).then_nothing()
    given(faits).when(clore(I.SANS_SUITE)).then_refused("RECLAMATION_CLOSE")
    given(faits).when(instruire(C.IRREGULARITE)).then_refused("RECLAMATION_CLOSE")


def test_chaque_issue_dit_son_motif_et_ses_sources() -> None:
    for fin in (
        close(suite(deposer(N.SECONDE_CORRECTION))),
        close(suite(deposer(N.DECISION_JURY), clore(I.IRRECEVABLE))),
    ):
        assert fin.explication[0].regle == "DC-REC06"
        assert fin.motif in fin.explication[0].faits
        assert all(one.source for one in fin.explication)
