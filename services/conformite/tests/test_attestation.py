"""Une attestation : ses champs, son secteur, son délai, son signataire."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    MotifNonConformite,
    PieceDeposee,
    PieceJugee,
    RegularisationDemandee,
)
from contracts.messages import Acteur
from contracts.vocabulaire import Attestation, NaturePiece, Verdict
from services.conformite.domain.attestation import du_secteur
from services.conformite.tests.donnees import (
    AVRIL,
    DECEMBRE,
    LIMITE,
    NOVEMBRE,
    PARIS,
    apres,
    attestation,
    clause,
    controler,
    deposer,
    du_au,
    entreprise,
    experience,
    jugee,
    juger,
    ouvrir,
    refus_de,
    regularisation,
    semaines,
    session,
    spec,
)

REUNION = ZoneInfo("Indian/Reunion")


def deposee(contenu: Attestation | None = None, **autrement: Any) -> list[Any]:
    """What the deposit of this attestation gives, in an open dossier."""
    return apres(ouvrir()).when(deposer(contenu=contenu or attestation(), **autrement)).events()


# Champs -----------------------------------------------------------------------------------------------------------


def test_cap26_c05_une_attestation_complete_est_conforme():
    assert jugee(deposee()).verdict is Verdict.CONFORME
    apres(ouvrir()).when(deposer(contenu=attestation())).then_kinds(PieceDeposee, PieceJugee)


def test_cl_020_siret_absent_piece_incomplete_et_redemandee_avant_la_date_limite():
    contenu = attestation(entreprise=entreprise(siret=""))
    events = apres(ouvrir()).when(deposer(contenu=contenu)).then_kinds(PieceDeposee, PieceJugee, RegularisationDemandee)
    verdict, demande = events[1], events[2]
    assert (verdict.verdict, verdict.regle, verdict.motifs) == (Verdict.INCOMPLETE, "CAP26-C05", ("piece",))
    assert demande.manques == ("numéro de SIRET (14 chiffres)",)
    assert demande.avant == session().fin_du_jour(date(2025, 11, 28))


@pytest.mark.parametrize("champ", ["type", "denomination", "adresse", "code_postal", "ville", "activite", "siret"])
def test_cap26_c05_chaque_champ_de_l_entreprise_est_obligatoire(champ: str):
    verdict = jugee(deposee(attestation(entreprise=entreprise(**{champ: "  "}))))
    assert (verdict.verdict, verdict.regle) == (Verdict.INCOMPLETE, "CAP26-C05")


@pytest.mark.parametrize(("siret", "attendu"), [("123 456 789 00011", "conforme"), ("1234567890001", "incomplete")])
def test_cap26_c05_un_siret_a_quatorze_chiffres(siret: str, attendu: str):
    assert jugee(deposee(attestation(entreprise=entreprise(siret=siret)))).verdict == attendu


def test_cap26_c04_un_candidat_non_identifie_rend_la_piece_incomplete():
    events = deposee(attestation(candidat_identifie=False))
    assert (jugee(events).verdict, jugee(events).regle) == (Verdict.INCOMPLETE, "CAP26-C04")
    assert regularisation(events).manques == ("identité et adresse du candidat",)


def test_cl_025_signature_sans_cachet_piece_incomplete_et_redemandee():
    events = deposee(attestation(cachet=False, signature=True))
    assert (jugee(events).verdict, jugee(events).motifs) == (Verdict.INCOMPLETE, ("signature",))
    assert (regularisation(events).regle, regularisation(events).manques) == (
        "CAP26-C06",
        ("cachet de l'entreprise",),
    )


@pytest.mark.parametrize(
    "champs",
    [
        {"signataire_nomme": False},
        {"signataire_fonction": ""},
        {"sur_honneur": False},
        {"fait_a": " "},
        {"fait_le": None},
        {"cachet": False},
        {"signature": False},
    ],
)
def test_cap26_c06_chaque_element_du_signataire_est_exige(champs: dict[str, Any]):
    events = deposee(attestation(**champs))
    assert (jugee(events).regle, jugee(events).motifs) == ("CAP26-C06", ("signature",))
    assert len(regularisation(events).manques) == 1


def test_cap26_c06_un_defaut_de_signature_non_regularise_donne_le_motif_signature():
    refuse = refus_de(ouvrir(), deposer(contenu=attestation(cachet=False)))
    assert refuse.motifs == ("signature",)


def test_cap26_c07_sans_contenu_l_attestation_est_incomplete():
    [_, verdict, demande] = apres(ouvrir()).when(deposer()).events()
    assert (verdict.verdict, verdict.regle) == (Verdict.INCOMPLETE, "CAP26-C07")
    assert demande.manques == ("contenu de l'attestation : entreprise, périodes, signataire",)
    assert refus_de(ouvrir(), deposer()).motifs == ("duree", "piece")


def test_cap26_c07_sans_contenu_et_hors_delai():
    tardive = deposer(depose_le=DECEMBRE)
    apres(ouvrir()).when(tardive).then_kinds(PieceDeposee, PieceJugee)
    assert refus_de(ouvrir(), tardive).motifs == ("duree", "delai", "piece")


def test_cl_024_une_fin_avant_le_debut_est_refusee_a_la_saisie():
    inverse = deposer("A1", semaines(8), du_au(date(2025, 9, 1), date(2025, 6, 2)))
    refus = apres(ouvrir()).when(inverse).then_refused("CAP26-C07")
    assert "période 2" in refus.detail
    spec().given().when(inverse).then_refused("CAP26-C07")


# Secteur, activités -----------------------------------------------------------------------------------------------


def test_cl_018_entreprise_de_coiffure_non_autorise_motif_secteur():
    coiffure = attestation(semaines(20), entreprise=entreprise(activite="Coiffure"))
    refuse = refus_de(ouvrir(), deposer(contenu=coiffure))
    assert refuse.motifs == (MotifNonConformite.SECTEUR,)
    assert clause(refuse.explication, "CAP26-C01").source


def test_cap26_c01_le_secteur_se_juge_entreprise_par_entreprise():
    bonne = deposer("A1", semaines(14))
    coiffure = attestation(semaines(20, debut=date(2024, 3, 4)), entreprise=entreprise(activite="Coiffure"))
    [event] = apres(ouvrir(), bonne, deposer("A2", contenu=coiffure)).when(controler()).events()
    assert isinstance(event, DossierDeclareConforme)
    assert event.heures_retenues == 490


def test_cap26_c01_les_heures_hors_secteur_ne_comptent_pas():
    coiffure = attestation(semaines(6, debut=date(2025, 6, 2)), entreprise=entreprise(activite="Coiffure"))
    refuse = refus_de(ouvrir(), deposer("A1", semaines(8)), deposer("A2", contenu=coiffure))
    assert (refuse.motifs, refuse.heures_retenues) == (("secteur",), 280)


@pytest.mark.parametrize(
    "activite",
    ["livraison", "Transporteur routier", "Commerce de détail", "Restauration livrée", "LOCATION DE VÉHICULE", "Vente"],
)
def test_cap26_c01_activites_du_secteur(activite: str):
    assert du_secteur(activite, experience())


@pytest.mark.parametrize("activite", ["Coiffure", "Restauration", "Location de matériel", "Crèche"])
def test_cap26_c01_activites_hors_secteur(activite: str):
    assert not du_secteur(activite, experience())


def test_cap26_c01_un_code_d_activite_sans_mot_s_examine():
    verdict = jugee(deposee(attestation(entreprise=entreprise(activite="49.41A"))))
    assert (verdict.verdict, verdict.regle) == (Verdict.A_EXAMINER, "CAP26-C01")


@pytest.mark.parametrize(
    "activites", [(), ("La conduite de chariots en sécurité",), ("La prise en charge des flux entrants",)]
)
def test_cl_019_activites_absentes_ou_de_cariste_une_alerte_pas_un_rejet(activites: tuple[str, ...]):
    verdict = jugee(deposee(attestation(activites=activites)))
    assert verdict.verdict is Verdict.CONFORME
    assert [alerte[:6] for alerte in verdict.alertes] == ["AMB-03"]
    apres(ouvrir(), deposer(contenu=attestation(activites=activites))).when(controler()).then_kinds(
        DossierDeclareConforme
    )


def test_cap26_c08_les_bonnes_activites_n_alertent_pas():
    assert jugee(deposee()).alertes == ()


# Examen par une personne ------------------------------------------------------------------------------------------

ETRANGERE = attestation(entreprise=entreprise(siret="", pays="BE"))
INDEPENDANT = attestation(signataire_est_candidat=True)


def test_cl_021_employeur_etranger_sans_siret_ni_rejet_ni_accord_automatique():
    depot = deposer(contenu=ETRANGERE)
    _, verdict = apres(ouvrir()).when(depot).then_kinds(PieceDeposee, PieceJugee)
    assert verdict.verdict is Verdict.A_EXAMINER
    apres(ouvrir(), depot).when(controler()).then_refused(verdict.regle)


def test_cl_021_la_decision_a_la_main_est_motivee_et_compte_les_heures():
    jugement = juger("A1", Verdict.CONFORME, "contrat et fiches de paie vérifiés")
    dossier = apres(ouvrir(), deposer(contenu=ETRANGERE))
    [verdict] = dossier.when(jugement).then_kinds(PieceJugee)
    assert (verdict.a_la_main, verdict.motifs) == (True, ("contrat et fiches de paie vérifiés",))
    assert verdict.heures_dossier == 490
    [decision] = (
        apres(ouvrir(), deposer(contenu=ETRANGERE), jugement).when(controler()).then_kinds(DossierDeclareConforme)
    )
    assert "contrat et fiches de paie vérifiés" in clause(decision.explication, "TR-C02").faits


def test_cl_021_la_main_peut_refuser_motif_piece():
    refuse = refus_de(
        ouvrir(), deposer(contenu=ETRANGERE), juger("A1", Verdict.NON_CONFORME, "employeur introuvable au registre")
    )
    assert refuse.motifs == ("piece",)


def test_cap26_c05_un_employeur_etranger_qui_oublie_sa_ville_est_incomplet():
    verdict = jugee(deposee(attestation(entreprise=entreprise(siret="", pays="BE", ville=""))))
    assert verdict.verdict is Verdict.INCOMPLETE


def test_cl_022_signataire_candidat_examen_a_la_main_et_pieces_complementaires():
    depot = deposer(contenu=INDEPENDANT)
    events = apres(ouvrir()).when(depot).then_kinds(PieceDeposee, PieceJugee, RegularisationDemandee)
    assert (events[1].verdict, events[1].regle) == (Verdict.A_EXAMINER, "CAP26-C06")
    assert "pièces complémentaires" in events[2].manques[0]
    apres(ouvrir(), depot).when(controler()).then_refused("CAP26-C06")


def test_cl_022_jugee_incomplete_a_la_main_elle_est_redemandee():
    depot = deposer(contenu=INDEPENDANT)
    jugement = juger("A1", Verdict.INCOMPLETE, "produire les bilans", le=NOVEMBRE)
    verdict, demande = apres(ouvrir(), depot).when(jugement).then_kinds(PieceJugee, RegularisationDemandee)
    assert (verdict.verdict, demande.manques) == (Verdict.INCOMPLETE, ("produire les bilans",))


def test_l_entreprise_d_un_independant_ne_part_pas_en_clair():
    deposee, *_ = apres(ouvrir()).when(deposer(contenu=INDEPENDANT)).events()
    assert deposee.entreprise.clair == INDEPENDANT.entreprise
    tue = deposee.attestation.entreprise
    assert (tue.activite, tue.type) == (INDEPENDANT.entreprise.activite, INDEPENDANT.entreprise.type)
    for champ in ("denomination", "adresse", "ville", "siret"):
        assert getattr(tue, champ) != getattr(INDEPENDANT.entreprise, champ)


def test_juger_a_la_main_a_ses_limites():
    apres(ouvrir()).when(juger("A9", Verdict.CONFORME)).then_refused("PIECE_INCONNUE")
    dossier = apres(ouvrir(), deposer(contenu=ETRANGERE))
    dossier.when(juger("A1", Verdict.A_EXAMINER)).then_refused("VERDICT_SANS_EFFET")


# Délai ------------------------------------------------------------------------------------------------------------


def test_cl_012_depot_le_28_novembre_a_23_h_59_dans_les_delais():
    a_temps = deposer(contenu=attestation(), depose_le=datetime(2025, 11, 28, 23, 59, tzinfo=PARIS))
    apres(ouvrir(), a_temps).when(controler()).then_kinds(DossierDeclareConforme)


def test_cl_013_depot_le_29_novembre_a_0_h_hors_delai():
    tardif = deposer(contenu=attestation(), depose_le=datetime(2025, 11, 29, 0, 0, tzinfo=PARIS))
    _, verdict = apres(ouvrir()).when(tardif).then_kinds(PieceDeposee, PieceJugee)
    assert (verdict.verdict, verdict.regle) == (Verdict.NON_CONFORME, "CAP26-C02")
    refuse = refus_de(ouvrir(), tardif)
    assert refuse.motifs == (MotifNonConformite.DELAI,)


def test_cl_014_a_la_reunion_l_heure_locale_fait_foi():
    reunion = session(fuseau="Indian/Reunion")
    a_temps = deposer(contenu=attestation(), depose_le=datetime(2025, 11, 28, 22, 0, tzinfo=REUNION))
    apres(ouvrir(), a_temps, une=reunion).when(controler()).then_kinds(DossierDeclareConforme)
    # 23 h 30 à Paris le 28 : le 29 à La Réunion.
    tardif = deposer(contenu=attestation(), depose_le=datetime(2025, 11, 28, 23, 30, tzinfo=PARIS))
    assert refus_de(ouvrir(), tardif, une=reunion).motifs == ("delai",)


def test_amb_36_la_derniere_seconde_compte():
    verdict = jugee(deposee(depose_le=LIMITE))
    assert verdict.verdict is Verdict.CONFORME


def test_tr_c01_la_date_est_celle_de_l_academie():
    plus_tard = session(limite_attestation=date(2025, 12, 12))
    depot = deposer(contenu=attestation(), depose_le=DECEMBRE)
    apres(ouvrir(), depot, une=plus_tard).when(controler(datetime(2025, 12, 15, tzinfo=PARIS))).then_kinds(
        DossierDeclareConforme
    )


def test_cap26_c02_un_candidat_n_antidate_pas_son_depot():
    candidat = Acteur(id="c.alice", role="candidat", academie="rouen", portee=("candidat:N2600001",))
    antidate = deposer(contenu=attestation(), depose_le=NOVEMBRE, le=DECEMBRE, par=candidat)
    events = apres(ouvrir()).when(antidate).events()
    assert events[0].depose_le == DECEMBRE
    assert jugee(events).verdict is Verdict.NON_CONFORME


def test_cap26_c02_le_service_enregistre_un_depot_recu_a_temps():
    events = deposee(depose_le=NOVEMBRE, le=DECEMBRE)
    assert jugee(events).verdict is Verdict.CONFORME


def test_une_piece_incomplete_enregistree_apres_la_date_n_est_plus_redemandee():
    incomplete = deposer(contenu=attestation(cachet=False), depose_le=NOVEMBRE, le=DECEMBRE)
    apres(ouvrir()).when(incomplete).then_kinds(PieceDeposee, PieceJugee)


# Écart, fenêtre, à venir ------------------------------------------------------------------------------------------


def test_cl_023_seize_semaines_annoncees_treize_retenues_ecart_signale():
    contenu = attestation(du_au(date(2025, 9, 1), date(2025, 11, 30), annoncees="16"))
    verdict = jugee(deposee(contenu))
    assert verdict.heures_retenues == 455
    assert "AMB-35 : 16 semaines annoncées, 13 d'après les dates ; le plus petit est retenu" in verdict.alertes
    refuse = refus_de(ouvrir(), deposer(contenu=contenu))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 455)


def test_amb_33_la_part_avant_la_fenetre_est_signalee():
    verdict = jugee(deposee(attestation(du_au(date(2023, 3, 1), date(2023, 6, 30)))))
    assert verdict.heures_retenues == 224
    assert [alerte[:6] for alerte in verdict.alertes] == ["AMB-33"]


A_VENIR = (semaines(10, debut=date(2025, 8, 4)), semaines(4, debut=date(2026, 1, 5)))
OPTION = session(a_venir_sous_reserve=True)


def test_cl_017_quatre_semaines_prevues_en_janvier_350_h_non_autorise():
    refuse = refus_de(ouvrir(), deposer("A1", *A_VENIR))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 350)


def test_amb_34_option_a_venir_une_piece_complementaire_est_demandee():
    depot = deposer("A1", *A_VENIR)
    events = apres(ouvrir(), une=OPTION).when(depot).then_kinds(PieceDeposee, PieceJugee, RegularisationDemandee)
    assert (events[1].verdict, events[1].heures_retenues) == (Verdict.CONFORME, 350)
    assert (events[2].regle, events[2].avant) == ("AMB-34", OPTION.fin_du_jour(date(2026, 5, 17)))
    apres(ouvrir(), depot, une=OPTION).when(controler()).then_refused("AMB-34")


def test_amb_34_option_la_piece_complementaire_acheve_le_compte():
    complement = deposer("A2", A_VENIR[1], depose_le=datetime(2026, 2, 3, 9, tzinfo=PARIS))
    dossier = apres(ouvrir(), deposer("A1", *A_VENIR), complement, une=OPTION)
    [event] = dossier.when(controler(AVRIL)).then_kinds(DossierDeclareConforme)
    assert event.heures_retenues == 490


def test_amb_34_option_sans_piece_complementaire_non_autorise_a_la_veille_des_epreuves():
    dossier = apres(ouvrir(), deposer("A1", *A_VENIR), une=OPTION)
    dossier.when(controler(datetime(2026, 5, 17, 23, 59, tzinfo=PARIS))).then_refused("AMB-34")
    refuse = refus_de(ouvrir(), deposer("A1", *A_VENIR), une=OPTION, le=datetime(2026, 5, 18, tzinfo=PARIS))
    assert refuse.motifs == ("duree",)


def test_amb_34_option_trop_peu_meme_sous_reserve_on_n_attend_pas():
    court = (A_VENIR[0], semaines(2, debut=date(2026, 1, 5)))
    assert refus_de(ouvrir(), deposer("A1", *court), une=OPTION).motifs == ("duree",)


def test_amb_34_option_sans_demande_un_depot_tardif_reste_hors_delai():
    tardif = deposer("A1", semaines(14), depose_le=DECEMBRE)
    assert refus_de(ouvrir(), tardif, une=OPTION).motifs == ("delai",)


# Remplacer --------------------------------------------------------------------------------------------------------


def test_deposer_deux_fois_la_meme_piece_est_sans_effet():
    une_heure_apres = NOVEMBRE + timedelta(hours=1)
    apres(ouvrir(), deposer(contenu=attestation())).when(
        deposer(contenu=attestation(), depose_le=une_heure_apres)
    ).then_nothing()


def test_une_piece_incomplete_se_remplace_avant_la_date():
    dossier = apres(ouvrir(), deposer(contenu=attestation(cachet=False)))
    events = dossier.when(deposer(contenu=attestation(), depose_le=LIMITE)).then_kinds(PieceDeposee, PieceJugee)
    assert events[1].verdict is Verdict.CONFORME


def test_cap26_c02_une_piece_tardive_ne_remplace_pas_celle_deposee_a_temps():
    dossier = apres(ouvrir(), deposer(contenu=attestation(cachet=False)))
    dossier.when(deposer(contenu=attestation(), depose_le=DECEMBRE)).then_refused("CAP26-C02")


def test_un_code_de_piece_garde_sa_nature():
    dossier = apres(ouvrir(), deposer(contenu=attestation()))
    dossier.when(deposer("A1", nature=NaturePiece.FICHE_PRODUIT)).then_refused("PIECE_AUTRE_NATURE")


def test_une_piece_acceptee_d_un_dossier_autorise_ne_se_remplace_pas():
    plus_longue = session(limite_attestation=date(2026, 3, 2))
    dossier = apres(ouvrir(), deposer(contenu=attestation()), controler(NOVEMBRE), une=plus_longue)
    dossier.when(deposer("A1", semaines(2))).then_refused("PIECE_ACCEPTEE")


def test_cap26_c07_la_meme_periode_de_la_meme_entreprise_ne_compte_qu_une_fois():
    demi = semaines(14, "20")
    refuse = refus_de(ouvrir(), deposer("A1", demi), deposer("A2", demi))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 280)
    ailleurs = attestation(demi, entreprise=entreprise(siret="98765432100022"))
    [event] = apres(ouvrir(), deposer("A1", demi), deposer("A2", contenu=ailleurs)).when(controler()).events()
    assert not isinstance(event, DossierDeclareNonConforme)


def test_cap26_c01_hors_secteur_et_sans_cachet_rien_n_est_redemande():
    perdue = attestation(entreprise=entreprise(activite="Coiffure"), cachet=False)
    _, verdict = apres(ouvrir()).when(deposer(contenu=perdue)).then_kinds(PieceDeposee, PieceJugee)
    assert (verdict.verdict, verdict.motifs) == (Verdict.NON_CONFORME, ("secteur", "signature"))


def test_amb_34_option_ce_qui_suit_les_epreuves_n_est_pas_attendu():
    trop_tard = (semaines(10), semaines(4, debut=date(2026, 6, 1)))
    apres(ouvrir(), une=OPTION).when(deposer("A1", *trop_tard)).then_kinds(PieceDeposee, PieceJugee)
