"""Les pièces du titre professionnel selon la voie, qui ouvrent ou ferment tout l'examen (TP-C01)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, VerificationConclue
from contracts.vocabulaire import Categorie, NaturePiece, Verdict
from services.conformite.domain.etats import Autorise, NonAutorise
from services.conformite.tests.donnees import clause, juger
from services.conformite.tests.donnees_controles import (
    APRES,
    AVANT,
    LENDEMAIN,
    Cadre,
    conclure,
    controler,
    deposer,
    douter,
    ouvrir,
    session_de,
)

TP = "TP-CRCD-2021"
CADRE = Cadre(session_de(TP))
DP = deposer("D1", NaturePiece.DOSSIER_PROFESSIONNEL)
ECF = deposer("D2", NaturePiece.EVALUATIONS_FORMATION)
LIVRET = deposer("D3", NaturePiece.LIVRET_CERTIFICATION)
VAE, PARCOURS, CAPITALISATION = (
    ouvrir(TP, une) for une in (Categorie.VAE, Categorie.PARCOURS_CONTINU, Categorie.CAPITALISATION)
)


@pytest.mark.parametrize(("inscrit", "pieces"), [(PARCOURS, (DP, ECF)), (VAE, (DP,)), (CAPITALISATION, (LIVRET,))])
def test_tp_c01_a_chaque_voie_ses_pieces(inscrit: Any, pieces: tuple[Any, ...]):
    ouvert = CADRE.histoire(inscrit)[0]
    assert ouvert.attendus == tuple(une.nature.value for une in pieces)  # type: ignore[union-attr]
    [event] = CADRE.apres(inscrit, *pieces).when(controler(AVANT)).then_kinds(DossierDeclareConforme)
    assert (event.regle, event.epreuves, event.duree_retenue) == ("TP-C01", (), "")
    assert isinstance(CADRE.apres(inscrit, *pieces, controler()).state, Autorise)


def test_cl_098_tp_c01_un_candidat_vae_sans_ecf_est_recevable():
    CADRE.conforme("examen", VAE, DP)


def test_tp_c01_un_parcours_continu_sans_ecf_ne_l_est_pas():
    assert CADRE.refus("examen", PARCOURS, DP).motifs == ("depot",)


def test_cl_099_tp_c01_dp_absent_session_impossible_jamais_un_zero():
    [event] = CADRE.apres(VAE).when(controler()).then_kinds(DossierDeclareNonConforme)
    assert (event.regle, event.effet, event.epreuves, event.motifs) == ("TP-C01", "non_autorise", (), ("depot",))
    assert "ni noté zéro" in [une.texte for une in event.explication][-1]
    assert isinstance(CADRE.apres(VAE, controler()).state, NonAutorise)


def test_cl_099_on_attend_la_date_de_remise_pour_refuser():
    CADRE.apres(VAE).when(controler(AVANT)).then_refused("TP-C01")
    assert CADRE.refus("examen", VAE, deposer("D1", NaturePiece.DOSSIER_PROFESSIONNEL, depose_le=LENDEMAIN)).motifs == (
        "delai",
    )


def test_tp_c01_une_personne_peut_renverser_la_decision():
    tardif = deposer("D1", NaturePiece.DOSSIER_PROFESSIONNEL, depose_le=LENDEMAIN)
    admis = juger("D1", Verdict.CONFORME, "retard de la plateforme", le=APRES)
    CADRE.apres(VAE, tardif, controler(), admis).when(controler()).then_kinds(DossierDeclareConforme)


def test_tr_c02_un_doute_sur_le_dossier_entier_suit_la_regle_commune():
    avant = (VAE, DP, controler(), douter(None))
    CADRE.apres(*avant).when(controler()).then_refused("TR-C02")
    _, refuse = (
        CADRE.apres(*avant).when(conclure(False, None)).then_kinds(VerificationConclue, DossierDeclareNonConforme)
    )
    assert (refuse.regle, refuse.motifs, refuse.epreuves) == ("TP-C01", ("piece",), ())
    assert "vérification : entreprise jointe" in clause(refuse.explication, "TP-C01").faits


def test_une_piece_acceptee_ne_se_remplace_plus():
    CADRE.apres(VAE, DP, controler()).when(DP.model_copy(update={"empreinte": "0" * 64})).then_refused("PIECE_ACCEPTEE")
