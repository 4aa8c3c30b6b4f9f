"""Ce que dit une explication, clause par clause : ses règles, ses chiffres, ses faits ; les mots, eux, sont libres."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeAlias

import pytest

from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.vocabulaire import Categorie, CauseReduction, Contenu, Explication, Mode, NaturePiece, Periode, Verdict
from services.conformite.tests import donnees
from services.conformite.tests.donnees import attestation, deposer, du_au, entreprise, juger, ouvrir, refus_de
from services.conformite.tests.donnees_controles import (
    APRES,
    AVANT,
    BTS,
    LENDEMAIN,
    STAGE,
    Cadre,
    attester,
    dispenser,
    dossier_e4,
    dossier_e6,
    etudiant,
    reduire,
    semaines,
    session_de,
)
from services.conformite.tests.donnees_controles import ouvrir as ouvrir_au

Clause: TypeAlias = tuple[str, dict[str, str], int, bool, list[Any]]

CADRE = Cadre(session_de(BTS))
MC = "MC-ACVD"
CADRE_MC = Cadre(session_de(MC))
PONCTUEL = {"E1": Mode.PONCTUEL}
CAP_14 = {"heures_exigees": "490", "semaines_exigees": "14"}
FENETRE = {"fenetre": "2023-05-18/2025-11-28"}
STAGE_16 = {"retenue": "16", "exacte": "16", "minimum": "16", "unite": "semaines"}


def squelette(explications: Iterable[Explication]) -> list[Clause]:
    """Règle, chiffres, nombre de faits, un effet ou non, et ce qu'elle détaille. Chaque clause a des mots."""
    clauses = list(explications)
    assert all(une.texte for une in clauses)
    return [(une.regle, une.chiffres, len(une.faits), bool(une.effet), squelette(une.details)) for une in clauses]


def dit(regle: str, faits: int = 0, *details: Clause, chiffres: dict[str, str] | None = None) -> Clause:
    """Une clause qui a un effet."""
    return (regle, chiffres or {}, faits, True, list(details))


def muette(regle: str, **chiffres: str) -> Clause:
    """Une clause sans effet propre : comment on compte."""
    return (regle, chiffres, 0, False, [])


COMPTE = (muette("AMB-31"), muette("AMB-32"))


def attestee(regle: str, faits: int, retenues: str, brutes: str, avant: str = "0", apres: str = "0") -> Clause:
    chiffres = {"heures_brutes": brutes, "heures_retenues": retenues}
    return dit(
        regle, faits, chiffres={**FENETRE, **chiffres, "heures_avant_fenetre": avant, "heures_apres_limite": apres}
    )


def plafond(retenues: str, brutes: str, civiles: str) -> Clause:
    return muette(
        "AMB-29", heures_brutes=brutes, heures_retenues=retenues, heures_par_semaine="35", semaines_civiles=civiles
    )


def autorisation(*commands: Any) -> Any:
    return derniere(*commands, donnees.controler())


def derniere(*commands: Any) -> Any:
    """La dernière décision que ces ordres laissent."""
    decisions = (DossierDeclareConforme, DossierDeclareNonConforme)
    return [one for one in donnees.histoire(*commands) if isinstance(one, decisions)][-1]


def une_attestation(code: str, *periodes: Periode, **champs: str) -> Any:
    return deposer(code, contenu=attestation(*periodes, entreprise=entreprise(**champs)))


# L'accès à l'examen -----------------------------------------------------------------------------------------------


def test_cap26_r01_l_autorisation_dit_ce_qui_compte_et_ce_qui_ne_compte_pas():
    longue = donnees.semaines(20, "39")
    ancienne = donnees.semaines(4, "20", debut=date(2023, 4, 24))
    a_venir = donnees.semaines(3, debut=date(2025, 11, 24))
    event = autorisation(ouvrir(), deposer("A1", longue, ancienne, a_venir))
    # 20 semaines à 39 h ramenées à 35, deux jours de la fenêtre à 4 h, une semaine avant la date limite
    total = {"heures_retenues": "743", "heures_manquantes": "0"}
    assert squelette(event.explication) == [
        dit("AMB-04", 2),
        dit(
            "CAP26-I03",
            0,
            attestee("CAP26-C07", 6, "743", "823", "72", "70"),
            plafond("743", "823", "22"),
            chiffres={**CAP_14, **total},
        ),
    ]


