"""Plusieurs académies en service sur un même courtier : chacune son journal, ses bases, son coffre, et ses échanges.

Le courtier copie de l'une à l'autre comme le ferait la fédération ; ce que celle-ci refuse se prouve ailleurs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson

from contracts.commandes import write_command
from contracts.commandes.inscription import InscrireCandidat, OuvrirSession
from contracts.commandes.regroupement import AccepterRegroupement, DefinirRegroupement
from contracts.droits import Role
from contracts.messages import Acteur, Command, Data, Event, Refus
from contracts.requetes import Requete, write_query
from contracts.vocabulaire import Categorie, Identite, Parametres
from services.inscription.shell.app import SPEC
from services.inscription.tests.donnees import IDENTITE, LE, PARAMETRES, R2026, modes
from services.socle import jsapi
from services.socle.enveloppe import Context, encode
from services.socle.provision import provision
from services.socle.service import Service, ServiceSpec
from services.socle.subjects import exchange_name, stream_name, subject
from services.socle.testing import Bench

SESSION, DIPLOME, CODE = "2026", "cap_osrcl", "osrcl-ouest"
LIEU = {"session": SESSION, "diplome": DIPLOME}
PATIENCE = 60.0


class Academie:
    """Le service inscription d'une académie, en marche."""

    def __init__(self, nom: str, bench: Bench, dossier: Path) -> None:
        self.nom, self._bench = nom, bench
        self.settings = bench.settings.model_copy(
            update={
                "academie": nom,
                "sessions": (SESSION,),
                "echanges": (SESSION,),
                "db_url": f"sqlite:///{dossier}/{nom}-{{service}}.db",
                "coffre_url": f"sqlite:///{dossier}/{nom}-coffre.db",
                "coffre_cle": dossier / f"{nom}.cle",
            }
        )
        self.service: Service
        self._marche = AsyncExitStack()

    async def demarrer(self, spec: ServiceSpec = SPEC) -> None:
        """Sous ce programme ; redémarrée sous un autre, elle est mise à niveau."""
        await self.arreter()
        self.service = await self._marche.enter_async_context(Service(self.settings, spec))

    async def arreter(self) -> None:
        await self._marche.aclose()

    def qui(self, role: Role = Role.RECTEUR) -> dict[str, Any]:
        return {"le": LE, "par": Acteur(id="agent-1", role=role, academie=self.nom), **LIEU}

    async def ordonner(self, kind: type[Command], role: Role = Role.RECTEUR, **champs: Any) -> Data:
        command = kind.model_validate({**self.qui(role), **champs})
        return await self.service.command(orjson.dumps(write_command(command)))

    async def refus(self, kind: type[Command], role: Role = Role.RECTEUR, **champs: Any) -> str:
        try:
            await self.ordonner(kind, role, **champs)
        except Refus as refus:
            return refus.regle
        return ""

    async def demander(self, kind: type[Requete], par: Acteur | None = None, **champs: Any) -> Any:
        qui = par or Acteur(id="agent-1", role=Role.GESTIONNAIRE, academie=self.nom)
        query = kind.model_validate({"par": qui, **LIEU, **champs})
        return (await self.service.query(orjson.dumps(write_query(query))))["reponse"]

    async def refusee(self, kind: type[Requete], par: Acteur | None = None, **champs: Any) -> str:
        try:
            await self.demander(kind, par, **champs)
        except Refus as refus:
            return refus.regle
        return ""

    async def ouvrir(self, parametres: Parametres = PARAMETRES) -> None:
        await self.ordonner(OuvrirSession, reglement=R2026.id, parametres=parametres)

    async def inscrire(self, candidat: str, identite: Identite = IDENTITE) -> None:
        dit = {"candidat": candidat, "identite": identite, "categorie": Categorie.INDIVIDUEL, "modes": modes()}
        await self.ordonner(InscrireCandidat, Role.GESTIONNAIRE, **dit, formation_attestee=True)

    async def ecrire(self, event: Event, agregat: str, service: str = "inscription", rang: int = 1) -> None:
        """Un fait écrit de force dans son journal, par qui tient son serveur."""
        path = subject(self.nom, SESSION, DIPLOME, service, agregat)
        context = Context(f"main-{agregat}-{rang}", "main:1", "gestionnaire", LE, "main")
        events = [(f"fait-{self.nom}-{agregat}-{rang}", event.NAME, event.model_dump(mode="json"))]
        body, headers = encode(subject=path, context=context, rang=rang, precedent="", events=events)
        answer = await jsapi.request(await self._bench.client(service), path, body, 5.0, headers)
        assert "error" not in answer, answer

    async def jusque(self, condition: Callable[[], Awaitable[bool] | bool]) -> None:
        """Attend un fait ; ce qui arrive des autres arrive quand il peut."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = condition()
                if await found if isinstance(found, Awaitable) else found:
                    return
                await asyncio.sleep(0.05)

    async def appris(self, de: Academie, agregat: str) -> None:
        """Attend que cet agrégat d'une autre soit arrivé, et que ce service n'en doive plus rien."""

        async def su() -> bool:
            dit = await self.service.environment.told(de.nom, SESSION, DIPLOME, "inscription", agregat)
            return bool(dit) and all(one.lag == 0 for one in (await self.service.health()).reactions)

        await self.jusque(su)

    async def jusqu_a(self, code: str, kind: type[Requete], **champs: Any) -> None:
        """Attend que la question soit refusée sous ce code ; vide : qu'elle ait sa réponse."""

        async def dit() -> bool:
            return await self.refusee(kind, **champs) == code

        await self.jusque(dit)


