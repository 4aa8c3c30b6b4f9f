"""Les formulaires vierges : un bordereau et une fiche par épreuve ou situation, tirés du seul règlement."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from contracts.reglement import load_all
from services.publication.documents.formulaires import donnees_formulaires
from services.publication.shell.formulaires import formulaires
from services.publication.tests.diplomes import BTS, MC, TP
from services.publication.tests.donnees import reglement
from services.publication.tests.test_rendu import texte, xmp

CAP = "CAP-OSRCL-2026"


def lire(identifiant: str, nom: str, annee: int = 2025) -> str:
    return texte(dict(formulaires(reglement(identifiant), annee))[nom])


@pytest.mark.parametrize("identifiant", sorted(load_all()))
def test_chaque_epreuve_de_chaque_reglement_a_son_bordereau_et_sa_fiche(identifiant: str) -> None:
    du = reglement(identifiant)
    faits = formulaires(du, int(du.session))
    noms = [nom for nom, _ in faits]
    assert len(noms) == len(set(noms))
    for code, epreuve in du.epreuves.items():
        for mode in epreuve.modes:
            for genre in ("bordereau", "fiche"):
                assert any(nom.startswith(f"{genre}-{code}-") and mode.value in nom for nom in noms), (code, mode)
    for nom, fichier in faits:
        assert len(PdfReader(BytesIO(fichier)).pages) == 1, nom
        assert "<pdfaid:part>2</pdfaid:part>" in xmp(fichier), nom
    assert formulaires(du, int(du.session)) == faits


def test_tp_n13_la_fiche_d_un_ccp_compte_les_criteres_de_chaque_competence() -> None:
    lu = lire(TP, "fiche-CCP2-ponctuel.pdf")
    for dit in (
        "Ministère chargé de l’emploi",
        "Réaliser des actions de prospection par téléphone ……… / 6",
        "Gérer des situations de rétention client ……… / 7",
        "Chaque compétence est acquise ou non acquise : aucune note.",
        "Résultat : □ acquise □ non acquise",
    ):
        assert dit in lu, dit
    assert "/ 20" not in lu
    assert lu.count("Membre du jury, signature") == 2
    assert "C4 : Assurer le recouvrement amiable de créances" in lire(TP, "bordereau-CCP2-ponctuel.pdf")


def test_bts_r01_tr_r01_la_grille_n_est_pas_communicable_et_la_fiche_l_est() -> None:
    grille = lire(BTS, "fiche-EF2-ponctuel.pdf", 2022)
    assert "Grille d’évaluation" in grille
    assert "Annexe VIII-3" in grille
    assert "Non communicable au candidat (BTS-R01)" in grille
    fiche = lire(BTS, "fiche-EF2-ponctuel-VIII-2.pdf", 2022)
    assert "Fiche d’évaluation" in fiche
    assert "Annexe VIII-2 : Engagement étudiant, fiche d’évaluation Communicable au candidat (BTS-R01)" in fiche


def test_bts_n06_e5_a_un_bordereau_par_moitie() -> None:
    lu = lire(BTS, "bordereau-E5-S2-ponctuel.pdf", 2022)
    assert "Situation 2, deuxième partie, épreuve pratique" in lu
    assert "Note sur 20" in lu


def test_mc_n05_les_situations_d_e2_n_existent_qu_en_ccf() -> None:
    noms = {one.nom for one in donnees_formulaires(reglement(MC), 2025)}
    assert {"bordereau-E2-S1-ccf.pdf", "bordereau-E2-S3-ccf.pdf", "bordereau-E2-ponctuel.pdf"} <= noms
    assert "bordereau-E2-S1-ponctuel.pdf" not in noms


def test_dc_mc01_l_intitule_d_un_formulaire_est_celui_de_la_session() -> None:
    assert "Mention complémentaire" in lire(MC, "fiche-E1-ccf.pdf", 2024)
    assert "Certificat de spécialisation" in lire(MC, "fiche-E1-ccf.pdf", 2025)


def test_la_grille_dit_competences_criteres_et_qui_signe() -> None:
    lu = lire(MC, "fiche-E1-ccf.pdf")
    for dit in ("C1 ……… / 32", "C4.2 ……… / 4", "Enseignant de la spécialité, signature", "Professionnel, signature"):
        assert dit in lu, dit
    lu = lire(CAP, "fiche-EP1-S1-ccf.pdf", 2026)
    assert "Compétences obligatoires : C3 ; au choix : 1 parmi C2 et C5." in lu
    assert "Annexe 2.7" in lu


def test_la_conduite_se_valide_et_ne_se_note_pas() -> None:
    assert "□ favorable □ insuffisant" in lire(CAP, "fiche-EP3-S1-ccf.pdf", 2026)
    lu = lire(CAP, "fiche-EP3-S1-ponctuel.pdf", 2026)
    assert "□ validée □ non validée" in lu
    assert "/ 20" not in lu


def test_un_formulaire_ne_porte_aucune_personne() -> None:
    for one in donnees_formulaires(reglement(BTS), 2022):
        assert one.entete.tete.startswith("Académie : …")
        assert one.entete.cree_le.year == 2022
