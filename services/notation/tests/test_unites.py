"""Ce que le candidat présente, ce dont il est dispensé, ce qui n'a pas lieu."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.commandes.notation import ConstaterSupportAbsent, SaisirNote
from contracts.commandes.releve import DispenserEpreuve, OuvrirReleve
from contracts.evenements.notation import EpreuveNonTenue
from contracts.evenements.releve import BeneficeReporte, EpreuveDispensee, ReleveOuvert
from contracts.vocabulaire import Categorie, EtatResultat, Fondement, Mode
from services.notation.tests.diplomes import (
    BTS,
    absence,
    apres,
    arreter,
    bts,
    noter,
    releve,
    resultat,
    suspecter,
)
from services.notation.tests.donnees import ALICE, REGLEMENT, etant_donne, fait

ENGAGE = releve(BTS, Categorie.SCOLAIRE_PUBLIC, facultatives=("EF2",))
SANS_FICHE = fait(ConstaterSupportAbsent, epreuve="EF2", regle="")
NON_TENUE = EpreuveNonTenue(candidat=ALICE, epreuve="EF2", regle="BTS-C21")
PROGRESSIF = releve(BTS, Categorie.FORMATION_CONTINUE, unites=("E1", "E4"))

# La facultative sans son document ----------------------------------------------------------------------------------


def test_cl_089_bts_c21_sans_fiche_l_engagement_n_a_pas_lieu() -> None:
    [fait_dit, dit] = bts(ENGAGE).when(SANS_FICHE).events()
    assert fait_dit == NON_TENUE
    assert (dit.etat, dit.note, dit.regle) == (EtatResultat.NON_TENUE, None, "BTS-C21")
    donne = bts(ENGAGE, fait_dit, dit)
    donne.when(SANS_FICHE).then_nothing()
    donne.when(noter("EF2", "15")).then_refused("BTS-C21")
    donne.when(absence("EF2")).then_refused("BTS-C21")
    donne.when(suspecter("EF2")).then_refused("BTS-C21")


def test_cl_089_avant_ou_apres_la_note_elle_n_a_pas_lieu() -> None:
    avant = apres(bts(ENGAGE), SANS_FICHE, arreter("EF2"))
    apres_note = apres(bts(ENGAGE), noter("EF2", "15"), SANS_FICHE, arreter("EF2"))
    assert resultat(avant, "EF2") == resultat(apres_note, "EF2")


def test_cl_089_sans_inscription_a_la_facultative_rien_ne_se_dit() -> None:
    bts(releve(BTS, Categorie.SCOLAIRE_PUBLIC)).when(SANS_FICHE).then(NON_TENUE)


def test_bts_n12_une_facultative_choisie_se_note_comme_une_autre() -> None:
    lv2 = releve(BTS, Categorie.SCOLAIRE_PUBLIC, facultatives=("EF1",))
    found = resultat(apres(bts(lv2), noter("EF1", "14"), arreter("EF1")), "EF1")
    assert found is not None
    assert (found.note, "BTS-N12" in found.regles) == (Decimal(14), True)
    bts(ENGAGE).when(noter("EF1", "14")).then_refused("EPREUVE_NON_INSCRITE")


# Les unités présentées ---------------------------------------------------------------------------------------------


def test_dc_bts02_en_forme_progressive_seules_les_unites_presentees_sont_dues() -> None:
    bts(PROGRESSIF).when(noter("E2", "12")).then_refused("EPREUVE_NON_INSCRITE")
    bts(PROGRESSIF).when(absence("E2")).then_refused("EPREUVE_NON_INSCRITE")
    bts(PROGRESSIF).when(arreter("E2")).then_refused("EPREUVE_NON_INSCRITE")
    assert bts(PROGRESSIF).when(noter("E1", "12")).events()


def test_dc_bts02_l_ouverture_reprend_les_unites() -> None:
    ouvrir = fait(OuvrirReleve, categorie=Categorie.FORMATION_CONTINUE, reglement=BTS, modes={}, unites=("E1", "E4"))
    bts().when(ouvrir).then(PROGRESSIF)


def test_dc_cap06_au_cap_une_unite_non_presentee_n_attend_rien() -> None:
    progressif = ReleveOuvert(
        candidat=ALICE,
        categorie=Categorie.INDIVIDUEL,
        reglement=REGLEMENT,
        modes={"UG1": Mode.PONCTUEL},
        unites=("UG1",),
    )
    etant_donne(progressif).when(fait(SaisirNote, epreuve="EP2", note=Decimal(12))).then_refused("EPREUVE_NON_INSCRITE")
    ouvrir = fait(
        OuvrirReleve, categorie=Categorie.INDIVIDUEL, reglement=REGLEMENT, modes=progressif.modes, unites=("UG1",)
    )
    etant_donne().when(ouvrir).then(progressif)  # sans EP3, pas de conduite « non organisée »


def test_dc_bts03_une_note_conservee_compte_meme_pour_une_unite_qu_il_ne_presente_pas() -> None:
    onze = BeneficeReporte(candidat=ALICE, epreuve="E2", note=Decimal(11), session_origine="2021", regle="DC-BTS14")
    found = resultat(apres(bts(PROGRESSIF, onze), arreter("E2")), "E2")
    assert found is not None
    assert (found.etat, found.note) == (EtatResultat.BENEFICE, Decimal(11))


# Les dispenses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fondement", "etat"), [("vae", "vae"), ("titre", "dispense")])
def test_dc_bts06_une_dispense_dit_si_elle_vient_de_l_experience(fondement: str, etat: str) -> None:
    commande = fait(DispenserEpreuve, epreuve="E1", regle="BTS-I03", fondement=Fondement(fondement))
    [dispensee, dit] = bts(releve(BTS, Categorie.EXPERIENCE)).when(commande).events()
    assert dispensee == EpreuveDispensee(candidat=ALICE, epreuve="E1", regle="BTS-I03", fondement=Fondement(fondement))
    assert (dit.etat, dit.note) == (EtatResultat(etat), None)
