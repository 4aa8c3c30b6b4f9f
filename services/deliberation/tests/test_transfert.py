"""Un candidat change d'académie : le jury le suit tant qu'il n'est pas clos, et la délivrance ne bouge plus ensuite."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.commandes.deliberation import (
    CloreJury,
    PrendreDecision,
    ReconvoquerJury,
    SignalerResultatTardif,
    SuivreTransfert,
)
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryReconvoque,
    ResultatApresCloture,
    TransfertApresCloture,
    TransfertSuivi,
)
from contracts.evenements.inscription import InscriptionAnnulee
from contracts.evenements.transfert import CandidatTransfere, CandidatureReprise
from contracts.messages import Event
from services.communs.testing import base, projeter
from services.deliberation.domain.composition import Manque
from services.deliberation.projections.jurys import Jurys, lire_jury, lire_origines
from services.deliberation.shell.transferts import Departs
from services.deliberation.tests.donnees import ALICE, BASILE, dossier, qui
from services.deliberation.tests.faits import LIEU, fait, inscrit
from services.deliberation.tests.test_regroupement import (
    CLOS,
    D_ALICE,
    D_BASILE,
    PARTAGE,
    SEANCE,
    given,
    prise,
    signaler,
)
from services.socle.service import Environment

SUIVRE = SuivreTransfert(candidat=BASILE, **qui("systeme:deliberation", "systeme"))
A_LILLE = TransfertSuivi(jury="J1", candidat=BASILE, de="caen", vers="lille", origine="lille", regle="AMB-55")
A_ROUEN = A_LILLE.model_copy(update={"vers": "rouen", "origine": None})
TARD = TransfertApresCloture(jury="J1", candidat=BASILE, academie="caen", vers="lille", origine="lille", regle="AMB-55")
RECONVOQUER = ReconvoquerJury(candidat=BASILE, motif="note oubliée", **qui("rec1", "recteur"))


# Before the closing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("avant", [(PARTAGE,), SEANCE, (*SEANCE, D_ALICE, D_BASILE)])
def test_amb_55_le_jury_suit_son_candidat_tant_qu_il_n_est_pas_clos(avant: Any) -> None:
    given(*avant, partis={BASILE: "lille"}).when(SUIVRE).then(A_LILLE)
    given(*avant, A_LILLE, partis={BASILE: "lille"}).when(SUIVRE).then_nothing()
    given(*avant, partis={BASILE: "rouen"}).when(SUIVRE).then(A_ROUEN)
    given(*avant, A_ROUEN, partis={BASILE: "caen"}).when(SUIVRE).then_kinds(TransfertSuivi)
    given(*avant).when(SUIVRE).then_nothing()


def test_seul_un_candidat_du_jury_se_suit() -> None:
    given(partis={BASILE: "lille"}).when(SUIVRE).then_refused("JURY_INCONNU")
    autre = SUIVRE.model_copy(update={"candidat": "N2600099"})
    given(SEANCE, partis={"N2600099": "lille"}).when(autre).then_refused("CANDIDAT_HORS_JURY")


def test_amb_55_la_decision_suit_le_candidat() -> None:
    d = dossier(numero=BASILE)
    decider = PrendreDecision(candidat=BASILE, **qui())
    for suivi, origine in ((A_LILLE, "lille"), (A_ROUEN, None)):
        [event] = given(SEANCE, D_BASILE, suivi, dossier=d).when(decider).then_kinds(DecisionPrise)
        assert event.origine == origine


def test_amb_55_decide_avant_de_partir_il_l_est_de_nouveau_avant_la_cloture() -> None:
    refus = given(SEANCE, D_ALICE, D_BASILE, A_LILLE).when(CloreJury(**qui())).then_refused("JURY_INCOMPLET")
    assert [one.sur for one in _manques(refus)] == [BASILE]
    encore = prise(BASILE, D_BASILE.journal, 6_000, "lille")
    [clos] = given(SEANCE, D_ALICE, D_BASILE, A_LILLE, encore).when(CloreJury(**qui())).then_kinds(JuryClos)
    assert clos.origines == {BASILE: "lille"}


def test_amb_55_qui_est_parti_n_est_pas_desinscrit_le_jury_l_attend() -> None:
    decides = given(SEANCE, D_ALICE, D_BASILE, partis={BASILE: "lille"})
    refus = decides.when(CloreJury(**qui())).then_refused("JURY_INCOMPLET")
    assert [(one.regle, one.sur) for one in _manques(refus)] == [("AMB-55", BASILE)]
    given(SEANCE, D_ALICE, annules={BASILE}).when(CloreJury(**qui())).then_kinds(JuryClos)


def _manques(refus: Any) -> list[Manque]:
    return list(refus.donnees["manques"])


# After it -----------------------------------------------------------------------------------------------------------


def test_amb_55_apres_la_cloture_l_academie_que_le_jury_connaissait_delivre() -> None:
    given(CLOS, partis={BASILE: "lille"}).when(SUIVRE).then(TARD)
    given(CLOS, TARD, partis={BASILE: "lille"}).when(SUIVRE).then_nothing()
    [revenu] = given(CLOS, TARD, partis={BASILE: "caen"}).when(SUIVRE).then_kinds(TransfertApresCloture)
    assert (revenu.academie, revenu.vers) == ("caen", "caen")


def test_amb_54_reuni_pour_qui_est_parti_le_jury_dit_qui_tient_son_dossier() -> None:
    [reuni] = given(CLOS, TARD).when(RECONVOQUER).then_kinds(JuryReconvoque)
    assert (reuni.origine, reuni.tenu_par) == ("caen", "lille")
    decider = PrendreDecision(candidat=BASILE, **qui())
    rectifie = dossier(numero=BASILE, position=7_000)
    [event] = given(CLOS, TARD, reuni, dossier=rectifie).when(decider).then_kinds(DecisionPrise)
    assert (event.origine, event.tenu_par, event.confirmee) == ("caen", "lille", True)
    [reuni] = given(CLOS).when(RECONVOQUER).then_kinds(JuryReconvoque)
    assert reuni.tenu_par is None


def test_amb_54_ce_qui_arrive_tard_de_la_nouvelle_academie_est_dit() -> None:
    given(CLOS, TARD).when(signaler()).then_kinds(ResultatApresCloture)
    pilote: SignalerResultatTardif = signaler(candidat=ALICE, academie="rouen", journal="AUTRE")
    given(CLOS).when(pilote).then_kinds(ResultatApresCloture)  # a candidate of the pilot, gone elsewhere since


# Read model ---------------------------------------------------------------------------------------------------------


def test_le_jury_montre_qui_est_parti_et_s_il_l_a_suivi(tmp_path: Path) -> None:
    engine = base(tmp_path, Jurys())
    projeter(engine, Jurys(), [fait(PARTAGE, 1), fait(A_LILLE, 2)])
    with engine.connect() as connection:
        assert lire_origines(connection, **LIEU) == {BASILE: "lille"}
    projeter(engine, Jurys(), [fait(A_ROUEN, 3), fait(TARD, 4)])
    with engine.connect() as connection:
        assert lire_origines(connection, **LIEU) == {}
        vu = lire_jury(connection, **LIEU, code="J1")
    assert vu is not None
    dits = [(one["de"], one["vers"], one["suivi"]) for one in vu["transferts"]]
    assert dits == [("caen", "lille", True), ("caen", "rouen", True), ("caen", "lille", False)]


# Where he is --------------------------------------------------------------------------------------------------------

INSCRIT = inscrit(candidat=BASILE)


def part(vers: str) -> CandidatTransfere:
    return CandidatTransfere(candidat=BASILE, vers=vers, regle="TR-G01")


def vient(de: str) -> CandidatureReprise:
    return CandidatureReprise(candidat=BASILE, origine=de, agregat=f"candidature-{BASILE}", rang=2, tete="t")


def chemin(**histoires: list[Event]) -> list[str]:
    async def lire(academie: str, *where: str) -> list[Event]:
        assert where == ("2026", "cap_osrcl", "inscription", f"candidature-{BASILE}")
        return histoires.get(academie, [])

    async def ici(*where: str) -> list[Event]:
        return await lire("rouen", *where)

    env = SimpleNamespace(settings=SimpleNamespace(academie="rouen"), told=lire, events=ici)
    return asyncio.run(Departs(cast(Environment, env)).chemin(SUIVRE, BASILE, "caen"))


def test_ou_est_le_candidat_se_lit_de_proche_en_proche() -> None:
    assert chemin() == ["caen"]
    assert chemin(caen=[INSCRIT, InscriptionAnnulee(candidat=BASILE, motif="désistement écrit")]) == ["caen"]
    assert chemin(caen=[INSCRIT, part("lille")]) == ["caen", "lille"]
    a_rouen = {"lille": [vient("caen"), INSCRIT, part("rouen")], "rouen": [vient("lille"), INSCRIT]}
    assert chemin(caen=[INSCRIT, part("lille")], **a_rouen) == ["caen", "lille", "rouen"]


def test_qui_revient_est_chez_lui() -> None:
    la_bas = [vient("caen"), INSCRIT, part("caen")]
    assert chemin(caen=[INSCRIT, part("lille")], lille=la_bas) == ["caen", "lille", "caen"]
    revenu = [INSCRIT, part("lille"), vient("lille"), INSCRIT]
    assert chemin(caen=revenu, lille=la_bas) == ["caen"]
    assert chemin(caen=[*revenu, part("lille")], lille=[*la_bas, vient("caen"), INSCRIT]) == ["caen", "lille"]
