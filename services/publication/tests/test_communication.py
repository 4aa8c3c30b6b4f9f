"""Ce qui se communique au candidat : chaque document est étiqueté, et un refus dit sa règle (TR-R01)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.evenements.inscription import SessionOuverte
from contracts.evenements.publication import PublicationPreparee, ResultatsPublies
from contracts.messages import Acteur, Refus
from contracts.requetes import VoirDocuments
from contracts.vocabulaire import Decision
from services.publication.domain.communication import communication, exiger_communicable
from services.publication.shell.app import Shell
from services.publication.tests.diplomes import BTS, MC, bts, session
from services.publication.tests.donnees import ALICE, EMBARGO, PUBLIE, decidee, fait, reglement
from services.publication.tests.test_projections import PROJECTIONS, TABLES
from services.socle.rows import Batch
from services.socle.sql import create_tables, engine_for, writing


def test_cl_090_bts_r01_la_grille_viii_3_est_refusee_et_la_fiche_viii_2_communiquee() -> None:
    du = reglement(BTS)
    with pytest.raises(Refus) as refus:
        exiger_communicable(du, "VIII-3")
    assert refus.value.regle == "BTS-R01"
    assert "demandez plutôt VIII-2" in refus.value.detail
    vue = exiger_communicable(du, "VIII-2")
    assert (vue.communicable, vue.regle, vue.motif) == (True, "BTS-R01", "")


def test_tr_r01_un_document_que_le_reglement_n_etiquette_pas_se_refuse() -> None:
    for du, annexe in ((reglement(BTS), "V-1"), (reglement(MC), "VIII-2")):
        with pytest.raises(Refus) as refus:
            exiger_communicable(du, annexe)
        assert refus.value.regle == "TR-R01"


def test_tr_r01_la_liste_dit_chaque_document_et_le_motif_du_refus() -> None:
    fiche, grille = communication(reglement(BTS))
    assert (fiche.annexe, fiche.communicable) == ("VIII-2", True)
    assert (grille.annexe, grille.communicable, grille.regle) == ("VIII-3", False, "BTS-R01")
    assert "n'est pas communicable" in grille.motif
    assert communication(reglement(MC)) == ()


@pytest.mark.parametrize("publies", [False, True])
def test_cl_090_le_candidat_voit_ce_qui_lui_est_communicable_une_fois_publie(tmp_path: Path, publies: bool) -> None:
    vus = asyncio.run(_voir(tmp_path, publies=publies))
    if not publies:
        assert vus[0].keys() == {"candidat", "jury", "publication_prevue"}
        return
    dits = {one["annexe"]: (one["communicable"], one["regle"]) for one in vus[0]["communication"]}
    assert dits == {"VIII-2": (True, "BTS-R01"), "VIII-3": (False, "BTS-R01")}


async def _voir(tmp_path: Path, *, publies: bool) -> list[dict[str, Any]]:
    engine = engine_for(f"sqlite:///{tmp_path}/lecture.db")
    create_tables(engine, TABLES)
    decisions = {ALICE: Decision.ADMIS}
    faits = [decidee(bts()), PublicationPreparee(jury="J1", decisions=decisions, embargo=EMBARGO)]
    if publies:
        faits.append(ResultatsPublies(jury="J1", decisions=decisions, le=PUBLIE))
    batch = Batch()
    for seq, event in enumerate(faits, 1):
        for one in PROJECTIONS:
            for op in one.project(fait(event, seq)):
                batch.add(op)
    with writing(engine) as connection:
        batch.write(connection)

    async def events(*_: str) -> list[Any]:
        du = reglement(BTS)
        ouverte = {"reglement": du.id, "version": du.version, "empreinte": du.empreinte}
        return [SessionOuverte(**ouverte, parametres=session(BTS).parametres)]

    env: Any = SimpleNamespace(engine=engine, settings=SimpleNamespace(academie="normandie"), events=events)
    par = Acteur(id="cand1", role="candidat", academie="normandie", portee=(f"candidat:{ALICE}",))
    query = VoirDocuments(par=par, session="2026", diplome="cap_osrcl", candidat=ALICE)
    return await Shell(env).voir_documents(query)