def test_cap26_r01_le_refus_dit_chaque_motif_avec_sa_regle_puis_l_orientation():
    livraison = une_attestation("A1", donnees.semaines(10))
    ailleurs = une_attestation("A2", donnees.semaines(3, debut=date(2025, 10, 27)), activite="Couverture zinguerie")
    event = refus_de(ouvrir(), livraison, ailleurs)
    assert event.motifs == ("duree", "secteur")
    assert squelette(event.explication) == [
        dit("AMB-04", 2),
        dit(
            "CAP26-I03",
            0,
            attestee("CAP26-C07", 2, "350", "350"),
            attestee("CAP26-C01", 3, "105", "105"),
            plafond("350", "350", "10"),
            chiffres={**CAP_14, "heures_retenues": "350", "heures_manquantes": "140"},
        ),
        dit("CAP26-R01", 0, dit("CAP26-I04"), dit("CAP26-C01")),
        dit("CAP26-I06"),
    ]


def test_dc_cap03_le_mineur_sans_preuve_de_formation_sait_quelle_piece_n_en_est_pas_une():
    preuve = deposer("P1", nature=NaturePiece.PREUVE_FORMATION)
    mineur = ouvrir(Categorie.INDIVIDUEL, majeur=False)
    event = refus_de(mineur, preuve, juger("P1", Verdict.NON_CONFORME))
    assert squelette(event.explication) == [
        dit("CAP26-I02", 2),
        dit("DC-CAP03", 0, dit("TR-C02", 2)),
        dit("CAP26-R01", 0, dit("CAP26-C03")),
        dit("CAP26-I06"),
    ]
    assert event.orientation == donnees.experience().orientation


def test_tr_c02_une_verification_contraire_se_dit_dans_le_refus():
    verifiee = (
        ouvrir(),
        deposer("A1", donnees.semaines(14)),
        donnees.controler(),
        donnees.douter(),
        donnees.conclure(False),
    )
    event = derniere(*verifiee)
    motivation = donnees.clause(event.explication, "CAP26-R01")
    assert len(motivation.faits) == 1
    assert "entreprise jointe" in motivation.faits[0]


# Le contrôle d'un dossier d'épreuve -------------------------------------------------------------------------------


def test_bts_c01_un_dossier_conforme_dit_ses_pieces_sa_duree_et_ses_defauts_sans_effet():
    event = CADRE.conforme("E4", etudiant(), dossier_e4(annexes=1, hors_referentiel=True), STAGE)
    assert squelette(event.explication) == [
        dit(
            "BTS-C01",
            0,
            dit("BTS-C17", 1),
            dit("BTS-C12", 1),
            dit("BTS-C07", 0, *COMPTE, chiffres=STAGE_16),
            dit("BTS-C13", 2, dit("BTS-C11")),
            dit("BTS-C11", 2),
        )
    ]


def test_bts_c07_un_refus_dit_la_duree_retenue_et_celle_qu_il_faut():
    event = CADRE.refus("E6", etudiant(), dossier_e6(), attester("A1", semaines(10)))
    dix = {"retenue": "10", "minimum": "16"}
    assert squelette(event.explication) == [
        dit("BTS-C01", 0, dit("BTS-C07", 1, chiffres=dix)),
        dit("BTS-C07", 0, *COMPTE, chiffres={**STAGE_16, **dix, "exacte": "10"}),
        dit("BTS-C01", 0, dit("BTS-C17", 1), dit("BTS-C14", 1)),
        dit("BTS-C03"),
    ]
    assert event.explication[-1].effet == "non_valide"


def test_bts_c02_un_refus_cite_chaque_piece_ecartee_et_ce_qu_en_a_dit_une_personne():
    tardif, stage = dossier_e4(LENDEMAIN), attester("A1", semaines(16))
    event = CADRE.refus("E4", etudiant(), tardif, stage, juger("A1", Verdict.NON_CONFORME, le=APRES))
    motifs = event.explication[0].details
    assert [(un.regle, un.faits) for un in motifs] == [("BTS-C02", ("E4",)), ("TR-C02", ("A1",))]
    assert event.motifs == ("delai", "attestation")
    pieces = event.explication[2].details
    assert [(une.regle, une.faits[1:]) for une in pieces] == [
        ("TR-C02", ("vérifié sur pièces",)),
        ("BTS-C02", ("delai",)),
    ]


