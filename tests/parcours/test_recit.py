"""L'histoire de chaque candidat d'une session jouée : rien n'y manque, rien n'y est à un autre."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.messages import Data
from services.exploitation.archive.dossier import Archive
from services.exploitation.archive.source import ArchiveSeule, filtre
from services.exploitation.archive.tests.donnees import Cle
from services.exploitation.banc import Banc, banc
from services.exploitation.recit import Entree, FaitRaconte, Signalement, raconter, recit
from services.socle.enveloppe import Stored
from services.socle.memory import MemoryJournal
from services.socle.reader import StreamIdentity
from tests.parcours.histoire import (
    ACADEMIE,
    BASILE,
    CELIA,
    DIPLOME,
    ELISE,
    FARID,
    GAELLE,
    GESTIONNAIRE,
    HUGO,
    JULES,
    JURY,
    LIEU,
    RECTEUR,
    SESSION,
    SUPPLEANT,
    TOUS,
    Candidat,
    etapes,
    inscription,
    jouer,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

RACINE = f"ev.{ACADEMIE}.{SESSION}.{DIPLOME}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jouee() -> AsyncIterator[Banc]:
    """La session jouée jusqu'au bout, puis une erreur matérielle corrigée par le jury réuni de nouveau (AMB-54)."""
    async with banc(SESSION) as neuf:
        await jouer(neuf.commander_brut)
        for rang, commande in enumerate(_rectification()):
            reponse = await neuf.commander_brut({"id": f"apres-{rang:03d}", **LIEU, **commande})
            assert reponse["ok"], reponse
        yield neuf


def _rectification() -> list[Data]:
    jury: Data = {"jury": JURY, "candidat": ELISE.numero}
    motif = "transcription : la copie porte 15"
    return [
        {"commande": "deliberation.reconvoquer_jury", "le": "2026-07-09T09:00:00+02:00", "par": RECTEUR, **jury,
         "motif": motif},
        {"commande": "deliberation.accorder_points", "le": "2026-07-10T09:00:00+02:00", "par": SUPPLEANT, **jury,
         "epreuve": "UG2", "note": "15", "motif": motif},
        {"commande": "deliberation.prendre_decision", "le": "2026-07-10T09:05:00+02:00", "par": SUPPLEANT, **jury},
    ]  # fmt: skip


def conter(sur: Banc, one: Candidat) -> list[Entree]:
    return raconter(sur.journals[SESSION].messages, one.numero)


def faits(entrees: Sequence[Entree], genre: str) -> list[FaitRaconte]:
    return [fait for entree in entrees for fait in entree.faits if fait.evenement.split(".")[1] == genre]


def _dans(valeur: Any, numero: str) -> bool:
    """Le numéro figure-t-il quelque part dans ce fait ?"""
    if isinstance(valeur, dict):
        return any(_dans(une, numero) for paire in valeur.items() for une in paire)
    if isinstance(valeur, list):
        return any(_dans(une, numero) for une in valeur)
    return bool(valeur == numero)


async def test_tout_fait_qui_nomme_le_candidat_est_dans_son_histoire(jouee: Banc) -> None:
    for one in (*TOUS, JULES):
        enveloppes = [each for message in jouee.journals[SESSION].messages for each in message.envelopes]
        nommes = {each["id"] for each in enveloppes if _dans(each["data"], one.numero)}
        contes = {fait.id for entree in conter(jouee, one) for fait in entree.faits}
        assert nommes <= contes, one.numero


async def test_ce_qui_n_est_qu_a_un_autre_n_y_est_pas(jouee: Banc) -> None:
    for one in TOUS:
        for fait in (fait for entree in conter(jouee, one) for fait in entree.faits):
            assert fait.donnees.get("candidat", one.numero) == one.numero


async def test_chaque_suite_automatique_suit_un_fait_deja_conte(jouee: Banc) -> None:
    for one in (*TOUS, JULES):
        vus: set[str] = set()
        for entree in conter(jouee, one):
            if entree.automatique:
                assert entree.cause is not None
                assert entree.cause.id in vus, (one.numero, entree.agregat)
            vus |= {fait.id for fait in entree.faits}


