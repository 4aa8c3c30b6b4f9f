"""Forme, unités, parcours, voies, modes : ce que chaque diplôme ouvre à chaque statut."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.commandes.inscription import ModifierInscription
from contracts.droits import Role
from contracts.evenements.inscription import CandidatInscrit, InscriptionModifiee, PersonneReservee
from contracts.vocabulaire import Anteriorite, Categorie, Forme, Mode
from services.inscription.tests.diplomes import BTS, LYCEE, MC, PROGRESSIVE, TP, Examen
from services.inscription.tests.donnees import AUTRE, IDENTITE, NUMERO

STAGIAIRE, ETUDIANT = Categorie.FORMATION_CONTINUE, Categorie.SCOLAIRE_PUBLIC


def inscrit(examen: Examen, categorie: Categorie, parametres: dict[str, Any] | None = None, **choix: Any) -> Any:
    """Le fait d'inscription."""
    commande = examen.inscription(categorie, **choix)
    faits = examen.candidate(**(parametres or {})).when(commande).then_kinds(CandidatInscrit, PersonneReservee)
    return faits[0]


def refuse(examen: Examen, regle: str, categorie: Categorie, **choix: Any) -> None:
    examen.candidate().when(examen.inscription(categorie, **choix)).then_refused(regle)


# L'accès -----------------------------------------------------------------------------------------------------------


def test_dc_bts01_un_mineur_hors_formation_n_y_accede_pas() -> None:
    mineur = IDENTITE.model_copy(update={"naissance": date(2005, 3, 1)})
    refuse(BTS, "DC-BTS01", Categorie.INDIVIDUEL, identite=mineur)
    assert inscrit(BTS, Categorie.INDIVIDUEL, identite=mineur, formation_attestee=True).majeur is False


def test_dc_bts01_amb_21_l_experience_est_une_voie_et_sa_duree_ne_se_deduit_pas() -> None:
    assert inscrit(BTS, Categorie.EXPERIENCE).categorie is Categorie.EXPERIENCE
    controles = BTS.reglement.controles.values()
    assert not any(Categorie.EXPERIENCE in one.durees for one in controles)  # one year or three: the text decides


# La forme ----------------------------------------------------------------------------------------------------------


def test_dc_bts02_la_forme_progressive_se_choisit_avec_ses_unites() -> None:
    fait = inscrit(BTS, STAGIAIRE, **PROGRESSIVE, unites=("E3", "E1"), facultatives=("EF1",))
    assert (fait.forme, fait.unites, set(fait.modes)) == (Forme.PROGRESSIVE, ("E1", "E3"), {"E1", "E3", "EF1"})


def test_dc_bts02_un_etudiant_presente_toutes_les_unites_a_la_meme_session() -> None:
    refuse(BTS, "DC-BTS03", ETUDIANT, **PROGRESSIVE, unites=("E1",))
    refuse(BTS, "DC-BTS03", ETUDIANT, unites=("E1", "E2"))
    refuse(BTS, "DC-BTS03", STAGIAIRE, unites=("E1",))


def test_dc_bts02_nommer_toutes_les_unites_ou_aucune_c_est_tout_presenter() -> None:
    toutes = ("E1", "E2", "E3", "E4", "E5", "E6")
    assert inscrit(BTS, ETUDIANT) == inscrit(BTS, ETUDIANT, unites=toutes)
    assert inscrit(BTS, ETUDIANT).unites == ()


def test_une_unite_est_une_epreuve_obligatoire_du_reglement() -> None:
    refuse(BTS, "EPREUVE_INCONNUE", STAGIAIRE, **PROGRESSIVE, unites=("E1", "E9"))
    refuse(BTS, "BTS-I05", STAGIAIRE, **PROGRESSIVE, unites=("E1", "EF1"))


