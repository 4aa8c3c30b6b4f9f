"""Les modèles de lecture du service : des faits, des lignes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.evenements import deliberation, notation
from contracts.evenements.bordereau import BordereauClos, BordereauDepose
from contracts.evenements.conduite import EtgEchouee, PermisNonValide
from contracts.evenements.deliberation import DecisionPrise
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    AbsenceLevee,
    CauseSuspension,
    CompetenceEvaluee,
    DoubleSaisieComparee,
    EpreuveNonTenue,
    GrilleRemplie,
    MentionNonValidePortee,
    MentionNonValideRetiree,
    NoteControleSaisie,
    NoteHarmonisee,
    NoteRectifiee,
    NoteSuspendue,
    NoteTardiveIntegree,
    NoteTardiveRecue,
    NoteVerrouillee,
    SupportAbsentConstate,
    SuspensionLevee,
)
from contracts.evenements.releve import (
    AccesFerme,
    AccesRouvert,
    AcquisReporte,
    BeneficeReporte,
    BeneficeRetire,
    ControleChoisi,
    EpreuveDispensee,
    EpreuvesReportees,
    FicheSujetEtablie,
    ReleveModifie,
    RemplacementOuvert,
)
from contracts.evenements.transfert import NOTATION
from contracts.messages import Event
from contracts.vocabulaire import Decision, EtatResultat, Fondement, Mode
from services.communs.testing import base, projeter
from services.notation.domain.controle import DecisionJury
from services.notation.projections.bordereaux import Bordereaux, lire_bordereau, lister_bordereaux
from services.notation.projections.decisions import Decisions, lire_decision
from services.notation.projections.notes import Notes, lire_releve, notes_des_candidats
from services.notation.projections.resultats_accueil import ResultatsAccueil
from services.notation.tests.donnees import (
    ALICE,
    BASILE,
    EN_CCF,
    ENS,
    ETG,
    LE,
    OUVERT,
    PRO,
    note_arretee,
    ouvert,
    saisie,
)
from services.notation.tests.faits import LIEU, fait_lu
from services.socle.rows import state_hash

NOTES, LOTS = Notes(), Bordereaux()
DECISION = Path(deliberation.__file__).parent / "exemples/deliberation/deliberation.decision_prise.v2.json"
UG1 = saisie("UG1", "12", lot="L1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = base(tmp_path, NOTES)
    yield engine
    engine.dispose()


def lire(engine: Engine, *events: Event, candidat: str = ALICE) -> dict[str, Any] | None:
    projeter(engine, NOTES, [fait_lu(event, seq) for seq, event in enumerate(events, 1)], ensemble=True)
    with engine.connect() as connection:
        return lire_releve(connection, **LIEU, candidat=candidat)


def ligne(engine: Engine, *events: Event, epreuve: str = "UG1", situation: str = "") -> dict[str, Any]:
    releve = lire(engine, *events)
    assert releve is not None
    [found] = [one for one in releve["notes"] if (one["epreuve"], one["situation"]) == (epreuve, situation)]
    return dict(found)


def test_une_note_a_sa_ligne_son_lot_son_auteur(engine: Engine) -> None:
    found = ligne(engine, OUVERT, UG1)
    assert (found["etat"], found["note"], found["lot"]) == ("note", Decimal(12), "L1")
    assert (found["auteur"], found["le"], found["regle"]) == ("ges1", LE, "DC-CAP10")
    assert found["resultat_etat"] is None


@pytest.mark.parametrize(
    ("events", "etat", "note"),
    [
        ([SupportAbsentConstate(candidat=ALICE, epreuve="UG1", regle="CAP24-C06")], "zero_support", Decimal(0)),
        ([AbsenceConstatee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16")], "absent_injustifie", None),
        (
            [
                AbsenceConstatee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16"),
                AbsenceJustifiee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16", motif="certificat"),
            ],
            "absent_justifie",
            None,
        ),
        ([EpreuveDispensee(candidat=ALICE, epreuve="UG1", regle="DC-CAP20")], "dispense", None),
        (
            [EpreuveDispensee(candidat=ALICE, epreuve="UG1", regle="DC-BTS06", fondement=Fondement.VAE)],
            "vae",
            None,
        ),
        ([EpreuveNonTenue(candidat=ALICE, epreuve="UG1", regle="BTS-C21")], "non_tenue", None),
        ([NoteTardiveRecue(candidat=ALICE, epreuve="UG1", note=Decimal(9), regle="CAP24-N07")], "tardive", Decimal(9)),
        (
            [
                NoteTardiveIntegree(
                    candidat=ALICE, epreuve="UG1", note=Decimal(9), motif="panne du site", regle="CAP24-N07"
                )
            ],
            "note",
            Decimal(9),
        ),
        (
            [
                NoteHarmonisee(
                    candidat=ALICE,
                    epreuve="UG1",
                    avant=Decimal(12),
                    apres=Decimal(13),
                    motif="écart entre lots",
                    regle="TR-R02",
                )
            ],
            "note",
            Decimal(13),
        ),
        (
            [
                NoteRectifiee(
                    candidat=ALICE, epreuve="UG1", avant=Decimal(12), apres=None, motif="erreur", regle="DC-REC01"
                )
            ],
            "absent_injustifie",
            None,
        ),
    ],
    ids=[
        "zero",
        "absent",
        "justifie",
        "dispense",
        "vae",
        "non_tenue",
        "tardive",
        "integree",
        "harmonisee",
        "rectifiee",
    ],
)
def test_chaque_fait_donne_son_etat(engine: Engine, events: list[Event], etat: str, note: Decimal | None) -> None:
    found = ligne(engine, OUVERT, UG1, *events)
    assert (found["etat"], found["note"]) == (etat, note)


def test_la_double_saisie_le_verrou_et_la_grille_se_lisent(engine: Engine) -> None:
    double = DoubleSaisieComparee(
        candidat=ALICE, epreuve="UG1", premiere=Decimal(12), seconde=Decimal(12), concorde=True
    )
    verrou = NoteVerrouillee(candidat=ALICE, epreuve="UG1", note=Decimal(12), lot="L1", regle="TR-N01")
    remplie = GrilleRemplie(
        candidat=ALICE,
        epreuve="UG1",
        annexe="3.5",
        criteres={"C1": 3},
        commission=(ENS, PRO),
        regle="CAP24-N08",
    )
    found = ligne(engine, OUVERT, UG1, double, verrou, remplie)
    assert (found["concorde"], found["verrou"], found["annexe"]) == (True, True, "3.5")


def test_le_resultat_arrete_est_sur_la_ligne_de_l_epreuve(engine: Engine) -> None:
    resultat = note_arretee("EP1", "10.5", note_brute="61/6", situations={"S1": "11", "S2": "8.5"})
    found = ligne(engine, OUVERT, saisie("EP1", "11", "S1"), resultat, epreuve="EP1")
    assert (found["resultat_etat"], found["resultat_note"]) == ("note", Decimal("10.5"))
    assert (found["resultat_brut"], found["resultat_situations"]) == ("61/6", {"S1": "11", "S2": "8.5"})
    assert (found["etat"], found["arrete_le"]) == (None, LE)


def test_le_releve_dit_l_acces_l_etg_et_les_facultatives(engine: Engine) -> None:
    echec = EtgEchouee(candidat=ALICE, tentative=1, regle="CAP24-N12")
    reussite = ETG.model_copy(update={"tentative": 2})
    ferme = AccesFerme(candidat=ALICE, regle="CAP26-I05")
    found = lire(engine, ferme, ouvert(facultatives=("UF1",)), echec, reussite)
    assert found is not None
    assert (found["acces"], found["acces_regle"]) == ("ferme", "CAP26-I05")
    assert (found["etg"], found["etg_tentatives"], found["facultatives"]) == ("validee", 2, ["UF1"])
    rouvert = AccesRouvert(candidat=ALICE, regle="CAP26-I03")
    found = lire(engine, ferme, rouvert, ReleveModifie(candidat=ALICE, facultatives=("UF2",)))
    assert found is not None
    assert (found["acces"], found["facultatives"]) == ("ouvert", ["UF2"])


def test_les_modes_et_la_conduite_se_lisent(engine: Engine) -> None:
    permis = PermisNonValide(
        candidat=ALICE,
        epreuve="EP3",
        situation="S1",
        mention=EtatResultat.INSUFFISANT,
        tentative=1,
        regle="CAP24-N15",
    )
    assert ligne(engine, EN_CCF, permis, epreuve="EP3")["mode"] == Mode.CCF
    assert ligne(engine, EN_CCF, permis, epreuve="EP3", situation="S1")["etat"] == "insuffisant"


def test_une_note_conservee_se_lit_puis_s_efface(engine: Engine) -> None:
    onze = BeneficeReporte(candidat=ALICE, epreuve="UG1", note=Decimal(11), session_origine="2024", regle="DC-CAP18")
    assert ligne(engine, OUVERT, onze)["benefice"] == Decimal(11)
    retire = BeneficeRetire(candidat=ALICE, epreuve="UG1", regle="DC-CAP18")
    assert ligne(engine, OUVERT, onze, retire)["benefice"] is None


def test_tr_r02_l_histoire_dit_qui_quand_avant_apres_et_pourquoi(engine: Engine) -> None:
    rectifiee = NoteRectifiee(
        candidat=ALICE, epreuve="UG1", avant=Decimal(12), apres=Decimal(13), motif="erreur de report", regle="DC-REC01"
    )
    projeter(engine, NOTES, [fait_lu(UG1, 1, "cor1"), fait_lu(rectifiee, 2, "ges1")], ensemble=True)
    found = lire(engine)
    assert found is not None
    histoire = [(one["auteur"], one["avant"], one["apres"], one["motif"]) for one in found["histoire"]]
    assert histoire == [("cor1", None, Decimal(12), None), ("ges1", Decimal(12), Decimal(13), "erreur de report")]
    assert [one["le"] for one in found["histoire"]] == [LE, LE]


def test_un_candidat_inconnu_n_a_pas_de_releve_et_un_fait_appris_avant_l_ouverture_se_lit(engine: Engine) -> None:
    assert lire(engine, candidat=BASILE) is None
    found = lire(engine, SupportAbsentConstate(candidat=ALICE, epreuve="EP2", regle="CAP24-C06"))
    assert found is not None
    assert (found["candidat"], found["categorie"]) == (ALICE, None)


def test_les_notes_de_plusieurs_candidats(engine: Engine) -> None:
    lire(engine, UG1, UG1.model_copy(update={"candidat": BASILE}))
    with engine.connect() as connection:
        rows = notes_des_candidats(connection, **LIEU, candidats=[ALICE, BASILE])
    assert [one["candidat"] for one in rows] == [ALICE, BASILE]


def test_rejouer_les_memes_faits_donne_les_memes_lignes(engine: Engine) -> None:
    faits = [OUVERT, UG1, note_arretee("UG1", "12")]
    lire(engine, *faits)
    avant = state_hash(engine, NOTES.tables)
    lire(engine, *faits)
    assert state_hash(engine, NOTES.tables) == avant


def suspendue(cause: CauseSuspension, regle: str) -> NoteSuspendue:
    return NoteSuspendue(candidat=ALICE, epreuve="UG1", cause=cause, motif="à vérifier", regle=regle)


def test_bts_c05_les_suspensions_se_lisent_chacune_la_sienne(engine: Engine) -> None:
    doute = suspendue(CauseSuspension.VERIFICATION, "BTS-C05")
    soupcon = suspendue(CauseSuspension.DISCIPLINE, "DC-FRA01")
    levee = SuspensionLevee(
        candidat=ALICE, epreuve="UG1", cause=CauseSuspension.VERIFICATION, motif="conforme", regle="BTS-C06"
    )
    found = ligne(engine, OUVERT, UG1, doute, soupcon)
    assert (found["suspension_verification"], found["suspension_discipline"]) == ("BTS-C05", "DC-FRA01")
    found = ligne(engine, OUVERT, UG1, doute, soupcon, levee)
    assert (found["suspension_verification"], found["suspension_discipline"]) == (None, "DC-FRA01")


def test_bts_c03_la_mention_se_lit_puis_s_efface_l_annulation_demeure(engine: Engine) -> None:
    soupcon = suspendue(CauseSuspension.DISCIPLINE, "DC-FRA01")
    portee = MentionNonValidePortee(
        candidat=ALICE, epreuve="UG1", mention=EtatResultat.NON_VALIDE, motifs=("duree",), regle="BTS-C03"
    )
    annulee = portee.model_copy(update={"mention": EtatResultat.FRAUDE_ANNULEE, "regle": "DC-FRA01"})
    found = ligne(engine, OUVERT, portee)
    assert (found["mention"], found["mention_regle"], found["mention_motifs"]) == ("non_valide", "BTS-C03", ["duree"])
    retiree = MentionNonValideRetiree(candidat=ALICE, epreuve="UG1", regle="BTS-C01")
    found = ligne(engine, OUVERT, portee, soupcon, annulee, retiree)
    assert (found["mention"], found["fraude_annulee"], found["suspension_discipline"]) == (None, True, None)


def test_amb_28_une_competence_et_un_acquis_se_lisent_sans_note(engine: Engine) -> None:
    evaluee = CompetenceEvaluee(
        candidat=ALICE, epreuve="CCP1", situation="S1", acquise=True, criteres=7, lot="L1", regle="AMB-28"
    )
    found = ligne(engine, OUVERT, evaluee, epreuve="CCP1", situation="S1")
    assert (found["etat"], found["acquise"], found["criteres"], found["note"]) == ("acquise", True, 7, None)
    acquis = AcquisReporte(candidat=ALICE, epreuve="CCP2", regle="TP-I05")
    assert ligne(engine, OUVERT, acquis, epreuve="CCP2")["acquis_regle"] == "TP-I05"


def test_amb_28_l_histoire_garde_chaque_evaluation_d_une_competence(engine: Engine) -> None:
    evaluee = CompetenceEvaluee(candidat=ALICE, epreuve="EF", acquise=True, auteur="cor1", regle="AMB-28")
    projeter(
        engine,
        NOTES,
        [fait_lu(evaluee, 1, "cor1"), fait_lu(evaluee.model_copy(update={"acquise": False}), 2, "ges1")],
        ensemble=True,
    )
    found = lire(engine)
    assert found is not None
    assert [(one["auteur"], one["etat"]) for one in found["histoire"]] == [("cor1", "acquise"), ("ges1", "non_acquise")]


def test_dc_bts11_le_controle_se_lit_choix_note_et_resultat(engine: Engine) -> None:
    choisi = ControleChoisi(candidat=ALICE, epreuves=("UG1", "UG2"), regle="DC-BTS11")
    porte = NoteControleSaisie(candidat=ALICE, epreuve="UG1", note=Decimal(13), regle="DC-BTS11")
    absent = porte.model_copy(update={"epreuve": "UG2", "note": None})
    redit = note_arretee("UG1", "6", controle=Decimal(13))
    found = lire(engine, OUVERT, choisi, porte, absent, redit)
    assert found is not None
    assert found["controle_choisi"] == ["UG1", "UG2"]
    lus = {one["epreuve"]: (one["controle_note"], one["controle_absent"]) for one in found["notes"]}
    assert lus == {"UG1": (Decimal(13), False), "UG2": (None, True)}
    assert found["notes"][0]["resultat_controle"] == Decimal(13)


def test_dc_rec01_tr_r02_la_correction_d_un_oral_se_lit_avec_son_motif(engine: Engine) -> None:
    porte = NoteControleSaisie(candidat=ALICE, epreuve="UG1", note=Decimal(13), regle="DC-BTS11")
    corrige = porte.model_copy(
        update={"note": Decimal(12), "avant": Decimal(13), "motif": "erreur de report", "regle": "DC-REC01"}
    )
    found = lire(engine, OUVERT, porte, corrige)
    assert found is not None
    assert found["notes"][0]["controle_note"] == Decimal(12)
    dites = [(one["avant"], one["apres"], one["motif"], one["regle"]) for one in found["histoire"]]
    assert dites == [
        (None, Decimal(13), None, "DC-BTS11"),
        (Decimal(13), Decimal(12), "erreur de report", "DC-REC01"),
    ]


def test_dc_cap17_une_epreuve_de_remplacement_se_lit(engine: Engine) -> None:
    remplacement = RemplacementOuvert(candidat=ALICE, epreuves=("UG1", "EP2"), regle="DC-CAP17")
    assert ligne(engine, OUVERT, UG1, remplacement)["remplacement"] is True


def test_cl_140_une_epreuve_reportee_se_lit_et_l_absence_levee_garde_son_histoire(engine: Engine) -> None:
    absent = AbsenceConstatee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16")
    reportees = EpreuvesReportees(candidat=ALICE, epreuves=("UG1",), passage=LE, motif="centre fermé", regle="TR-N04")
    levee = AbsenceLevee(candidat=ALICE, epreuve="UG1", motif="centre fermé", regle="TR-N04")
    found = lire(engine, OUVERT, absent, reportees, levee)
    assert found is not None
    [ug1] = [one for one in found["notes"] if one["epreuve"] == "UG1"]
    assert (ug1["etat"], ug1["reporte_au"], ug1["regle"]) == (None, LE, "TR-N04")
    assert [(one["etat"], one["motif"]) for one in found["histoire"]] == [
        ("absent_injustifie", None),
        (None, "centre fermé"),
    ]


def test_bts_n05_la_fiche_sujet_se_lit_avec_l_activite_retenue(engine: Engine) -> None:
    fiche = FicheSujetEtablie(
        candidat=ALICE, epreuve="E4", activite="negociation_vente", fiche="FS-17", auteur="cor1", regle="BTS-N05"
    )
    found = ligne(engine, OUVERT, fiche, epreuve="E4")
    assert (found["activite"], found["fiche"]) == ("negociation_vente", "FS-17")


def test_dc_bts02_les_unites_presentees_se_lisent(engine: Engine) -> None:
    found = lire(engine, ouvert(unites=("UG1",)))
    assert found is not None
    assert found["unites"] == ["UG1"]


def test_dc_bts11_la_derniere_decision_du_jury_ouvre_ou_ferme_le_controle(tmp_path: Path) -> None:
    decisions = Decisions()
    engine = base(tmp_path, decisions)
    prise = DecisionPrise.model_validate_json(DECISION.read_text("utf-8"))
    controle = prise.model_copy(
        update={"candidat": ALICE, "decision": Decision.EPREUVES_CONTROLE, "epreuves_controle": ("E1", "E2")}
    )
    admis = controle.model_copy(update={"decision": Decision.ADMIS, "epreuves_controle": ()})
    lues = []
    for seq, one in enumerate((controle, admis), 1):
        projeter(engine, decisions, [fait_lu(one, seq)])
        with engine.connect() as connection:
            lues.append(lire_decision(connection, **LIEU, candidat=ALICE))
            assert lire_decision(connection, **LIEU, candidat=BASILE) is None
    engine.dispose()
    assert lues == [DecisionJury(Decision.EPREUVES_CONTROLE, ("E1", "E2")), DecisionJury(Decision.ADMIS)]


def test_tous_les_faits_du_service_sont_lus() -> None:
    assert NOTES.handles | LOTS.handles | ResultatsAccueil.handles == set(notation.EVENEMENTS) - set(NOTATION)


# Les bordereaux ----------------------------------------------------------------------------------------------------


def test_un_lot_se_lit_depose_puis_clos(tmp_path: Path) -> None:
    engine = base(tmp_path, LOTS)
    depose = BordereauDepose(lot="L1", epreuve="EP1", situation="S1", candidats=(ALICE, BASILE), empreinte="abc")
    projeter(engine, LOTS, [fait_lu(depose, 1, "cor1")])
    with engine.connect() as connection:
        found = lire_bordereau(connection, **LIEU, lot="L1")
        assert lire_bordereau(connection, **LIEU, lot="L2") is None
    assert found is not None
    assert (found["etat"], found["depose_par"], found["nombre"], found["candidats"]) == (
        "depose",
        "cor1",
        2,
        [ALICE, BASILE],
    )
    clos = BordereauClos(lot="L1", epreuve="EP1", situation="S1", candidats=(ALICE, BASILE))
    projeter(engine, LOTS, [fait_lu(clos, 2, "ges1")])
    with engine.connect() as connection:
        [found] = lister_bordereaux(connection, **LIEU)
    engine.dispose()
    assert (found["etat"], found["clos_par"], found["empreinte"], found["depose_par"]) == (
        "clos",
        "ges1",
        "abc",
        "cor1",
    )
