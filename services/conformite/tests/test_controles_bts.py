"""Le contrôle de conformité des dossiers d'E4 et d'E6 (BTS-C01 à C22, BTS-I02, BTS-I04)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.commandes.conformite import ModifierDossier
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DossierModifie,
    PieceDeposee,
    PieceJugee,
    RegularisationDemandee,
    SupportsArretes,
)
from contracts.vocabulaire import Categorie, CauseReduction, Contenu, NaturePiece, Verdict
from services.conformite.domain.etats import Autorise
from services.conformite.tests.donnees import ALICE, ENVELOPPE, SYSTEME, arreter, clause, jugee, juger
from services.conformite.tests.donnees_controles import (
    APRES,
    AVANT,
    BTS,
    DERNIER_JOUR,
    FICHES_E6,
    LENDEMAIN,
    LUNDI,
    STAGE,
    Cadre,
    attester,
    controler,
    deposer,
    dispenser,
    dossier_e4,
    dossier_e6,
    etudiant,
    ouvrir,
    reduire,
    retablir,
    semaines,
    session_de,
)

CADRE = Cadre(session_de(BTS))
COMPLET = (etudiant(), dossier_e4(), dossier_e6(), STAGE)


# Le contrôle ------------------------------------------------------------------------------------------------------


def test_bts_c01_chaque_dossier_est_controle_et_l_acces_reste_ouvert():
    _, e4, e6 = CADRE.apres(*COMPLET).when(controler()).then_kinds(*[DossierDeclareConforme] * 3)
    assert [(un.epreuves, un.regle, un.duree_retenue) for un in (e4, e6)] == [
        (("E4",), "BTS-C01", "16 semaines"),
        (("E6",), "BTS-C01", "16 semaines"),
    ]
    assert clause(e4.explication, "BTS-C07").chiffres["retenue"] == "16"


@pytest.mark.parametrize("categorie", [une for une in session_de(BTS).reglement.categories if une != "experience"])
def test_bts_c01_le_controle_vaut_pour_tous_les_candidats(categorie: Categorie):
    refuse = CADRE.refus("E4", ouvrir(BTS, categorie))
    assert refuse.motifs == ("depot", "attestation")


def test_bts_c01_le_dossier_ouvert_dit_les_pieces_dues():
    ouvert = CADRE.histoire(etudiant())[0]
    assert ouvert.attendus == ("dossier_e4", "attestation_stage", "dossier_e6")  # type: ignore[union-attr]
    assert "certificat_travail" in ouvrir_experience()


def ouvrir_experience() -> tuple[str, ...]:
    return CADRE.histoire(ouvrir(BTS, Categorie.EXPERIENCE))[0].attendus  # type: ignore[union-attr]


def test_cl_072_pas_de_depot_du_dossier_d_e4_non_valide_motif_depot():
    refuse = CADRE.refus("E4", etudiant(), dossier_e6(), STAGE)
    assert (refuse.regle, refuse.motifs, refuse.effet) == ("BTS-C03", ("depot",), "non_valide")
    assert "n'est pas interrogé" in clause(refuse.explication, "BTS-C03").texte
    assert isinstance(CADRE.apres(etudiant(), dossier_e6(), STAGE, controler()).state, Autorise)


def test_cl_072_l_autre_epreuve_n_en_souffre_pas():
    assert CADRE.conforme("E6", etudiant(), dossier_e6(), STAGE).epreuves == ("E6",)


def test_bts_c03_une_epreuve_non_valide_ne_ferme_pas_l_examen():
    acces, *_ = CADRE.apres(etudiant()).when(controler()).events()
    assert isinstance(acces, DossierDeclareConforme)
    assert (acces.epreuves, acces.regle) == ((), "DC-BTS10")


def test_cl_073_un_depot_le_lendemain_de_la_date_motif_delai():
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(LENDEMAIN), STAGE)
    assert refuse.motifs == ("delai",)
    assert clause(refuse.explication[0].details, "BTS-C02").faits == ("E4",)


def test_bts_c04_la_date_de_l_autorite_est_incluse():
    CADRE.conforme("E4", etudiant(), dossier_e4(DERNIER_JOUR), STAGE)


def test_bts_c04_avant_la_date_on_attend_un_dossier_incomplet():
    attente = CADRE.apres(etudiant(), dossier_e4(), dossier_e6(), controler(AVANT))
    refus = attente.when(controler(AVANT)).then_refused("BTS-C02")
    assert "15/04/2022" in refus.detail


def test_bts_c04_mais_un_dossier_complet_se_declare_conforme_avant_la_date():
    assert set(CADRE.decisions(*COMPLET, le=AVANT)) == {"examen", "E4", "E6"}


def test_bts_c04_ce_qui_se_decide_l_est_et_le_reste_attend():
    assert set(CADRE.decisions(etudiant(), dossier_e4(), STAGE, le=AVANT)) == {"examen", "E4"}


def test_bts_c04_sans_date_des_dossiers_celle_des_supports_vaut():
    cadre = Cadre(session_de(BTS, remise_dossiers=None))
    cadre.conforme("E4", etudiant(), dossier_e4(LENDEMAIN), STAGE, le=APRES)


def test_bts_c02_les_cinq_motifs_s_enumerent_dans_l_ordre():
    courte = attester("A1", semaines(3), depose_le=LENDEMAIN, signature=False)
    refuse = CADRE.refus("E4", etudiant(), dossier_e6(periodes=2), courte)
    assert refuse.motifs == ("depot", "delai", "duree", "signature")
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(LENDEMAIN))
    assert refuse.motifs == ("delai", "attestation")
    for motif, detail in zip(refuse.motifs, refuse.explication[0].details, strict=True):
        assert detail.effet == f"motif de non-conformité : {motif}"


def test_bts_c02_chaque_clause_cite_sa_source_et_ne_nomme_personne():
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(LENDEMAIN), attester("A1", semaines(3)))
    assert all(une.source for une in (*refuse.explication, *refuse.explication[0].details))
    texte = str([une.model_dump() for une in refuse.explication])
    assert ALICE not in texte
    assert "Cailly" not in texte


def test_bts_c02_un_second_depot_a_temps_sous_un_autre_code_suffit():
    tardif = deposer("E4bis", NaturePiece.DOSSIER_E4, depose_le=LENDEMAIN)
    CADRE.conforme("E4", *COMPLET, tardif)


def test_bts_c02_une_piece_a_temps_ne_se_remplace_pas_hors_delai():
    CADRE.apres(*COMPLET).when(dossier_e4(LENDEMAIN, annexes=3)).then_refused("BTS-C02")


def test_bts_c02_une_personne_peut_admettre_une_piece_tardive():
    tardif = (etudiant(), dossier_e4(LENDEMAIN), STAGE)
    admis = juger("E4", Verdict.CONFORME, "dépôt retardé par la plateforme", le=APRES)
    CADRE.conforme("E4", *tardif, admis)


def test_bts_c02_une_personne_peut_ecarter_une_attestation():
    ecarte = juger("A1", Verdict.NON_CONFORME, "l'entreprise n'existe pas", le=APRES)
    refuse = CADRE.refus("E4", *COMPLET, ecarte)
    assert refuse.motifs == ("attestation",)


# Les durées -------------------------------------------------------------------------------------------------------


def test_cl_074_quinze_semaines_non_valide_motif_duree():
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), attester("A1", semaines(15)))
    assert (refuse.motifs, refuse.duree_retenue) == (("duree",), "15 semaines")
    duree = clause(refuse.explication, "BTS-C07")
    assert duree.chiffres == {"retenue": "15", "minimum": "16"}
    assert duree.faits == ("A1",)


def test_bts_c07_la_duree_se_cumule_sur_tout_le_cycle():
    ailleurs = attester("A2", semaines(8, LUNDI.replace(year=2020, month=11, day=2)), siret="98765432100022")
    CADRE.conforme("E4", etudiant(), dossier_e4(), attester("A1", semaines(8)), ailleurs)


@pytest.mark.parametrize("cause", ["force_majeure", "amenagement", "positionnement"])
def test_cl_075_bts_c08_huit_semaines_avec_une_decision_conforme_sept_non(cause: str):
    autorise = reduire(CauseReduction(cause))
    [event] = CADRE.apres(etudiant()).when(autorise).events()
    assert event.regle == "BTS-C08"
    CADRE.conforme("E4", etudiant(), dossier_e4(), autorise, attester("A1", semaines(8)))
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), autorise, attester("A1", semaines(7)))
    assert refuse.motifs == ("duree",)
    assert clause(refuse.explication, "BTS-C07").chiffres["minimum"] == "8"


def test_cl_076_bts_c09_quatre_semaines_validees_en_2022_conforme_trois_non():
    valide = reduire(CauseReduction.VALIDATION_ACADEMIQUE)
    CADRE.conforme("E4", etudiant(), dossier_e4(), valide, attester("A1", semaines(4)))
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), valide, attester("A1", semaines(3)))
    assert refuse.motifs == ("duree",)


def test_cl_077_bts_c09_sans_validation_le_plancher_n_est_pas_automatique():
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), attester("A1", semaines(10)))
    assert (refuse.motifs, refuse.duree_retenue) == (("duree",), "10 semaines")


def test_bts_c09_la_validation_ne_vaut_que_pour_sa_session():
    jours = {"premiere_epreuve": "2023-05-15", "jury_le": "2023-07-03", "publication": "2023-07-05T08:00:00+00:00"}
    cadre = Cadre(session_de(BTS, **jours))
    cadre.apres(etudiant()).when(reduire(CauseReduction.VALIDATION_ACADEMIQUE)).then_refused("BTS-C09")


def test_bts_c08_une_reduction_apres_coup_rend_l_epreuve():
    avant = (etudiant(), dossier_e4(), attester("A1", semaines(9)), controler())
    dossier = CADRE.apres(*avant, reduire(CauseReduction.AMENAGEMENT, APRES))
    [event] = dossier.when(controler()).then_kinds(DossierDeclareConforme)
    assert (event.epreuves, event.duree_retenue) == (("E4",), "9 semaines")


def test_bts_c08_une_duree_qui_n_est_pas_due_ne_se_reduit_pas():
    dossier = CADRE.apres(ouvrir(BTS, Categorie.EXPERIENCE))
    dossier.when(reduire(CauseReduction.POSITIONNEMENT)).then_refused("REDUCTION_NON_PREVUE")


def test_amb_30_un_temps_partiel_est_signale_a_la_commission_sans_conversion():
    partiel = attester("A1", semaines(16, heures="17.5"))
    rendu = jugee(CADRE.histoire(etudiant(), partiel))
    assert rendu.verdict == Verdict.CONFORME
    assert rendu.alertes == ("AMB-30 : période 1 à temps partiel (17.5 h par semaine), à apprécier",)
    assert CADRE.conforme("E4", etudiant(), dossier_e4(), partiel).duree_retenue == "16 semaines"


# Les attestations et les signatures -------------------------------------------------------------------------------


def trois_periodes(nombre: int) -> tuple[Any, ...]:
    """Three periods told, that many attested."""
    debuts = (LUNDI, LUNDI.replace(month=9, day=6), LUNDI.replace(year=2020, month=11, day=2))
    attestees = [attester(f"A{rang}", semaines(8, debut)) for rang, debut in enumerate(debuts[:nombre], 1)]
    return (etudiant(), dossier_e4(periodes=3), *attestees)


def test_cl_078_bts_c10_trois_periodes_deux_attestations_non_conforme():
    refuse = CADRE.refus("E4", *trois_periodes(2))
    assert refuse.motifs == ("attestation",)
    assert clause(refuse.explication, "BTS-C10").chiffres == {"attestations": "2", "periodes": "3"}
    assert CADRE.conforme("E4", *trois_periodes(3)).duree_retenue == "24 semaines"


def test_bts_c10_la_meme_attestation_deposee_deux_fois_compte_une():
    double = attester("A9", semaines(16))
    assert CADRE.refus("E4", etudiant(), dossier_e4(periodes=2), STAGE, double).motifs == ("attestation",)


def test_cl_079_une_attestation_non_signee_motif_signature():
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), attester("A1", semaines(16), signature=False))
    assert refuse.motifs == ("signature",)
    assert clause(refuse.explication[0].details, "BTS-C02").faits == ("A1",)


def test_cl_079_une_attestation_signee_d_une_autre_qualite_motif_signature():
    autre = STAGE.model_copy(update={"signataires": ("candidat",)})
    assert CADRE.refus("E4", etudiant(), dossier_e4(), autre).motifs == ("signature",)


def test_bts_c02_une_signature_absente_est_redemandee_avant_la_date():
    depot = attester("A1", semaines(16), signature=False)
    *_, demande = CADRE.apres(etudiant()).when(depot).then_kinds(PieceDeposee, PieceJugee, RegularisationDemandee)
    assert (demande.regle, demande.avant) == ("BTS-C02", DERNIER_JOUR.replace(microsecond=999999))
    signee = attester("A1", semaines(16), depose_le=DERNIER_JOUR)
    CADRE.conforme("E4", etudiant(), dossier_e4(), depot, signee)


def test_bts_c02_une_attestation_signee_de_soi_meme_est_a_examiner():
    soi = attester("A1", semaines(16), signataire_est_candidat=True)
    dossier = CADRE.apres(etudiant(), dossier_e4(), dossier_e6(), soi, controler(AVANT))
    dossier.when(controler()).then_refused("BTS-C02")


def test_bts_c17_une_attestation_sans_ses_periodes_est_incomplete():
    vide = deposer("A1", NaturePiece.ATTESTATION_STAGE, signataires=("tuteur",))
    assert jugee(CADRE.histoire(etudiant(), vide)).verdict == Verdict.INCOMPLETE
    assert CADRE.refus("E4", etudiant(), dossier_e4(), vide).motifs == ("duree", "attestation")


def test_bts_c17_les_memes_attestations_servent_e4_et_e6():
    sans = CADRE.decisions(etudiant(), dossier_e4(), dossier_e6())
    assert {code: une.motifs for code, une in sans.items() if code != "examen"} == {
        "E4": ("attestation",),
        "E6": ("attestation",),
    }
    assert clause(sans["E6"].explication, "BTS-C17").effet == "motif de non-conformité : attestation"


def test_bts_c17_un_apprenti_produit_des_certificats_de_travail():
    certificat = attester("C1", semaines(16), nature=NaturePiece.CERTIFICAT_TRAVAIL)
    CADRE.conforme("E4", ouvrir(BTS, Categorie.APPRENTI), dossier_e4(), certificat)


def test_une_periode_a_l_envers_est_refusee_a_la_saisie():
    periode = semaines(2).model_copy(update={"fin": LUNDI.replace(year=2020)})
    CADRE.apres(etudiant()).when(attester("A1", periode)).then_refused("AMB-31")


# Le contenu -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contenu", "penalites"),
    [
        ({"fiches": FICHES_E6[:2]}, ("fiches_manquantes",)),
        ({"fiches": ("partenaires",) * 3}, ("fiches_meme_nature",)),
        ({"etude": False}, ("etude_absente",)),
        ({"experience_reelle": False}, ("experience_reelle_absente",)),
        ({"hors_referentiel": True}, ("hors_referentiel",)),
        ({"faces": 5}, ("forme_non_respectee",)),
        ({"fiches": (), "etude": False}, ("fiches_manquantes", "etude_absente")),
    ],
)
def test_cl_080_cl_081_bts_c18_les_defauts_d_e6_ne_bloquent_pas(contenu: dict[str, Any], penalites: tuple[str, ...]):
    event = CADRE.conforme("E6", etudiant(), dossier_e6(**contenu), STAGE)
    assert event.penalites == penalites
    assert clause(event.explication, "BTS-C18").effet.startswith("défaut sans effet")


def test_cl_080_bts_c16_sans_etude_reflexive_conforme_et_penalise():
    assert CADRE.conforme("E6", etudiant(), dossier_e6(etude=False), STAGE).penalites == ("etude_absente",)


def test_cl_081_bts_c14_trois_fiches_de_meme_nature_conforme_et_penalise():
    event = CADRE.conforme("E6", etudiant(), dossier_e6(fiches=("distributeurs",) * 3), STAGE)
    assert event.penalites == ("fiches_meme_nature",)


def test_amb_13_une_etude_de_cinq_faces_se_signale_sans_bloquer():
    rendu = jugee(CADRE.histoire(etudiant(), dossier_e6(faces=5)))
    assert rendu.alertes == ("AMB-13 : 5 faces ; 4 au plus ; sans effet sur la conformité",)
    assert CADRE.conforme("E6", etudiant(), dossier_e6(faces=4), STAGE).penalites == ()


def test_cl_082_bts_c11_e4_hors_referentiel_mais_complet_conforme():
    event = CADRE.conforme("E4", etudiant(), dossier_e4(hors_referentiel=True), STAGE)
    assert event.penalites == ("hors_referentiel",)
    assert clause(event.explication, "BTS-C11").faits == ("E4", "hors_referentiel")


def test_bts_c12_bts_c13_fiches_et_annexes_d_e4_se_comptent_sans_bloquer():
    event = CADRE.conforme("E4", etudiant(), dossier_e4(fiches=("negociation_vente",) * 2, annexes=1), STAGE)
    assert event.penalites == ("fiches_meme_nature", "annexes_manquantes")
    rendu = jugee(CADRE.histoire(etudiant(), dossier_e4(annexes=1)))
    assert rendu.verdict == Verdict.CONFORME
    assert rendu.alertes == ("BTS-C13 : 1 annexes ; il en faut 2 ; sans effet sur la conformité",)


def test_cl_091_bts_c15_bts_i04_experience_certificats_et_dossier_de_14_pages():
    professionnel = deposer("E6", NaturePiece.DOSSIER_PROFESSIONNEL, contenu=Contenu(etude=True, pages=14))
    certificat = deposer("C1", NaturePiece.CERTIFICAT_TRAVAIL, signataires=("employeur",))
    event = CADRE.conforme("E6", ouvrir(BTS, Categorie.EXPERIENCE), professionnel, certificat)
    assert (event.penalites, event.duree_retenue) == (("forme_non_respectee",), "")


def test_bts_c15_au_choix_du_candidat_les_fiches_conviennent_aussi():
    certificat = deposer("C1", NaturePiece.CERTIFICAT_TRAVAIL, signataires=("employeur",))
    assert not CADRE.conforme("E6", ouvrir(BTS, Categorie.EXPERIENCE), dossier_e6(), certificat).penalites


def test_bts_i04_au_titre_de_l_experience_le_certificat_de_travail_est_du():
    refuse = CADRE.refus("E4", ouvrir(BTS, Categorie.EXPERIENCE), dossier_e4(), STAGE)
    assert refuse.motifs == ("attestation",)
    clause(refuse.explication[0].details, "BTS-I04")


# Les dispenses ----------------------------------------------------------------------------------------------------


def test_cl_087_bts_i02_dispense_d_u4_seulement_sans_stage_non_conforme_pour_e6():
    decisions = CADRE.decisions(etudiant(), dispenser("E4"), dossier_e6())
    assert set(decisions) == {"examen", "E6"}
    assert decisions["E6"].motifs == ("attestation",)


def test_amb_60_une_academie_peut_lire_qu_une_seule_dispense_suffit():
    cadre = Cadre(session_de(BTS, choix={"AMB-60": "une"}))
    event = cadre.conforme("E6", etudiant(), dispenser("E4"), dossier_e6())
    assert (event.duree_retenue, clause(event.explication, "BTS-I02").effet) == ("", "aucune durée exigée")


def test_cl_088_bts_i02_dispense_d_u4_et_d_u6_sans_stage_rien_a_controler():
    for ordre in ((etudiant(), dispenser("E4"), dispenser("E6")), (dispenser("E4"), dispenser("E6"), etudiant())):
        assert set(CADRE.decisions(*ordre)) == {"examen"}
        assert CADRE.apres(*ordre).state.dossier.recu.dispenses == {"E4", "E6"}  # type: ignore[union-attr]


def test_bts_i02_une_epreuve_repassee_se_controle_de_nouveau():
    avant = (etudiant(), dispenser("E4"), dispenser("E6"), controler(), retablir("E4"))
    [event] = CADRE.apres(*avant).when(controler()).then_kinds(DossierDeclareNonConforme)
    assert event.epreuves == ("E4",)


def test_une_unite_non_presentee_ne_se_controle_pas():
    assert set(CADRE.decisions(etudiant(unites=("E1", "E4")), dossier_e4(), STAGE)) == {"examen", "E4"}


# Les supports et le livret ----------------------------------------------------------------------------------------


def supports(*commands: Any) -> tuple[tuple[str, str], ...]:
    [event] = CADRE.apres(*commands).when(arreter()).then_kinds(SupportsArretes)
    return tuple(zip(event.manquants, event.regles, strict=True))


def test_cl_089_bts_c21_engagement_etudiant_sans_fiche_le_support_manque():
    choisi = etudiant(facultatives=("EF2",))
    assert supports(choisi) == (("EF2", "BTS-C21"),)
    assert supports(choisi, deposer("F1", NaturePiece.FICHE_ENGAGEMENT)) == ()


def modifier(*facultatives: str) -> ModifierDossier:
    return ModifierDossier(le=AVANT, par=SYSTEME, candidat=ALICE, facultatives=facultatives, **ENVELOPPE)


def test_bts_c21_l_engagement_choisi_ou_abandonne_apres_l_inscription():
    [event] = CADRE.apres(etudiant()).when(modifier("EF1", "EF2")).then_kinds(DossierModifie)
    assert event.manquants == ("dossier_e4", "attestation_stage", "dossier_e6", "EF2")
    assert supports(etudiant(), modifier("EF2")) == (("EF2", "BTS-C21"),)
    assert supports(etudiant(facultatives=("EF2",)), modifier()) == ()


def test_une_modification_qui_ne_change_rien_de_du_ne_se_dit_pas():
    CADRE.apres(etudiant()).when(modifier("EF1")).then_nothing()


def test_bts_c21_qui_n_a_pas_choisi_l_engagement_n_en_doit_rien():
    assert supports(etudiant()) == ()
    assert supports(etudiant(facultatives=("EF1",))) == ()


@pytest.mark.parametrize(
    ("categorie", "fiches", "alertes"),
    [
        (Categorie.SCOLAIRE_PUBLIC, (), 1),
        (Categorie.SCOLAIRE_PRIVE, (), 1),
        (Categorie.SCOLAIRE_PUBLIC, ("pix",), 0),
        (Categorie.APPRENTI, (), 0),
    ],
)
def test_bts_c20_amb_20_un_livret_sans_mention_pix_alerte_sans_bloquer(
    categorie: Categorie, fiches: tuple[str, ...], alertes: int
):
    livret = deposer("L1", NaturePiece.LIVRET_SCOLAIRE, contenu=Contenu(fiches=fiches))
    rendu = jugee(CADRE.histoire(ouvrir(BTS, categorie), livret))
    assert (rendu.regle, len(rendu.alertes)) == ("BTS-C20", alertes)
    assert set(CADRE.decisions(*COMPLET, livret)) == {"examen", "E4", "E6"}


def test_bts_c22_le_dossier_d_e4_est_indispensable_celui_d_e6_aussi():
    decisions = CADRE.decisions(etudiant(), STAGE)
    assert [decisions[code].motifs for code in ("E4", "E6")] == [("depot",), ("depot",)]


# Ce qui vaut toujours ---------------------------------------------------------------------------------------------

ARRIVEES = [
    etudiant(),
    dossier_e4(periodes=2),
    dossier_e6(etude=False),
    attester("A1", semaines(9)),
    attester("A2", semaines(7, LUNDI.replace(month=10, day=4)), signature=False),
    attester("A3", semaines(8, LUNDI.replace(year=2020, month=11, day=2)), depose_le=LENDEMAIN),
    deposer("E4bis", NaturePiece.DOSSIER_E4, depose_le=LENDEMAIN),
    dispenser("E4"),
]


@given(st.permutations(ARRIVEES), st.integers(0, len(ARRIVEES)))
@settings(max_examples=80, deadline=None)
def test_l_ordre_d_arrivee_des_pieces_ne_change_jamais_la_decision(ordre: list[Any], gardees: int):
    ordre = ordre[:gardees]
    if ARRIVEES[0] not in ordre:
        ordre.append(ARRIVEES[0])
    assert CADRE.decisions(*ordre) == CADRE.decisions(*sorted(ordre, key=ARRIVEES.index))


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30), st.booleans()), max_size=4),
    st.tuples(st.integers(1, 20), st.integers(0, 30), st.booleans()),
)
@settings(max_examples=100, deadline=None)
def test_plus_de_semaines_attestees_n_aggravent_jamais_la_decision(
    attestees: list[tuple[int, int, bool]], de_plus: tuple[int, int, bool]
):
    def piece(rang: int, une: tuple[int, int, bool]) -> Any:
        nombre, decalage, signee = une
        debut = LUNDI.fromordinal(LUNDI.toordinal() - 7 * decalage)
        return attester(f"A{rang}", semaines(nombre, debut), signature=signee, siret=f"{rang:014}")

    base = [etudiant(), dossier_e4(periodes=2), *(piece(rang, une) for rang, une in enumerate(attestees))]
    avant, apres = (CADRE.decisions(*ordre)["E4"] for ordre in (base, [*base, piece(9, de_plus)]))
    if isinstance(avant, DossierDeclareConforme):
        assert isinstance(apres, DossierDeclareConforme)