def test_un_mode_ne_se_choisit_que_pour_une_unite_presentee() -> None:
    refuse(BTS, "EPREUVE_NON_INSCRITE", STAGIAIRE, **PROGRESSIVE, unites=("E1",), modes={"E4": Mode.PONCTUEL})


def test_dc_mc03_la_mention_se_presente_en_une_fois() -> None:
    refuse(MC, "MC-I02", Categorie.INDIVIDUEL, **PROGRESSIVE, unites=("E3",))


def test_la_forme_est_de_ce_qui_ne_change_pas_sous_le_meme_numero() -> None:
    premiere = BTS.inscription(STAGIAIRE, **PROGRESSIVE, unites=("E1",))
    apres = BTS.candidate().when(premiere).events()
    etat = BTS.candidate().state
    spec = BTS.candidate()
    for fait in apres:
        etat = spec.evolve(etat, fait)
    assert spec.decide(premiere, etat) == []
    deja = type(spec)(spec.decide, spec.evolve, etat)
    deja.when(BTS.inscription(STAGIAIRE, **PROGRESSIVE, unites=("E1", "E2"))).then_refused("DEJA_INSCRIT")


def test_modifier_garde_les_unites_choisies() -> None:
    stagiaire = BTS.inscrit(STAGIAIRE, "E1", "E2", **PROGRESSIVE)
    ajoute = ModifierInscription(candidat=NUMERO, facultatives=("EF2",), **BTS.qui())
    modes = dict.fromkeys(("E1", "E2", "EF2"), Mode.PONCTUEL)
    attendu = InscriptionModifiee(candidat=NUMERO, modes=modes, facultatives=("EF2",))
    BTS.candidat(stagiaire).when(ajoute).then(attendu)


# Les facultatives --------------------------------------------------------------------------------------------------


def test_bts_i05_les_deux_facultatives_se_choisissent_a_l_inscription() -> None:
    assert inscrit(BTS, ETUDIANT, facultatives=("EF1", "EF2")).facultatives == ("EF1", "EF2")
    refuse(BTS, "BTS-I05", ETUDIANT, facultatives=("EF3",))
    refuse(MC, "MC-I02", ETUDIANT, facultatives=("EF1",), etablissement=LYCEE)


# Le contrôle en cours de formation ---------------------------------------------------------------------------------

HABILITE = {"habilites_ccf": (LYCEE,)}
CCF = {"E2": Mode.CCF, "E4": Mode.CCF, "E6": Mode.CCF}


def test_bts_i06_amb_15_le_ccf_est_reserve_aux_etablissements_habilites() -> None:
    refuse(BTS, "BTS-I06", ETUDIANT, modes={"E4": Mode.CCF}, etablissement=LYCEE)
    fait = inscrit(BTS, ETUDIANT, HABILITE, modes=CCF, etablissement=LYCEE)
    assert [code for code, mode in fait.modes.items() if mode is Mode.CCF] == ["E2", "E4", "E6"]


def test_dc_bts10_hors_contrat_distance_et_experience_passent_tout_en_ponctuel() -> None:
    for statut in (Categorie.HORS_CONTRAT, Categorie.DISTANCE, Categorie.EXPERIENCE):
        habilite = BTS.candidate(**HABILITE)
        habilite.when(BTS.inscription(statut, modes=CCF, etablissement=LYCEE)).then_refused("DC-BTS10")


def test_dc_bts10_au_moins_trois_epreuves_restent_ponctuelles() -> None:
    en_ccf = BTS.reglement.epreuves["E5"].model_copy(update={"modes": (Mode.PONCTUEL, Mode.CCF)})
    examen = BTS.sous(epreuves={**BTS.reglement.epreuves, "E5": en_ccf})
    regles = examen.reglement.inscription.model_copy(update={"regle_modes": "CAP24-I03"})
    examen = examen.sous(inscription=regles)
    quatre = examen.inscription(ETUDIANT, modes={**CCF, "E5": Mode.CCF}, etablissement=LYCEE)
    examen.candidate(**HABILITE).when(quatre).then_refused("DC-BTS10")
    reparties = {"E2": Mode.CCF, "E4": Mode.CCF, "E5": Mode.CCF, "E6": Mode.PONCTUEL}
    trois = examen.inscription(ETUDIANT, modes=reparties, etablissement=LYCEE)
    examen.candidate(**HABILITE).when(trois).then_kinds(CandidatInscrit, PersonneReservee)