async def test_l_avant_d_un_changement_est_l_apres_du_precedent(jouee: Banc) -> None:
    for one in TOUS:
        connues: dict[str, str | None] = {}
        for fait in (fait for entree in conter(jouee, one) for fait in entree.faits):
            for cle, apres in fait.apres.items():
                assert fait.avant[cle] == connues.get(cle, fait.avant[cle])
                connues[cle] = apres


async def test_tr_r02_l_harmonisation_de_basile_suit_la_cloture_de_son_lot(jouee: Banc) -> None:
    [harmonisee] = faits(conter(jouee, BASILE), "note_harmonisee")
    assert (harmonisee.avant, harmonisee.apres) == ({"note.UG1": "10.5"}, {"note.UG1": "11"})
    assert harmonisee.signalements == (Signalement.LOT_CLOS,)
    assert [regle.id for regle in harmonisee.regles] == ["TR-R02"]


async def test_cap26_i05_le_dossier_de_celia_passe_de_en_controle_a_non_conforme(jouee: Banc) -> None:
    entrees = conter(jouee, CELIA)
    [refuse] = faits(entrees, "dossier_declare_non_conforme")
    assert (refuse.avant, refuse.apres) == ({"dossier": "en_controle"}, {"dossier": "non_conforme"})
    [ferme] = faits(entrees, "acces_ferme")
    assert (ferme.avant, ferme.apres) == ({"acces": "ouvert"}, {"acces": "ferme"})


async def test_dc_cap18_gaelle_renonce_a_sa_note_conservee(jouee: Banc) -> None:
    [abandon] = faits(conter(jouee, GAELLE), "benefice_abandonne")
    assert (abandon.avant, abandon.apres) == ({"benefice.UG4": "11"}, {"benefice.UG4": None})


async def test_dc_cap16_l_absence_de_farid_est_admise(jouee: Banc) -> None:
    [admise] = faits(conter(jouee, FARID), "absence_justifiee")
    assert (admise.avant, admise.apres) == ({"note.EP2": "absent_injustifie"}, {"note.EP2": "absent_justifie"})
    assert admise.motif


async def test_cap24_d01_qui_preside_quand_le_jury_decide_est_dit(jouee: Banc) -> None:
    entrees = conter(jouee, HUGO)
    [transmise] = faits(entrees, "presidence_transmise")
    assert (transmise.avant, transmise.apres) == ({f"presidence.{JURY}": "PRO1"}, {f"presidence.{JURY}": "ENS1"})
    [decide] = [entree for entree in entrees if faits([entree], "decision_prise")]
    assert (decide.acteur, decide.role) == ("ENS1", "president_jury")


async def test_amb_53_les_points_du_jury_sont_a_lui(jouee: Banc) -> None:
    [points] = faits(conter(jouee, HUGO), "points_de_jury_accordes")
    assert (points.avant, points.apres) == ({"note_du_jury.EP2": "9.5"}, {"note_du_jury.EP2": "10"})
    assert points.signalements == ()


async def test_amb_54_la_rectification_d_elise_se_signale_et_remplace_son_releve(jouee: Banc) -> None:
    entrees = conter(jouee, ELISE)
    [points] = faits(entrees, "points_de_jury_accordes")
    assert (points.avant, points.apres) == ({"note_du_jury.UG2": "14"}, {"note_du_jury.UG2": "15"})
    assert points.signalements == (Signalement.DECIDE, Signalement.PUBLIE)
    premier, second = faits(entrees, "releve_edite")
    assert second.avant["releve"] == premier.apres["releve"]
    assert second.donnees["version"] == 2


async def test_la_reclamation_d_elise_est_une_etape_de_son_histoire(jouee: Banc) -> None:
    reclamation = [entree for entree in conter(jouee, ELISE) if entree.etape == "reclamation"]
    issues = [fait.apres["reclamation.R1"] for entree in reclamation for fait in entree.faits]
    assert issues == ["deposee", "instruite", "rejetee"]


