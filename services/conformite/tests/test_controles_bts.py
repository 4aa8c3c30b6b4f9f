"""Le contrôle de conformité des dossiers d'E4 et d'E6 (BTS-C01 à C10, BTS-C17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    PieceDeposee,
    PieceJugee,
    RegularisationDemandee,
)
from contracts.vocabulaire import Categorie, CauseReduction, NaturePiece, Verdict
from services.conformite.domain.etats import Autorise
from services.conformite.tests.donnees import ALICE, clause, jugee, juger
from services.conformite.tests.donnees_controles import (
    APRES,
    AVANT,
    BTS,
    DERNIER_JOUR,
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
    semaines,
    session_de,
)

CADRE = Cadre(session_de(BTS))
COMPLET = (etudiant(), dossier_e4(), dossier_e6(), STAGE)
OUVERT = "accès ouvert ; ne dit rien des dossiers des épreuves"


# Le contrôle ------------------------------------------------------------------------------------------------------


def test_bts_c01_chaque_dossier_est_controle_et_l_acces_reste_ouvert():
    _, e4, e6 = CADRE.apres(*COMPLET).when(controler()).then_kinds(*[DossierDeclareConforme] * 3)
    assert [(un.epreuves, un.regle, un.duree_retenue) for un in (e4, e6)] == [
        (("E4",), "BTS-C01", "16 semaines"),
        (("E6",), "BTS-C01", "16 semaines"),
    ]
    assert clause(e4.explication, "BTS-C07").chiffres["retenue"] == "16"


def test_bts_c01_l_acces_ne_dit_pas_qu_aucune_duree_n_est_due():
    [acces] = CADRE.conforme("examen", *COMPLET).explication
    assert (acces.regle, acces.effet) == (CADRE.session.reglement.categories[Categorie.SCOLAIRE_PUBLIC].regle, OUVERT)
    assert acces.texte == "L'accès à l'examen s'ouvre selon le statut ; les dossiers des épreuves se contrôlent à part."
    assert acces.faits[2] == "dossiers contrôlés pour E4, E6"
    [sans_e4] = CADRE.conforme("examen", *COMPLET, dispenser("E4")).explication
    assert sans_e4.faits[2] == "dossiers contrôlés pour E6"


def test_bts_c01_qui_ne_passe_ni_e4_ni_e6_n_a_pas_de_dossier_d_epreuve():
    [acces] = CADRE.conforme("examen", etudiant(unites=("E1",))).explication
    assert acces.faits[2] == "aucun dossier d'épreuve à contrôler"


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


AUTOMNE = semaines(8, LUNDI.replace(month=9, day=6))
HIVER = semaines(8, LUNDI.replace(year=2020, month=11, day=2))


def test_cl_078_bts_c10_une_attestation_pour_deux_periodes_distinctes_non_conforme():
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), attester("A1", semaines(8), AUTOMNE))
    assert (refuse.motifs, refuse.duree_retenue) == (("attestation",), "16 semaines")
    assert clause(refuse.explication, "BTS-C10").chiffres == {"attestations": "1", "periodes": "2"}
    courte = attester("A1", STAGE.attestation.periodes[0], AUTOMNE)
    assert CADRE.refus("E4", etudiant(), dossier_e4(), courte).motifs == ("attestation",)


def test_bts_c10_une_attestation_de_plus_pour_l_une_des_deux_periodes_suffit():
    seconde = attester("A2", AUTOMNE, siret="98765432100011")
    CADRE.conforme("E4", etudiant(), dossier_e4(), attester("A1", semaines(8), AUTOMNE), seconde)
    non_signee = attester("A2", AUTOMNE, siret="98765432100011", signature=False)
    refuse = CADRE.refus("E4", etudiant(), dossier_e4(), attester("A1", semaines(8), AUTOMNE), non_signee)
    assert refuse.motifs == ("signature",)


def test_bts_c10_deux_moities_qui_se_suivent_sont_une_periode():
    lundi_suivant = LUNDI + timedelta(weeks=8)
    CADRE.conforme("E4", etudiant(), dossier_e4(), attester("A1", semaines(8), semaines(8, lundi_suivant)))
    coupee = attester("A1", semaines(8), semaines(9, lundi_suivant + timedelta(days=1)))
    assert CADRE.refus("E4", etudiant(), dossier_e4(), coupee).motifs == ("attestation",)


def test_bts_c10_une_attestation_de_trop_ne_retire_rien_a_qui_avait_assez():
    double = attester("A2", AUTOMNE, HIVER, siret="98765432100011")
    CADRE.conforme("E4", etudiant(), dossier_e4(), STAGE, double)
    seules = (attester("A1", semaines(8)), double)
    assert CADRE.refus("E4", etudiant(), dossier_e4(), *seules).motifs == ("attestation",)


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
@settings(max_examples=80)
def test_l_ordre_d_arrivee_des_pieces_ne_change_jamais_la_decision(ordre: list[Any], gardees: int):
    ordre = ordre[:gardees]
    if ARRIVEES[0] not in ordre:
        ordre.append(ARRIVEES[0])
    assert CADRE.decisions(*ordre) == CADRE.decisions(*sorted(ordre, key=ARRIVEES.index))


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30), st.booleans()), max_size=4),
    st.tuples(st.integers(1, 20), st.integers(0, 30), st.booleans()),
)
@settings(max_examples=100)
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