def test_bts_i02_sans_stage_a_effectuer_l_explication_le_dit_et_ne_compte_rien():
    cadre = Cadre(session_de(BTS, choix={"AMB-60": "une"}))
    event = cadre.conforme("E6", etudiant(), dispenser("E4"), dossier_e6())
    assert squelette(event.explication) == [dit("BTS-C01", 0, dit("BTS-C14", 1), dit("BTS-I02"))]


def test_amb_60_une_dispense_sur_deux_qui_ne_dispense_pas_du_stage_se_dit():
    event = CADRE.conforme("E6", etudiant(), dispenser("E4"), dossier_e6(), STAGE)
    assert duree_de(event) == dit("BTS-C07", 0, *COMPTE, dit("AMB-60"), chiffres=STAGE_16)
    tenu = donnees.clause(event.explication, "AMB-60")
    assert "E4 seulement" in tenu.texte
    assert "E4 et E6" in tenu.texte


def duree_de(event: Any) -> Clause:
    """La clause de la durée : celle qui dit comment on compte."""
    [une] = [une for une in _toutes(event.explication) if "unite" in une.chiffres]
    return squelette([une])[0]


REDUITES = [
    (CauseReduction.FORCE_MAJEURE, "BTS-C08", 8),
    (CauseReduction.AMENAGEMENT, "BTS-C08", 8),
    (CauseReduction.POSITIONNEMENT, "BTS-C08", 8),
    (CauseReduction.VALIDATION_ACADEMIQUE, "BTS-C09", 4),
]


@pytest.mark.parametrize(("cause", "regle", "minimum"), REDUITES)
def test_bts_c08_bts_c09_une_duree_reduite_dit_sa_regle_sa_cause_et_le_motif_de_l_autorite(
    cause: CauseReduction, regle: str, minimum: int
):
    reduit = {"minimum": str(minimum), "sans_reduction": "16"}
    avant = (etudiant(), dossier_e4(), reduire(cause))
    for event in (
        CADRE.conforme("E4", *avant, attester("A1", semaines(minimum))),
        CADRE.refus("E4", *avant, attester("A1", semaines(minimum - 1))),
    ):
        duree = duree_de(event)
        assert (duree[0], duree[1]["minimum"]) == ("BTS-C07", str(minimum))
        assert duree[4] == [*COMPTE, dit(regle, 2, chiffres=reduit)]
        dite = donnees.clause(event.explication, regle)
        assert f"{minimum} semaines au lieu de 16" in dite.texte
        assert dite.faits[1] == "motif : décision du 3 octobre"
    assert event.explication[0].details[0].texte.endswith(f"durée réduite en vertu de {regle}.")


def test_bts_c09_de_deux_reductions_celle_qui_vaut_se_dit_seule():
    deux = (reduire(CauseReduction.AMENAGEMENT), reduire(CauseReduction.VALIDATION_ACADEMIQUE))
    event = CADRE.conforme("E4", etudiant(), dossier_e4(), *deux, attester("A1", semaines(4)))
    assert [une[0] for une in duree_de(event)[4]] == ["AMB-31", "AMB-32", "BTS-C09"]
    assert donnees.clause(event.explication, "BTS-C09").faits[0] == "cause : validation de l'autorité académique"


def test_bts_c07_sans_reduction_autorisee_aucune_n_est_dite():
    event = CADRE.refus("E4", etudiant(), dossier_e4(), attester("A1", semaines(10)))
    assert duree_de(event)[4] == [*COMPTE]
    assert "réduite" not in event.explication[0].details[0].texte


def test_dc_mc03_la_duree_reduite_par_positionnement_dit_sa_regle():
    rapport = donnees.deposer("R1", nature=NaturePiece.RAPPORT_STAGE, signataires=("tuteur",), depose_le=AVANT)
    eleve = ouvrir_au(MC, Categorie.SCOLAIRE_PUBLIC, modes=PONCTUEL)
    positionne = reduire(CauseReduction.POSITIONNEMENT)
    event = CADRE_MC.conforme("E1", eleve, positionne, rapport, attester("A1", semaines(8)))
    assert duree_de(event)[4][2] == dit("DC-MC03", 2, chiffres={"minimum": "8", "sans_reduction": "17"})