def test_cl_124_mc_i02_un_individuel_ne_passe_pas_e1_en_ccf() -> None:
    choix: dict[str, Any] = {"modes": {"E1": Mode.CCF}, "etablissement": LYCEE}
    MC.candidate(**HABILITE).when(MC.inscription(Categorie.INDIVIDUEL, **choix)).then_refused("MC-I02")
    assert set(inscrit(MC, Categorie.INDIVIDUEL).modes.values()) == {Mode.PONCTUEL}


def test_mc_i02_l_eleve_d_un_etablissement_habilite_passe_e1_et_e2_en_ccf_e3_en_ponctuel() -> None:
    fait = inscrit(MC, ETUDIANT, HABILITE, etablissement=LYCEE)
    assert fait.modes == {"E1": Mode.CCF, "E2": Mode.CCF, "E3": Mode.PONCTUEL}


def test_mc_i02_ailleurs_le_meme_eleve_passe_tout_en_ponctuel() -> None:
    assert set(inscrit(MC, ETUDIANT, etablissement=LYCEE).modes.values()) == {Mode.PONCTUEL}
    refuse(MC, "MC-I02", ETUDIANT, modes={"E1": Mode.CCF}, etablissement=LYCEE)


# Les voies et les parcours du titre --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voie", "unites", "passees"),
    [
        (Categorie.PARCOURS_CONTINU, (), {"CCP1", "CCP2", "EF"}),
        (Categorie.VAE, ("CCP1", "CCP2", "EF"), {"CCP1", "CCP2", "EF"}),
        (Categorie.PARCOURS_CONTINU, ("CCP1",), {"CCP1"}),
        (Categorie.CAPITALISATION, ("CCP2",), {"CCP2"}),
        (Categorie.CAPITALISATION, ("EF",), {"EF"}),
        (Categorie.CAPITALISATION, ("EF", "CCP2"), {"CCP2", "EF"}),
        (Categorie.CAPITALISATION, ("CCP1", "EF"), {"CCP1", "EF"}),
    ],
)
def test_tp_i02_chaque_voie_a_ses_parcours(voie: Categorie, unites: tuple[str, ...], passees: set[str]) -> None:
    assert set(inscrit(TP, voie, unites=unites).modes) == passees


def test_cl_100_tp_d03_une_session_de_ccp_n_a_pas_d_entretien_final() -> None:
    refuse(TP, "TP-D03", Categorie.PARCOURS_CONTINU, unites=("CCP1", "EF"))
    refuse(TP, "TP-D03", Categorie.PARCOURS_CONTINU, unites=("CCP2", "EF"))
    refuse(TP, "TP-D03", Categorie.VAE, unites=("CCP2", "EF"))


@pytest.mark.parametrize(
    ("parcours", "regle"),
    [
        (("titre", "capitalisation"), "TP-I03"),  # aucun ne s'en approche : la règle du statut
        (("titre", "ccp1", "ccp2"), "TP-D02"),  # celui qui lui est ouvert, avant celui qui ne l'est pas
    ],
)
def test_tp_d03_le_refus_cite_le_parcours_le_plus_proche(parcours: tuple[str, ...], regle: str) -> None:
    tous = TP.reglement.parcours
    ferme = tous["ccp1"].model_copy(update={"categories": (Categorie.VAE,)})
    ouvert = tous["ccp2"].model_copy(update={"regle": "TP-D02"})
    choisis = {**tous, "ccp1": ferme, "ccp2": ouvert}
    statut = TP.reglement.categories[Categorie.PARCOURS_CONTINU].model_copy(update={"regle": "TP-I03"})
    categories = {**TP.reglement.categories, Categorie.PARCOURS_CONTINU: statut}
    examen = TP.sous(parcours={nom: choisis[nom] for nom in parcours}, categories=categories)
    refuse(examen, regle, Categorie.PARCOURS_CONTINU, unites=("CCP1", "CCP2"))


