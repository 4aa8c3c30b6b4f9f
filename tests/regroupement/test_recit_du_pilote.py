"""What a member shows of its candidate's jury, which sat at the pilot (AMB-55): told, and said to come from there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.commandes.publication import PublierResultats
from contracts.evenements.deliberation import DecisionPrise, JuryClos, JuryConstitue
from services.exploitation import lecture
from services.exploitation.affichage import console
from services.exploitation.archive.cles import identifiant
from services.exploitation.archive.dossier import Archive
from services.exploitation.archive.faisceau import reunir
from services.exploitation.archive.tests.donnees import CREE, Cle
from services.exploitation.chronologie import Choix, Narrateur
from services.exploitation.recit import Entree
from services.exploitation.reclamation.contenu import Couverture, Dossier
from services.exploitation.reclamation.dossier import PILOTE as PIECE
from services.exploitation.reclamation.dossier import assembler, programme
from services.exploitation.reclamation.matiere import utiles
from services.exploitation.reclamation.verification import verifier
from services.socle.enveloppe import Stored
from services.socle.subjects import is_exchange, split
from tests.regroupement.academies import (
    ALICE,
    BASILE,
    DIPLOME,
    ETRANGERE,
    MEMBRE,
    PILOTE,
    PUBLIE,
    SESSION,
    Academie,
    clore,
    ordre,
    relier,
    sieger,
)

ETABLI = datetime(2026, 9, 10, 10, tzinfo=UTC)


@pytest.fixture
async def publiee(pilote: Academie, membre: Academie) -> Academie:
    """The member, whose candidate was decided on at the pilot, and whose results are public."""
    await pilote.inscrire(ALICE)
    await membre.inscrire(BASILE, "14")
    relier([pilote, membre])
    await sieger(pilote, [ALICE, BASILE])
    await clore(pilote)
    relier([pilote, membre])
    await membre.reagir()
    await membre.publication.ordonner(PublierResultats(**ordre(MEMBRE, "gestionnaire", PUBLIE), jury="J1"))
    await membre.reagir()
    membre.recevoir_encore(pilote)  # restored from its archive: nothing is told twice
    return membre


@pytest.fixture
def ouverte(monkeypatch: pytest.MonkeyPatch) -> dict[str, Academie]:
    """Journals in memory, where the reading opens those of the broker."""
    lues: dict[str, Academie] = {}

    @asynccontextmanager
    async def ouvrir(_nc: Any, flux: str, _bounds: Any) -> AsyncIterator[Any]:
        [academie] = [one for one in lues.values() if flux in (one.journal.stream, one.echanges.stream)]
        yield academie.echanges if is_exchange(flux) else academie.journal

    @asynccontextmanager
    async def client(*_: Any) -> AsyncIterator[None]:
        yield None

    monkeypatch.setattr(lecture, "Journal", ouvrir)
    monkeypatch.setattr(lecture, "client", client)
    return lues


async def histoire(lues: dict[str, Academie], academie: Academie, candidat: str) -> list[Entree]:
    lues[academie.nom] = academie
    return await lecture.histoire(academie.settings, candidat)


def du_jury(entrees: list[Entree]) -> list[str]:
    return [fait.evenement for one in entrees for fait in one.faits if one.academie]


async def test_amb_55_l_histoire_d_un_candidat_rattache_dit_le_jury_de_la_pilote(
    publiee: Academie, ouverte: dict[str, Academie]
) -> None:
    entrees = await histoire(ouverte, publiee, BASILE)
    dits = du_jury(entrees)
    assert {one.academie for one in entrees} == {"", PILOTE}
    assert [dits.count(one.NAME) for one in (JuryConstitue, DecisionPrise, JuryClos)] == [1, 1, 1]
    with console.capture() as lu:
        narrateur = Narrateur(BASILE)
        for one in entrees:
            narrateur.dire(one, Choix(candidat=BASILE), json=False)
    assert "à l'académie pilote de Rouen" in lu.get()
    [ligne] = [un for one in entrees for un in one.lignes() if un["evenement"] == DecisionPrise.NAME]
    assert (ligne["academie"], ligne["journal"]) == (PILOTE, publiee.echanges.stream)


async def test_amb_55_a_la_pilote_rien_ne_change(
    publiee: Academie, pilote: Academie, ouverte: dict[str, Academie]
) -> None:
    entrees = await histoire(ouverte, pilote, ALICE)
    assert {one.academie for one in entrees} == {""}
    assert not any("academie" in ligne for one in entrees for ligne in one.lignes())


async def test_amb_55_le_jury_d_une_autre_ou_pour_le_meme_numero_d_ailleurs_ne_se_raconte_pas(
    tmp_path: Path, publiee: Academie, pilote: Academie, ouverte: dict[str, Academie]
) -> None:
    await publiee.inscrire(ALICE)  # the pilot's jury has its own candidate under that number
    etrangere = Academie(ETRANGERE, tmp_path)
    await etrangere.dire("deliberation", "jury-J1", pilote.faits(JuryConstitue)[0])
    publiee.recevoir(etrangere)
    etrangere.fermer()
    assert du_jury(await histoire(ouverte, publiee, ALICE)) == []
    assert {one.academie for one in await histoire(ouverte, publiee, BASILE)} == {"", PILOTE}


# The dossier --------------------------------------------------------------------------------------------------------


async def messages(lues: dict[str, Academie], academie: Academie) -> list[Stored]:
    """What the dossier takes: of our journal, and of the pilot."""
    lues[academie.nom] = academie
    ou = [f"ev.{MEMBRE}.{SESSION}.{DIPLOME}"]
    recus = await lecture.partages(academie.settings, SESSION, academie.journal, BASILE, ou)  # type: ignore[arg-type]
    return utiles([*academie.journal.messages, *recus], BASILE)


def dossier(racine: Path, tous: list[Stored], academie: Academie) -> dict[str, bytes]:
    """Sealed, proved, put together."""
    archive = Archive(racine, academie.journal.stream)
    archive.sceller(academie.journal.messages, CREE, Cle(), ETABLI)
    propres = [one.seq for one in tous if not is_exchange(one.stream)]
    lignes, faisceau = reunir(racine, {academie.journal.stream: propres})
    page = Couverture(
        candidat=BASILE,
        academie=MEMBRE,
        session=SESSION,
        diplome=DIPLOME,
        etabli_le=ETABLI,
        cle=identifiant(Cle().publique),
        programme=programme()[0],
        compositeur=programme()[1],
    )
    return assembler(lignes, faisceau, page, {}, Cle(), [one for one in tous if is_exchange(one.stream)])


async def test_amb_55_le_dossier_de_reclamation_joint_le_jury_de_la_pilote(
    tmp_path: Path, publiee: Academie, ouverte: dict[str, Academie]
) -> None:
    tous = await messages(ouverte, publiee)
    fichiers = dossier(tmp_path / "archive", tous, publiee)
    controles = {one.code: one for one in verifier(fichiers, [Cle().publique])}
    assert {one.code: one.constats for one in controles.values() if not one.bon} == {}
    recus = [one for one in tous if is_exchange(one.stream)]
    assert controles["PILOTE"].verifies == len(recus) > 0
    assert {split(one.subject).academie for one in recus} == {PILOTE}
    assert not any(f'"candidat":"{ALICE}"'.encode() in one.body for one in recus)  # others' decisions stay there
    lu = Dossier.model_validate_json(fichiers["dossier.json"])
    assert [one["empreinte"] for one in lu.pilote] == [one.digest for one in recus]
    assert [(one["academie"], one["resultat"]["moyenne"]) for one in lu.decisions] == [(PILOTE, "14.00")]
    [jury] = lu.jurys
    assert (jury["jury"], bool(jury["preuve"])) == ("J1", True)
    assert b"pilote.jsonl" in fichiers["LISEZMOI.txt"]


async def test_un_fait_de_la_pilote_change_ou_ajoute_se_voit(
    tmp_path: Path, publiee: Academie, ouverte: dict[str, Academie]
) -> None:
    fichiers = dossier(tmp_path / "archive", await messages(ouverte, publiee), publiee)
    lignes = fichiers[PIECE].splitlines(keepends=True)
    faux = fichiers[PIECE].replace(f"ev.{PILOTE}.".encode(), f"ev.{MEMBRE}.".encode())
    for changee, attendus in (
        (b"".join(lignes[1:]), {"FICHIER_ALTERE", "SECTION_DIFFERENTE"}),
        (faux, {"FICHIER_ALTERE", "FAIT_ETRANGER"}),
    ):
        vus = {c.code for one in verifier({**fichiers, PIECE: changee}, [Cle().publique]) for c in one.constats}
        assert attendus <= vus


async def test_un_dossier_sans_partage_ne_change_pas(
    tmp_path: Path, publiee: Academie, ouverte: dict[str, Academie]
) -> None:
    tous = [one for one in await messages(ouverte, publiee) if not is_exchange(one.stream)]
    fichiers = dossier(tmp_path / "archive", tous, publiee)
    assert PIECE not in fichiers
    assert b'\n  "pilote"' not in fichiers["dossier.json"]
    assert [one.code for one in verifier(fichiers, [Cle().publique]) if one.code == "PILOTE"] == []
