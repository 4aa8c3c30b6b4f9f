"""Two académies, each a cluster of three nodes with its keys, linked by what kustomize mounts."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.exploitation.federation import etat, generation, kubernetes, rendu
from services.exploitation.federation.application import appliquer
from services.exploitation.federation.cles import Trousseau
from services.exploitation.federation.modele import Federation, verifier_modele
from services.exploitation.federation.tests.banc import insister
from services.exploitation.plateforme import client
from services.socle.connection import connect
from services.socle.journal import Journal
from services.socle.provision import provision
from services.socle.settings import ROOT, Settings
from services.socle.subjects import exchange_name, stream_name
from tests.grappe.grappe import NOEUDS, Grappe, eventuellement, libres

SESSION, DIPLOME = "2026", "cap_osrcl"
PILOTE, MEMBRE = "normandie", "hauts-de-france"
PATIENCE = 300.0  # a source that gets no answer waits 45 s, constants of the server, and the machine does much else

pytestmark = pytest.mark.chaos


class Academie(Grappe):
    """One académie of the regroupement: the files of its overlay, where its StatefulSet mounts them."""

    def __init__(self, racine: Path, nom: str, federation: Federation) -> None:
        super().__init__(racine / "grappes" / nom)
        self.nom, self.federation = nom, federation
        self.liee = self.dossier / "nats"
        shutil.copytree(racine / "overlays" / kubernetes.dossier(nom) / "nats", self.liee / "grappe")
        shutil.copytree(ROOT / "deploy" / "nats" / "droits", self.liee / "droits")
        trousseau = Trousseau(racine / "federation")
        for graine in (trousseau.prive(nom) / "sas").glob("*.nk"):
            shutil.copy(graine, self.cles)
        lignes = (trousseau.sortie / nom / "publiques.env").read_text("utf-8").splitlines()
        self.milieu = dict(ligne.split("=", 1) for ligne in lignes)
        lien = {
            rendu.CERTIFICAT: trousseau.public(nom) / "lien.pem",
            rendu.CLE: trousseau.prive(nom) / "lien.cle.pem",
            rendu.AUTORITE: trousseau.public(nom) / "autorite.pem",
        }
        self.milieu |= {variable: json.dumps(str(chemin)) for variable, chemin in lien.items()}
        if nom != federation.pilote:
            self.milieu[rendu.GRAINE] = (trousseau.prive(nom) / "lien.nk").read_text("ascii")
        self.publies = 0

    @property
    def settings(self) -> Settings:
        return super().settings.model_copy(update={"academie": self.nom, "sessions": (SESSION,)})

    def lier(self) -> None:
        """What its nodes are started with from now on."""
        self.deploiement = self.liee

    async def appliquer(self) -> list[Any]:
        async def fait() -> list[Any]:
            return list(await appliquer(partial(client, self.settings), self.federation, self.nom, 3))

        return await eventuellement(fait, f"{self.nom} est mise en accord avec le regroupement", PATIENCE)

    async def publier(self, combien: int) -> None:
        nc = await connect(self.settings, "notation")
        try:
            for _ in range(combien):
                self.publies += 1
                sujet = f"ev.{self.nom}.{SESSION}.{DIPLOME}.notation.r{self.publies}"
                corps = json.dumps({"de": self.nom, "rang": self.publies}).encode()
                await insister(nc, sujet, corps, {"Nats-Msg-Id": f"{self.nom}-{self.publies}"})
        finally:
            await nc.close()

    async def lus(self, flot: str) -> list[str]:
        async with client(self.settings, "exploitation") as nc:
            journal = Journal(nc, flot, self.settings.bounds)
            fin = (await journal.identity()).last_seq
            return [one.subject async for lot in journal.read(stop_at=fin) for one in lot]


@pytest.fixture
def federation() -> Federation:
    return verifier_modele(
        {
            "pilote": PILOTE,
            "academies": {
                PILOTE: {"fuseau": "Europe/Paris", "liaison": {"hote": "127.0.0.1", "port": libres(1)[0]}},
                MEMBRE: {"fuseau": "Europe/Paris"},
            },
            "partages": [{"regroupement": "nord", "session": SESSION, "diplome": DIPLOME, "membres": [MEMBRE]}],
        }
    )


@contextlib.contextmanager
def _liaisons(pilote: Academie, port: int) -> Iterator[None]:
    """One listener per node of the pilot, as each pod has its own: on one machine, each needs its port."""
    ports = [port, *libres(2)]
    pilote.lier()
    commun = pilote.deploiement / "grappe"
    for noeud, le_sien in zip(NOEUDS, ports, strict=True):
        texte = (commun / "liaison.conf").read_text("utf-8").replace(f"port: {port}", f"port: {le_sien}")
        (commun / f"liaison-{noeud}.conf").write_text(texte, encoding="utf-8")
        noeud_conf = (commun / "noeud.conf").read_text("utf-8").replace("./liaison.conf", f"./liaison-{noeud}.conf")
        (commun / f"{noeud}.conf").write_text(noeud_conf, encoding="utf-8")
    for noeud in NOEUDS:
        pilote.configuration = f"{noeud}.conf"
        pilote.start(noeud)
    try:
        yield
    finally:
        pilote.__exit__()


async def _en_service(seule: Academie) -> None:
    """It has a journal already, and stops: its cluster bore another name, and had no domain."""
    with seule:
        await seule.prete()
        async with client(seule.settings, "provision") as nc:
            await provision(nc, seule.nom, [SESSION], 3)
        await seule.publier(5)


@pytest.fixture
async def academies(tmp_path: Path, federation: Federation) -> AsyncIterator[dict[str, Academie]]:
    generation.generer(federation, ROOT / "deploy", tmp_path / "federation")
    kubernetes.ecrire(federation, ROOT / "deploy", tmp_path / "overlays")
    kubernetes.cles_de_grappe(federation, Trousseau(tmp_path / "federation"))
    elles = {nom: Academie(tmp_path, nom, federation) for nom in federation.academies}
    await _en_service(elles[MEMBRE])
    elles[MEMBRE].lier()
    with _liaisons(elles[PILOTE], federation.liaison.port), elles[MEMBRE]:
        for une in elles.values():
            await une.prete()
        for une in elles.values():
            await une.appliquer()
        yield elles


async def _converger(academies: dict[str, Academie]) -> None:
    """Each has exactly what the other shares, once."""

    async def egaux() -> bool:
        for nom, autre in ((PILOTE, MEMBRE), (MEMBRE, PILOTE)):
            recus = await academies[nom].lus(exchange_name(nom, SESSION))
            voulus = await academies[autre].lus(stream_name(autre, SESSION))
            assert sorted(recus) == sorted(voulus), f"{nom} : {len(recus)} reçus sur {len(voulus)}"
        return True

    await eventuellement(egaux, "chacune a ce que l'autre partage, une fois", PATIENCE)


async def test_deux_grappes_se_passent_ce_qu_elles_partagent_et_survivent_chacune_a_un_noeud(
    academies: dict[str, Academie],
):
    for une in academies.values():
        await une.publier(10)
    await _converger(academies)
    for nom, une in academies.items():
        vu = await etat.observer(partial(client, une.settings), une.federation, nom)
        assert (vu.domaine, set(vu.liens.values()), vu.constats) == (nom, {True}, [])
        assert {fait.action for fait in await une.appliquer()} == {"inchange"}
    debut = time.monotonic()
    for une in academies.values():
        une.kill("nats-2")
    for une in academies.values():
        await une.publier(5)
    await _converger(academies)
    print(f"un nœud tué dans chacune : {time.monotonic() - debut:.1f} s jusqu'à ce que tout soit passé")
