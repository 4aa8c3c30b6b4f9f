"""Là où une règle bascule : la valeur même de la borne, le défaut seul, la pièce qui n'en remplace pas une autre."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from contracts.evenements.conformite import DossierDeclareConforme, PieceDeposee, PieceJugee
from contracts.reglement import ContenuExige
from contracts.vocabulaire import Categorie, Contenu, Mode, NaturePiece, Periode, Verdict
from services.conformite.domain.acces import REGLE_DATES, regle_delai
from services.conformite.domain.contenu import defauts
from services.conformite.domain.doutes import relance
from services.conformite.domain.durees import mois
from services.conformite.domain.periodes import en_nombre
from services.conformite.tests import donnees
from services.conformite.tests.donnees_controles import (
    BTS,
    JOUR_J,
    STAGE,
    Cadre,
    attester,
    controler,
    dispenser,
    dossier_e4,
    dossier_e6,
    etudiant,
    ouvrir,
    retablir,
    semaines,
    session_de,
)

CADRE = Cadre(session_de(BTS))


# Ce que tient un dossier ------------------------------------------------------------------------------------------

EXIGE = ContenuExige(
    fiches=("vente", "evenement"),
    nombre=2,
    annexes=2,
    situations=("S1", "S2"),
    etude=True,
    experience_reelle=True,
    pages_max=10,
    faces_max=4,
    regle_fiches="BTS-C12",
    regle_annexes="BTS-C13",
    regle_situations="MC-C12",
    regle_etude="BTS-C16",
    regle_pages="BTS-C15",
    regle_faces="AMB-13",
)
COMPLET: dict[str, Any] = {
    "fiches": ("vente", "evenement"),
    "annexes": 2,
    "situations": ("S1", "S2"),
    "etude": True,
    "experience_reelle": True,
    "pages": 10,
    "faces": 4,
}


def trouves(exige: ContenuExige = EXIGE, **contenu: Any) -> list[tuple[str, str | None]]:
    return [(un.code, un.regle) for un in defauts(Contenu(**{**COMPLET, **contenu}), exige)]


@pytest.mark.parametrize(
    ("contenu", "code", "regle"),
    [
        ({"fiches": ("vente",)}, "fiches_manquantes", "BTS-C12"),
        ({"fiches": ("vente", "vente")}, "fiches_meme_nature", "BTS-C12"),
        ({"fiches": ("vente", "autre")}, "fiches_meme_nature", "BTS-C12"),
        ({"annexes": 1}, "annexes_manquantes", "BTS-C13"),
        ({"situations": ("S2",)}, "situations_manquantes", "MC-C12"),
        ({"etude": False}, "etude_absente", "BTS-C16"),
        ({"experience_reelle": False}, "experience_reelle_absente", None),
        ({"hors_referentiel": True}, "hors_referentiel", None),
        ({"pages": 11}, "forme_non_respectee", "BTS-C15"),
        ({"faces": 5}, "forme_non_respectee", "AMB-13"),
    ],
)
def test_bts_c11_bts_c18_chaque_defaut_est_dit_seul_sous_sa_regle(
    contenu: dict[str, Any], code: str, regle: str | None
):
    assert trouves(**contenu) == [(code, regle)]


def test_bts_c11_bts_c18_a_la_borne_rien_ne_manque_et_ce_qui_n_est_pas_compte_non_plus():
    assert trouves() == []
    assert trouves(pages=None, faces=None) == []
    assert trouves(ContenuExige(), fiches=(), annexes=0, situations=(), etude=False, experience_reelle=False) == []


def test_bts_c12_sans_nombre_il_faut_une_fiche_de_chaque_nature():
    toutes = EXIGE.model_copy(update={"nombre": 0})
    assert trouves(toutes) == []
    assert trouves(toutes, fiches=("vente",)) == [("fiches_manquantes", "BTS-C12")]


# Ce qu'atteste une pièce ------------------------------------------------------------------------------------------


def test_bts_c17_une_attestation_qui_ne_dit_pas_qui_elle_concerne_se_redemande():
    anonyme = CADRE.histoire(etudiant(), attester("A1", semaines(16), candidat_identifie=False))
    rendu = donnees.jugee(anonyme)
    assert (rendu.verdict, rendu.regle, rendu.motifs) == (Verdict.INCOMPLETE, "BTS-C17", ("attestation",))
    assert len(donnees.regularisation(anonyme).manques) == 1


@pytest.mark.parametrize(
    ("nature", "categorie", "regle"),
    [
        (NaturePiece.CERTIFICAT_TRAVAIL, Categorie.EXPERIENCE, "DC-MC02"),
        (NaturePiece.CERTIFICAT_TRAVAIL, Categorie.PERFECTIONNEMENT, "MC-C08"),
    ],
)
def test_mc_c08_dc_mc02_hors_du_secteur_la_regle_citee_est_celle_du_secteur(
    nature: NaturePiece, categorie: Categorie, regle: str
):
    cadre = Cadre(session_de("MC-ACVD"))
    ouvert = ouvrir("MC-ACVD", categorie, modes={"E1": Mode.PONCTUEL})
    piece = attester("C1", semaines(30), nature=nature, activite="Couverture zinguerie")
    rendu = donnees.jugee(cadre.histoire(ouvert, piece))
    assert (rendu.verdict, rendu.regle, rendu.motifs) == (Verdict.NON_CONFORME, regle, ("secteur",))


def test_bts_c10_deux_employeurs_font_deux_attestations_un_meme_papier_depose_deux_fois_une():
    moitie, autre = semaines(8), semaines(8, date(2021, 9, 6))
    decousu = (etudiant(), dossier_e4(), dossier_e6())
    un_papier = [attester(code, moitie, autre) for code in ("A1", "A2")]
    assert CADRE.refus("E6", *decousu, *un_papier).motifs == ("attestation",)
    deux = [attester("A1", moitie, siret="12345678900011"), attester("A2", autre, siret="98765432100011")]
    CADRE.conforme("E6", *decousu, *deux)
    memes_dates = [attester(code, moitie, autre, siret=siret) for code, siret in (("A1", "1" * 14), ("A2", "2" * 14))]
    CADRE.conforme("E6", *decousu, *memes_dates)


P1, P2, P3, P4, P5 = (
    semaines(nombre, date(2021, mois, 4)) for nombre, mois in ((1, 1), (3, 2), (1, 5), (4, 7), (1, 10))
)


def test_bts_c10_a_egalite_la_plus_courte_s_ecarte_d_abord():
    attestations: dict[str, tuple[Periode, ...]] = {"A": (P1,), "B": (P1, P2, P5), "C": (P1, P3, P5), "D": (P4,)}
    assert en_nombre(attestations) == {"A", "D"}


def test_cap26_c03_admise_par_une_personne_une_piece_n_est_le_motif_de_rien():
    courte = (donnees.ouvrir(), donnees.deposer("A1", donnees.semaines(5)), donnees.juger("A1", Verdict.CONFORME))
    assert donnees.refus_de(*courte).motifs == ("duree",)


# Remplacer une pièce ----------------------------------------------------------------------------------------------


def test_une_piece_conforme_se_remplace_tant_que_rien_n_est_decide():
    longue = donnees.deposer("A1", donnees.semaines(15))
    deposee = donnees.apres(donnees.ouvrir(), donnees.deposer("A1", donnees.semaines(14)))
    deposee.when(longue).then_kinds(PieceDeposee, PieceJugee)


def test_la_meme_attestation_d_un_independant_ne_se_rejuge_pas_une_fois_scellee():
    depot = donnees.deposer("A1", contenu=donnees.attestation(signataire_est_candidat=True))
    recue = [
        one.model_copy(update={"entreprise": None}) if isinstance(one, PieceDeposee) else one
        for one in donnees.histoire(donnees.ouvrir(), depot)
    ]
    donnees.spec().given(recue).when(depot).then_nothing()


# Les délais, les durées -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nature", "session", "regle"),
    [
        (NaturePiece.ATTESTATION_EXPERIENCE, donnees.session(), "CAP26-C02"),
        (NaturePiece.PREUVE_FORMATION, donnees.session(), "CAP26-C02"),
        (NaturePiece.FICHE_PRODUIT, donnees.session(), REGLE_DATES),
        (NaturePiece.ATTESTATION_EXPERIENCE, donnees.session("CAP-OSRCL-2024", limite_attestation=None), REGLE_DATES),
        (NaturePiece.DOSSIER_E4, session_de(BTS), "BTS-C02"),
    ],
)
def test_tr_c01_chaque_piece_a_la_regle_de_son_delai(nature: NaturePiece, session: Any, regle: str):
    assert regle_delai(nature, session) == regle


@pytest.mark.parametrize(
    ("debut", "fin", "attendus"),
    [
        (date(2025, 1, 15), date(2025, 2, 14), 1 + Fraction(14, 28) - Fraction(14, 31)),
        (date(2024, 12, 15), date(2025, 2, 14), 2 + Fraction(14, 28) - Fraction(14, 31)),
        (date(2025, 3, 10), date(2025, 3, 10), Fraction(1, 31)),
    ],
)
def test_amb_42_par_mois_civils_quand_c_est_plus_favorable(debut: date, fin: date, attendus: Fraction):
    assert mois([(debut, fin)]) == attendus


def test_amb_45_la_relance_garde_le_jour_du_doute():
    assert relance(JOUR_J, CADRE.session, JOUR_J).depuis == JOUR_J


# Ce qui ne bouge pas ----------------------------------------------------------------------------------------------


def test_bts_i02_repasser_une_epreuve_ne_fait_rien_oublier_de_l_autre():
    controle = (etudiant(), dossier_e4(), dossier_e6(), STAGE, controler(), dispenser("E4"), retablir("E4"))
    dossier: Any = CADRE.apres(*controle).state
    assert dossier.dossier.suivi("E4").decision is None
    assert isinstance(dossier.dossier.suivi("E6").decision, DossierDeclareConforme)
