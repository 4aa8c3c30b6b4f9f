"""Des réclamations de bout en bout : déposées, instruites sur le journal, le jury réuni, ses documents remplacés."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.messages import Acteur, Data
from contracts.requetes import VoirDecision, VoirDocuments, VoirInstruction, VoirReclamations
from services.exploitation.banc import Banc, banc
from tests.parcours.histoire import (
    BASILE,
    ELISE,
    GAELLE,
    GESTIONNAIRE,
    JURY,
    LIEU,
    RECTEUR,
    SESSION,
    SUPPLEANT,
    Candidat,
    acteur,
    etapes,
    jouer,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
AVANT = [nom for nom in etapes() if nom != "remplacements"]
QUI = Acteur(id="essai:gestionnaire", role="gestionnaire", academie="normandie")
ERREUR = "17 sur la copie, 10,5 reporté sur le bordereau"


class Suite:
    """Orders after the publication, one minute apart."""

    def __init__(self, sur: Banc) -> None:
        self.sur, self.rang = sur, 0

    async def ordonner(self, commande: str, par: Data = GESTIONNAIRE, **champs: Any) -> Data:
        self.rang += 1
        ordre = {"id": f"suite-{self.rang:03d}", "le": f"2026-07-07T10:{self.rang:02d}:00+02:00", "par": par, **LIEU}
        return await self.sur.commander_brut({**ordre, "commande": commande, **champs})

    async def faire(self, commande: str, par: Data = GESTIONNAIRE, **champs: Any) -> list[Data]:
        reponse = await self.ordonner(commande, par, **champs)
        assert reponse["ok"], reponse
        return list(reponse["evenements"])

    async def deposer(self, one: Candidat, nature: str, **champs: Any) -> None:
        lui = acteur(f"can:{one.numero}", "candidat", f"candidat:{one.numero}")
        ici: Data = {"candidat": one.numero, "numero": "R1", "nature": nature}
        quand = f"2026-07-07T10:{self.rang + 1:02d}:00+02:00"
        await self.faire("publication.deposer_reclamation", lui, **ici, depose_le=quand, **champs)

    async def instruire(self, one: Candidat, constat: str, motif: str) -> None:
        ici: Data = {"candidat": one.numero, "numero": "R1"}
        await self.faire("publication.instruire_reclamation", **ici, constat=constat, motif=motif)

    async def clore(self, one: Candidat, issue: str, motif: str) -> Data:
        ici: Data = {"candidat": one.numero, "numero": "R1"}
        return await self.ordonner("publication.clore_reclamation", **ici, issue=issue, motif=motif)

    async def reconvoquer(self, one: Candidat, motif: str) -> None:
        ici: Data = {"jury": JURY, "candidat": one.numero, "motif": motif, "reclamation": "R1"}
        await self.faire("deliberation.reconvoquer_jury", RECTEUR, **ici)

    async def rectifier(self, one: Candidat, epreuve: str, note: str, **champs: Any) -> Data:
        ici: Data = {"candidat": one.numero, "epreuve": epreuve, "note": note, "motif": ERREUR}
        return await self.ordonner("notation.rectifier_note", **ici, **champs)

    async def decider(self, one: Candidat) -> Data:
        [prise] = await self.faire("deliberation.prendre_decision", SUPPLEANT, jury=JURY, candidat=one.numero)
        return dict(prise["data"])

    async def voir(self, question: type[Any], one: Candidat, par: Acteur = QUI) -> Any:
        return await self.sur.demander(question(par=par, **LIEU, candidat=one.numero))

    async def trouve(self, one: Candidat) -> dict[str, Data]:
        return {une["code"]: une for une in await self.voir(VoirInstruction, one)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def suite() -> AsyncIterator[Suite]:
    """La session jouée jusqu'à la publication."""
    async with banc(SESSION) as neuf:
        await jouer(neuf.commander_brut, AVANT)
        yield Suite(neuf)


def documents(vue: Data, quels: str = "documents") -> list[tuple[str, int]]:
    return [(one["nature"], one["version"]) for one in vue[quels]]


def rayon(sur: Banc) -> Path:
    return sur.settings.documents_dir / SESSION / "cap_osrcl"


