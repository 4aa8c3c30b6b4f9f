"""After the closing: whoever was waiting is decided, an error is corrected, the former decision stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.deliberation import (
    AccorderPoints,
    AttesterPresence,
    CloreJury,
    PrendreDecision,
    ReconvoquerJury,
    RecuserMembre,
    TransmettrePresidence,
)
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryReconvoque,
    MembreRecuse,
    NatureDecision,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.evenements.publication import (
    ConstatReclamation,
    IssueReclamation,
    NatureReclamation,
    ReclamationClose,
    ReclamationDeposee,
    ReclamationInstruite,
)
from contracts.vocabulaire import Decision, EtatResultat
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.etats import Clos
from services.deliberation.domain.jury import JuryEvent
from services.deliberation.tests.cadres import (
    BTS,
    MC,
    RECTEUR,
    bts,
    donne,
    en_seance,
    etat,
    lire,
    mc,
    oral,
    president,
    prise,
    qui,
)
from services.deliberation.tests.donnees import ALICE, BASILE, LE

N = EtatResultat
PRESIDENT = president(BTS)
GELEE = ResultatJury(N.SUSPENDUE, "fait-E4", regle="BTS-C05")
DOUTE = bts("12", "12", "12", GELEE, "12", "12")
LEVEE = bts("12", "12", "12", "13", "12", "12", position=130)
DECIDER = PrendreDecision(candidat=ALICE, **PRESIDENT)


def clos_avec(d: DossierJury) -> tuple[JuryEvent, ...]:
    """ALICE on this dossier, BASILE admitted, the jury closed."""
    decides = (prise(BTS, d), prise(BTS, bts("12", numero=BASILE)))
    histoire = (*en_seance(BTS), *decides)
    (clos,) = donne(BTS, *histoire).when(CloreJury(**PRESIDENT)).events()
    return (*histoire, clos)


def test_cl_083_amb_44_les_autres_candidats_sont_deliberes_et_le_jury_se_clot() -> None:
    histoire = clos_avec(DOUTE)
    clos = histoire[-1]
    assert isinstance(clos, JuryClos)
    assert clos.decisions == {ALICE: Decision.EN_ATTENTE, BASILE: Decision.ADMIS}
    (attente,) = [one for one in clos.preuve if one.regle == "AMB-44"]
    assert ALICE in attente.texte


def test_cl_084_amb_44_la_suspension_levee_la_note_compte_decision_complementaire() -> None:
    (decision,) = donne(BTS, *clos_avec(DOUTE), dossier=LEVEE).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.ADMIS, NatureDecision.COMPLEMENTAIRE)
    assert next(one for one in decision.lignes if one.epreuve == "E4").note == Decimal(13)
    assert decision.position == 130


def test_cl_085_bts_d02_verification_negative_refuse_et_la_note_n_est_jamais_dite() -> None:
    non_valide = ResultatJury(N.NON_VALIDE, "fait-E4", Decimal(13), regle="BTS-C03")
    d = bts("12", "12", "12", non_valide, "12", "12", position=130)
    (decision,) = donne(BTS, *clos_avec(DOUTE), dossier=d).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature, decision.moyenne) == (
        Decision.REFUSE,
        NatureDecision.COMPLEMENTAIRE,
        None,
    )
    assert next(one for one in decision.lignes if one.epreuve == "E4").note is None
    assert "13" not in lire(decision.explication)
    assert "E4" not in decision.unites


def test_cl_092_apres_la_commission_l_epreuve_annulee_refuse() -> None:
    suspect = bts("15", "15", ResultatJury(N.SUSPENDUE, "fait-E3", regle="DC-FRA01"), "15", "15", "15")
    annulee = bts("15", "15", N.FRAUDE_ANNULEE, "15", "15", "15", position=130)
    (decision,) = donne(BTS, *clos_avec(suspect), dossier=annulee).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.REFUSE, NatureDecision.COMPLEMENTAIRE)


def test_amb_44_tant_que_la_note_est_suspendue_rien_n_est_decide() -> None:
    donne(BTS, *clos_avec(DOUTE), dossier=replace(DOUTE, position=120)).when(DECIDER).then_nothing()


def test_amb_44_pris_une_fois_le_complement_ne_se_reprend_pas() -> None:
    histoire = clos_avec(DOUTE)
    (decision,) = donne(BTS, *histoire, dossier=LEVEE).when(DECIDER).events()
    donne(BTS, *histoire, decision, dossier=LEVEE).when(DECIDER).then_nothing()
    donne(BTS, *histoire, decision, dossier=replace(LEVEE, position=140)).when(DECIDER).then_refused("JURY_CLOS")


def test_amb_44_un_candidat_deja_decide_ne_se_redecide_pas() -> None:
    autre = PrendreDecision(candidat=BASILE, **PRESIDENT)
    donne(BTS, *clos_avec(DOUTE), dossier=bts("20", numero=BASILE)).when(autre).then_refused("JURY_CLOS")


def test_amb_44_qui_preside_decide_le_complement() -> None:
    histoire = clos_avec(DOUTE)
    ordre = TransmettrePresidence(motif="mandat fini", **RECTEUR)
    (transmise,) = donne(BTS, *histoire).when(ordre).then_kinds(PresidenceTransmise)
    donne(BTS, *histoire, transmise, dossier=LEVEE).when(DECIDER).then_refused("DC-BTS15")
    suppleant = PrendreDecision(candidat=ALICE, **qui("pro1"))
    donne(BTS, *histoire, transmise, dossier=LEVEE).when(suppleant).then_kinds(DecisionPrise)


def test_amb_44_presences_et_recusations_restent_possibles_tant_qu_un_candidat_attend() -> None:
    sans_pro2 = tuple(one for one in clos_avec(DOUTE) if one != PresenceAttestee(jury="J1", membre="pro2"))
    arrivee = AttesterPresence(membre="pro2", **PRESIDENT)
    donne(BTS, *sans_pro2).when(arrivee).then(PresenceAttestee(jury="J1", membre="pro2"))
    recuser = RecuserMembre(membre="ens1", candidat=ALICE, motif="lien de parenté", **PRESIDENT)
    donne(BTS, *clos_avec(DOUTE)).when(recuser).then_kinds(MembreRecuse)
    donne(BTS, *clos_avec(LEVEE)).when(arrivee).then_refused("JURY_CLOS")


def test_amb_44_le_complement_peut_ouvrir_les_oraux_puis_les_conclure() -> None:
    premieres = ("6", "9", "9", "11", "10", "10")
    histoire = clos_avec(bts("6", "9", "9", GELEE, "10", "10"))
    d = bts(*premieres, position=130)
    (ouverts,) = donne(BTS, *histoire, dossier=d).when(DECIDER).then_kinds(DecisionPrise)
    assert (ouverts.decision, ouverts.epreuves_controle) == (Decision.EPREUVES_CONTROLE, ("E1", "E2", "E3"))
    passes = {"E1": oral("E1", "6", "12"), "E2": oral("E2", "9", "7")}
    apres = replace(d, controles=("E1", "E2"), position=150, resultats={**d.resultats, **passes})
    (decision,) = donne(BTS, *histoire, ouverts, dossier=apres).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.ADMIS, NatureDecision.COMPLEMENTAIRE)


def test_dc_bts11_le_jury_ne_se_clot_pas_avant_les_oraux() -> None:
    decides = (prise(BTS, bts("6", "9", "9", "11", "10", "10")), prise(BTS, bts("12", numero=BASILE)))
    refus = donne(BTS, *en_seance(BTS), *decides).when(CloreJury(**PRESIDENT)).then_refused("JURY_INCOMPLET")
    assert [(one.regle, one.sur) for one in refus.donnees["manques"]] == [("DC-BTS11", ALICE)]  # type: ignore[attr-defined]


# An error after the closing -----------------------------------------------------------------------------------------

RECONVOQUER = ReconvoquerJury(candidat=ALICE, motif="erreur d'addition à E2", **RECTEUR)
RECONVOQUE = JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur d'addition à E2", regle="AMB-54")
ERREUR = bts("9", "8", "9", "9", "9", "9")
CORRIGE = bts("9", "15", "9", "10", "10", "9", position=140)


def test_cl_130_amb_54_reconvoquer_puis_rectifier_l_ancienne_decision_reste() -> None:
    histoire = clos_avec(ERREUR)
    donne(BTS, *histoire).when(RECONVOQUER).then(RECONVOQUE)
    (decision,) = donne(BTS, *histoire, RECONVOQUE, dossier=CORRIGE).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.ADMIS, NatureDecision.RECTIFICATIVE)
    avant = next(one for one in histoire if isinstance(one, DecisionPrise) and one.candidat == ALICE)
    assert (avant.decision, avant.nature) == (Decision.REFUSE, NatureDecision.INITIALE)


def test_cl_130_une_decision_confirmee_est_rectificative_une_fois() -> None:
    histoire = (*clos_avec(ERREUR), RECONVOQUE)
    meme = replace(ERREUR, position=140)
    (decision,) = donne(BTS, *histoire, dossier=meme).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.REFUSE, NatureDecision.RECTIFICATIVE)
    assert (decision.confirmee, decision.explication[0].effet) == (True, "décision confirmée")
    donne(BTS, *histoire, decision, dossier=meme).when(DECIDER).then_nothing()


def test_amb_54_la_meme_decision_sur_une_autre_note_n_est_pas_confirmee() -> None:
    autre = bts("9", "8.5", "9", "9", "9", "9", position=140)
    (decision,) = donne(BTS, *clos_avec(ERREUR), RECONVOQUE, dossier=autre).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.decision, decision.confirmee) == (Decision.REFUSE, False)


def test_amb_54_l_explication_dit_d_abord_que_le_jury_a_ete_reuni_et_pourquoi() -> None:
    (decision,) = donne(BTS, *clos_avec(ERREUR), RECONVOQUE, dossier=CORRIGE).when(DECIDER).then_kinds(DecisionPrise)
    dite = decision.explication[0]
    assert (decision.regles[0], dite.regle, dite.faits) == ("AMB-54", "AMB-54", ("erreur d'addition à E2",))
    assert dite.chiffres == {"avant": "refusé", "après": "admis"}


def test_amb_44_l_explication_du_complement_dit_sa_regle() -> None:
    (decision,) = donne(BTS, *clos_avec(DOUTE), dossier=LEVEE).when(DECIDER).then_kinds(DecisionPrise)
    assert (decision.regles[0], decision.confirmee) == ("AMB-44", False)


# A réclamation that is the reason -----------------------------------------------------------------------------------

CITEE = RECONVOQUER.model_copy(update={"reclamation": "R1"})
DEPOSEE = ReclamationDeposee(
    candidat=ALICE, numero="R1", nature=NatureReclamation.ERREUR_MATERIELLE, depose_le=LE, regles=(), explication=()
)


def instruite(constat: ConstatReclamation = ConstatReclamation.ERREUR_MATERIELLE) -> ReclamationInstruite:
    dit: dict[str, Any] = {"motif": "total refait", "le": LE, "regles": (), "explication": ()}
    return ReclamationInstruite(candidat=ALICE, numero="R1", constat=constat, **dit)


def reconvoque_pour(*reclamations: Any) -> Any:
    return donne(BTS, *clos_avec(ERREUR), reclamations=reclamations).when(CITEE)


@pytest.mark.parametrize("constat", [ConstatReclamation.ERREUR_MATERIELLE, ConstatReclamation.IRREGULARITE])
def test_amb_54_une_reclamation_fondee_reunit_le_jury_qui_la_cite(constat: ConstatReclamation) -> None:
    reconvoque_pour(DEPOSEE, instruite(constat)).then(RECONVOQUE.model_copy(update={"reclamation": "R1"}))


def test_amb_54_une_reclamation_qui_ne_fonde_rien_ne_reunit_pas_le_jury() -> None:
    reconvoque_pour().then_refused("RECLAMATION_INCONNUE")
    reconvoque_pour(DEPOSEE).then_refused("RECLAMATION_NON_INSTRUITE")
    reconvoque_pour(DEPOSEE, instruite(ConstatReclamation.APPRECIATION)).then_refused("AMB-54")
    close = ReclamationClose(
        candidat=ALICE, numero="R1", issue=IssueReclamation.REJETEE, motif="rejet", le=LE, regles=(), explication=()
    )
    reconvoque_pour(DEPOSEE, instruite(), close).then_refused("RECLAMATION_CLOSE")
    autre = instruite().model_copy(update={"numero": "R2"})
    reconvoque_pour(DEPOSEE, autre).then_refused("RECLAMATION_NON_INSTRUITE")


def test_amb_54_la_decision_rectifiee_dit_la_reclamation() -> None:
    cite = RECONVOQUE.model_copy(update={"reclamation": "R1"})
    (decision,) = donne(BTS, *clos_avec(ERREUR), cite, dossier=CORRIGE).when(DECIDER).then_kinds(DecisionPrise)
    assert decision.explication[0].faits == ("erreur d'addition à E2", "réclamation R1")


def test_amb_54_sans_reconvocation_rien_ne_se_rectifie() -> None:
    donne(BTS, *clos_avec(ERREUR), dossier=CORRIGE).when(DECIDER).then_refused("JURY_CLOS")


def test_amb_54_on_ne_reconvoque_qu_un_jury_clos_et_pour_ses_candidats() -> None:
    donne(BTS, *en_seance(BTS)).when(RECONVOQUER).then_refused("JURY_NON_CLOS")
    donne(BTS).when(RECONVOQUER).then_refused("JURY_INCONNU")
    ailleurs = ReconvoquerJury(candidat="N2699999", motif="erreur d'addition", **RECTEUR)
    donne(BTS, *clos_avec(ERREUR)).when(ailleurs).then_refused("CANDIDAT_HORS_JURY")
    vide = ReconvoquerJury(candidat=ALICE, motif="    ", **RECTEUR)
    donne(BTS, *clos_avec(ERREUR)).when(vide).then_refused("AMB-54")


def test_amb_54_reconvoque_une_fois_il_l_est_deja() -> None:
    donne(BTS, *clos_avec(ERREUR), RECONVOQUE).when(RECONVOQUER).then_nothing()


def test_amb_54_le_jury_reconvoque_peut_accorder_des_points() -> None:
    histoire = (*clos_avec(ERREUR), RECONVOQUE)
    ordre = AccorderPoints(candidat=ALICE, epreuve="E2", note=Decimal(9), motif="total mal reporté", **PRESIDENT)
    donne(BTS, *histoire, dossier=ERREUR).when(ordre).then_kinds(PointsDeJuryAccordes)
    autre = AccorderPoints(candidat=BASILE, epreuve="E2", note=Decimal(9), motif="total mal reporté", **PRESIDENT)
    donne(BTS, *histoire, dossier=bts("12", numero=BASILE)).when(autre).then_refused("JURY_CLOS")


@pytest.mark.parametrize("nouvelle", ["12", "6"])
def test_amb_54_la_reconvocation_vaut_pour_tout_diplome(nouvelle: str) -> None:
    decides = (prise(MC, mc("9", "9", "9")), prise(MC, mc("12", "12", "12", numero=BASILE)))
    histoire: tuple[Any, ...] = (*en_seance(MC), *decides)
    (clos,) = donne(MC, *histoire).when(CloreJury(**president(MC))).events()
    d = mc("9", "9", nouvelle, position=140)
    ordre = PrendreDecision(candidat=ALICE, **president(MC))
    (decision,) = donne(MC, *histoire, clos, RECONVOQUE, dossier=d).when(ordre).then_kinds(DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.AJOURNE, NatureDecision.RECTIFICATIVE)


def test_le_jury_clos_garde_sa_seance() -> None:
    clos = etat(*clos_avec(DOUTE))
    assert isinstance(clos, Clos)
    assert (clos.repris, clos.reprend(ALICE), clos.reprend(BASILE)) == (True, True, False)
    assert set(clos.seance.decisions) == {ALICE, BASILE}


# La session de remplacement ----------------------------------------------------------------------------------------

MANQUEE = ResultatJury(N.ABSENT_JUSTIFIE, "fait-E2", Decimal(0))
AJOURNE = mc("12", MANQUEE, "11")
REMPLACE = replace(mc("12", "13", "11", position=140), remplacements=("E2",))


def mc_clos() -> tuple[JuryEvent, ...]:
    histoire = (*en_seance(MC), prise(MC, AJOURNE), prise(MC, mc("12", "12", "12", numero=BASILE)))
    (clos,) = donne(MC, *histoire).when(CloreJury(**president(MC))).events()
    return (*histoire, clos)


def remplacee(d: DossierJury) -> Any:
    return donne(MC, *mc_clos(), dossier=d).when(PrendreDecision(candidat=ALICE, **president(MC)))


def test_cl_129_dc_mc08_la_note_de_remplacement_rejoint_les_autres() -> None:
    (decision,) = remplacee(REMPLACE).events()
    assert isinstance(decision, DecisionPrise)
    assert (decision.decision, decision.nature) == (Decision.ADMIS, NatureDecision.COMPLEMENTAIRE)


def test_dc_mc08_ajourne_encore_la_nouvelle_note_est_dite() -> None:
    (decision,) = remplacee(replace(mc("5", "6", "7", position=140), remplacements=("E2",))).events()
    assert isinstance(decision, DecisionPrise)
    assert decision.decision is Decision.AJOURNE
    assert {ligne.epreuve: ligne.note for ligne in decision.lignes}["E2"] == 6


def test_dc_mc08_sans_nouvelle_note_le_jury_reste_clos() -> None:
    remplacee(replace(AJOURNE, remplacements=("E2",))).then_refused("JURY_CLOS")


def test_dc_mc08_sans_autorisation_une_note_nouvelle_ne_rouvre_rien() -> None:
    remplacee(mc("12", "13", "11", position=140)).then_refused("JURY_CLOS")
