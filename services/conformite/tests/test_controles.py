"""The read model of the controls, épreuve by épreuve, and what the service answers with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from contracts.messages import Acteur, Event
from contracts.requetes import ListerDossiers, VoirDossier
from contracts.session import SessionFigee
from contracts.vocabulaire import CauseReduction
from services.communs.testing import projeter
from services.conformite.projections.controles import Controles, lire_controles, lister_doutes
from services.conformite.projections.dossiers import Dossiers, lire_dossier
from services.conformite.shell.app import Shell
from services.conformite.tests.donnees import ALICE, NOVEMBRE
from services.conformite.tests.donnees_controles import (
    BTS,
    STAGE,
    Cadre,
    attester,
    conclure,
    controler,
    dispenser,
    dossier_e4,
    dossier_e6,
    douter,
    etudiant,
    reduire,
    semaines,
    session_de,
)
from services.conformite.tests.faits import LIEU, faits
from services.socle.rows import state_hash
from services.socle.sql import create_tables, engine_for

MODELES = (Dossiers(), Controles())
SESSION = session_de(BTS)
CADRE = Cadre(SESSION)
CONTROLE = (etudiant(), dossier_e4(), dossier_e6(etude=False), STAGE, controler())


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = engine_for(f"sqlite:///{tmp_path / 'lecture.db'}")
    create_tables(engine, [table for modele in MODELES for table in modele.tables])
    return engine


def lire(engine: Engine, events: Iterable[Event]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row of the dossier, and what its controls say, after these events."""
    lus = faits(events)
    for modele in MODELES:
        projeter(engine, modele, [one for one in lus if type(one.event) in modele.handles])
    with engine.connect() as connection:
        dossier = lire_dossier(connection, **LIEU, candidat=ALICE)
        assert dossier is not None
        return dossier, lire_controles(connection, **LIEU, candidat=ALICE)


def par_epreuve(suivis: dict[str, Any]) -> dict[str, Any]:
    return {ligne["controle"]: ligne for ligne in suivis["controles"]}


def test_bts_c01_chaque_epreuve_a_sa_ligne_et_l_acces_la_sienne(engine: Engine):
    dossier, suivis = lire(engine, CADRE.histoire(*CONTROLE))
    assert (dossier["etat"], dossier["regle"]) == ("autorise", "DC-BTS10")
    lignes = par_epreuve(suivis)
    assert {code: (une["etat"], une["duree_retenue"], une["penalites"]) for code, une in lignes.items()} == {
        "E4": ("conforme", "16 semaines", []),
        "E6": ("conforme", "16 semaines", ["etude_absente"]),
    }
    assert lignes["E4"]["explication"][0]["regle"] == "BTS-C01"


def test_bts_c03_une_epreuve_non_conforme_ne_change_pas_l_acces(engine: Engine):
    dossier, suivis = lire(engine, CADRE.histoire(etudiant(), STAGE, dossier_e4(), controler()))
    assert (dossier["etat"], dossier["motifs"]) == ("autorise", [])
    e6 = par_epreuve(suivis)["E6"]
    assert (e6["etat"], e6["effet"], e6["motifs"], e6["regle"]) == ("non_conforme", "non_valide", ["depot"], "BTS-C03")


def test_bts_c08_une_duree_reduite_se_voit_avec_sa_cause(engine: Engine):
    reduite = reduire(CauseReduction.POSITIONNEMENT)
    _, suivis = lire(
        engine, CADRE.histoire(etudiant(), reduite, attester("A1", semaines(8)), dossier_e4(), controler())
    )
    assert [(une["cause"], une["regle"]) for une in suivis["reductions"]] == [("positionnement", "BTS-C08")]
    assert par_epreuve(suivis)["E4"]["duree_retenue"] == "8 semaines"


