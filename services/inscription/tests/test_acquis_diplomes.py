"""Dispenses sur titre et par l'expérience, notes gardées selon la forme, unités acquises sans note."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.inscription import AccorderBenefice, AccorderDispense, EmettreConvocation, ReconnaitreAcquis
from contracts.evenements.inscription import BeneficeAccorde, ConvocationEmise, DispenseAccordee
from contracts.vocabulaire import Categorie, Fondement
from services.inscription.tests.diplomes import AFFECTE, BTS, LYCEE, MC, PROGRESSIVE, TP, Examen, a, acquis
from services.inscription.tests.donnees import NUMERO, autorise

INDIVIDUEL, STAGIAIRE = BTS.inscrit(Categorie.INDIVIDUEL), BTS.inscrit(Categorie.FORMATION_CONTINUE)
DUT = "titulaire d'un DUT"


# Dispenses ---------------------------------------------------------------------------------------------------------


def dispenser(examen: Examen, epreuve: str, fondement: Fondement = Fondement.TITRE, **autres: Any) -> AccorderDispense:
    return AccorderDispense(
        candidat=NUMERO, epreuve=epreuve, motif=DUT, fondement=fondement, **{**examen.qui(), **autres}
    )


def dispense(epreuve: str, regle: str, fondement: Fondement = Fondement.TITRE) -> DispenseAccordee:
    return DispenseAccordee(candidat=NUMERO, epreuve=epreuve, regle=regle, motif=DUT, fondement=fondement)


def test_cl_093_bts_i03_le_titulaire_d_un_dut_est_dispense_d_u1_sur_demande() -> None:
    BTS.candidat(INDIVIDUEL).when(dispenser(BTS, "E1")).then(dispense("E1", "BTS-I03"))


@pytest.mark.parametrize("epreuve", ["E4", "E5", "E6"])
def test_cl_093_dc_bts06_aucun_titre_ne_dispense_d_une_epreuve_professionnelle(epreuve: str) -> None:
    BTS.candidat(INDIVIDUEL).when(dispenser(BTS, epreuve)).then_refused("DC-BTS06")


def test_dc_vae01_l_experience_valide_une_unite_dont_aucun_titre_ne_dispense() -> None:
    validee = dispense("E4", "DC-VAE01", Fondement.VAE)
    BTS.candidat(INDIVIDUEL).when(dispenser(BTS, "E4", Fondement.VAE)).then(validee)
    mention = MC.inscrit(Categorie.EXPERIENCE)
    MC.candidat(mention).when(dispenser(MC, "E1", Fondement.VAE)).then(dispense("E1", "DC-VAE01", Fondement.VAE))


def test_dc_vae01_seulement_une_unite_que_le_reglement_reprend_et_toute_entiere() -> None:
    titre = TP.inscrit(Categorie.VAE)
    TP.candidat(titre).when(dispenser(TP, "CCP1", Fondement.VAE)).then_refused("DC-VAE01")
    partie = dispenser(BTS, "E5", Fondement.VAE, situation="S1")
    BTS.candidat(INDIVIDUEL).when(partie).then_refused("DC-VAE01")


def test_dc_tp02_aucun_titre_ne_dispense_d_un_ccp() -> None:
    TP.candidat(TP.inscrit(Categorie.PARCOURS_CONTINU)).when(dispenser(TP, "CCP1")).then_refused("DC-TP02")


# Notes gardées -----------------------------------------------------------------------------------------------------


def garder(examen: Examen, epreuve: str, note: str, session: str = "2021", **autres: Any) -> AccorderBenefice:
    champs: dict[str, Any] = {"candidat": NUMERO, "epreuve": epreuve, "note": Decimal(note), "session_origine": session}
    return AccorderBenefice(**{**champs, **examen.qui(), **autres})


def garde(epreuve: str, note: str, regle: str, session: str = "2021") -> BeneficeAccorde:
    return BeneficeAccorde(candidat=NUMERO, epreuve=epreuve, note=Decimal(note), session_origine=session, regle=regle)


def test_cl_094_dc_bts14_en_forme_globale_une_note_sous_dix_ne_se_garde_pas() -> None:
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E3", "8")).then_refused("DC-BTS14")
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E3", "9.5")).then_refused("DC-BTS14")
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E3", "10")).then(garde("E3", "10", "DC-BTS14"))


def test_cl_094_dc_bts03_en_forme_progressive_elle_se_garde() -> None:
    progressif = BTS.inscrit(Categorie.FORMATION_CONTINUE, "E1", "E3", **PROGRESSIVE)
    BTS.candidat(progressif).when(garder(BTS, "E3", "8")).then(garde("E3", "8", "DC-BTS03"))
    BTS.candidat(progressif).when(garder(BTS, "E3", "12")).then(garde("E3", "12", "DC-BTS14"))
    BTS.candidat(progressif).when(garder(BTS, "E3", "10")).then(garde("E3", "10", "DC-BTS14"))


def test_dc_bts03_en_forme_progressive_se_garde_aussi_une_unite_deja_presentee() -> None:
    """Les unités d'une session passée, que cette session n'a pas."""
    progressif = BTS.inscrit(Categorie.FORMATION_CONTINUE, "E1", **PROGRESSIVE)
    BTS.candidat(progressif).when(garder(BTS, "E4", "13")).then(garde("E4", "13", "DC-BTS14"))
    BTS.candidat(progressif).when(garder(BTS, "EF1", "13")).then_refused("EPREUVE_NON_INSCRITE")
    BTS.candidat(progressif).when(garder(BTS, "E9", "13")).then_refused("EPREUVE_INCONNUE")


def test_cl_096_amb_46_refuse_non_valide_a_e6_ses_notes_a_dix_se_gardent_l_annee_suivante() -> None:
    dates = {"premiere_epreuve": date(2023, 5, 9), "jury_le": date(2023, 6, 23)}
    suivante = BTS.sous(sessions=("2023",)).avec(**dates, publication=datetime(2023, 7, 4, 8, tzinfo=UTC))
    revient = suivante.inscrit(Categorie.INDIVIDUEL)
    gardees = [garde(code, "10", "DC-BTS14", "2022") for code in ("E1", "E2", "E3", "E4")]
    suivante.candidat(revient, gardees[:3]).when(garder(suivante, "E4", "10", "2022")).then(gardees[3])
    suivante.candidat(revient, gardees).when(garder(suivante, "E5", "9.5", "2022")).then_refused("DC-BTS14")


def test_dc_bts14_cinq_ans_pas_six() -> None:
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E3", "11", "2017")).then(garde("E3", "11", "DC-BTS14", "2017"))
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E3", "11", "2016")).then_refused("DC-BTS14")


def test_dc_mc07_la_mention_garde_les_notes_a_dix() -> None:
    candidat = MC.candidat(MC.inscrit(Categorie.INDIVIDUEL))
    candidat.when(garder(MC, "E1", "9.5", "2023")).then_refused("DC-MC07")
    candidat.when(garder(MC, "E1", "10", "2023")).then(garde("E1", "10", "DC-MC07", "2023"))


def test_amb_37_une_note_calculee_et_gardee_exacte_n_est_pas_par_demi_points() -> None:
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E5", "10.25")).then(garde("E5", "10.25", "DC-BTS14"))
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E1", "10.25")).then_refused("AMB-37")
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E5", "20.25")).then_refused("AMB-37")


def test_dc_tp03_une_unite_du_titre_n_a_pas_de_note_a_garder() -> None:
    TP.candidat(TP.inscrit(Categorie.PARCOURS_CONTINU)).when(garder(TP, "CCP1", "12")).then_refused("DC-TP03")


def test_d_une_autre_specialite_le_bts_ne_garde_rien() -> None:
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E1", "12", autre_specialite=True)).then_refused("DC-BTS14")


# Unités acquises ---------------------------------------------------------------------------------------------------

ENTRETIEN = TP.inscrit(Categorie.CAPITALISATION, "EF")


def reconnaitre(epreuve: str, titre: str = "TP-CRCD-2021", **autres: Any) -> ReconnaitreAcquis:
    champs: dict[str, Any] = {"candidat": NUMERO, "epreuve": epreuve, "titre_origine": titre}
    return ReconnaitreAcquis(**{**champs, "obtenu_le": date(2021, 9, 10), **TP.qui(), **autres})


def test_cl_103_tp_i05_un_ccp_de_2019_sous_l_arrete_de_2015_est_repris() -> None:
    ancien = reconnaitre("CCP1", "arrêté du 21/12/2015", obtenu_le=date(2019, 6, 12))
    repris = acquis(
        "CCP1",
        date(2019, 6, 12),
        titre_origine="arrêté du 21/12/2015",
        regle="TP-I05",
        regles=("TP-I05", "DC-TP03"),
    )
    TP.candidat(ENTRETIEN).when(ancien).then(repris)
    nomme = reconnaitre("CCP1", " Arrêté du  21/12/2015", obtenu_le=date(2019, 6, 12), ccp_origine="CCP1")
    assert TP.candidat(ENTRETIEN).when(nomme).events()[0].regle == "TP-I05"


def test_cl_103_tp_i05_une_unite_ne_vaut_que_celle_qui_lui_correspond() -> None:
    autre = reconnaitre("CCP1", "arrêté du 21/12/2015", obtenu_le=date(2019, 6, 12), ccp_origine="CCP2")
    TP.candidat(ENTRETIEN).when(autre).then_refused("TP-I05")
    TP.candidat(ENTRETIEN).when(reconnaitre("CCP1", ccp_origine="CCP2")).then_refused("TP-I05")


def test_tp_i05_un_titre_que_le_texte_ne_cite_pas_n_est_pas_repris() -> None:
    TP.candidat(ENTRETIEN).when(reconnaitre("CCP1", "titre professionnel d'ailleurs")).then_refused("TP-I05")


@pytest.mark.parametrize("nom", ["TP-CRCD-2021", "tp_crcd", "Conseiller relation client à distance"])
def test_dc_tp02_un_ccp_du_meme_titre_se_reprend_sous_son_nom(nom: str) -> None:
    TP.candidat(ENTRETIEN).when(reconnaitre("CCP2", nom)).then(acquis("CCP2", titre_origine=nom))


def test_une_unite_se_reprend_une_fois() -> None:
    TP.candidat(ENTRETIEN, acquis("CCP1")).when(reconnaitre("CCP1")).then_nothing()
    autre_jour = reconnaitre("CCP1", obtenu_le=date(2021, 10, 1))
    TP.candidat(ENTRETIEN, acquis("CCP1")).when(autre_jour).then_refused("ACQUIS_DEJA_RECONNU")


def test_ne_se_reprend_ni_ce_qui_se_presente_ni_ce_qui_se_note_ni_l_entretien() -> None:
    TP.candidat(TP.inscrit(Categorie.VAE)).when(reconnaitre("CCP1")).then_refused("DC-TP03")
    TP.candidat(TP.inscrit(Categorie.CAPITALISATION, "CCP2")).when(reconnaitre("EF")).then_refused("DC-TP03")
    TP.candidat(ENTRETIEN).when(reconnaitre("CCP9")).then_refused("EPREUVE_INCONNUE")
    TP.candidat(ENTRETIEN).when(reconnaitre("CCP1", obtenu_le=date(2022, 1, 3))).then_refused("DC-TP03")
    lendemain = reconnaitre("CCP1", obtenu_le=date(2021, 11, 9))
    TP.candidat(ENTRETIEN).when(lendemain).then_refused("DC-TP03")
    note = ReconnaitreAcquis(
        candidat=NUMERO, epreuve="E1", titre_origine="BTS-NDRC-2022", obtenu_le=date(2021, 6, 1), **BTS.qui()
    )
    BTS.candidat(INDIVIDUEL).when(note).then_refused("DC-BTS14")


def test_dc_tp03_une_unite_obtenue_le_jour_meme_se_reprend_au_jour_de_l_academie() -> None:
    jour = TP.qui()["le"].date()
    TP.candidat(ENTRETIEN).when(reconnaitre("CCP1", obtenu_le=jour)).then(acquis("CCP1", jour))
    presque_minuit = datetime(2021, 11, 8, 23, 30, tzinfo=UTC)  # 0:30, le lendemain, à Clermont-Ferrand
    demain = reconnaitre("CCP1", obtenu_le=date(2021, 11, 9), le=presque_minuit)
    TP.candidat(ENTRETIEN).when(demain).then(acquis("CCP1", date(2021, 11, 9)))


def test_dc_tp03_sans_parcours_toute_unite_obligatoire_se_reprend() -> None:
    libre = TP.sous(parcours={})
    libre.candidat(libre.inscrit(Categorie.CAPITALISATION, "CCP2")).when(reconnaitre("EF")).then(acquis("EF"))


# Ce qu'il faut détenir avant la convocation ------------------------------------------------------------------------

CONVOQUER = EmettreConvocation(candidat=NUMERO, date=a(6), **TP.qui())
PRET = (ENTRETIEN, autorise(regle="TP-C01"), AFFECTE)


def convocation(*epreuves: str) -> ConvocationEmise:
    return ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=epreuves, le=a(6))


def test_cl_101_tp_d02_deux_ccp_obtenus_separement_ouvrent_l_entretien_final() -> None:
    TP.candidat(*PRET, acquis("CCP1"), acquis("CCP2")).when(CONVOQUER).then(convocation("EF"))


def test_cl_101_tp_d02_sans_ses_deux_ccp_pas_d_entretien_final() -> None:
    TP.candidat(*PRET).when(CONVOQUER).then_refused("TP-D02")
    TP.candidat(*PRET, acquis("CCP1")).when(CONVOQUER).then_refused("TP-D02")


def test_cl_101_tp_d02_le_dernier_ccp_et_l_entretien_final_a_la_meme_session() -> None:
    ensemble = TP.inscrit(Categorie.CAPITALISATION, "CCP2", "EF")
    pret = (ensemble, autorise(regle="TP-C01"), AFFECTE)
    TP.candidat(*pret, acquis("CCP1")).when(CONVOQUER).then(convocation("CCP2", "EF"))
    TP.candidat(*pret).when(CONVOQUER).then_refused("TP-D02")


def test_cl_104_dc_tp03_le_titre_echu_ne_se_finit_qu_avec_un_ccp() -> None:
    echu = TP.avec(echeance_titre=date(2022, 3, 1))
    dernier = (TP.inscrit(Categorie.CAPITALISATION, "CCP2"), autorise(regle="TP-C01"), AFFECTE)
    echu.candidat(*dernier).when(CONVOQUER).then_refused("DC-TP03")
    echu.candidat(*dernier, acquis("CCP1")).when(CONVOQUER).then(convocation("CCP2"))
    TP.candidat(*dernier).when(CONVOQUER).then(convocation("CCP2"))
    le_dernier_jour = TP.avec(echeance_titre=date(2022, 5, 9))
    le_dernier_jour.candidat(*dernier).when(CONVOQUER).then(convocation("CCP2"))


def test_amb_54_apres_le_jury_ni_dispense_ni_note_conservee() -> None:
    apres = {"le": datetime(2022, 7, 25, 9, tzinfo=UTC)}
    BTS.candidat(STAGIAIRE).when(garder(BTS, "E3", "11", "2020").model_copy(update=apres)).then_refused("AMB-54")
