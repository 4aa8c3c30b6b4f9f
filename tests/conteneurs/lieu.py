"""Containers of one test, gone at its end: a network, brokers with the deployed configuration, PostgreSQL, services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from services.exploitation.courtier_cles import ecrire_certificats, ecrire_cles
from services.socle.settings import Settings
from tests.conteneurs.moteur import NATS, PARCHEMIN, POSTGRES, RACINE
from tests.grappe.grappe import IDENTITES, NOEUDS, libres

from testcontainers.core.container import DockerContainer  # isort: skip - after the settings that it reads
from testcontainers.core.network import Network  # isort: skip

CONFIG = "/etc/parchemin/nats"


class Lieu:
    """A context manager; what it starts is removed in the end, volumes included."""

    def __init__(self, dossier: Path) -> None:
        self.dossier = dossier
        self.cles = dossier / "cles"
        self.cles.mkdir(mode=0o755, parents=True)
        ecrire_cles(self.cles, IDENTITES)
        for un in self.cles.iterdir():
            un.chmod(0o644)  # read by the user of the containers
        self._pile = ExitStack()

    def __enter__(self) -> Self:
        self.reseau = self._pile.enter_context(Network())
        return self

    def __exit__(self, *_: object) -> None:
        self._pile.close()

    def publiques(self) -> dict[str, str]:
        lignes = (self.cles / "publiques.env").read_text("utf-8").splitlines()
        return dict(ligne.split("=", 1) for ligne in lignes)

    def lancer(self, conteneur: DockerContainer, nom: str) -> DockerContainer:
        conteneur.with_network(self.reseau).with_network_aliases(nom)
        return self._pile.enter_context(conteneur)

    def nats(self, config: str = "conteneur.conf", **milieu: str) -> tuple[DockerContainer, int]:
        """A broker ready to be started, and the port of this machine that leads to it: the same after a restart."""
        [port] = libres(1)
        one = (
            DockerContainer(NATS)
            .with_command(["-c", f"{CONFIG}/{config}"])
            .with_volume_mapping(str(RACINE / "deploy" / "nats"), CONFIG, "ro")
        )
        _publier(one, 4222, port)
        commun = {
            "PARCHEMIN_NATS_NOM": "nats",
            "PARCHEMIN_NATS_HOTE": "0.0.0.0",
            "PARCHEMIN_NATS_PORT": "4222",
            "PARCHEMIN_NATS_DONNEES": "/donnees",
        }
        for nom, valeur in (self.publiques() | commun | milieu).items():
            one.with_env(nom, valeur)
        return one, port

    def postgres(self) -> tuple[DockerContainer, int]:
        [port] = libres(1)
        one = DockerContainer(POSTGRES).with_env("POSTGRES_PASSWORD", "essai")
        _publier(one, 5432, port)
        return one, port

    def service(self, nom: str, **milieu: str) -> DockerContainer:
        """`parchemin servir <nom>`, closed as the deployment closes it, with its own key alone."""
        one = (
            DockerContainer(PARCHEMIN)
            .with_command(["servir", nom])
            .with_volume_mapping(str(self.cles / f"{nom}.nk"), f"/run/secrets/{nom}.nk", "ro")
            .with_tmpfs_mount("/tmp")
            .with_kwargs(read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges"])
        )
        commun = {"PARCHEMIN_NATS_CLES": "/run/secrets", "PARCHEMIN_PROVISIONNEMENT": "false"}
        for variable, valeur in (commun | milieu).items():
            one.with_env(variable, valeur)
        return one


def _publier(conteneur: Any, interne: int, port: int) -> None:
    """On loopback alone, whatever the engine's default is."""
    conteneur.ports = {f"{interne}/tcp": ("127.0.0.1", port)}


def brut(conteneur: DockerContainer) -> Any:
    """The engine's own object: kill, start, logs."""
    return conteneur.get_wrapped_container()


class GrappeDeConteneurs(Lieu):
    """Three nodes. Clients come by one network, the nodes speak on another: a node may be cut off from its peers and
    still be reached by clients, which is what a partition looks like from an application."""

    def __init__(self, dossier: Path) -> None:
        super().__init__(dossier)
        self.certificats = dossier / "certificats"
        self.certificats.mkdir(mode=0o755)
        ecrire_certificats(self.certificats, [(nom, ["127.0.0.1", "localhost"]) for nom in NOEUDS], 30)
        for un in self.certificats.iterdir():
            un.chmod(0o644)
        self.noeuds: dict[str, DockerContainer] = {}
        self.clients: dict[str, int] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self.entre_noeuds = self._pile.enter_context(Network(docker_network_kw={"internal": True}))
        for nom in NOEUDS:
            one, self.clients[nom] = self.nats("grappe/noeud.conf", **self._milieu(nom))
            one.with_volume_mapping(str(self.certificats), "/certificats", "ro")
            self.noeuds[nom] = self.lancer(one, f"{nom}-clients")
            self.recoller(nom)
        return self

    def _milieu(self, nom: str) -> Mapping[str, str]:
        return {
            "PARCHEMIN_NATS_NOM": nom,
            "PARCHEMIN_NATS_PORT_ROUTES": "6222",
            "PARCHEMIN_NATS_PORT_ETAT": "8222",
            "PARCHEMIN_NATS_ROUTES": json.dumps([f"nats://{un}:6222" for un in NOEUDS]),
            # What a client is told: the ports of this machine.
            "PARCHEMIN_NATS_ANNONCE": f'"127.0.0.1:{self.clients.get(nom, 4222)}"',
            "PARCHEMIN_NATS_ESPACE": "256MB",
            "PARCHEMIN_NATS_CHIFFREMENT": (self.cles / "chiffrement.cle").read_text("utf-8").strip(),
            "PARCHEMIN_NATS_AUTORITE": "/certificats/autorite.pem",
            "PARCHEMIN_NATS_CERTIFICAT": f"/certificats/{nom}.pem",
            "PARCHEMIN_NATS_CERTIFICAT_CLE": f"/certificats/{nom}.cle",
        }

    def settings(self, *noeuds: str) -> Settings:
        """What a client is given, that knows these nodes (all by default)."""
        return Settings(
            donnees=self.dossier / "client",
            nats_url=",".join(f"tls://127.0.0.1:{self.clients[nom]}" for nom in noeuds or NOEUDS),
            nats_cles=self.cles,
            nats_ca=self.certificats / "autorite.pem",
            replicas=3,
            connect_timeout=60,
            request_timeout=5,
            attempts=12,
            provisionnement=False,
        )

    def couper(self, nom: str) -> None:
        self.entre_noeuds._unwrap_network.disconnect(self.noeuds[nom].get_container_id())

    def recoller(self, nom: str) -> None:
        self.entre_noeuds.connect(self.noeuds[nom].get_container_id(), network_aliases=[nom])

    def detenu(self, nom: str, stream: str) -> tuple[int, str | None] | None:
        """How many messages a node has in its own store, and who it believes leads (see the other cluster)."""
        adresse = "http://127.0.0.1:8222/jsz?accounts=true&streams=true"
        fait = self.noeuds[nom].exec(["wget", "-q", "-O", "-", adresse])
        if fait.exit_code != 0:
            return None
        for compte in json.loads(fait.output).get("account_details") or []:
            for un in compte.get("stream_detail") or []:
                if un["name"] == stream:
                    return un["state"]["messages"], (un.get("cluster") or {}).get("leader")
        return None
