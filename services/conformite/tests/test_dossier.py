"""La décision : autoriser, refuser avec tous ses motifs, attendre ; puis le doute et sa vérification."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.evenements import REGISTRE
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    PieceDeposee,
    PieceJugee,
    VerificationConclue,
)
from contracts.messages import Refus
from contracts.vocabulaire import Categorie, NaturePeriode, NaturePiece, Verdict
from services.conformite.domain.dossier import decide, evolve, initial
from services.conformite.domain.etats import Autorise, DossierEvent, Etat, NonAutorise
from services.conformite.tests.donnees import (
    ALICE,
    DECEMBRE,
    LIMITE,
    MAI,
    NOVEMBRE,
    apres,
    attestation,
    clause,
    conclure,
    controler,
    deposer,
    douter,
    du_au,
    entreprise,
    histoire,
    juger,
    ouvrir,
    refus_de,
    semaines,
    session,
)

SUFFISANT = deposer("A1", semaines(14))
FAUX = "l'entreprise dit n'avoir jamais employé le candidat"


def autorise(*commands: Any) -> DossierDeclareConforme:
    [event] = apres(ouvrir(), *commands).when(controler()).then_kinds(DossierDeclareConforme)
    assert isinstance(event, DossierDeclareConforme)
    return event


# La durée ---------------------------------------------------------------------------------------------------------


def test_cl_001_quatorze_semaines_autorise():
    event = autorise(SUFFISANT)
    assert event.regle == "CAP26-I03"
    assert event.heures_retenues == 490


def test_cl_002_vingt_huit_semaines_a_mi_temps_autorise():
    assert autorise(deposer("A1", semaines(28, "17.5"))).heures_retenues == 490


def test_cl_003_vingt_semaines_a_24_h_non_autorise_il_manque_10_h():
    refuse = refus_de(ouvrir(), deposer("A1", semaines(20, "24")))
    assert (refuse.regle, refuse.motifs, refuse.heures_retenues) == ("CAP26-I05", ("duree",), 480)
    assert clause(refuse.explication, "CAP26-I03").chiffres == {
        "heures_retenues": "480",
        "heures_exigees": "490",
        "heures_manquantes": "10",
        "semaines_exigees": "14",
    }


def test_cl_004_treize_semaines_a_39_h_non_autorise_455_h_apres_plafond():
    refuse = refus_de(ouvrir(), deposer("A1", semaines(13, "39")))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 455)
    assert clause(refuse.explication, "AMB-29").chiffres == {
        "heures_brutes": "507",
        "heures_retenues": "455",
        "heures_par_semaine": "35",
        "semaines_civiles": "13",
    }


def test_cl_005_stage_et_emploi_dans_deux_entreprises_autorise():
    emploi = semaines(6, debut=date(2025, 6, 2), nature=NaturePeriode.EMPLOI)
    ailleurs = attestation(emploi, entreprise=entreprise(siret="98765432100022"))
    assert autorise(deposer("A1", semaines(8)), deposer("A2", contenu=ailleurs)).heures_retenues == 490


def test_cl_006_deux_mi_temps_de_20_h_autorise():
    ailleurs = attestation(semaines(14, "20"), entreprise=entreprise(siret="98765432100022"))
    event = autorise(deposer("A1", semaines(14, "20")), deposer("A2", contenu=ailleurs))
    assert event.heures_retenues == 490
    assert clause(event.explication, "AMB-29").chiffres["heures_brutes"] == "560"


def test_cl_007_deux_temps_pleins_qui_se_recouvrent_350_h_non_autorise():
    ailleurs = attestation(semaines(10), entreprise=entreprise(siret="98765432100022"))
    refuse = refus_de(ouvrir(), deposer("A1", semaines(10)), deposer("A2", contenu=ailleurs))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 350)


def test_cl_015_un_stage_a_cheval_sur_la_fenetre_compte_pour_sa_part():
    refuse = refus_de(ouvrir(), deposer("A1", du_au(date(2023, 3, 1), date(2023, 6, 30))))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 224)


def test_cl_016_quatorze_semaines_hors_fenetre_non_autorise():
    debut = date(2023, 5, 17) - timedelta(days=14 * 7 - 1)
    refuse = refus_de(ouvrir(), deposer("A1", du_au(debut, date(2023, 5, 17))))
    assert (refuse.motifs, refuse.heures_retenues) == (("duree",), 0)
    [detail] = [un for un in clause(refuse.explication, "CAP26-I03").details if un.regle == "CAP26-C07"]
    assert (detail.chiffres["heures_avant_fenetre"], detail.chiffres["fenetre"]) == ("490", "2023-05-18/2025-11-28")


def test_cap26_i04_le_seuil_est_exact():
    assert autorise(deposer("A1", semaines(14))).heures_retenues == 490
    presque = du_au(date(2025, 3, 3), date(2025, 6, 5))  # il manque un vendredi
    assert refus_de(ouvrir(), deposer("A1", presque)).heures_retenues == 483


def test_tr_i01_la_duree_se_verifie_sur_pieces():
    refuse = refus_de(ouvrir())
    assert (refuse.regle, refuse.motifs) == ("CAP26-I05", ("piece",))


# La décision ------------------------------------------------------------------------------------------------------


def test_cap26_i05_la_non_autorisation_porte_sur_tout_l_examen():
    refuse = refus_de(ouvrir())
    assert clause(refuse.explication, "CAP26-R01").effet == "non autorisé à tout l'examen"


def test_cap26_i06_l_orientation_accompagne_la_non_autorisation():
    refuse = refus_de(ouvrir())
    assert "France Travail" in refuse.orientation
    assert "mission locale" in refuse.orientation
    assert clause(refuse.explication, "CAP26-I06").texte == refuse.orientation


def test_cap26_i06_un_candidat_autorise_n_est_pas_oriente():
    assert not [une for une in autorise(SUFFISANT).explication if une.regle == "CAP26-I06"]


def test_cap26_c03_une_attestation_non_conforme_n_autorise_pas():
    refuse = refus_de(ouvrir(), deposer("A1", contenu=attestation(entreprise=entreprise(siret=""))))
    assert refuse.motifs == ("piece",)
    assert clause(refuse.explication, "CAP26-C03").effet == "piece"


def test_cap26_r01_tous_les_motifs_sont_enumeres_dans_l_ordre():
    coiffure = attestation(
        semaines(2), entreprise=entreprise(activite="Coiffure", siret=""), cachet=False, signature=False
    )
    refuse = refus_de(ouvrir(), deposer("A1", contenu=coiffure, depose_le=DECEMBRE))
    assert refuse.motifs == ("duree", "secteur", "delai", "piece", "signature")
    motivation = clause(refuse.explication, "CAP26-R01")
    assert tuple(detail.effet for detail in motivation.details) == refuse.motifs
    assert [detail.regle for detail in motivation.details] == [
        "CAP26-I04",
        "CAP26-C01",
        "CAP26-C02",
        "CAP26-C03",
        "CAP26-C03",
    ]


def test_cap26_r01_chaque_clause_cite_sa_source():
    def sources(explications: Any) -> list[tuple[str, str]]:
        found = []
        for une in explications:
            found += [(une.regle, une.source), *sources(une.details)]
        return found

    sans = {regle for regle, source in sources(refus_de(ouvrir(), SUFFISANT_REFUSE).explication) if not source}
    assert sans <= {"CAP26-R01", "TR-C02"}  # déduites, ou transverses : aucun texte à citer


SUFFISANT_REFUSE = deposer("A1", contenu=attestation(entreprise=entreprise(activite="Coiffure")))


def test_cap26_r01_l_explication_ne_nomme_ni_candidat_ni_entreprise():
    refuse = refus_de(ouvrir(), SUFFISANT_REFUSE)
    texte = str([une.model_dump() for une in refuse.explication])
    assert ALICE not in texte
    assert "Cailly" not in texte


def test_cap26_c02_on_ne_refuse_pas_avant_la_date_limite():
    dossier = apres(ouvrir(), deposer("A1", semaines(8)))
    refus = dossier.when(controler(LIMITE)).then_refused("CAP26-C02")
    assert "28/11/2025" in refus.detail


def test_cap26_c02_mais_on_autorise_avant_elle():
    apres(ouvrir(), SUFFISANT).when(controler(NOVEMBRE)).then_kinds(DossierDeclareConforme)


def test_une_piece_a_examiner_n_empeche_pas_d_autoriser_si_le_compte_y_est():
    etrangere = attestation(semaines(4, debut=date(2024, 3, 4)), entreprise=entreprise(siret="", pays="BE"))
    assert autorise(SUFFISANT, deposer("A2", contenu=etrangere)).heures_retenues == 490


def test_cap26_c01_une_activite_a_examiner_suspend_le_controle():
    code = attestation(entreprise=entreprise(activite="49.41A"))
    apres(ouvrir(), deposer("A1", contenu=code)).when(controler()).then_refused("CAP26-C01")


def test_tr_c03_en_2024_le_dossier_est_conforme_sans_condition():
    une = session("CAP-OSRCL-2024", limite_attestation=None)
    dossier = apres(ouvrir(reglement_id="CAP-OSRCL-2024"), une=une)
    [event] = dossier.when(controler(NOVEMBRE)).then_kinds(DossierDeclareConforme)
    assert event.heures_retenues is None


def test_une_attestation_que_la_session_n_exige_pas_s_examine_sans_rien_bloquer():
    une = session("CAP-OSRCL-2024", limite_attestation=None)
    dossier = apres(ouvrir(reglement_id="CAP-OSRCL-2024"), SUFFISANT, une=une)
    assert dossier.when(controler(NOVEMBRE)).then_kinds(DossierDeclareConforme)
    [_, jugee] = apres(ouvrir(reglement_id="CAP-OSRCL-2024"), une=une).when(SUFFISANT).events()
    assert (jugee.verdict, jugee.heures_retenues, jugee.heures_dossier) == (Verdict.A_EXAMINER, None, None)


def test_un_verdict_a_la_main_renverse_la_decision_et_laisse_sa_trace():
    refuse: list[Any] = [ouvrir(), SUFFISANT_REFUSE, controler()]
    corrige = juger("A1", Verdict.CONFORME, "le salon livre aussi à domicile, contrat à l'appui")
    apres(*refuse).when(controler()).then_nothing()
    [event] = apres(*refuse, corrige).when(controler()).then_kinds(DossierDeclareConforme)
    assert event.heures_retenues == 490
    contraire = juger("A1", Verdict.NON_CONFORME, "contrat falsifié")
    apres(*refuse, corrige, controler(), contraire).when(controler()).then_kinds(DossierDeclareNonConforme)


def test_un_depot_tardif_ne_renverse_pas_une_non_autorisation():
    dossier = apres(ouvrir(), controler(), deposer("A1", semaines(14), depose_le=DECEMBRE))
    dossier.when(controler()).then_nothing()
    assert isinstance(dossier.state, NonAutorise)


def test_l_affichage_tronque_mais_la_decision_est_exacte():
    tiers = du_au(date(2025, 3, 3), date(2025, 6, 6), "35", annoncees="13.999")
    refuse = refus_de(ouvrir(), deposer("A1", tiers))
    assert clause(refuse.explication, "CAP26-I03").chiffres["heures_retenues"] == "489.96"
    assert clause(refuse.explication, "CAP26-I03").chiffres["heures_manquantes"] == "0.04"


# Le doute ---------------------------------------------------------------------------------------------------------


def test_tr_c02_un_doute_ne_rejette_pas():
    dossier = apres(ouvrir(), SUFFISANT, controler())
    dossier.when(douter()).then(DouteSignale(candidat=ALICE, motif="cachet illisible", regle="TR-C02"))
    mis_en_doute = apres(ouvrir(), SUFFISANT, controler(), douter())
    mis_en_doute.when(controler()).then_refused("TR-C02")
    mis_en_doute.when(douter("dates surchargées")).then_kinds(DouteSignale)


def test_tr_c02_une_verification_favorable_rend_sa_decision_au_dossier():
    dossier = apres(ouvrir(), SUFFISANT, controler(), douter())
    dossier.when(conclure(True)).then(
        VerificationConclue(candidat=ALICE, conforme=True, motif="entreprise jointe", regle="TR-C02")
    )
    assert isinstance(apres(ouvrir(), SUFFISANT, controler(), douter(), conclure(True)).state, Autorise)


def test_tr_c02_une_verification_contraire_retire_l_autorisation_motif_piece():
    dossier = apres(ouvrir(), SUFFISANT, controler(), douter())
    _, refuse = dossier.when(conclure(False, FAUX)).then_kinds(VerificationConclue, DossierDeclareNonConforme)
    assert (refuse.regle, refuse.motifs) == ("CAP26-I05", ("piece",))
    assert f"vérification : {FAUX}" in clause(refuse.explication, "CAP26-R01").faits
    apres(ouvrir(), SUFFISANT, controler(), douter(), conclure(False, FAUX)).when(controler()).then_nothing()


def test_tr_c02_une_verification_contraire_vaut_aussi_pour_la_preuve_de_formation():
    preuve = deposer("F1", nature=NaturePiece.PREUVE_FORMATION)
    avant = (ouvrir(majeur=False), preuve, juger("F1", Verdict.CONFORME), controler(), douter())
    _, refuse = apres(*avant).when(conclure(False, FAUX)).then_kinds(VerificationConclue, DossierDeclareNonConforme)
    assert (refuse.regle, refuse.motifs) == ("DC-CAP03", ("piece",))


def test_tr_c02_une_seconde_verification_peut_rendre_l_acces():
    refuse = (ouvrir(), SUFFISANT, controler(), douter(), conclure(False, FAUX))
    dossier = apres(*refuse, douter("l'entreprise s'est trompée de personne"))
    dossier.when(conclure(True)).then_kinds(VerificationConclue, DossierDeclareConforme)


def test_tr_c02_un_doute_avant_le_controle_ne_decide_rien():
    dossier = apres(ouvrir(), SUFFISANT, douter())
    dossier.when(conclure(True)).then_kinds(VerificationConclue)
    apres(ouvrir(), SUFFISANT, douter(), conclure(True)).when(controler()).then_kinds(DossierDeclareConforme)


def test_tr_c03_sans_condition_d_acces_une_verification_contraire_ne_ferme_pas_l_examen():
    dossier = apres(ouvrir(Categorie.SCOLAIRE_PUBLIC), controler(), douter())
    dossier.when(conclure(False, FAUX)).then_kinds(VerificationConclue)


def test_conclure_sans_doute_est_refuse():
    apres(ouvrir()).when(conclure(True)).then_refused("AUCUNE_VERIFICATION")
    apres(ouvrir(), douter(), conclure(True)).when(conclure(True)).then_nothing()


def test_tr_c02_pendant_la_verification_le_dossier_recoit_encore():
    dossier = apres(ouvrir(), SUFFISANT, controler(), douter())
    dossier.when(deposer("A2", semaines(2, debut=date(2024, 3, 4)))).then_kinds(PieceDeposee, PieceJugee)


# Ce qui vaut toujours ---------------------------------------------------------------------------------------------

ORDRES = [
    ouvrir(),
    ouvrir(le=DECEMBRE),
    SUFFISANT,
    deposer("A1", semaines(8)),
    deposer("A1", contenu=attestation(cachet=False)),
    deposer("A2", contenu=attestation(entreprise=entreprise(siret="", pays="BE"))),
    deposer("A2", semaines(14), depose_le=DECEMBRE),
    deposer("F1", nature=NaturePiece.PREUVE_FORMATION),
    deposer("S1", nature=NaturePiece.FICHE_PRODUIT, depose_le=MAI),
    juger("A1", Verdict.NON_CONFORME),
    juger("A2", Verdict.CONFORME),
    controler(NOVEMBRE),
    controler(),
    douter(),
    conclure(True),
    conclure(False, FAUX),
]


@given(st.lists(st.sampled_from(ORDRES), max_size=14))
@settings(max_examples=150)
def test_quel_que_soit_l_ordre_tout_se_relit_et_se_repete_sans_effet(ordres: list[Any]):
    etat: Etat = initial
    events: list[DossierEvent] = []
    for ordre in ordres:
        try:
            nouveaux = decide(ordre, etat, session())
        except Refus:
            continue
        for event in nouveaux:
            etat = evolve(etat, event)
        events += nouveaux
        with suppress(Refus):
            assert decide(ordre, etat, session()) == []
    relus = [REGISTRE.load(event.NAME, event.model_dump(mode="json")) for event in events]
    assert relus == events


@given(st.permutations([deposer("A1", semaines(8)), deposer("A2", semaines(6, debut=date(2025, 6, 2))), ouvrir()]))
def test_l_ordre_d_arrivee_ne_change_pas_la_decision(ordres: list[Any]):
    [event] = apres(*ordres).when(controler()).events()
    assert isinstance(event, DossierDeclareConforme)
    assert event.heures_retenues == 490


def test_rejouer_une_histoire_donne_le_meme_etat():
    events = histoire(ouvrir(), SUFFISANT, controler(), douter(), conclure(False, FAUX))
    relus = [REGISTRE.load(event.NAME, event.model_dump(mode="json")) for event in events]
    etat: Etat = initial
    for event in relus:
        etat = evolve(etat, event)  # type: ignore[arg-type]
    assert isinstance(etat, NonAutorise)
    assert etat == apres(ouvrir(), SUFFISANT, controler(), douter(), conclure(False, FAUX)).state
