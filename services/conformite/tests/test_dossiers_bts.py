"""Ce que tiennent les dossiers d'E4 et d'E6, qui en est dispensé, les supports, le livret (BTS-C11 à C22, BTS-I02)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commandes.conformite import ModifierDossier
from contracts.evenements.conformite import (
    DossierDeclareNonConforme,
    DossierModifie,
    SupportsArretes,
)
from contracts.vocabulaire import Categorie, Contenu, NaturePiece, Verdict
from services.conformite.tests.donnees import ALICE, ENVELOPPE, SYSTEME, arreter, clause, jugee
from services.conformite.tests.donnees_controles import (
    AVANT,
    BTS,
    FICHES_E6,
    JOUR_J,
    STAGE,
    Cadre,
    controler,
    deposer,
    dispenser,
    dossier_e4,
    dossier_e6,
    etudiant,
    ouvrir,
    retablir,
    session_de,
)

CADRE = Cadre(session_de(BTS))
COMPLET = (etudiant(), dossier_e4(), dossier_e6(), STAGE)


# Le contenu -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contenu", "penalites"),
    [
        ({"fiches": FICHES_E6[:2]}, ("fiches_manquantes",)),
        ({"fiches": ("partenaires",) * 3}, ("fiches_meme_nature",)),
        ({"etude": False}, ("etude_absente",)),
        ({"experience_reelle": False}, ("experience_reelle_absente",)),
        ({"hors_referentiel": True}, ("hors_referentiel",)),
        ({"faces": 5}, ("forme_non_respectee",)),
        ({"fiches": (), "etude": False}, ("fiches_manquantes", "etude_absente")),
    ],
)
def test_cl_080_cl_081_bts_c18_les_defauts_d_e6_ne_bloquent_pas(contenu: dict[str, Any], penalites: tuple[str, ...]):
    event = CADRE.conforme("E6", etudiant(), dossier_e6(**contenu), STAGE)
    assert event.penalites == penalites
    assert clause(event.explication, "BTS-C18").effet.startswith("défaut sans effet")


def test_cl_080_bts_c16_sans_etude_reflexive_conforme_et_penalise():
    assert CADRE.conforme("E6", etudiant(), dossier_e6(etude=False), STAGE).penalites == ("etude_absente",)


def test_cl_081_bts_c14_trois_fiches_de_meme_nature_conforme_et_penalise():
    event = CADRE.conforme("E6", etudiant(), dossier_e6(fiches=("distributeurs",) * 3), STAGE)
    assert event.penalites == ("fiches_meme_nature",)


def test_amb_13_une_etude_de_cinq_faces_se_signale_sans_bloquer():
    rendu = jugee(CADRE.histoire(etudiant(), dossier_e6(faces=5)))
    assert rendu.alertes == ("AMB-13 : 5 faces ; 4 au plus ; sans effet sur la conformité",)
    assert CADRE.conforme("E6", etudiant(), dossier_e6(faces=4), STAGE).penalites == ()


def test_cl_082_bts_c11_e4_hors_referentiel_mais_complet_conforme():
    event = CADRE.conforme("E4", etudiant(), dossier_e4(hors_referentiel=True), STAGE)
    assert event.penalites == ("hors_referentiel",)
    assert clause(event.explication, "BTS-C11").faits == ("E4", "hors_referentiel")


def test_bts_c12_bts_c13_fiches_et_annexes_d_e4_se_comptent_sans_bloquer():
    event = CADRE.conforme("E4", etudiant(), dossier_e4(fiches=("negociation_vente",) * 2, annexes=1), STAGE)
    assert event.penalites == ("fiches_meme_nature", "annexes_manquantes")
    rendu = jugee(CADRE.histoire(etudiant(), dossier_e4(annexes=1)))
    assert rendu.verdict == Verdict.CONFORME
    assert rendu.alertes == ("BTS-C13 : 1 annexes ; il en faut 2 ; sans effet sur la conformité",)


def test_cl_091_bts_c15_bts_i04_experience_certificats_et_dossier_de_14_pages():
    professionnel = deposer("E6", NaturePiece.DOSSIER_PROFESSIONNEL, contenu=Contenu(etude=True, pages=14))
    certificat = deposer("C1", NaturePiece.CERTIFICAT_TRAVAIL, signataires=("employeur",))
    event = CADRE.conforme("E6", ouvrir(BTS, Categorie.EXPERIENCE), professionnel, certificat)
    assert (event.penalites, event.duree_retenue) == (("forme_non_respectee",), "")


def test_bts_c15_au_choix_du_candidat_les_fiches_conviennent_aussi():
    certificat = deposer("C1", NaturePiece.CERTIFICAT_TRAVAIL, signataires=("employeur",))
    assert not CADRE.conforme("E6", ouvrir(BTS, Categorie.EXPERIENCE), dossier_e6(), certificat).penalites


def test_bts_i04_au_titre_de_l_experience_le_certificat_de_travail_est_du():
    refuse = CADRE.refus("E4", ouvrir(BTS, Categorie.EXPERIENCE), dossier_e4(), STAGE)
    assert refuse.motifs == ("attestation",)
    clause(refuse.explication[0].details, "BTS-I04")


def test_amb_21_au_titre_de_l_experience_l_acces_dit_le_choix_sur_sa_duree():
    acces = CADRE.decisions(ouvrir(BTS, Categorie.EXPERIENCE))["examen"]
    clause(acces.explication[0].details, "AMB-21")
    assert CADRE.decisions(etudiant())["examen"].explication[0].details == ()


# Les dispenses ----------------------------------------------------------------------------------------------------


def test_cl_087_bts_i02_dispense_d_u4_seulement_sans_stage_non_conforme_pour_e6():
    decisions = CADRE.decisions(etudiant(), dispenser("E4"), dossier_e6())
    assert set(decisions) == {"examen", "E6"}
    assert decisions["E6"].motifs == ("attestation",)


def test_amb_60_une_academie_peut_lire_qu_une_seule_dispense_suffit():
    cadre = Cadre(session_de(BTS, choix={"AMB-60": "une"}))
    event = cadre.conforme("E6", etudiant(), dispenser("E4"), dossier_e6())
    assert (event.duree_retenue, clause(event.explication, "BTS-I02").effet) == ("", "aucune durée exigée")


def test_cl_088_bts_i02_dispense_d_u4_et_d_u6_sans_stage_rien_a_controler():
    for ordre in ((etudiant(), dispenser("E4"), dispenser("E6")), (dispenser("E4"), dispenser("E6"), etudiant())):
        assert set(CADRE.decisions(*ordre)) == {"examen"}
        assert CADRE.apres(*ordre).state.dossier.recu.dispenses == {"E4", "E6"}  # type: ignore[union-attr]


def test_bts_i02_une_epreuve_repassee_se_controle_de_nouveau():
    avant = (etudiant(), dispenser("E4"), dispenser("E6"), controler(), retablir("E4"))
    [event] = CADRE.apres(*avant).when(controler()).then_kinds(DossierDeclareNonConforme)
    assert event.epreuves == ("E4",)


def test_une_unite_non_presentee_ne_se_controle_pas():
    assert set(CADRE.decisions(etudiant(unites=("E1", "E4")), dossier_e4(), STAGE)) == {"examen", "E4"}


# Les supports et le livret ----------------------------------------------------------------------------------------


def supports(*commands: Any) -> tuple[tuple[str, str], ...]:
    [event] = CADRE.apres(*commands).when(arreter(JOUR_J)).then_kinds(SupportsArretes)
    return tuple(zip(event.manquants, event.regles, strict=True))


def test_cl_089_bts_c21_engagement_etudiant_sans_fiche_le_support_manque():
    choisi = etudiant(facultatives=("EF2",))
    assert supports(choisi) == (("EF2", "BTS-C21"),)
    assert supports(choisi, deposer("F1", NaturePiece.FICHE_ENGAGEMENT)) == ()


def modifier(*facultatives: str) -> ModifierDossier:
    return ModifierDossier(le=AVANT, par=SYSTEME, candidat=ALICE, facultatives=facultatives, **ENVELOPPE)


def test_bts_c21_l_engagement_choisi_ou_abandonne_apres_l_inscription():
    [event] = CADRE.apres(etudiant()).when(modifier("EF1", "EF2")).then_kinds(DossierModifie)
    assert event.manquants == ("dossier_e4", "attestation_stage", "dossier_e6", "EF2")
    assert supports(etudiant(), modifier("EF2")) == (("EF2", "BTS-C21"),)
    assert supports(etudiant(facultatives=("EF2",)), modifier()) == ()


def test_une_modification_qui_ne_change_rien_de_du_ne_se_dit_pas():
    CADRE.apres(etudiant()).when(modifier("EF1")).then_nothing()


def test_bts_c21_qui_n_a_pas_choisi_l_engagement_n_en_doit_rien():
    assert supports(etudiant()) == ()
    assert supports(etudiant(facultatives=("EF1",))) == ()


@pytest.mark.parametrize(
    ("categorie", "fiches", "alertes"),
    [
        (Categorie.SCOLAIRE_PUBLIC, (), 1),
        (Categorie.SCOLAIRE_PRIVE, (), 1),
        (Categorie.SCOLAIRE_PUBLIC, ("pix",), 0),
        (Categorie.APPRENTI, (), 0),
    ],
)
def test_bts_c20_amb_20_un_livret_sans_mention_pix_alerte_sans_bloquer(
    categorie: Categorie, fiches: tuple[str, ...], alertes: int
):
    livret = deposer("L1", NaturePiece.LIVRET_SCOLAIRE, contenu=Contenu(fiches=fiches))
    rendu = jugee(CADRE.histoire(ouvrir(BTS, categorie), livret))
    assert (rendu.regle, len(rendu.alertes)) == ("BTS-C20", alertes)
    assert set(CADRE.decisions(*COMPLET, livret)) == {"examen", "E4", "E6"}


def test_bts_c22_le_dossier_d_e4_est_indispensable_celui_d_e6_aussi():
    decisions = CADRE.decisions(etudiant(), STAGE)
    assert [decisions[code].motifs for code in ("E4", "E6")] == [("depot",), ("depot",)]
