"""Les supports d'épreuve : qui les signe, lesquels manquent à la date de remise, et ce qui en dispense."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from contracts.commandes.conformite import DispenserPieces, RetablirPieces
from contracts.evenements.conformite import (
    DossierOuvert,
    PieceDeposee,
    PieceJugee,
    PiecesDispensees,
    PiecesRetablies,
    RegularisationDemandee,
    SupportsArretes,
)
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, NaturePiece, Verdict
from services.conformite.domain.supports import supports
from services.conformite.tests.donnees import (
    ALICE,
    AVRIL,
    ENVELOPPE,
    MAI,
    PARIS,
    SYSTEME,
    apres,
    arreter,
    controler,
    deposer,
    juger,
    ouvrir,
    reglement,
    session,
    spec,
)

PRODUIT, ENVIRONNEMENT = NaturePiece.FICHE_PRODUIT, NaturePiece.FICHE_ENVIRONNEMENT
PFMP, EXPERIENCE = NaturePiece.RECAPITULATIF_PFMP, NaturePiece.RECAPITULATIF_EXPERIENCE
APPRENTI = ouvrir(Categorie.APPRENTI)


def dispenser(epreuve: str) -> DispenserPieces:
    return DispenserPieces(le=AVRIL, par=SYSTEME, candidat=ALICE, epreuve=epreuve, regle="DC-CAP20", **ENVELOPPE)


def retablir(epreuve: str) -> RetablirPieces:
    return RetablirPieces(le=AVRIL, par=SYSTEME, candidat=ALICE, epreuve=epreuve, regle="DC-CAP18", **ENVELOPPE)


def support(nature: NaturePiece, *signataires: str, piece: str = "", le: datetime = AVRIL) -> Any:
    code = piece or nature.value.replace("_", "-")
    return deposer(code, nature=nature, depose_le=le, signataires=signataires)


COMPLETS = (support(PRODUIT), support(ENVIRONNEMENT), support(PFMP, "tuteur", "professeur"))


def arretes(*commands: Any, une: SessionFigee | None = None) -> SupportsArretes:
    [event] = apres(*commands, une=une).when(arreter()).then_kinds(SupportsArretes)
    assert isinstance(event, SupportsArretes)
    return event


# Ce qui est dû, ce qui manque -------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", ["CAP-OSRCL-2024", "CAP-OSRCL-2026"])
def test_cap24_c03_les_supports_dus_viennent_du_reglement(identifiant: str):
    assert [(un.cle, un.regle) for un in supports(reglement(identifiant))] == [
        ("EP1.S1", "CAP24-C03"),
        ("EP1.S2", "CAP24-C03"),
        ("EP2", "CAP24-C06"),
    ]


def test_cap24_c01_c02_les_fiches_d_ep1_couvrent_chacune_leur_situation():
    assert arretes(APPRENTI, support(PRODUIT)).manquants == ("EP1.S2", "EP2")
    assert arretes(APPRENTI, support(ENVIRONNEMENT)).manquants == ("EP1.S1", "EP2")


def test_cap24_c01_une_fiche_produit_est_recevable_par_sa_seule_existence():
    _, jugee = apres(APPRENTI).when(support(PRODUIT)).then_kinds(PieceDeposee, PieceJugee)
    assert (jugee.verdict, jugee.regle, jugee.attendu) == (Verdict.CONFORME, "CAP24-C01", "EP1.S1")


def test_cap24_c02_une_fiche_environnement_aussi():
    _, jugee = apres(APPRENTI).when(support(ENVIRONNEMENT)).then_kinds(PieceDeposee, PieceJugee)
    assert (jugee.verdict, jugee.regle, jugee.attendu) == (Verdict.CONFORME, "CAP24-C02", "EP1.S2")


def test_cap24_c03_une_seule_situation_sans_support_n_en_touche_qu_une():
    event = arretes(APPRENTI, support(ENVIRONNEMENT), support(PFMP, "tuteur", "professeur"))
    assert (event.manquants, event.regles) == (("EP1.S1",), ("CAP24-C03",))


@pytest.mark.parametrize("nature", [PFMP, EXPERIENCE])
def test_cap24_c04_l_un_ou_l_autre_recapitulatif_couvre_ep2(nature: NaturePiece):
    event = arretes(APPRENTI, *COMPLETS[:2], support(nature, "employeur", "formateur"))
    assert event.manquants == ()


def test_cap24_c06_ep2_sans_recapitulatif_manque():
    event = arretes(APPRENTI, *COMPLETS[:2])
    assert (event.manquants, event.regles) == (("EP2",), ("CAP24-C06",))


def test_cap24_c06_chaque_support_manquant_a_sa_regle():
    event = arretes(APPRENTI)
    assert list(zip(event.manquants, event.regles, strict=True)) == [
        ("EP1.S1", "CAP24-C03"),
        ("EP1.S2", "CAP24-C03"),
        ("EP2", "CAP24-C06"),
    ]


def test_tr_c03_un_support_manquant_ne_ferme_pas_l_examen():
    event = apres(ouvrir(Categorie.SCOLAIRE_PUBLIC), arreter()).when(controler(MAI)).events()[0]
    assert event.NAME == "conformite.dossier_declare_conforme.v1"


def test_cap24_c03_session_2024_memes_supports():
    une = session("CAP-OSRCL-2024", limite_attestation=None)
    ouvert = ouvrir(Categorie.APPRENTI, reglement_id="CAP-OSRCL-2024")
    assert arretes(ouvert, support(PRODUIT), une=une).manquants == ("EP1.S2", "EP2")


# Signatures -------------------------------------------------------------------------------------------------------


def test_cl_029_recapitulatif_d_un_individuel_signe_de_lui_seul_recevable():
    _, jugee = apres(ouvrir()).when(support(EXPERIENCE, "candidat")).then_kinds(PieceDeposee, PieceJugee)
    assert (jugee.verdict, jugee.attendu) == (Verdict.CONFORME, "EP2")


def test_cap24_c05_un_individuel_qui_ne_signe_pas_regularise():
    kinds = (PieceDeposee, PieceJugee, RegularisationDemandee)
    *_, demande = apres(ouvrir()).when(support(EXPERIENCE)).then_kinds(*kinds)
    assert demande.manques == ("signature du candidat",)


def test_cl_030_apprenti_sans_signature_du_maitre_incomplet_et_pas_de_zero():
    sans_maitre = support(PFMP, "formateur")
    kinds = (PieceDeposee, PieceJugee, RegularisationDemandee)
    _, jugee, demande = apres(APPRENTI).when(sans_maitre).then_kinds(*kinds)
    assert (jugee.verdict, jugee.regle, jugee.motifs) == (Verdict.INCOMPLETE, "CAP24-C05", ("signature",))
    assert demande.manques == ("signature du tuteur, du maître d'apprentissage ou de l'employeur",)
    assert demande.avant == session().fin_du_jour(session().parametres.remise_supports)
    assert arretes(APPRENTI, *COMPLETS[:2], sans_maitre).manquants == ()


def test_cl_030_un_second_document_signe_regularise():
    signe = support(PFMP, "maitre_apprentissage", "formateur", piece="recap-2")
    _, jugee = apres(APPRENTI, support(PFMP, "formateur")).when(signe).then_kinds(PieceDeposee, PieceJugee)
    assert jugee.verdict is Verdict.CONFORME


@pytest.mark.parametrize("premier", ["tuteur", "maitre_apprentissage", "employeur"])
@pytest.mark.parametrize("second", ["professeur", "formateur"])
def test_cap24_c05_deux_signatures_l_entreprise_et_l_etablissement(premier: str, second: str):
    _, jugee = apres(APPRENTI).when(support(PFMP, premier, second)).then_kinds(PieceDeposee, PieceJugee)
    assert jugee.verdict is Verdict.CONFORME


def test_cap24_c05_le_candidat_ne_signe_pas_pour_son_etablissement():
    events = apres(APPRENTI).when(support(PFMP, "candidat")).events()
    assert len(events[2].manques) == 2


# La date ----------------------------------------------------------------------------------------------------------


def test_tr_c01_les_supports_ne_s_arretent_qu_une_fois_la_date_passee():
    dernier_soir = datetime(2026, 4, 30, 23, 59, tzinfo=PARIS)
    refus = apres(APPRENTI).when(arreter(dernier_soir)).then_refused("TR-C01")
    assert "30/04/2026" in refus.detail
    apres(APPRENTI).when(arreter(datetime(2026, 5, 1, 0, 0, tzinfo=PARIS))).then_kinds(SupportsArretes)


def test_tr_c01_la_date_de_remise_est_celle_de_l_academie():
    outre_mer = session(fuseau="Indian/Reunion")
    a_paris = datetime(2026, 4, 30, 23, 30, tzinfo=PARIS)  # le 1er mai à La Réunion
    apres(APPRENTI, une=outre_mer).when(arreter(a_paris)).then_kinds(SupportsArretes)


def test_tr_c01_un_support_en_retard_existe_mais_se_signale():
    tardif = support(PRODUIT, le=MAI)
    _, jugee = apres(APPRENTI).when(tardif).then_kinds(PieceDeposee, PieceJugee)
    assert jugee.alertes == ("TR-C01 : remis après la date fixée par l'académie",)
    assert arretes(APPRENTI, *COMPLETS[1:], tardif).manquants == ()


def test_tr_c01_une_fois_l_etat_arrete_plus_aucun_support_ne_se_depose():
    apres(APPRENTI, arreter()).when(support(PRODUIT, le=MAI)).then_refused("TR-C01")


def test_cl_030_une_signature_manquante_apres_la_date_n_est_plus_redemandee():
    apres(APPRENTI).when(support(PFMP, "formateur", le=MAI)).then_kinds(PieceDeposee, PieceJugee)


def test_un_document_que_la_main_refuse_n_est_pas_un_support():
    refuse = juger("fiche-produit", Verdict.NON_CONFORME, "page blanche", le=AVRIL)
    [jugee] = apres(APPRENTI, *COMPLETS).when(refuse).then_kinds(PieceJugee)
    assert jugee.manquants == ("attestation_pfmp", "EP1.S1")
    assert arretes(APPRENTI, *COMPLETS, refuse).manquants == ("EP1.S1",)


def test_cap26_i05_un_candidat_non_autorise_n_a_plus_de_supports_a_rendre():
    apres(ouvrir(), controler()).when(arreter()).then_refused("CAP26-I05")
    mineur = apres(ouvrir(majeur=False), controler())
    mineur.when(arreter()).then_refused("DC-CAP03")


def test_arreter_deux_fois_sans_changement_est_sans_effet():
    apres(APPRENTI, arreter()).when(arreter()).then_nothing()


# Dispenses et notes conservées ------------------------------------------------------------------------------------


def test_dc_cap20_une_epreuve_dispensee_ne_doit_plus_ses_supports():
    event = PiecesDispensees(candidat=ALICE, epreuve="EP1", regle="DC-CAP20", manquants=("attestation_pfmp", "EP2"))
    apres(APPRENTI).when(dispenser("EP1")).then(event)
    assert arretes(APPRENTI, dispenser("EP1")).manquants == ("EP2",)


def test_une_epreuve_sans_support_ne_dispense_de_rien():
    apres(APPRENTI).when(dispenser("UG1")).then_nothing()
    apres(APPRENTI).when(dispenser("EP3")).then_nothing()


def test_une_dispense_peut_preceder_l_inscription():
    spec().given().when(dispenser("EP2")).then(PiecesDispensees(candidat=ALICE, epreuve="EP2", regle="DC-CAP20"))
    [ouvert] = apres(dispenser("EP2")).when(APPRENTI).then_kinds(DossierOuvert)
    assert (ouvert.dispenses, ouvert.attendus) == (("EP2",), ("attestation_pfmp", "EP1.S1", "EP1.S2"))
    assert PFMP not in ouvert.pieces_dues


def test_une_dispense_connue_des_l_ouverture_est_retenue():
    [ouvert] = spec().given().when(APPRENTI).then_kinds(DossierOuvert)
    dispense = ouvert.model_copy(update={"dispenses": ("EP1",)})
    [event] = spec().given(dispense).when(arreter()).then_kinds(SupportsArretes)
    assert event.manquants == ("EP2",)


def test_dc_cap18_l_epreuve_repassee_doit_de_nouveau_ses_supports():
    dispense = apres(APPRENTI, *COMPLETS[:2], dispenser("EP2"), arreter())
    event = PiecesRetablies(candidat=ALICE, epreuve="EP2", regle="DC-CAP18", manquants=("attestation_pfmp", "EP2"))
    dispense.when(retablir("EP2")).then(event)
    rendu = support(PFMP, "tuteur", "professeur", le=MAI)
    assert arretes(APPRENTI, *COMPLETS[:2], dispenser("EP2"), arreter(), retablir("EP2"), rendu).manquants == ()


def test_dc_cap18_retablir_ce_qui_n_est_pas_dispense_est_sans_effet():
    apres(APPRENTI).when(retablir("EP2")).then_nothing()
    spec().given().when(retablir("EP2")).then_nothing()
