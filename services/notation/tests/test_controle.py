"""Les épreuves orales de contrôle : choisies après la décision du jury, notées à côté de la première note."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.notation import SaisirNoteControle
from contracts.commandes.releve import ChoisirControle
from contracts.evenements.notation import NoteControleSaisie, ResultatArrete
from contracts.evenements.releve import BeneficeReporte, BeneficeRetire, ControleChoisi
from contracts.messages import Acteur
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat
from services.notation.domain.controle import DecisionJury
from services.notation.tests.diplomes import (
    A_LA_MC,
    AU_BTS,
    AU_CONTROLE,
    apres,
    arreter,
    bts,
    conclure,
    mc,
    noter,
    resultat,
    suspecter,
)
from services.notation.tests.donnees import ALICE, APRES_JURY, CORRECTEUR, GESTIONNAIRE, SECOND, fait

NOTES = {"E1": "6", "E2": "9", "E3": "9", "E4": "11", "E6": "10"}
REPORT = "erreur de report"
CHOISI = ControleChoisi(candidat=ALICE, epreuves=("E1", "E2"), regle="DC-BTS11")


def juge(
    decision: DecisionJury | None = AU_CONTROLE, *faits: Any, dans: SessionFigee | None = None, sauf: str = ""
) -> Any:
    commandes = [one for code, note in NOTES.items() if code != sauf for one in (noter(code, note), arreter(code))]
    return apres(bts(AU_BTS, *faits, decision=decision, dans=dans), *commandes)


def choisir(*epreuves: str) -> ChoisirControle:
    return fait(ChoisirControle, epreuves=epreuves, le=APRES_JURY)


def passer(epreuve: str, note: str, **autres: Any) -> SaisirNoteControle:
    champs = {"epreuve": epreuve, "note": "ABS" if note == "ABS" else Decimal(note), "par": CORRECTEUR}
    return fait(SaisirNoteControle, **{"le": APRES_JURY, **champs, **autres})


def dit(donne: Any, epreuve: str) -> ResultatArrete:
    found = resultat(donne, epreuve)
    assert found is not None
    return found


def test_dc_bts11_le_candidat_choisit_deux_oraux_du_domaine_general_apres_le_jury() -> None:
    juge().when(choisir("E1", "E2")).then(CHOISI)


@pytest.mark.parametrize(
    "decision",
    [None, *(DecisionJury(one) for one in Decision if one is not Decision.EPREUVES_CONTROLE)],
    ids=lambda one: one.decision.value if one else "aucune",
)
def test_dc_bts11_seulement_si_la_derniere_decision_du_jury_l_y_admet(decision: DecisionJury | None) -> None:
    juge(decision).when(choisir("E1", "E2")).then_refused("DC-BTS11")


@pytest.mark.parametrize("epreuves", [("E1",), ("E1", "E2", "E3"), ("E1", "E1"), ("E1", "E4")])
def test_dc_bts11_deux_epreuves_differentes_du_domaine_general(epreuves: tuple[str, ...]) -> None:
    juge().when(choisir(*epreuves)).then_refused("DC-BTS11")


def test_dc_bts11_seules_les_epreuves_ou_il_a_une_note() -> None:
    donne = juge(sauf="E3")
    donne.when(choisir("E1", "E3")).then_refused("DC-BTS11")
    donne.when(choisir("E1", "E2")).then(CHOISI)


def conservee(epreuve: str = "E3", note: str = "8") -> BeneficeReporte:
    return BeneficeReporte(
        candidat=ALICE, epreuve=epreuve, note=Decimal(note), session_origine="2020", regle="DC-BTS14"
    )


def test_cl_069_dc_bts11_une_note_conservee_ouvre_l_oral_et_sa_note_en_garde_la_regle() -> None:
    donne = juge(AU_CONTROLE, conservee(), sauf="E3")
    donne.when(choisir("E1", "E3")).then_kinds(ControleChoisi)
    [_, redit] = (
        apres(donne, choisir("E1", "E3")).when(passer("E3", "12")).then_kinds(NoteControleSaisie, ResultatArrete)
    )
    assert (redit.epreuve, redit.etat, redit.note, redit.controle) == (
        "E3",
        EtatResultat.BENEFICE,
        Decimal(8),
        Decimal(12),
    )
    assert redit.regles == ("DC-BTS14", "DC-BTS11")


def test_dc_bts11_une_note_conservee_que_la_fraude_a_annulee_n_ouvre_pas_d_oral() -> None:
    donne = apres(juge(AU_CONTROLE, conservee(), sauf="E3"), suspecter("E3"), conclure("E3"))
    donne.when(choisir("E1", "E3")).then_refused("DC-BTS11")


def test_dc_bts11_une_note_conservee_puis_abandonnee_n_ouvre_plus_d_oral() -> None:
    abandon = BeneficeRetire(candidat=ALICE, epreuve="E3", regle="DC-BTS14")
    donne = juge(AU_CONTROLE, conservee(), abandon, sauf="E3")
    donne.when(choisir("E1", "E3")).then_refused("DC-BTS11")


def test_dc_bts11_seules_celles_que_le_jury_a_nommees() -> None:
    nommees = DecisionJury(Decision.EPREUVES_CONTROLE, ("E1", "E2"))
    juge(nommees).when(choisir("E1", "E3")).then_refused("DC-BTS11")
    juge(nommees).when(choisir("E2", "E1")).then_kinds(ControleChoisi)


def test_cl_069_dc_bts11_la_note_de_l_oral_s_ajoute_et_la_premiere_demeure() -> None:
    donne = apres(juge(), choisir("E1", "E2"))
    saisie = NoteControleSaisie(candidat=ALICE, epreuve="E1", note=Decimal(12), auteur="cor1", regle="DC-BTS11")
    [porte, redit] = donne.when(passer("E1", "12")).then_kinds(NoteControleSaisie, ResultatArrete)
    assert porte == saisie
    assert (redit.etat, redit.note, redit.controle) == (EtatResultat.NOTE, Decimal(6), Decimal(12))
    assert "DC-BTS11" in redit.regles
    fini = apres(donne, passer("E1", "12"), passer("E2", "7"))
    assert (dit(fini, "E2").note, dit(fini, "E2").controle) == (Decimal(9), Decimal(7))
    assert dit(fini, "E3").controle is None


def test_dc_bts11_absent_a_l_oral_la_premiere_note_demeure() -> None:
    donne = apres(juge(), choisir("E1", "E2"))
    [porte] = donne.when(passer("E1", "ABS")).then_kinds(NoteControleSaisie)
    assert porte.note is None
    assert dit(apres(donne, passer("E1", "ABS")), "E1").controle is None


def test_dc_bts11_on_ne_note_que_les_oraux_choisis() -> None:
    apres(juge(), choisir("E1", "E2")).when(passer("E3", "12")).then_refused("DC-BTS11")
    juge().when(passer("E1", "12")).then_refused("DC-BTS11")


def test_dc_bts11_le_choix_change_tant_qu_aucun_oral_n_est_note() -> None:
    donne = apres(juge(), choisir("E1", "E2"))
    donne.when(choisir("E2", "E1")).then_nothing()
    donne.when(choisir("E1", "E3")).then_kinds(ControleChoisi)
    apres(donne, passer("E1", "12")).when(choisir("E1", "E3")).then_refused("DC-BTS11")


def test_dc_bts11_une_note_d_oral_se_corrige_par_son_auteur_ou_le_service() -> None:
    donne = apres(juge(), choisir("E1", "E2"), passer("E1", "12"))
    donne.when(passer("E1", "13", par=SECOND, motif=REPORT)).then_refused("NOTE_DEJA_SAISIE")
    assert dit(apres(donne, passer("E1", "13", motif=REPORT)), "E1").controle == Decimal(13)
    assert dit(apres(donne, passer("E1", "ABS", motif=REPORT)), "E1").controle is None
    par_le_service = passer("E1", "13", par=GESTIONNAIRE, motif=REPORT)
    [corrige, _] = donne.when(par_le_service).then_kinds(NoteControleSaisie, ResultatArrete)
    assert corrige == NoteControleSaisie(
        candidat=ALICE,
        epreuve="E1",
        note=Decimal(13),
        auteur="ges1",
        regle="DC-REC01",
        avant=Decimal(12),
        motif=REPORT,
    )


@pytest.mark.parametrize("note", ["13", "ABS"])
@pytest.mark.parametrize("par", [CORRECTEUR, GESTIONNAIRE], ids=lambda one: one.role)
def test_dc_rec01_une_note_d_oral_ne_change_pas_sans_motif(par: Acteur, note: str) -> None:
    donne = apres(juge(), choisir("E1", "E2"), passer("E1", "12"))
    donne.when(passer("E1", note, par=par)).then_refused("DC-REC01")
    donne.when(passer("E1", "12", par=par)).then_nothing()


def test_dc_rec01_l_absent_a_l_oral_porte_a_tort_se_corrige_avec_un_motif() -> None:
    donne = apres(juge(), choisir("E1", "E2"), passer("E1", "ABS"))
    donne.when(passer("E1", "12")).then_refused("DC-REC01")
    [corrige, _] = donne.when(passer("E1", "12", motif=REPORT)).then_kinds(NoteControleSaisie, ResultatArrete)
    assert (corrige.avant, corrige.note, corrige.motif) == (None, Decimal(12), REPORT)


def test_dc_bts11_un_motif_sur_une_premiere_saisie_ne_dit_rien() -> None:
    [porte, _] = (
        apres(juge(), choisir("E1", "E2"))
        .when(passer("E1", "12", motif=REPORT))
        .then_kinds(NoteControleSaisie, ResultatArrete)
    )
    assert (porte.motif, porte.avant, porte.regle) == (None, None, "DC-BTS11")


@pytest.mark.parametrize("note", ["20.5", "12.25"])
def test_dc_bts11_l_oral_se_note_comme_l_epreuve(note: str) -> None:
    apres(juge(), choisir("E1", "E2")).when(passer("E1", note)).then_refused("AMB-37")


def test_dc_bts11_pas_de_controle_la_ou_le_reglement_n_en_a_pas() -> None:
    mc(A_LA_MC).when(choisir("E3")).then_refused("CONTROLE_SANS_OBJET")