async def test_cl_130_amb_54_fondee_la_note_est_rectifiee_le_jury_reuni_les_documents_remplaces(suite: Suite) -> None:
    """Déposée, instruite, le jury réuni, la note rectifiée, la décision rectifiée, les documents remplacés, close."""
    await suite.deposer(BASILE, "erreur_materielle", epreuve="UG1")
    assert "note_changee_apres_verrou" in await suite.trouve(BASILE)  # l'harmonisation, permise et dite
    await suite.instruire(BASILE, "erreur_materielle", ERREUR)

    antidatee = {"le": "2026-06-01T10:00:00+02:00"}
    for champs in ({}, antidatee):  # ce que le jury a vu ne change pas avant qu'il soit réuni
        assert (await suite.rectifier(BASILE, "UG1", "17", **champs))["code"] == "AMB-54"
    await suite.reconvoquer(BASILE, ERREUR)
    assert (await suite.clore(BASILE, "acceptee", ERREUR))["code"] == "RECTIFICATION_EN_COURS"

    rectifiee = await suite.rectifier(BASILE, "UG1", "17")
    [note, *_] = rectifiee["evenements"]
    assert (note["type"], note["data"]["avant"], note["data"]["apres"]) == ("notation.note_rectifiee.v1", "11", "17")
    vue = (await suite.trouve(BASILE))["note_changee_apres_jury"]
    assert (vue["fonde"], vue["revue"]) == ("erreur_materielle", False)

    decision = await suite.decider(BASILE)
    assert (decision["decision"], decision["mention"], decision["nature"]) == ("admis", "AB", "rectificative")
    assert decision["explication"][0]["faits"] == [ERREUR, "réclamation R1"]
    assert (await suite.trouve(BASILE))["note_changee_apres_jury"]["revue"] is True

    [publie] = await suite.voir(VoirDocuments, BASILE)
    assert documents(publie) == [("releve", 2), ("diplome", 2)]
    assert documents(publie, "remplaces") == [("releve", 1), ("diplome", 1)]
    assert all(one["remplace_par"] for one in publie["remplaces"])

    assert (await suite.clore(BASILE, "acceptee", ERREUR))["ok"]
    [close] = await suite.voir(VoirReclamations, BASILE)
    faite = close["rectification"]
    assert (close["issue"], faite["avant"], faite["apres"], faite["confirmee"]) == ("acceptee", "admis", "admis", False)
    assert [one[-2:] for one in faite["documents"]] == ["R2", "D2"]
    assert [one[-2:] for one in faite["remplaces"]] == ["R1", "D1"]
    assert [one["code"] for one in close["trouve"]] == ["note_changee_apres_verrou"]  # tel qu'à l'instruction
    [prouve] = close["trouve"]
    assert [one["nom"] for one in prouve["preuves"]] == ["notation.note_verrouillee.v1", "notation.note_harmonisee.v1"]


async def test_dc_rec01_seule_l_appreciation_est_contestee_elle_est_rejetee_avec_son_motif(suite: Suite) -> None:
    await suite.deposer(ELISE, "decision_jury", epreuve="UG1")
    await suite.instruire(ELISE, "appreciation", "absence constatée sur la liste d'émargement")
    refus = await suite.ordonner(
        "deliberation.reconvoquer_jury", RECTEUR, jury=JURY, candidat=ELISE.numero, motif="revoir", reclamation="R1"
    )
    assert refus["code"] == "AMB-54"  # rien ne fonde une rectification
    assert (await suite.clore(ELISE, "rejetee", "la décision suit des notes, qui sont justes"))["ok"]
    moi = Acteur(id="can:e", role="candidat", academie="normandie", portee=(f"candidat:{ELISE.numero}",))
    [close] = await suite.voir(VoirReclamations, ELISE, moi)
    assert (close["issue"], close["rectification"]) == ("rejetee", None)
    assert [one["regle"] for one in close["explication"]][:2] == ["DC-REC06", "DC-REC01"]


async def test_amb_54_le_jury_reuni_confirme_et_aucun_document_ne_se_refait(suite: Suite) -> None:
    [avant] = await suite.voir(VoirDocuments, GAELLE)
    fichiers = {path.name: path.read_bytes() for path in rayon(suite.sur).glob(f"*{GAELLE.numero}*")}
    await suite.deposer(GAELLE, "decision_jury")
    await suite.instruire(GAELLE, "irregularite", "une pièce du livret n'avait pas été lue")
    await suite.reconvoquer(GAELLE, "relire le livret")
    decision = await suite.decider(GAELLE)
    assert (decision["decision"], decision["confirmee"]) == ("ajourne", True)
    [publie] = await suite.voir(VoirDocuments, GAELLE)
    assert (publie["documents"], publie["confirmee"]) == (avant["documents"], True)
    assert {path.name: path.read_bytes() for path in rayon(suite.sur).glob(f"*{GAELLE.numero}*")} == fichiers
    assert (await suite.clore(GAELLE, "acceptee", "le livret a été relu"))["ok"]
    [close] = await suite.voir(VoirReclamations, GAELLE)
    assert (close["rectification"]["confirmee"], close["rectification"]["documents"]) == (True, [])
    assert (await suite.voir(VoirDecision, GAELLE))["versions"][-1]["nature"] == "rectificative"


async def test_amb_44_amb_54_chaque_decision_ulterieure_a_laisse_son_proces_verbal(suite: Suite) -> None:
    pv = sorted(path.name for path in rayon(suite.sur).glob("pv-*.pdf"))
    assert pv == ["pv-J1-v1.pdf", "pv-J1-v2.pdf", "pv-J1-v3.pdf"]
    assert len({(rayon(suite.sur) / nom).read_bytes() for nom in pv}) == len(pv)
