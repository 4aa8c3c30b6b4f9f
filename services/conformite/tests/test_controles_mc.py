"""Le contrôle du dossier qui ouvre U1 (MC-C01 à C13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.commandes.conformite import ModifierDossier
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierModifie,
    PieceDeposee,
    PieceJugee,
    RegularisationDemandee,
)
from contracts.vocabulaire import Categorie, CauseReduction, Contenu, Mode, NaturePiece, Verdict
from services.conformite.tests.donnees import ALICE, ENVELOPPE, SYSTEME, clause, du_au, jugee
from services.conformite.tests.donnees_controles import (
    APRES,
    AVANT,
    DERNIER_JOUR,
    LENDEMAIN,
    Cadre,
    attester,
    controler,
    deposer,
    ouvrir,
    reduire,
    semaines,
    session_de,
)

MC = "MC-ACVD"
CADRE = Cadre(session_de(MC))
PONCTUEL = {"E1": Mode.PONCTUEL}
RAPPORT = deposer("R1", NaturePiece.RAPPORT_STAGE, signataires=("tuteur",))
ACTIVITES = deposer("R1", NaturePiece.RAPPORT_ACTIVITES)
TIC = "Centre d'appel, téléphonie"


def eleve(categorie: Categorie = Categorie.SCOLAIRE_PUBLIC, mode: Mode = Mode.PONCTUEL) -> Any:
    return ouvrir(MC, categorie, modes={"E1": mode})


def stage(nombre: int) -> Any:
    return attester("A1", semaines(nombre))


def emploi(debut: date, fin: date, heures: str = "35", activite: str = TIC) -> Any:
    return attester("C1", du_au(debut, fin, heures), nature=NaturePiece.CERTIFICAT_TRAVAIL, activite=activite)


# La formation en milieu professionnel -----------------------------------------------------------------------------


def test_cl_117_mc_c01_mc_c03_dix_sept_semaines_et_rapport_vise_u1_ouverte():
    event = CADRE.conforme("E1", eleve(), RAPPORT, stage(17))
    assert (event.regle, event.duree_retenue) == ("MC-C03", "17 semaines")


def test_cl_118_mc_c01_mc_c04_seize_semaines_sans_positionnement_u1_non_ouverte():
    refuse = CADRE.refus("E1", eleve(), RAPPORT, stage(16))
    assert (refuse.regle, refuse.effet, refuse.motifs) == ("MC-C04", "non_subie", ("duree",))
    assert clause(refuse.explication, "MC-C01").chiffres == {"retenue": "16", "minimum": "17"}
    assert "ni un zéro, ni une absence" in clause(refuse.explication, "MC-C04").texte


def test_cl_118_avec_positionnement_huit_semaines_suffisent():
    positionne = reduire(CauseReduction.POSITIONNEMENT)
    CADRE.conforme("E1", eleve(), positionne, RAPPORT, stage(8))


def test_mc_c04_seule_e1_est_fermee():
    acces, u1 = CADRE.apres(eleve()).when(controler()).events()
    assert isinstance(acces, DossierDeclareConforme)
    assert (acces.epreuves, u1.epreuves) == ((), ("E1",))


def test_cl_119_mc_c03_un_rapport_sans_visa_du_tuteur_se_regularise_avant_la_date():
    sans = deposer("R1", NaturePiece.RAPPORT_STAGE)
    _, rendu, demande = CADRE.apres(eleve()).when(sans).then_kinds(PieceDeposee, PieceJugee, RegularisationDemandee)
    assert (rendu.verdict, rendu.motifs, demande.regle) == (Verdict.INCOMPLETE, ("signature",), "MC-C03")
    assert "tuteur" in demande.manques[0]
    CADRE.apres(eleve(), sans, stage(17), controler(AVANT)).when(controler(AVANT)).then_refused("MC-C05")
    assert CADRE.refus("E1", eleve(), sans, stage(17)).motifs == ("signature",)
    vise = deposer("R1", NaturePiece.RAPPORT_STAGE, signataires=("tuteur",), depose_le=DERNIER_JOUR)
    CADRE.conforme("E1", eleve(), sans, stage(17), vise)


def test_mc_c05_la_date_est_celle_du_recteur():
    refuse = CADRE.refus("E1", eleve(), RAPPORT, attester("A1", semaines(17), depose_le=LENDEMAIN))
    assert refuse.motifs == ("delai",)
    assert clause(refuse.explication[0].details, "MC-C05").faits == ("A1",)


def test_cl_126_mc_c06_un_apprenti_17_semaines_en_entreprise_aucune_en_plus():
    assert CADRE.conforme("E1", eleve(Categorie.APPRENTI), RAPPORT, stage(17)).duree_retenue == "17 semaines"


@pytest.mark.parametrize(
    "categorie", [Categorie.FORMATION_CONTINUE, Categorie.HORS_CONTRAT, Categorie.DISTANCE, Categorie.SCOLAIRE_PRIVE]
)
def test_mc_c07_le_meme_dossier_pour_toutes_les_voies_de_formation(categorie: Categorie):
    CADRE.conforme("E1", eleve(categorie), RAPPORT, stage(17))
    assert CADRE.refus("E1", eleve(categorie), RAPPORT, stage(16)).motifs == ("duree",)
    assert CADRE.refus("E1", eleve(categorie)).motifs == ("attestation", "piece")


@pytest.mark.parametrize(
    ("categorie", "regle", "section"),
    [
        (Categorie.SCOLAIRE_PUBLIC, "MC-C03", "§2-1"),
        (Categorie.APPRENTI, "MC-C06", "§2-2"),
        (Categorie.FORMATION_CONTINUE, "MC-C07", "§2-3a"),
        (Categorie.PERFECTIONNEMENT, "MC-C09", "§2-3b"),
        (Categorie.EXPERIENCE, "MC-C10", "§2-4"),
    ],
)
def test_mc_c06_mc_c07_mc_c09_mc_c10_chaque_voie_cite_son_paragraphe(categorie: Categorie, regle: str, section: str):
    refuse = CADRE.refus("E1", eleve(categorie))
    tete, effet = refuse.explication[0], refuse.explication[-1]
    assert (tete.regle, effet.regle, refuse.regle) == (regle, "MC-C04", "MC-C04")
    assert section in tete.source


def test_mc_c06_mc_c10_le_dossier_conforme_cite_la_voie_du_candidat():
    assert CADRE.conforme("E1", eleve(Categorie.APPRENTI), RAPPORT, stage(17)).regle == "MC-C06"
    ancien = emploi(date(2010, 1, 1), date(2013, 1, 31))
    assert CADRE.conforme("E1", eleve(Categorie.EXPERIENCE), ACTIVITES, ancien).regle == "MC-C10"


# Le perfectionnement et l'expérience ------------------------------------------------------------------------------


def test_cl_120_mc_c08_mc_c09_six_mois_dans_l_annee_conforme_cinq_non():
    inscrit = eleve(Categorie.PERFECTIONNEMENT)
    CADRE.conforme("E1", inscrit, ACTIVITES, emploi(date(2021, 9, 1), date(2022, 2, 28)))
    refuse = CADRE.refus("E1", inscrit, ACTIVITES, emploi(date(2021, 9, 1), date(2022, 1, 31)))
    assert (refuse.motifs, refuse.duree_retenue) == (("duree",), "5 mois")


def test_cl_121_mc_c08_amb_42_douze_mois_a_temps_partiel_sur_deux_ans():
    inscrit = eleve(Categorie.PERFECTIONNEMENT)
    CADRE.conforme("E1", inscrit, ACTIVITES, emploi(date(2020, 9, 1), date(2021, 8, 31), "20"))
    ancien = emploi(date(2018, 11, 1), date(2019, 10, 31), "20")
    assert CADRE.refus("E1", inscrit, ACTIVITES, ancien).motifs == ("duree",)


def test_mc_c08_un_emploi_d_un_autre_secteur_ne_compte_pas():
    ailleurs = emploi(date(2021, 9, 1), date(2022, 2, 28), activite="Coiffure")
    assert CADRE.refus("E1", eleve(Categorie.PERFECTIONNEMENT), ACTIVITES, ailleurs).motifs == ("secteur",)


def test_mc_c08_une_activite_non_dite_est_a_examiner():
    code = emploi(date(2021, 9, 1), date(2022, 2, 28), activite="82.20Z")
    rendu = jugee(CADRE.histoire(eleve(Categorie.PERFECTIONNEMENT), code))
    assert (rendu.verdict, rendu.regle) == (Verdict.A_EXAMINER, "MC-C08")
    avant = (eleve(Categorie.PERFECTIONNEMENT), ACTIVITES, code, controler())
    CADRE.apres(*avant).when(controler()).then_refused("MC-C08")


def test_mc_c08_une_activite_non_dite_ne_suspend_que_si_elle_changerait_l_issue():
    sans_nom = attester(
        "C2",
        du_au(date(2021, 9, 1), date(2022, 2, 28)),
        nature=NaturePiece.CERTIFICAT_TRAVAIL,
        activite="82.20Z",
    )
    inscrit = eleve(Categorie.PERFECTIONNEMENT)
    CADRE.conforme("E1", inscrit, ACTIVITES, sans_nom, emploi(date(2021, 9, 1), date(2022, 2, 28)))
    avant = (inscrit, ACTIVITES, sans_nom, emploi(date(2021, 9, 1), date(2021, 11, 30)), controler())
    CADRE.apres(*avant).when(controler()).then_refused("MC-C08")


def test_mc_c09_sans_rapport_d_activites_non_conforme():
    refuse = CADRE.refus("E1", eleve(Categorie.PERFECTIONNEMENT), emploi(date(2021, 9, 1), date(2022, 2, 28)))
    assert refuse.motifs == ("piece",)
    clause(refuse.explication[0].details, "MC-C09")


def test_cl_122_mc_c10_amb_43_trois_ans_a_une_date_ancienne_conforme():
    inscrit = eleve(Categorie.EXPERIENCE)
    event = CADRE.conforme("E1", inscrit, ACTIVITES, emploi(date(1998, 1, 1), date(2000, 12, 31)))
    assert event.duree_retenue == "3 ans"
    refuse = CADRE.refus("E1", inscrit, ACTIVITES, emploi(date(1998, 1, 1), date(2000, 11, 30)))
    assert (refuse.motifs, refuse.duree_retenue) == (("duree",), "2 ans 11 mois")


@pytest.mark.parametrize(
    "pieces",
    [(RAPPORT, stage(17)), (ACTIVITES, emploi(date(1998, 1, 1), date(2000, 12, 31)))],
    ids=["stage", "experience"],
)
def test_mc_c10_un_individuel_justifie_d_une_formation_ou_d_une_experience(pieces: tuple[Any, ...]):
    CADRE.conforme("E1", eleve(Categorie.INDIVIDUEL), *pieces)


# Le dossier d'E1 en CCF -------------------------------------------------------------------------------------------

SITUATIONS = ("vente", "prospection", "animation")
DOSSIER = deposer("D1", NaturePiece.DOSSIER_E1, contenu=Contenu(situations=SITUATIONS, pages=10))


def test_cl_123_mc_c13_amb_23_dossier_d_e1_absent_en_ccf_u1_non_validee_ni_zero_ni_absence():
    refuse = CADRE.refus("E1", eleve(mode=Mode.CCF), RAPPORT, stage(17))
    assert (refuse.motifs, refuse.effet) == (("depot",), "non_subie")
    clause(refuse.explication[0].details, "MC-C13")
    CADRE.conforme("E1", eleve(mode=Mode.CCF), RAPPORT, stage(17), DOSSIER)


def test_mc_c13_le_mode_non_dit_est_celui_du_statut():
    assert CADRE.refus("E1", ouvrir(MC, Categorie.SCOLAIRE_PUBLIC), RAPPORT, stage(17)).motifs == ("depot",)
    CADRE.conforme("E1", ouvrir(MC, Categorie.HORS_CONTRAT), RAPPORT, stage(17))


def test_mc_c13_un_passage_au_ccf_apres_l_inscription_fait_devoir_le_dossier():
    au_ccf = ModifierDossier(le=AVANT, par=SYSTEME, candidat=ALICE, modes={"E1": Mode.CCF}, **ENVELOPPE)
    [event] = CADRE.apres(eleve()).when(au_ccf).then_kinds(DossierModifie)
    assert event.pieces_dues[-1] == NaturePiece.DOSSIER_E1
    assert CADRE.refus("E1", eleve(), au_ccf, RAPPORT, stage(17)).motifs == ("depot",)


def test_mc_c12_trois_situations_vecues_ce_qui_manque_est_laisse_a_qui_evalue():
    court = deposer("D1", NaturePiece.DOSSIER_E1, contenu=Contenu(situations=("vente",), pages=12))
    event = CADRE.conforme("E1", eleve(mode=Mode.CCF), RAPPORT, stage(17), court)
    assert event.penalites == ("situations_manquantes",)
    assert clause(event.explication, "MC-C12").faits == ("D1", "situations_manquantes")


def contenu_qui_bloque() -> Cadre:
    """Le même règlement, où ce qui manque à un dossier s'oppose."""
    une = session_de(MC)
    controles = {
        nom: controle.model_copy(
            update={"pieces": tuple(piece.model_copy(update={"contenu_bloque": True}) for piece in controle.pieces)}
        )
        for nom, controle in une.reglement.controles.items()
    }
    return Cadre(replace(une, reglement=une.reglement.model_copy(update={"controles": controles})))


