"""Un fichier de notes devient les lignes d'un bordereau."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.commandes.bordereau import DeposerBordereau, LigneBordereau
from contracts.messages import Refus
from services.notation.domain.fichier_bordereau import LIGNES_MAX, Erreur, exiger, lire

ENTETE = ["candidat", "note"]


def codes(*rangees: list[str]) -> list[tuple[int, str, str]]:
    return [(one.ligne, one.colonne, one.code) for one in lire(rangees).erreurs]


def test_une_note_s_ecrit_avec_virgule_ou_point_et_un_absent_abs() -> None:
    rangees = [ENTETE, ["N2600001", "12,5"], ["N2600002", "12.5"], ["N2600003", "abs"], ["N2600004", "9"]]
    lecture = lire(rangees)
    assert not lecture.erreurs
    assert lecture.lignes == (
        LigneBordereau(candidat="N2600001", note=Decimal("12.5")),
        LigneBordereau(candidat="N2600002", note=Decimal("12.5")),
        LigneBordereau(candidat="N2600003", note="ABS"),
        LigneBordereau(candidat="N2600004", note=Decimal(9)),
    )


def test_l_ordre_des_colonnes_les_autres_colonnes_et_les_lignes_vides_ne_genent_pas() -> None:
    rangees = [["\ufeffNote ", "observations", "Candidat"], ["", "", ""], ["11", "rien", " n2600001 "], []]
    assert lire(rangees).lignes == (LigneBordereau(candidat="N2600001", note=Decimal(11)),)


@pytest.mark.parametrize("rangees", [[], [[]], [["", " "]]])
def test_un_fichier_vide_est_refuse(rangees: list[list[str]]) -> None:
    assert codes(*rangees) == [(1, "", "FICHIER_VIDE")]


def test_un_entete_sans_ligne_est_refuse() -> None:
    assert codes(ENTETE) == [(1, "", "FICHIER_VIDE")]


def test_les_colonnes_sont_nommees_une_fois() -> None:
    assert codes(["numero", "note"], ["N2600001", "12"]) == [(1, "candidat", "COLONNE_ABSENTE")]
    assert codes(["a", "b"]) == [(1, "candidat", "COLONNE_ABSENTE"), (1, "note", "COLONNE_ABSENTE")]
    assert codes(["candidat", "note", "Note"], ["N2600001", "12", "13"]) == [(1, "note", "COLONNE_EN_DOUBLE")]


@pytest.mark.parametrize("note", ["douze", "12,555", "-3", "1e1", "12,", ",5", "NaN", "١٢", "120"])
def test_une_note_illisible_est_dite_avec_sa_ligne(note: str) -> None:
    assert codes(ENTETE, ["N2600001", "12"], ["N2600002", note]) == [(3, "note", "NOTE_ILLISIBLE")]


def test_toutes_les_fautes_sont_dites_ensemble_et_rien_n_est_retenu() -> None:
    lecture = lire([ENTETE, ["", ""], ["N2600001", ""], ["", "12"], ["N 1", "x"], ["N2600001", "13"]])
    assert [(one.ligne, one.colonne, one.code) for one in lecture.erreurs] == [
        (3, "note", "NOTE_VIDE"),
        (4, "candidat", "CANDIDAT_VIDE"),
        (5, "candidat", "CANDIDAT_MALFORME"),
        (5, "note", "NOTE_ILLISIBLE"),
        (6, "candidat", "CANDIDAT_EN_DOUBLE"),
    ]
    assert lecture.lignes == ()


def test_une_ligne_trop_courte_manque_de_note() -> None:
    assert codes(ENTETE, ["N2600001"]) == [(2, "note", "NOTE_VIDE")]


def test_un_depot_a_un_nombre_de_lignes_borne() -> None:
    rangees = [ENTETE, *([f"N26{n:05}", "12"] for n in range(LIGNES_MAX + 1))]
    assert codes(*rangees) == [(LIGNES_MAX + 2, "", "LIGNES_EN_TROP")]
    assert len(lire(rangees[:-1]).lignes) == LIGNES_MAX
    bornes = [one.max_length for one in DeposerBordereau.model_fields["lignes"].metadata if hasattr(one, "max_length")]
    assert bornes == [LIGNES_MAX]


def test_exiger_rend_les_lignes_ou_refuse_avec_toutes_les_erreurs() -> None:
    assert len(exiger([ENTETE, ["N2600001", "12"]])) == 1
    with pytest.raises(Refus) as refus:
        exiger([ENTETE, ["N2600001", "x"]])
    assert refus.value.regle == "FICHIER_REFUSE"
    assert refus.value.donnees["erreurs"] == (Erreur(2, "note", "NOTE_ILLISIBLE", "écrivez 12, 12,5 ou ABS"),)
    assert "ligne 2" in refus.value.detail
