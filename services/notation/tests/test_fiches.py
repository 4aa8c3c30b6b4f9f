"""La fiche-sujet d'E4 : une par candidat, tirée d'une de ses deux activités, écrite avant l'épreuve (BTS-N05)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commandes.releve import EtablirFicheSujet
from contracts.droits import check_rights
from contracts.evenements.releve import FicheSujetEtablie
from contracts.messages import Acteur, Refus
from contracts.vocabulaire import Categorie, Mode
from services.notation.tests.diplomes import (
    A_LA_MC,
    AU_BTS,
    BTS,
    absence,
    apres,
    bts,
    mc,
    non_valide,
    noter,
    releve,
)
from services.notation.tests.donnees import ALICE, CORRECTEUR, SECOND, fait

EN_CCF = releve(BTS, Categorie.SCOLAIRE_PUBLIC, {"E4": Mode.CCF})


def etablir(activite: str = "negociation_vente", fiche: str = "FS-017", **autres: Any) -> EtablirFicheSujet:
    champs = {"epreuve": "E4", "activite": activite, "fiche": fiche, "lot": "L1", "par": CORRECTEUR}
    return fait(EtablirFicheSujet, **champs | autres)


def etablie(activite: str = "negociation_vente", fiche: str = "FS-017", auteur: str = "cor1") -> FicheSujetEtablie:
    return FicheSujetEtablie(
        candidat=ALICE, epreuve="E4", activite=activite, fiche=fiche, auteur=auteur, regle="BTS-N05"
    )


@pytest.mark.parametrize("activite", ["negociation_vente", "evenement_commercial"])
def test_bts_n05_la_fiche_est_tiree_d_une_des_deux_activites_du_dossier(activite: str) -> None:
    bts(AU_BTS).when(etablir(activite)).then(etablie(activite))


def test_bts_n05_aucune_autre_activite() -> None:
    bts(AU_BTS).when(etablir("animation_reseau")).then_refused("BTS-N05")


def test_bts_n05_la_commission_en_change_tant_que_le_candidat_n_a_pas_compose() -> None:
    donne = apres(bts(AU_BTS), etablir())
    donne.when(etablir(par=SECOND)).then_nothing()
    donne.when(etablir("evenement_commercial", "FS-018", par=SECOND)).then(
        etablie("evenement_commercial", "FS-018", "cor2")
    )


@pytest.mark.parametrize("passee", [noter("E4", "12"), absence("E4")], ids=["notée", "absent"])
def test_bts_n05_elle_s_ecrit_avant_l_epreuve(passee: Any) -> None:
    apres(bts(AU_BTS), passee).when(etablir()).then_refused("BTS-N05")
    donne = apres(bts(AU_BTS), etablir(), passee)
    donne.when(etablir("evenement_commercial")).then_refused("BTS-N05")
    donne.when(etablir()).then_nothing()


def test_bts_n05_en_forme_ponctuelle_d_e4_seulement() -> None:
    bts(EN_CCF).when(etablir()).then_refused("FICHE_SANS_OBJET")
    bts(AU_BTS).when(etablir(epreuve="E6")).then_refused("FICHE_SANS_OBJET")
    mc(A_LA_MC).when(etablir(epreuve="E1")).then_refused("FICHE_SANS_OBJET")


def test_bts_n05_bts_c03_pas_de_fiche_pour_un_dossier_non_conforme() -> None:
    apres(bts(AU_BTS), non_valide("E4")).when(etablir()).then_refused("BTS-C03")


def test_bts_n05_qui_evalue_ecrit_celles_de_son_lot() -> None:
    check_rights(etablir(), "normandie")
    ailleurs = Acteur(id="cor9", role="correcteur", academie="normandie", portee=("lot:L9",))
    with pytest.raises(Refus, match="DROIT_PORTEE"):
        check_rights(etablir(par=ailleurs), "normandie")
