"""The read model of the juries, from a whole sitting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from contracts.evenements.deliberation import (
    AcquisAccorde,
    DecisionPrise,
    JuryClos,
    JuryReconvoque,
    LivretVise,
    MembreRecuse,
    NatureDecision,
    PointsDeJuryAccordes,
    PresidenceTransmise,
)
from contracts.messages import Event
from contracts.vocabulaire import Decision, Explication
from services.communs.testing import base, projeter
from services.deliberation.domain.proposition import proposer
from services.deliberation.projections.jurys import Jurys, jurys_des_candidats, lire_decision, lire_jury
from services.deliberation.tests.donnees import ALICE, BASILE, CONSTITUE, EN_SEANCE, LE, dossier, session
from services.deliberation.tests.faits import LIEU, fait
from services.socle.rows import state_hash

MODELE = Jurys()
PROPOSEE = proposer(dossier("12"), session())
DECIDEE = DecisionPrise(
    jury="J1",
    candidat=ALICE,
    decision=PROPOSEE.decision,
    mention=PROPOSEE.mention,
    points=PROPOSEE.points,
    coefficients=PROPOSEE.coefficients,
    moyenne=PROPOSEE.moyenne,
    moyenne_professionnelle=PROPOSEE.moyenne_professionnelle,
    lignes=PROPOSEE.lignes,
    journal="JOURNAL_ROUEN_2026",
    position=100,
    reglement="CAP-OSRCL-2026",
    regles=PROPOSEE.regles,
    explication=PROPOSEE.explication,
)
CLOS = JuryClos(
    jury="J1",
    decisions={ALICE: Decision.ADMIS},
    presents=("ens1", "pro1"),
    preside_par="pro1",
    journal="JOURNAL_ROUEN_2026",
    position=100,
    regle="DC-CAP22",
)


def points(avant: str, apres: str) -> PointsDeJuryAccordes:
    return PointsDeJuryAccordes(
        jury="J1",
        candidat=ALICE,
        epreuve="EP1",
        avant=Decimal(avant),
        apres=Decimal(apres),
        motif="copie revue",
        regle="AMB-53",
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = base(tmp_path, MODELE)
    yield engine
    engine.dispose()


def raconter(engine: Engine, *events: Event) -> None:
    projeter(engine, MODELE, [fait(one, seq, "pro1") for seq, one in enumerate(events, 1)])


def lire(engine: Engine) -> dict[str, object]:
    with engine.connect() as connection:
        found = lire_jury(connection, **LIEU, code="J1")
    assert found is not None
    return found


def decision(engine: Engine, candidat: str = ALICE) -> dict[str, object] | None:
    with engine.connect() as connection:
        return lire_decision(connection, **LIEU, candidat=candidat)


def test_un_jury_nomme_liste_ses_membres_et_ses_candidats(engine: Engine) -> None:
    raconter(engine, CONSTITUE)
    obtenu = lire(engine)
    assert (obtenu["etat"], obtenu["preside_par"], obtenu["clos_le"]) == ("constitue", "pro1", None)
    assert isinstance(obtenu["membres"], list)
    assert isinstance(obtenu["candidats"], list)
    assert [(one["membre"], one["present"]) for one in obtenu["membres"]] == [
        (membre, False) for membre in ("ens1", "ens2", "pro1", "pro2")
    ]
    assert [(one["candidat"], one["decision"]) for one in obtenu["candidats"]] == [(ALICE, None), (BASILE, None)]


def test_un_jury_clos_porte_sa_preuve(engine: Engine) -> None:
    transmise = PresidenceTransmise(jury="J1", de="pro1", a="ens1", motif="président empêché", regle="CAP24-D01")
    raconter(engine, *EN_SEANCE, DECIDEE, transmise, CLOS.model_copy(update={"preside_par": "ens1"}))
    obtenu = lire(engine)
    assert (obtenu["etat"], obtenu["preside_par"], obtenu["presidence_motif"]) == ("clos", "ens1", "président empêché")
    assert (obtenu["presents"], obtenu["position"], obtenu["clos_le"]) == (["ens1", "pro1"], 100, LE)
    assert isinstance(obtenu["membres"], list)
    assert all(one["present"] for one in obtenu["membres"])


def test_la_decision_se_lit_avec_son_explication_et_son_auteur(engine: Engine) -> None:
    raconter(engine, CONSTITUE, DECIDEE)
    obtenu = decision(engine)
    assert obtenu is not None
    assert (obtenu["decision"], obtenu["mention"], obtenu["points"]) == ("admis", "AB", "240")
    assert (obtenu["par"], obtenu["le"], obtenu["fait"]) == ("pro1", LE, "fait-2")
    assert obtenu["explication"] == [one.model_dump(mode="json") for one in PROPOSEE.explication]
    assert obtenu["lignes"] == [one.model_dump(mode="json") for one in PROPOSEE.lignes]
    assert decision(engine, "N2699999") is None


def test_une_decision_reprise_remplace_la_precedente(engine: Engine) -> None:
    raconter(engine, CONSTITUE, DECIDEE, DECIDEE.model_copy(update={"mention": None, "position": 120}))
    obtenu = decision(engine)
    assert obtenu is not None
    assert (obtenu["mention"], obtenu["position"]) == (None, 120)


def test_amb_53_chaque_note_du_jury_reste_lisible_dans_l_ordre(engine: Engine) -> None:
    vise = LivretVise(jury="J1", candidat=ALICE, regle="DC-CAP15")
    raconter(engine, *EN_SEANCE, points("9", "10"), vise, vise, vise, points("10", "9.5"))
    suite = lire(engine)["points"]
    assert isinstance(suite, list)
    assert [(one["avant"], one["apres"], one["par"]) for one in suite] == [
        (Decimal(9), Decimal(10), "pro1"),
        (Decimal(10), Decimal("9.5"), "pro1"),
    ]


def test_recusation_et_visa_se_lisent(engine: Engine) -> None:
    recuse = MembreRecuse(jury="J1", membre="ens2", candidat=ALICE, motif="lien de parenté")
    raconter(engine, CONSTITUE, recuse, LivretVise(jury="J1", candidat=ALICE, regle="DC-CAP15"))
    recusations = lire(engine)["recusations"]
    assert isinstance(recusations, list)
    assert [(one["membre"], one["candidat"], one["motif"]) for one in recusations] == [
        ("ens2", ALICE, "lien de parenté")
    ]
    visee, autre = decision(engine), decision(engine, BASILE)
    assert visee is not None
    assert autre is not None
    assert (visee["livret_vise_par"], autre["livret_vise_par"]) == ("pro1", None)


def test_un_candidat_releve_d_un_seul_jury_le_modele_dit_lequel(engine: Engine) -> None:
    raconter(engine, CONSTITUE)
    with engine.connect() as connection:
        assert jurys_des_candidats(connection, **LIEU, candidats=[ALICE, "N2699999"]) == {ALICE: "J1"}
        assert jurys_des_candidats(connection, **LIEU | {"session": "2024"}, candidats=[ALICE]) == {}
        assert lire_jury(connection, **LIEU, code="J9") is None


def test_l_histoire_relue_deux_fois_ne_change_rien(engine: Engine) -> None:
    histoire = (*EN_SEANCE, points("9", "10"), DECIDEE, CLOS)
    raconter(engine, *histoire)
    empreinte = state_hash(engine, MODELE.tables)
    raconter(engine, *histoire)
    assert state_hash(engine, MODELE.tables) == empreinte


def test_cl_130_chaque_decision_reste_lisible_avec_sa_nature(engine: Engine) -> None:
    rectifiee = DECIDEE.model_copy(update={"decision": Decision.AJOURNE, "nature": NatureDecision.RECTIFICATIVE})
    reconvoque = JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur d'addition", regle="AMB-54")
    events = [*EN_SEANCE, DECIDEE, CLOS, reconvoque, rectifiee]
    projeter(engine, MODELE, [fait(one, seq) for seq, one in enumerate(events, 1)])
    with engine.connect() as connection:
        lue = lire_decision(connection, **LIEU, candidat=ALICE)
        jury = lire_jury(connection, **LIEU, code="J1")
    assert lue is not None
    assert jury is not None
    assert (lue["decision"], lue["nature"]) == ("ajourne", "rectificative")
    assert [(one["nature"], one["decision"]) for one in lue["versions"]] == [
        ("initiale", "admis"),
        ("rectificative", "ajourne"),
    ]
    assert [one["motif"] for one in jury["reconvocations"]] == ["erreur d'addition"]


def test_amb_28_un_acquis_accorde_se_lit_avec_son_motif(engine: Engine) -> None:
    acquis = AcquisAccorde(jury="J1", candidat=ALICE, epreuve="CCP1", motif="montrée à l'oral", regle="AMB-28")
    projeter(engine, MODELE, [fait(one, seq) for seq, one in enumerate([*EN_SEANCE, acquis], 1)])
    with engine.connect() as connection:
        jury = lire_jury(connection, **LIEU, code="J1")
    assert jury is not None
    assert [(one["candidat"], one["epreuve"], one["motif"]) for one in jury["acquis"]] == [
        (ALICE, "CCP1", "montrée à l'oral")
    ]


def test_le_jury_clos_garde_la_preuve_de_sa_regularite(engine: Engine) -> None:
    preuve = (Explication(regle="DC-CAP22", source="code de l'éducation, D337-23", texte="Parts égales."),)
    clos = CLOS.model_copy(update={"preuve": preuve})
    projeter(engine, MODELE, [fait(one, seq) for seq, one in enumerate([*EN_SEANCE, DECIDEE, clos], 1)])
    with engine.connect() as connection:
        jury = lire_jury(connection, **LIEU, code="J1")
    assert jury is not None
    assert [one["texte"] for one in jury["preuve"]] == ["Parts égales."]
