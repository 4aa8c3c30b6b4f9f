"""Dispenses, notes conservées, aménagements."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import (
    AbandonnerBenefice,
    AccorderAmenagement,
    AccorderBenefice,
    AccorderDispense,
)
from contracts.evenements.inscription import (
    AmenagementAccorde,
    BeneficeAbandonne,
    BeneficeAccorde,
    DispenseAccordee,
)
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie
from services.inscription.domain import candidature
from services.inscription.tests.donnees import (
    LYCEE,
    NUMERO,
    PARAMETRES,
    PERMIS,
    QUI,
    R2026,
    S2026,
    inscrit,
    modes,
)
from services.socle.spec import Given, Spec

BAC = "titulaire d'un baccalauréat professionnel"


def candidat(*history: Any, session: SessionFigee = S2026) -> Given[Any]:
    return Spec(partial(candidature.decide, session=session), candidature.evolve, candidature.initial).given(*history)


def dispenser(epreuve: str, situation: str | None = None) -> AccorderDispense:
    return AccorderDispense(candidat=NUMERO, epreuve=epreuve, situation=situation, motif=BAC, **QUI)


def dispense(epreuve: str) -> DispenseAccordee:
    return DispenseAccordee(candidat=NUMERO, epreuve=epreuve, regle="DC-CAP20", motif=BAC)


def garder(epreuve: str, note: str = "11", session: str = "2024", autre: bool = False) -> AccorderBenefice:
    champs = {"epreuve": epreuve, "note": Decimal(note), "session_origine": session, "autre_specialite": autre}
    return AccorderBenefice(candidat=NUMERO, **champs, **QUI)


def garde(epreuve: str, note: str = "11", session: str = "2024", regle: str = "DC-CAP18") -> BeneficeAccorde:
    return BeneficeAccorde(candidat=NUMERO, epreuve=epreuve, note=Decimal(note), session_origine=session, regle=regle)


def abandonner(epreuve: str) -> AbandonnerBenefice:
    return AbandonnerBenefice(candidat=NUMERO, epreuve=epreuve, **QUI)


def amenager(*epreuves: str, nature: str = "tiers-temps") -> AccorderAmenagement:
    return AccorderAmenagement(candidat=NUMERO, nature=nature, epreuves=epreuves, **QUI)


# Dispenses ---------------------------------------------------------------------------------------------------------


def test_dc_cap20_un_titre_dispense_d_une_unite() -> None:
    candidat(inscrit()).when(dispenser("UG1")).then(dispense("UG1"))


def test_dc_cap20_un_titre_peut_dispenser_de_toutes_les_unites() -> None:
    toutes = [code for code, epreuve in R2026.epreuves.items() if epreuve.obligatoire]
    autres = [dispense(code) for code in toutes[1:]]
    candidat(inscrit(), autres).when(dispenser(toutes[0])).then(dispense(toutes[0]))


@pytest.mark.parametrize(
    "statut",
    [Categorie.SCOLAIRE_PUBLIC, Categorie.SCOLAIRE_PRIVE, Categorie.HORS_CONTRAT, Categorie.APPRENTI],
)
def test_dc_cap20_ni_scolaire_ni_apprenti_n_est_dispense_d_eps(statut: Categorie) -> None:
    candidat(inscrit(statut, etablissement=LYCEE)).when(dispenser("UG3")).then_refused("DC-CAP20")


def test_dc_cap20_un_individuel_peut_etre_dispense_d_eps() -> None:
    candidat(inscrit()).when(dispenser("UG3")).then(dispense("UG3"))


def test_dc_cap20_une_epreuve_sans_dispense_l_est_pour_tous() -> None:
    jamais = R2026.epreuves["UG4"].model_copy(update={"dispensable": False})
    reglement = R2026.model_copy(update={"epreuves": {**R2026.epreuves, "UG4": jamais}})
    session = SessionFigee("normandie", reglement, PARAMETRES)
    candidat(inscrit(), session=session).when(dispenser("UG4")).then_refused("DC-CAP20")


def test_dc_cap20_une_facultative_se_quitte_on_n_en_dispense_pas() -> None:
    facultative = inscrit(modes={**modes(), "UF1": "ponctuel"}, facultatives=("UF1",))
    candidat(facultative).when(dispenser("UF1")).then_refused("DC-CAP20")


@pytest.mark.parametrize(("epreuve", "situation"), [("EP3", "S2"), ("EP1", "S1"), ("EP3", "S9")])
def test_dc_cap20_la_dispense_porte_sur_l_unite_entiere(epreuve: str, situation: str) -> None:
    candidat(inscrit()).when(dispenser(epreuve, situation)).then_refused("DC-CAP20")


def test_cap24_i04_le_permis_obtenu_apres_l_inscription_dispense_de_la_conduite() -> None:
    commande = AccorderDispense(candidat=NUMERO, epreuve="EP3", situation="S1", motif=PERMIS.motif, **QUI)
    candidat(inscrit()).when(commande).then(PERMIS)
    candidat(inscrit(), dispense("EP3")).when(commande).then_nothing()


def test_une_epreuve_gardee_ne_se_dispense_pas_ni_l_inverse() -> None:
    candidat(inscrit(), garde("UG1")).when(dispenser("UG1")).then_refused("BENEFICE_EN_COURS")
    candidat(inscrit(), dispense("UG1")).when(garder("UG1")).then_refused("EPREUVE_DISPENSEE")


def test_une_epreuve_inconnue_ou_non_choisie_ne_se_dispense_pas() -> None:
    candidat(inscrit()).when(dispenser("EP9")).then_refused("EPREUVE_INCONNUE")
    candidat(inscrit()).when(dispenser("UF1")).then_refused("EPREUVE_NON_INSCRITE")


# Notes conservées --------------------------------------------------------------------------------------------------


def test_cl_058_dc_cap18_une_note_de_six_ans_est_hors_delai() -> None:
    candidat(inscrit()).when(garder("EP1", session="2020")).then_refused("DC-CAP18")


def test_dc_cap18_une_note_de_cinq_ans_se_garde_sans_seuil() -> None:
    candidat(inscrit()).when(garder("EP1", "6.5", "2021")).then(garde("EP1", "6.5", "2021"))


@pytest.mark.parametrize("session", ["2026", "2027"])
def test_dc_cap18_la_note_vient_d_une_session_passee(session: str) -> None:
    candidat(inscrit()).when(garder("EP1", session=session)).then_refused("DC-CAP18")


def test_dc_cap18_un_reglement_peut_fixer_un_seuil() -> None:
    conservation = R2026.conservation.model_copy(update={"seuil": Decimal(10)})
    session = SessionFigee("normandie", R2026.model_copy(update={"conservation": conservation}), PARAMETRES)
    candidat(inscrit(), session=session).when(garder("EP1", "9.5")).then_refused("DC-CAP18")
    candidat(inscrit(), session=session).when(garder("EP1", "10")).then(garde("EP1", "10"))


@pytest.mark.parametrize("note", ["0", "20"])
def test_dc_cap11_les_bornes_du_bareme_se_gardent(note: str) -> None:
    candidat(inscrit()).when(garder("UG1", note)).then(garde("UG1", note))


@pytest.mark.parametrize("note", ["20.5", "12.25"])
def test_dc_cap11_une_note_conservee_est_de_0_a_20_par_demi_points(note: str) -> None:
    candidat(inscrit()).when(garder("UG1", note)).then_refused("DC-CAP11")


def test_cl_060_dc_cap19_d_une_autre_specialite_seules_les_generales_se_gardent() -> None:
    candidat(inscrit()).when(garder("EP1", autre=True)).then_refused("DC-CAP19")
    candidat(inscrit()).when(garder("UG1", autre=True)).then(garde("UG1", regle="DC-CAP19"))


def test_on_ne_garde_la_note_que_d_une_epreuve_qu_on_a() -> None:
    candidat(inscrit()).when(garder("EP9")).then_refused("EPREUVE_INCONNUE")
    candidat(inscrit()).when(garder("UF1")).then_refused("EPREUVE_NON_INSCRITE")


def test_une_seule_note_se_garde_par_epreuve() -> None:
    candidat(inscrit(), garde("UG1")).when(garder("UG1", "12")).then_refused("BENEFICE_DEJA_ACCORDE")


def test_cl_059_dc_cap18_qui_repasse_l_epreuve_ne_garde_plus_sa_note() -> None:
    abandonne = BeneficeAbandonne(candidat=NUMERO, epreuve="UG1", regle="DC-CAP18")
    candidat(inscrit(), garde("UG1")).when(abandonner("UG1")).then(abandonne)
    candidat(inscrit(), garde("UG1"), abandonne).when(garder("UG1")).then_refused("DC-CAP18")


def test_rien_a_abandonner_sans_note_conservee() -> None:
    candidat(inscrit()).when(abandonner("UG1")).then_refused("BENEFICE_ABSENT")


# Aménagements ------------------------------------------------------------------------------------------------------


def test_dc_han01_un_amenagement_vaut_pour_les_epreuves_qu_il_nomme() -> None:
    accorde = AmenagementAccorde(candidat=NUMERO, nature="tiers-temps", epreuves=("UG1", "UG2"), regle="DC-HAN01")
    candidat(inscrit()).when(amenager("UG1", "UG2", "UG1")).then(accorde)
    pour_toutes = AmenagementAccorde(candidat=NUMERO, nature="tiers-temps", regle="DC-HAN01")
    candidat(inscrit(), accorde).when(amenager()).then(pour_toutes)


def test_dc_han01_le_motif_medical_n_a_pas_de_place_dans_l_amenagement() -> None:
    assert set(AmenagementAccorde.model_fields) == {"candidat", "nature", "epreuves", "regle"}


def test_un_amenagement_porte_sur_les_epreuves_du_candidat() -> None:
    candidat(inscrit()).when(amenager("UF1")).then_refused("EPREUVE_NON_INSCRITE")
    candidat(inscrit()).when(amenager("EP9")).then_refused("EPREUVE_INCONNUE")