def emploi(debut: date, fin: date) -> Any:
    return attester("C1", du_au(debut, fin), nature=NaturePiece.CERTIFICAT_TRAVAIL, activite="Téléphonie")


def test_amb_42_les_fenetres_se_disent_avec_leurs_dates_et_ce_qu_il_y_faut():
    eleve = ouvrir_au(MC, Categorie.PERFECTIONNEMENT, modes=PONCTUEL)
    event = CADRE_MC.refus("E1", eleve, emploi(date(2021, 9, 1), date(2022, 1, 31)))
    fenetres = {
        "mois_plein": "6",
        "fenetre_plein": "2021-05-16/2022-05-15",
        "mois_partiel": "12",
        "fenetre_partiel": "2020-05-16/2022-05-15",
    }
    assert duree_de(event)[4] == [muette("AMB-42", **fenetres), muette("AMB-32")]
    texte = donnees.clause(event.explication, "AMB-42").texte
    assert "6 mois à temps plein dans les 12 mois avant la première épreuve (du 16/05/2021 au 15/05/2022)" in texte
    assert "12 mois même à temps partiel dans les 24 mois" in texte
    assert "recouvrent" not in texte


def test_amb_43_l_experience_n_a_pas_de_condition_de_date():
    eleve = ouvrir_au(MC, Categorie.EXPERIENCE, modes=PONCTUEL)
    event = CADRE_MC.refus("E1", eleve, emploi(date(1998, 1, 1), date(2000, 12, 31)))
    assert duree_de(event)[4] == [muette("AMB-43"), muette("AMB-32")]
    assert "Aucune condition de date" in donnees.clause(event.explication, "AMB-43").texte


@pytest.mark.parametrize(
    ("contenu", "regle"),
    [({"faces": 5}, "AMB-13"), ({"etude": False}, "BTS-C16"), ({"fiches": ("partenaires",) * 3}, "BTS-C14")],
)
def test_bts_c18_un_defaut_d_e6_dit_sa_regle_puis_celle_de_son_effet(contenu: dict[str, Any], regle: str):
    event = CADRE.conforme("E6", etudiant(), dossier_e6(**contenu), STAGE)
    assert squelette(event.explication)[0][4][-1] == dit(regle, 2, dit("BTS-C18"))


def test_bts_c15_des_pages_de_trop_disent_leur_regle():
    pro = donnees.deposer("E6", nature=NaturePiece.DOSSIER_PROFESSIONNEL, depose_le=AVANT)
    pro = pro.model_copy(update={"contenu": Contenu(etude=True, pages=14)})
    certificat = attester("C1", semaines(16), nature=NaturePiece.CERTIFICAT_TRAVAIL)
    event = CADRE.conforme("E6", ouvrir_au(BTS, Categorie.EXPERIENCE), pro, certificat)
    assert squelette(event.explication)[0][4][-1] == dit("BTS-C15", 2, dit("BTS-C18"))


@pytest.mark.parametrize(("admise", "effet"), [(Verdict.CONFORME, "admise"), (Verdict.NON_CONFORME, "écartée")])
def test_tr_c02_le_verdict_d_une_personne_est_celui_que_dit_l_explication(admise: Verdict, effet: str):
    decisions = CADRE.decisions(etudiant(), dossier_e4(), attester("A1", semaines(16)), juger("A1", admise, le=APRES))
    assert donnees.clause(decisions["E4"].explication, "TR-C02").regle == "TR-C02"
    dites = [une for une in _toutes(decisions["E4"].explication) if une.regle == "TR-C02" and une.effet == effet]
    assert len(dites) == 1


def _toutes(explications: Iterable[Explication]) -> list[Explication]:
    return [trouvee for une in explications for trouvee in (une, *_toutes(une.details))]


def test_amb_35_l_explication_garde_les_semaines_annoncees_a_cote_des_dates():
    annoncee = du_au(date(2025, 3, 3), date(2025, 7, 18), annoncees="16.5")
    muet = du_au(date(2025, 3, 3), date(2025, 7, 18))
    faits = [autorisation(ouvrir(), deposer("A1", une)).explication[1].details[0].faits[1] for une in (annoncee, muet)]
    assert ["16.5" in un for un in faits] == [True, False]