def test_tp_d03_deux_ccp_sans_entretien_ne_font_pas_une_session() -> None:
    refuse(TP, "TP-D03", Categorie.PARCOURS_CONTINU, unites=("CCP1", "CCP2"))
    refuse(TP, "TP-D03", Categorie.CAPITALISATION, unites=("CCP1", "CCP2"))


def test_cl_101_tp_d02_l_entretien_final_seul_est_de_la_capitalisation() -> None:
    refuse(TP, "TP-D02", Categorie.PARCOURS_CONTINU, unites=("EF",))
    refuse(TP, "TP-D01", Categorie.CAPITALISATION)


def test_cl_109_tp_i03_ce_titre_n_a_aucun_ccs() -> None:
    refuse(TP, "TP-I03", Categorie.CCS)
    refuse(TP, "TP-I03", Categorie.CCS, unites=("CCP1",))


def test_une_voie_d_un_autre_diplome_n_est_pas_prevue() -> None:
    refuse(BTS, "CATEGORIE_NON_PREVUE", Categorie.CAPITALISATION)


def sous_un_autre_numero(dejas: list[Any], numero: str, voie: Categorie, **choix: Any) -> Any:
    """La même personne s'inscrit encore, la même année."""
    spec = TP.candidate()
    etat = spec.state
    for fait in dejas:
        etat = spec.evolve(etat, fait)
    return type(spec)(spec.decide, spec.evolve, etat).when(TP.inscription(voie, candidat=numero, **choix))


def test_cl_101_tp_d02_le_dernier_ccp_puis_l_entretien_final_sont_de_la_meme_annee() -> None:
    voie = Categorie.CAPITALISATION
    ccp2 = TP.candidate().when(TP.inscription(voie, unites=("CCP2",))).events()
    entretien = sous_un_autre_numero(ccp2, AUTRE, voie, unites=("EF",))
    faits = entretien.then_kinds(CandidatInscrit, PersonneReservee)
    assert [one.diplome for one in (ccp2[1], faits[1])] == ["tp_crcd/ccp2", "tp_crcd/capitalisation"]


def test_cl_101_amb_56_le_dernier_ccp_et_l_entretien_ensemble_tiennent_la_place_des_deux() -> None:
    voie = Categorie.CAPITALISATION
    ensemble = TP.candidate().when(TP.inscription(voie, unites=("EF", "CCP2"))).events()
    assert ensemble[1].diplome == "tp_crcd/ccp2+capitalisation"
    for unites in (("CCP2",), ("EF",), ("CCP2", "EF"), ("CCP1", "EF")):
        sous_un_autre_numero(ensemble, AUTRE, voie, unites=unites).then_refused("AMB-56")
    ailleurs = sous_un_autre_numero(ensemble, AUTRE, voie, unites=("CCP1",))
    ailleurs.then_kinds(CandidatInscrit, PersonneReservee)


def test_amb_56_le_meme_parcours_ne_se_prend_pas_deux_fois() -> None:
    voie = Categorie.CAPITALISATION
    ccp2 = TP.candidate().when(TP.inscription(voie, unites=("CCP2",))).events()
    sous_un_autre_numero(ccp2, AUTRE, voie, unites=("CCP2",)).then_refused("AMB-56")


# La validité du titre ----------------------------------------------------------------------------------------------

ECHU = {"echeance_titre": date(2022, 3, 1), "cloture_inscriptions": date(2022, 4, 20)}