async def test_l_absente_d_un_bordereau_y_est_aussi(jouee: Banc) -> None:
    """Son relevé ne nomme pas le lot : c'est le bordereau qui la nomme."""
    deposes = {fait.donnees["lot"] for fait in faits(conter(jouee, ELISE), "bordereau_depose")}
    assert deposes == {"UG1", "UG2", "UG3", "UG4"}


# Lire peu -----------------------------------------------------------------------------------------------------------


class Filtre:
    """Un journal qui ne livre que les sujets demandés, comme le courtier, et compte ce qu'il livre."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal, self.stream = journal, journal.stream
        self.sujets: list[str] = []

    async def identity(self) -> StreamIdentity:
        return await self._journal.identity()

    async def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncIterator[list[Stored]]:
        self.sujets += filters
        voulu = filtre(filters)
        async for batch in self._journal.read(after, stop_at=stop_at):
            yield [one for one in batch if voulu(one.subject)]


@pytest.mark.parametrize("racines", [(RACINE,), ("ev.*.*.*",)])
async def test_les_sujets_choisis_suffisent_a_toute_l_histoire(jouee: Banc, racines: tuple[str, ...]) -> None:
    for one in (*TOUS, JULES):
        filtre = Filtre(jouee.journals[SESSION])
        assert await recit([filtre], one.numero, racines) == conter(jouee, one), one.numero


async def test_hors_des_jurys_chaque_sujet_lu_est_exact(jouee: Banc) -> None:
    filtre = Filtre(jouee.journals[SESSION])
    await recit([filtre], BASILE.numero, [RACINE])
    assert [one for one in filtre.sujets if "*" in one or ">" in one] == [f"{RACINE}.deliberation.>"]
    releves = {one for one in filtre.sujets if ".releve-" in one}
    assert releves == {f"{RACINE}.notation.releve-{BASILE.numero}"}


async def test_l_archive_seule_raconte_la_meme_histoire(jouee: Banc, tmp_path: Path) -> None:
    messages = jouee.journals[SESSION].messages
    archive = Archive(tmp_path, jouee.journals[SESSION].stream)
    for debut in range(0, len(messages), 100):
        archive.sceller(messages[debut : debut + 100], "2026-01-05T08:00:00Z", Cle(), datetime(2026, 7, 20, tzinfo=UTC))
    assert await recit([ArchiveSeule(archive)], ELISE.numero) == conter(jouee, ELISE)


async def test_un_numero_inconnu_n_a_pas_d_histoire(jouee: Banc) -> None:
    filtre = Filtre(jouee.journals[SESSION])
    assert await recit([filtre], "N26X9999", [RACINE]) == []
    assert not any(one.endswith(">") for one in filtre.sujets)


async def test_amb_56_deux_inscriptions_reunies_se_lisent_depuis_chacune() -> None:
    double = "N26B9999"
    autrement = BASILE.identite.model_copy(update={"prenoms": "Basil", "ine": None})
    autre_graphie = replace(BASILE, identite=autrement)
    fusion = {"commande": "inscription.fusionner_doublon", "candidat": BASILE.numero, "remplace": double}
    ouverture = etapes()["ouverture"]
    base = {cle: ouverture[0][cle] for cle in ("session", "diplome")} | {"par": GESTIONNAIRE}
    async with banc(SESSION) as neuf:
        commandes = [
            *ouverture,
            {**base, **inscription(BASILE), "id": "double-001", "le": "2025-10-06T09:00:00+02:00"},
            {**base, **inscription(autre_graphie, double), "id": "double-002", "le": "2025-10-06T09:05:00+02:00"},
            {**base, **fusion, "motif": "prénom abrégé", "id": "double-003", "le": "2025-10-07T09:00:00+02:00"},
        ]
        for commande in commandes:
            reponse = await neuf.commander_brut(commande)
            assert reponse["ok"], reponse
        for numero in (BASILE.numero, double):
            contees = await recit([Filtre(neuf.journals[SESSION])], numero, [RACINE])
            assert contees == raconter(neuf.journals[SESSION].messages, numero)
            [reunies] = faits(contees, "doublon_fusionne")
            assert (reunies.donnees["candidat"], reunies.donnees["remplace"]) == (BASILE.numero, double)
        assert faits(contees, "personne_liberee")