def test_bts_c05_les_doutes_en_cours_s_accumulent_puis_se_levent(engine: Engine):
    deux = (*CONTROLE, douter("E4"), douter("E4", "dates surchargées"), douter("E6"))
    dossier, suivis = lire(engine, CADRE.histoire(*deux))
    assert dossier["en_doute"] is None
    assert [(un["epreuve"], un["motifs"]) for un in suivis["doutes"]] == [
        ("E4", ["attestation douteuse", "dates surchargées"]),
        ("E6", ["attestation douteuse"]),
    ]


def test_bts_c06_une_verification_leve_les_doutes_qui_la_precedent(engine: Engine):
    leve = (*CONTROLE, douter("E4"), conclure(False, "E4"), douter("E4", "l'entreprise se ravise"))
    dossier, suivis = lire(engine, CADRE.histoire(*leve))
    assert (dossier["etat"], dossier["verification_conforme"]) == ("autorise", None)
    [doute] = suivis["doutes"]
    assert doute["motifs"] == ["l'entreprise se ravise"]
    e4 = par_epreuve(suivis)["E4"]
    assert (e4["etat"], e4["verification_conforme"]) == ("non_conforme", False)


def test_bts_i02_une_epreuve_dispensee_apres_coup_n_a_plus_de_controle(engine: Engine):
    _, suivis = lire(engine, CADRE.histoire(*CONTROLE, dispenser("E4")))
    assert set(par_epreuve(suivis)) == {"E6"}


def test_un_fait_relu_donne_les_memes_lignes(tmp_path: Path):
    leve = (*CONTROLE, douter("E4"), conclure(False, "E4"), douter("E6"))
    lus = [one for one in faits(CADRE.histoire(*leve)) if type(one.event) in Controles.handles]
    engines = []
    for nom in ("un", "deux"):
        engines.append(engine_for(f"sqlite:///{tmp_path / nom}.db"))
        create_tables(engines[-1], Controles.tables)
    projeter(engines[0], MODELES[1], [*lus, *lus[-3:]])
    projeter(engines[1], MODELES[1], lus, ensemble=True)
    assert state_hash(engines[0], Controles.tables) == state_hash(engines[1], Controles.tables)


# What the service answers -----------------------------------------------------------------------------------------


class Repond(Shell):
    """The shell, on a session already known."""

    def __init__(self, engine: Engine, session: SessionFigee) -> None:
        settings = SimpleNamespace(academie="rouen")
        super().__init__(
            cast("Any", SimpleNamespace(engine=engine, settings=settings, clock=lambda: datetime.now(UTC)))
        )
        self._session = session

    async def session(self, of: Any) -> SessionFigee:
        return self._session


PAR = Acteur(id="g.durand", role="gestionnaire", academie="rouen")
QUESTION: dict[str, Any] = {"par": PAR, "session": "2026", "diplome": "cap_osrcl"}


async def test_amb_45_voir_dossier_dit_depuis_quand_et_si_la_verification_tarde(engine: Engine):
    lire(engine, CADRE.histoire(*CONTROLE, douter("E4")))
    repond = Repond(engine, SESSION)
    vu = await repond.voir(VoirDossier(**QUESTION, candidat=ALICE))
    assert vu is not None
    [doute] = vu["doutes"]
    assert (doute["epreuve"], doute["depuis"], doute["en_retard"]) == ("E4", NOVEMBRE, True)
    assert doute["echeance"] == (NOVEMBRE + timedelta(days=15)).date()
    assert {ligne["controle"] for ligne in vu["controles"]} == {"E4", "E6"}
    [ligne] = await repond.lister(ListerDossiers(**QUESTION))
    assert [un["epreuve"] for un in ligne["doutes"]] == ["E4"]


async def test_un_dossier_inconnu_ne_se_voit_pas(engine: Engine):
    assert await Repond(engine, SESSION).voir(VoirDossier(**QUESTION, candidat="N2699999")) is None
    with engine.connect() as connection:
        assert lister_doutes(connection, **LIEU) == []
