"""A broker, a database and services, each in a container: in comes a command, out comes a row, whoever is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from services.conformite.projections.dossiers import dossiers
from services.exploitation.lecture import lire
from services.exploitation.plateforme import Plateforme, client
from services.inscription.projections.candidats import candidats
from services.socle.connection import connect
from services.socle.provision import provision
from services.socle.settings import Settings
from tests.conteneurs.lieu import Lieu, brut
from tests.conteneurs.moteur import PARCHEMIN, docker
from tests.grappe.grappe import eventuellement
from tests.parcours.test_arrets_brutaux import commander, inscription, ouverture

pytestmark = pytest.mark.conteneurs

SERVICES = ("inscription", "conformite")


class Essai:
    """Two services that feed each other, seen from this machine."""

    def __init__(self, lieu: Lieu) -> None:
        self.lieu = lieu
        self.nats, port = lieu.nats()
        self.postgres, self.port_base = lieu.postgres()
        self.settings = Settings(
            donnees=lieu.dossier / "ici",
            nats_url=f"nats://127.0.0.1:{port}",
            nats_cles=lieu.cles,
            sessions=("2026",),
            connect_timeout=60,
        )

    async def demarrer(self) -> None:
        lieu = self.lieu
        lieu.lancer(self.nats, "nats")
        lieu.lancer(self.postgres, "postgres")
        await eventuellement(self._journaux, "le courtier répond", 120)
        await eventuellement(self._bases, "PostgreSQL répond", 120)
        cle = lieu.dossier / "coffre.cle"
        cle.write_text("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")
        cle.chmod(0o644)
        racine = "postgresql+psycopg://postgres:essai@postgres:5432"
        coffre = ["-e", f"PARCHEMIN_COFFRE_URL={racine}/coffre", PARCHEMIN, "base", "migrer", "--service", "coffre"]
        docker("run", "--rm", "--network", lieu.reseau.name, *coffre)
        self.services = {
            nom: lieu.lancer(
                lieu.service(
                    nom,
                    PARCHEMIN_NATS_URL="nats://nats:4222",
                    PARCHEMIN_SESSIONS="2026",
                    PARCHEMIN_CLOCK_LAG="0",
                    PARCHEMIN_DB_URL=racine + "/{service}",
                    PARCHEMIN_COFFRE_URL=racine + "/coffre",
                    PARCHEMIN_COFFRE_CLE="/run/secrets/coffre.cle",
                ).with_volume_mapping(str(cle), "/run/secrets/coffre.cle", "ro"),
                nom,
            )
            for nom in SERVICES
        }

    async def _journaux(self) -> bool:
        nc = await connect(self.settings, "provision")
        try:
            await provision(nc, "normandie", ["2026"])
        finally:
            await nc.close()
        return True

    async def _bases(self) -> bool:
        with psycopg.connect(self._adresse("postgres"), autocommit=True, connect_timeout=5) as connexion:
            for nom in (*SERVICES, "coffre"):
                if not connexion.execute("select 1 from pg_database where datname = %s", [nom]).fetchone():
                    connexion.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(nom)))
        return True

    def _adresse(self, base: str) -> str:
        return f"postgresql://postgres:essai@127.0.0.1:{self.port_base}/{base}"

    def lignes(self, base: str, table: str) -> list[str]:
        with psycopg.connect(self._adresse(base), connect_timeout=30) as connexion:
            requete = sql.SQL("select candidat from {} order by 1").format(sql.Identifier(table))
            return [ligne[0] for ligne in connexion.execute(requete)]

    @asynccontextmanager
    async def porte(self) -> AsyncIterator[Plateforme]:
        async with client(self.settings) as nc:
            yield Plateforme(self.settings, nc, {}, SERVICES)

    async def evenements(self, nom: str) -> list[str]:
        return [f.donnees["candidat"] async for e in lire(self.settings) for f in e.faits if f.evenement == nom]


@pytest.mark.usefixtures("image")
async def test_commande_evenement_ligne_et_rien_de_perdu_quand_un_conteneur_est_tue(tmp_path: Path) -> None:
    with Lieu(tmp_path / "lieu") as lieu:
        essai = Essai(lieu)
        await essai.demarrer()
        attendus = [f"N26{numero:06d}" for numero in range(1, 41)]
        async with essai.porte() as porte:
            await commander(porte, ouverture())
            await commander(porte, inscription(1))
            await porte.stabiliser(120)
            assert await essai.evenements("inscription.candidat_inscrit.v2") == attendus[:1]
            assert essai.lignes("inscription", candidats.name) == attendus[:1]
            assert essai.lignes("conformite", dossiers.name) == attendus[:1]

            en_cours = asyncio.gather(*(commander(porte, inscription(numero)) for numero in range(2, 41)))
            for victime in (essai.services["inscription"], essai.services["conformite"], essai.nats):
                brut(victime).kill()
                brut(victime).start()
                await asyncio.sleep(0.5)
            await en_cours
            await porte.stabiliser(120)
            assert sorted(await essai.evenements("inscription.candidat_inscrit.v2")) == attendus
        assert essai.lignes("inscription", candidats.name) == attendus
        assert essai.lignes("conformite", dossiers.name) == attendus
