"""Ce que le dossier montre : ce qui fonde une non-conformité, et ce qui n'a pas été fait comme il faut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    PieceJugee,
    RegularisationDemandee,
    VerificationConclue,
)
from contracts.evenements.deliberation import NatureDecision
from contracts.evenements.publication import ConstatReclamation, Trouvaille
from contracts.messages import Event
from contracts.vocabulaire import Decision, Verdict
from services.publication.domain.histoire import HistoireCandidat
from services.publication.domain.instruction import trouver
from services.publication.tests.donnees import ALICE, PUBLIE, session
from services.publication.tests.test_instruction import REUNI, Journal, codes, prise

IRREGULARITE = ConstatReclamation.IRREGULARITE
AVANT, APRES = PUBLIE, PUBLIE + timedelta(days=30)
FERME = DossierDeclareNonConforme(candidat=ALICE, regle="CAP26-R01", motifs=("duree",))
CONFORME = DossierDeclareConforme(candidat=ALICE, regle="CAP26-C02")
DOUTE = DouteSignale(candidat=ALICE, motif="attestation douteuse", regle="TR-C02")
VERIFIE = VerificationConclue(candidat=ALICE, conforme=True, motif="entreprise jointe", regle="TR-C02")


def demande(avant: Any) -> RegularisationDemandee:
    return RegularisationDemandee(candidat=ALICE, piece="P1", manques=("cachet",), avant=avant, regle="CAP26-C05")


def jugee(verdict: Verdict) -> PieceJugee:
    return PieceJugee(candidat=ALICE, piece="P1", verdict=verdict, regle="CAP26-C02")


def chercher(
    dossier: Sequence[Event | int], jury: Sequence[Event | int] = (), releve: Sequence[Event | int] = ()
) -> list[Trouvaille]:
    faits = (Journal().lire(one) for one in (releve, (100, *jury), dossier))
    return list(trouver(HistoireCandidat(ALICE, *faits), session()))


def test_cap26_r01_une_non_conformite_se_lit_avec_la_demande_qui_l_a_precedee() -> None:
    [une] = chercher([jugee(Verdict.INCOMPLETE), demande(AVANT), FERME])
    assert (une.code, une.explication.regle, une.fonde) == ("dossier_non_conforme", "CAP26-R01", None)
    assert [one.nom for one in une.preuves] == [RegularisationDemandee.NAME, DossierDeclareNonConforme.NAME]


def test_un_dossier_declare_conforme_depuis_ne_montre_plus_rien() -> None:
    assert chercher([FERME, CONFORME]) == []
    assert codes(chercher([CONFORME, FERME])) == ["dossier_non_conforme"]


def test_une_epreuve_rendue_ne_rend_pas_l_autre() -> None:
    ferme = FERME.model_copy(update={"epreuves": ("EP1", "EP2"), "effet": "non_valide"})
    rendue = CONFORME.model_copy(update={"epreuves": ("EP1",)})
    assert codes(chercher([ferme, rendue])) == ["dossier_non_conforme"]
    assert chercher([ferme, rendue, CONFORME.model_copy(update={"epreuves": ("EP2",)})]) == []


def test_cap26_c05_une_decision_prise_avant_la_fin_du_delai_est_une_irregularite() -> None:
    trouve = chercher([demande(APRES), FERME])
    assert codes(trouve) == ["dossier_non_conforme", "delai_en_cours"]
    assert (trouve[1].explication.regle, trouve[1].fonde) == ("CAP26-C05", IRREGULARITE)


def test_la_piece_completee_et_admise_n_attendait_plus_rien() -> None:
    assert codes(chercher([demande(APRES), jugee(Verdict.CONFORME), FERME])) == ["dossier_non_conforme"]


def test_la_piece_que_personne_n_avait_examinee_est_dite() -> None:
    trouve = chercher([jugee(Verdict.A_EXAMINER), FERME])
    assert codes(trouve) == ["dossier_non_conforme", "piece_a_examiner"]
    assert codes(chercher([jugee(Verdict.A_EXAMINER), jugee(Verdict.NON_CONFORME), FERME])) == ["dossier_non_conforme"]


def test_amb_54_un_dossier_decide_apres_le_jury_veut_que_le_jury_redecide() -> None:
    [une] = chercher([200, CONFORME], [*REUNI, prise()])
    assert (une.code, une.explication.regle, une.fonde) == ("dossier_change_apres_jury", "AMB-54", IRREGULARITE)
    revue = prise(position=300, nature=NatureDecision.RECTIFICATIVE)
    [une] = chercher([200, CONFORME], [*REUNI, prise(), 250, revue])
    assert (une.code, une.fonde, une.revue) == ("dossier_change_apres_jury", None, True)


def test_amb_54_une_decision_en_attente_n_est_pas_celle_du_jury() -> None:
    attend = prise(decision=Decision.EN_ATTENTE)
    assert "dossier_change_apres_jury" not in codes(chercher([200, CONFORME], [*REUNI, attend]))


def test_tr_c02_un_doute_que_personne_n_a_verifie_avant_le_jury_est_une_irregularite() -> None:
    [une] = chercher([DOUTE], [*REUNI, prise()])
    assert (une.code, une.explication.regle, une.fonde) == ("doute_sans_conclusion", "TR-C02", IRREGULARITE)
    assert chercher([DOUTE, VERIFIE], [*REUNI, prise()]) == []
    assert chercher([200, DOUTE], [*REUNI, prise()]) == []  # né après la décision : rien n'avait à l'attendre
    assert chercher([DOUTE]) == []  # aucun jury n'a décidé


def test_tr_c02_le_doute_d_une_epreuve_n_est_pas_leve_par_la_verification_d_une_autre() -> None:
    doutes = [DOUTE.model_copy(update={"epreuve": one}) for one in ("EP1", "EP2")]
    verifie = VERIFIE.model_copy(update={"epreuve": "EP1"})
    [une] = chercher([*doutes, verifie], [*REUNI, prise()])
    assert (une.code, une.epreuve) == ("doute_sans_conclusion", "EP2")
