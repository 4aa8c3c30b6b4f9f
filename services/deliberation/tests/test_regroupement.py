"""One jury for the candidates of several académies (AMB-55): whose they are, what is decided, what comes too late."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.deliberation import (
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    PrendreDecision,
    SignalerResultatTardif,
)
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryReconvoque,
    ResultatApresCloture,
)
from contracts.evenements.inscription import InscriptionAnnulee
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementClos, RegroupementDefini
from contracts.evenements.transfert import CandidatTransfere
from contracts.messages import Event
from contracts.vocabulaire import EtatResultat
from services.communs.testing import base, fait_du_journal, projeter
from services.deliberation.domain.jury import decide, evolve, initial
from services.deliberation.domain.regroupement import Regroupement
from services.deliberation.projections.candidats_jury import (
    Arrive,
    academies,
    annules,
    arrives_depuis,
    dossiers,
    positions,
)
from services.deliberation.projections.dossiers_jury import DossiersJury
from services.deliberation.projections.jurys import Jurys, lire_jury, lire_origines
from services.deliberation.projections.regroupements import Regroupements, vu_d_ici
from services.deliberation.tests.donnees import (
    ALICE,
    BASILE,
    CONSTITUE,
    LE,
    OUVERT,
    PRESENTS,
    dossier,
    qui,
    reglement,
    session,
)
from services.deliberation.tests.faits import LIEU, inscrit
from services.deliberation.tests.test_jury import decider
from services.socle.enveloppe import Fact
from services.socle.spec import Given, Spec

ECHANGES = "ECHANGES_ROUEN_2026"
PARTAGE = CONSTITUE.model_copy(update={"origines": {BASILE: "caen"}})
SEANCE = (PARTAGE, *PRESENTS, OUVERT)


def prise(numero: str, journal: str, position: int, origine: str | None = None) -> DecisionPrise:
    [event] = decider(dossier(numero=numero)).events()
    changes = {"journal": journal, "position": position, "origine": origine}
    decidee: DecisionPrise = event.model_copy(update=changes)
    return decidee


D_ALICE = prise(ALICE, "JOURNAL_ROUEN_2026", 100)
D_BASILE = prise(BASILE, ECHANGES, 5_000, "caen")
CLOTURE = JuryClos(
    jury="J1",
    decisions={ALICE: D_ALICE.decision, BASILE: D_BASILE.decision},
    presents=("ens1", "ens2", "pro1", "pro2"),
    preside_par="pro1",
    journal="JOURNAL_ROUEN_2026",
    position=100,
    regle="DC-CAP22",
    origines={BASILE: "caen"},
)
CLOS = (*SEANCE, D_ALICE, D_BASILE, CLOTURE)


def given(*histoire: Event | tuple[Event, ...], **arguments: Any) -> Given[Any]:
    return Spec(partial(decide, session=session(), **arguments), evolve, initial).given(*histoire)


def nommer() -> ConstituerJury:
    valeurs = CONSTITUE.model_dump(exclude={"regle", "jury", "origines"})
    return ConstituerJury(**qui("rec1", "recteur"), **valeurs)


def _decider(candidat: str) -> PrendreDecision:
    return PrendreDecision(candidat=candidat, **qui())


def regroupement(*acceptes: str, pilote: str = "rouen", basile: Collection[str] = ("caen",)) -> Regroupement:
    """Caen and Lille are members; ``acceptes`` accepted. Alice is of Rouen; ``basile`` says where Basile is known."""
    connus = {ALICE: ("rouen",), BASILE: basile}
    return Regroupement("rouen", pilote, frozenset({"caen", "lille"}), frozenset(acceptes), connus)


# Naming -------------------------------------------------------------------------------------------------------------


def test_amb_55_le_jury_dit_l_academie_de_chaque_candidat_d_ailleurs() -> None:
    given(regroupement=regroupement("caen")).when(nommer()).then(PARTAGE)


def test_amb_55_sans_regroupement_rien_ne_se_dit_d_autres_academies() -> None:
    given().when(nommer()).then(CONSTITUE)


def test_amb_55_une_academie_rattachee_ne_nomme_pas_le_jury_d_un_examen_partage() -> None:
    given(regroupement=regroupement(pilote="caen")).when(nommer()).then_refused("AMB-55")


def test_un_numero_inscrit_dans_deux_academies_du_regroupement_est_ambigu() -> None:
    ambigu = regroupement("caen", basile=("caen", "rouen"))
    refus = given(regroupement=ambigu).when(nommer()).then_refused("NUMERO_AMBIGU")
    assert refus.donnees["academies"] == ["caen", "rouen"]
    given(regroupement=regroupement("caen", basile=("caen", "dijon"))).when(nommer()).then(PARTAGE)


def test_le_candidat_d_une_academie_qui_n_a_pas_accepte_est_refuse() -> None:
    given(regroupement=regroupement("lille")).when(nommer()).then_refused("REGROUPEMENT_NON_ACCEPTE")
    given(regroupement=regroupement("caen", basile=("dijon",))).when(nommer()).then_refused("REGROUPEMENT_NON_ACCEPTE")


def test_amb_05_les_candidats_de_qui_a_d_autres_coefficients_ne_se_jugent_pas_ici() -> None:
    autres = replace(regroupement("caen"), contraires={"caen": ["EP1"]})
    refus = given(regroupement=autres).when(nommer()).then_refused("AMB-05")
    assert refus.donnees["cles"] == ["EP1"]
    ailleurs = replace(regroupement("caen"), contraires={"caen": [], "lille": ["EP1"]})
    given(regroupement=ailleurs).when(nommer()).then(PARTAGE)


def test_un_numero_que_nul_ne_connait_encore_ne_se_juge_pas_au_nom_de_la_pilote() -> None:
    inconnu = regroupement("caen", basile=())
    given(regroupement=inconnu).when(nommer()).then_refused("DOSSIER_ABSENT")


# Sitting ------------------------------------------------------------------------------------------------------------


def test_le_jury_ouvre_sur_la_position_de_chaque_flux() -> None:
    vues = {"JOURNAL_ROUEN_2026": 90, ECHANGES: 41}
    ouvrir = given(PARTAGE, PRESENTS, journal="JOURNAL_ROUEN_2026", position=90, positions=vues)
    ouvrir.when(OuvrirJury(**qui())).then(OUVERT.model_copy(update={"positions": vues}))


def test_la_decision_dit_l_academie_du_candidat() -> None:
    d = dossier(numero=BASILE)
    [event] = given(SEANCE, dossier=d).when(_decider(BASILE)).then_kinds(DecisionPrise)
    assert event.origine == "caen"
    [event] = given(SEANCE, dossier=dossier()).when(_decider(ALICE)).then_kinds(DecisionPrise)
    assert event.origine is None


def test_la_cloture_ne_melange_pas_les_positions_de_deux_flux() -> None:
    [clos] = given(SEANCE, D_ALICE, D_BASILE).when(CloreJury(**qui())).then_kinds(JuryClos)
    assert (clos.journal, clos.position, clos.origines) == ("JOURNAL_ROUEN_2026", 100, {BASILE: "caen"})


# After the closing --------------------------------------------------------------------------------------------------


def signaler(**autres: Any) -> SignalerResultatTardif:
    valeurs = {
        "candidat": BASILE,
        "academie": "caen",
        "epreuve": "EP1",
        "fait": "f9",
        "journal": ECHANGES,
        "position": 5_001,
    }
    enveloppe = qui("systeme:deliberation", "systeme")
    return SignalerResultatTardif(**enveloppe, **{**valeurs, **autres})


TARDIF = ResultatApresCloture(jury="J1", candidat=BASILE, academie="caen", epreuve="EP1", fait="f9", regle="AMB-54")


def test_amb_54_un_resultat_arrive_apres_la_cloture_est_dit_au_jury() -> None:
    given(CLOS).when(signaler()).then(TARDIF)
    given(CLOS, TARDIF).when(signaler()).then_nothing()
    given(CLOS, TARDIF).when(signaler(epreuve="EP2", fait="f10")).then_kinds(ResultatApresCloture)


def test_ce_que_le_jury_a_vu_n_est_pas_tardif() -> None:
    given(CLOS).when(signaler(position=5_000)).then_nothing()
    given(CLOS).when(signaler(fait="fait-EP1")).then_nothing()  # again, from an archive, at another position


def test_les_positions_d_un_autre_flux_ne_se_comparent_pas() -> None:
    given(CLOS).when(signaler(position=3, journal="ECHANGES_AUTRE_2026")).then_kinds(ResultatApresCloture)


def test_avant_la_cloture_le_jury_voit_ce_qui_arrive() -> None:
    for avant in ((PARTAGE,), SEANCE):
        given(avant).when(signaler()).then_nothing()
    given().when(signaler()).then_refused("JURY_INCONNU")


def test_amb_54_reuni_de_nouveau_pour_le_candidat_il_verra_ce_resultat() -> None:
    reuni = JuryReconvoque(jury="J1", candidat=BASILE, motif="note tardive", regle="AMB-54", origine="caen")
    given(CLOS, reuni).when(signaler()).then_nothing()


def test_une_epreuve_de_remplacement_est_attendue_apres_la_cloture() -> None:
    attendue = replace(dossier(numero=BASILE), remplacements=("EP1",))
    given(CLOS, dossier=attendue).when(signaler()).then_nothing()


@pytest.mark.parametrize("autre", [{"candidat": ALICE}, {"academie": "lille"}, {"candidat": "N2600099"}])
def test_une_academie_ne_parle_que_de_ses_candidats(autre: dict[str, str]) -> None:
    given(CLOS).when(signaler(**autre)).then_refused("CANDIDAT_HORS_JURY")


# Read models, with the facts of two académies -----------------------------------------------------------------------


def dit(event: Event, seq: int, academie: str = "rouen", agregat: str | None = None) -> Fact:
    """A fact of an académie, where Rouen reads it."""
    fact = fait_du_journal(event, seq, academie=academie, le=LE, agregat=agregat)
    stream = "JOURNAL_ROUEN_2026" if academie == "rouen" else ECHANGES
    return replace(fact, stream=stream)


def arrete(candidat: str, note: str = "12") -> ResultatArrete:
    return ResultatArrete(candidat=candidat, epreuve="EP1", etat=EtatResultat.NOTE, note=note, regle="CAP26-N01")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return base(tmp_path, DossiersJury())


def test_le_meme_numero_de_deux_academies_fait_deux_dossiers(engine: Engine) -> None:
    projeter(
        engine,
        DossiersJury(),
        [
            dit(inscrit(), 1),
            dit(inscrit(candidat=BASILE), 1, "caen"),
            dit(arrete(ALICE, "8"), 7),
            dit(inscrit(), 2, "caen"),
            dit(arrete(BASILE), 40, "caen"),
        ],
    )
    eux = {ALICE: "rouen", BASILE: "caen"}
    with engine.connect() as connection:
        lus = {one.numero: one for one in dossiers(connection, **LIEU, candidats=eux, reglement=reglement())}
        assert (lus[ALICE].journal, lus[ALICE].position) == ("JOURNAL_ROUEN_2026", 7)
        assert (lus[BASILE].journal, lus[BASILE].position) == (ECHANGES, 40)
        assert positions(connection, **LIEU, candidats=eux) == {ALICE: 7, BASILE: 40}
        assert positions(connection, **LIEU, candidats=[ALICE, BASILE]) == {ALICE: 7}
        ou = {"session": "2026", "diplome": "cap_osrcl"}
        assert academies(connection, **ou, candidats=[ALICE, BASILE]) == {ALICE: {"rouen", "caen"}, BASILE: {"caen"}}
        caen = LIEU | {"academie": "caen"}
        assert arrives_depuis(connection, **caen, candidat=BASILE, position=40) == []
        assert arrives_depuis(connection, **caen, candidat=BASILE, position=39) == [
            Arrive("EP1", "fait-40", ECHANGES, 40)
        ]


@pytest.mark.parametrize(
    "finie",
    [
        InscriptionAnnulee(candidat=ALICE, motif="désistement écrit"),
        CandidatTransfere(candidat=ALICE, vers="rouen", regle="TR-G01"),
    ],
)
def test_une_inscription_finie_ailleurs_ne_rend_pas_le_numero_ambigu(engine: Engine, finie: Event) -> None:
    faits = [dit(inscrit(), 1), dit(inscrit(), 1, "caen"), dit(finie, 2, "caen")]
    projeter(engine, DossiersJury(), faits)
    with engine.connect() as connection:
        ou = {"session": "2026", "diplome": "cap_osrcl"}
        assert academies(connection, **ou, candidats=[ALICE]) == {ALICE: {"rouen"}}
        assert annules(connection, **LIEU, candidats={ALICE: "caen"}) == {ALICE}
        assert annules(connection, **LIEU, candidats={ALICE: "rouen"}) == frozenset()


def defini(pilote: str = "rouen", membres: tuple[str, ...] = ("caen", "lille")) -> RegroupementDefini:
    du = reglement()
    return RegroupementDefini(
        regroupement="nord",
        pilote=pilote,
        membres=membres,
        arrete="arrêté 1",
        reglement=du.id,
        version=du.version,
        empreinte=du.empreinte,
        regle="BTS-G01",
    )


def accepte(pilote: str = "rouen", code: str = "nord") -> RegroupementAccepte:
    du = reglement()
    return RegroupementAccepte(
        regroupement=code, pilote=pilote, reglement=du.id, empreinte=du.empreinte, regle="DC-BTS19"
    )


def vu(tmp_path: Path, *faits: Fact, academie: str = "rouen") -> Regroupement | None:
    engine = base(tmp_path, Regroupements())
    projeter(engine, Regroupements(), faits)
    with engine.connect() as connection:
        return vu_d_ici(connection, **LIEU | {"academie": academie}, inscrits={})


DEFINI = dit(defini(), 1, agregat="regroupement")


def test_le_regroupement_vu_de_la_pilote_dit_qui_l_a_accepte(tmp_path: Path) -> None:
    faits = (DEFINI, dit(accepte(), 1, "caen", "regroupement"), dit(accepte(code="autre"), 2, "lille", "regroupement"))
    found = vu(tmp_path, *faits)
    assert found == Regroupement("rouen", "rouen", frozenset({"caen", "lille"}), frozenset({"caen"}), {})


def test_une_academie_qui_accepte_sans_etre_nommee_ne_compte_pas(tmp_path: Path) -> None:
    found = vu(tmp_path, DEFINI, dit(accepte(), 1, "dijon", "regroupement"))
    assert found is not None
    assert found.acceptes == frozenset()


def test_nommee_sans_avoir_accepte_une_academie_garde_son_jury(tmp_path: Path) -> None:
    assert vu(tmp_path, DEFINI, academie="caen") is None


def test_le_regroupement_clos_par_la_pilote_ne_partage_plus_rien(tmp_path: Path) -> None:
    clos = RegroupementClos(regroupement="nord", motif="session finie", regle="BTS-G01")
    faits = (DEFINI, dit(accepte(), 1, "caen", "regroupement"), dit(clos, 2, agregat="regroupement"))
    assert vu(tmp_path, *faits) is None
    assert vu(tmp_path, *faits, academie="caen") is None


def test_voir_jury_dit_les_origines_les_positions_et_ce_qui_est_arrive_trop_tard(tmp_path: Path) -> None:
    engine = base(tmp_path, Jurys())
    ouvert = OUVERT.model_copy(update={"positions": {"JOURNAL_ROUEN_2026": 90, ECHANGES: 41}})
    projeter(engine, Jurys(), [dit(one, 1 + n) for n, one in enumerate((PARTAGE, ouvert, TARDIF))])
    with engine.connect() as connection:
        assert lire_origines(connection, **LIEU) == {BASILE: "caen"}
        lu = lire_jury(connection, **LIEU, code="J1")
    assert lu is not None
    assert [(one["candidat"], one["origine"]) for one in lu["origines"]] == [(BASILE, "caen")]
    assert {one["journal"]: one["position"] for one in lu["positions"]} == {"JOURNAL_ROUEN_2026": 90, ECHANGES: 41}
    assert [(one["candidat"], one["epreuve"], one["regle"]) for one in lu["tardifs"]] == [(BASILE, "EP1", "AMB-54")]


def test_un_jury_d_une_seule_academie_dit_ce_qu_il_disait() -> None:
    assert JuryConstitue.model_validate_json(CONSTITUE.model_dump_json(exclude_defaults=True)) == CONSTITUE