class Federation:
    """Des académies qui se partagent un examen."""

    def __init__(self, bench: Bench, dossier: Path, stack: AsyncExitStack, suffixe: str) -> None:
        self._bench, self._dossier, self._stack, self._suffixe = bench, dossier, stack, suffixe
        self.academies: dict[str, Academie] = {}

    def __getitem__(self, nom: str) -> Academie:
        return self.academies[nom]

    def nom(self, nom: str) -> str:
        """Le nom d'une académie dans ce test : le courtier sert à plusieurs."""
        return f"{nom}_{self._suffixe}"

    async def ouvrir(self, *noms: str, programmes: Mapping[str, ServiceSpec] = {}) -> None:
        """Les journaux de toutes d'abord, puis ce que chacune reçoit des autres, puis les services."""
        self.academies = {nom: Academie(self.nom(nom), self._bench, self._dossier) for nom in noms}
        nc = await self._bench.client("provision")
        for one in self.academies.values():
            await provision(nc, one.nom, [SESSION])
        for one in self.academies.values():
            autres = [autre.nom for autre in self.academies.values() if autre is not one]
            sources = [
                {"name": stream_name(autre, SESSION), "filter_subject": f"ev.{autre}.{SESSION}.{DIPLOME}.>"}
                for autre in autres
            ]
            name = exchange_name(one.nom, SESSION)
            await jsapi.call(nc, f"STREAM.CREATE.{name}", {"name": name, "storage": "file", "sources": sources}, 5.0)
        for nom, one in self.academies.items():
            self._stack.push_async_callback(one.arreter)
            await one.demarrer(programmes.get(nom, SPEC))
            await one.ouvrir()

    async def regrouper(self, pilote: str, *membres: str) -> None:
        """La pilote définit le regroupement, chaque rattachée l'accepte quand elle l'a appris."""
        noms = [self[one].nom for one in membres]
        dit: dict[str, Any] = {"regroupement": CODE, "membres": noms, "arrete": "circulaire du 19 février 2024"}
        await self[pilote].ordonner(DefinirRegroupement, **dit)
        for one in membres:
            await self.accepter(one, pilote)

    async def accepter(self, membre: str, pilote: str) -> None:
        async def accepte() -> bool:
            dit: dict[str, Any] = {"regroupement": CODE, "pilote": self[pilote].nom}
            return await self[membre].refus(AccepterRegroupement, **dit) == ""

        await self[membre].jusque(accepte)