def test_mc_c12_sous_un_reglement_qui_le_dit_ce_qui_manque_au_dossier_s_oppose():
    cadre, ccf = contenu_qui_bloque(), eleve(mode=Mode.CCF)
    court = deposer("D1", NaturePiece.DOSSIER_E1, contenu=Contenu(situations=("vente",), pages=12))
    rendu = jugee(cadre.histoire(ccf, court))
    assert (rendu.verdict, rendu.regle, rendu.motifs) == (Verdict.INCOMPLETE, "MC-C12", ("piece",))
    assert cadre.refus("E1", ccf, RAPPORT, stage(17), court).motifs == ("piece",)
    etranger = deposer("D1", NaturePiece.DOSSIER_E1, contenu=Contenu(situations=SITUATIONS, hors_referentiel=True))
    assert jugee(cadre.histoire(ccf, etranger)).regle == "MC-C12"
    non_compte = jugee(cadre.histoire(ccf, deposer("D1", NaturePiece.DOSSIER_E1)))
    assert (non_compte.verdict, non_compte.regle) == (Verdict.A_EXAMINER, "MC-C12")
    cadre.conforme("E1", ccf, RAPPORT, stage(17), DOSSIER)


def test_une_reduction_que_le_reglement_ne_prevoit_pas_est_refusee():
    CADRE.apres(eleve()).when(reduire(CauseReduction.FORCE_MAJEURE)).then_refused("MC-C01")


def test_mc_c01_la_duree_d_une_session_de_2025_se_compte_avant_son_examen():
    cadre = Cadre(
        session_de(
            MC,
            premiere_epreuve=date(2025, 5, 19),
            remise_dossiers=None,
            remise_supports=date(2025, 4, 30),
            remontee_ccf=date(2025, 6, 6),
            jury_le=date(2025, 7, 3),
            publication=datetime(2025, 7, 4, 8, 0, tzinfo=UTC),
        )
    )
    futur = attester("A1", semaines(17, date(2025, 3, 3)))
    refuse = cadre.refus("E1", eleve(), RAPPORT, futur, le=APRES.replace(year=2025, month=5))
    assert refuse.duree_retenue == "11 semaines"


def test_mc_c01_l_acces_nomme_la_session_du_candidat_pas_l_annee_du_reglement():
    cadre = Cadre(session_de(MC, premiere_epreuve=date(2026, 5, 18)))
    [acces] = cadre.conforme("examen", eleve()).explication
    assert acces.faits[1:] == ("aucune expérience exigée pour se présenter en 2026", "dossiers contrôlés pour E1")