def le(jour: date) -> dict[str, Any]:
    return TP.qui(le=datetime(jour.year, jour.month, jour.day, 9, tzinfo=UTC))


def test_cl_104_dc_tp03_inscrit_trois_mois_avant_l_echeance_il_a_un_an_pour_finir() -> None:
    avant = TP.inscription(Categorie.CAPITALISATION, unites=("EF",), **le(date(2021, 12, 1)))
    TP.candidate(**ECHU).when(avant).then_kinds(CandidatInscrit, PersonneReservee)


def test_cl_104_dc_tp03_inscrit_apres_l_echeance_il_est_refuse() -> None:
    apres = TP.inscription(Categorie.CAPITALISATION, unites=("EF",), **le(date(2022, 3, 2)))
    TP.candidate(**ECHU).when(apres).then_refused("DC-TP03")
    choix: dict[str, Any] = {"unites": ("EF",), **le(date(2022, 3, 1))}
    le_jour = TP.inscription(Categorie.CAPITALISATION, **choix)
    TP.candidate(**ECHU).when(le_jour).then_kinds(CandidatInscrit, PersonneReservee)
    apres_minuit = le_jour.model_copy(update={"le": datetime(2022, 3, 1, 23, 30, tzinfo=UTC)})  # à l'heure légale
    TP.candidate(**ECHU).when(apres_minuit).then_refused("DC-TP03")
    passe = Anteriorite(premiere_inscription=date(2021, 12, 1))
    depuis = apres.model_copy(update={"anteriorite": passe})
    TP.candidate(**ECHU).when(depuis).then_kinds(CandidatInscrit, PersonneReservee)


def test_cl_104_dc_tp03_un_an_apres_l_echeance_plus_personne_ne_finit() -> None:
    commande = TP.inscription(Categorie.CAPITALISATION, unites=("EF",), **le(date(2021, 4, 1)))
    TP.candidate(echeance_titre=date(2021, 5, 8)).when(commande).then_refused("DC-TP03")
    TP.candidate(echeance_titre=date(2021, 5, 9)).when(commande).then_kinds(CandidatInscrit, PersonneReservee)


def test_dc_tp03_avant_l_echeance_rien_n_est_demande() -> None:
    commande = TP.inscription(Categorie.PARCOURS_CONTINU)
    TP.candidate(echeance_titre=date(2022, 5, 9)).when(commande).then_kinds(CandidatInscrit, PersonneReservee)


# Se représenter ----------------------------------------------------------------------------------------------------


def echoue(dernier_echec: date, **autres: Any) -> Any:
    passe = Anteriorite(dernier_echec=dernier_echec, **autres)
    return TP.candidate().when(TP.inscription(Categorie.PARCOURS_CONTINU, anteriorite=passe))


def test_cl_105_dc_tp07_onze_mois_apres_un_echec_il_se_represente_sans_formation() -> None:
    echoue(date(2021, 6, 9)).then_kinds(CandidatInscrit, PersonneReservee)
    echoue(date(2021, 5, 9)).then_kinds(CandidatInscrit, PersonneReservee)


def test_cl_105_dc_tp07_treize_mois_apres_une_formation_est_requise() -> None:
    echoue(date(2021, 4, 9)).then_refused("DC-TP07")
    echoue(date(2021, 4, 9), formation_suivie=True).then_kinds(CandidatInscrit, PersonneReservee)


@pytest.mark.parametrize("passe", [{"formation_suivie": True}, {"premiere_inscription": date(2021, 1, 4)}])
def test_un_candidat_ne_s_accorde_ni_formation_ni_anciennete(passe: dict[str, Any]) -> None:
    choix = {"anteriorite": Anteriorite(**passe), **TP.qui(Role.CANDIDAT)}
    refuse(TP, "JUSTIFICATIF_REQUIS", Categorie.PARCOURS_CONTINU, **choix)
