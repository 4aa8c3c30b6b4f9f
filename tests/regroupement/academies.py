"""Académies that share an exam, on journals in memory: their services as built, and what passes between them."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from nats.aio.client import Client
from sqlalchemy import Engine

from contracts.commandes.deliberation import (
    AttesterPresence,
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    PrendreDecision,
    ReconvoquerJury,
)
from contracts.evenements import REGISTRE
from contracts.evenements.inscription import CandidatInscrit, SessionOuverte
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementDefini
from contracts.messages import Acteur, Command, Event, Personnel, Query, Refus, Scelle
from contracts.session import reglements
from contracts.vocabulaire import Categorie, EtatResultat, Identite, Membre, Mode, Parametres, Profil, Valeurs
from services.deliberation.shell.app import SPEC as DELIBERATION
from services.notation.shell.app import SPEC as NOTATION
from services.publication.shell.app import SPEC as PUBLICATION
from services.socle.coffre import Coffre
from services.socle.enveloppe import Context, Fact, Stored, digest, encode, header_rank
from services.socle.exchanges import Exchanged
from services.socle.facts import Decoded, Source, kinds
from services.socle.journal import Store
from services.socle.memory import MemoryJournal
from services.socle.projections import Projector
from services.socle.reactions import Reaction, derived_id
from services.socle.runner import Runner
from services.socle.service import Environment, ServiceSpec
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import exchange_name, split, stream_name, subject

SESSION, DIPLOME, REGLEMENT = "2026", "cap_osrcl", "CAP-OSRCL-2026"
PILOTE, MEMBRE, ETRANGERE = "rouen", "caen", "lille"
ALICE, BASILE, CHLOE = "N2600001", "N2600002", "N2600003"
LE = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
PUBLIE = datetime(2026, 7, 8, 9, 0, tzinfo=UTC)
ENSUITE = datetime(2026, 7, 20, 9, 0, tzinfo=UTC)
EPREUVES = ("EP1", "EP2", "EP3", "UG1", "UG2", "UG3", "UG4")
MEMBRES = (
    Membre(id="pro1", profil=Profil.PROFESSIONNEL),
    Membre(id="pro2", profil=Profil.PROFESSIONNEL),
    Membre(id="ens1", profil=Profil.ENSEIGNANT),
    Membre(id="ens2", profil=Profil.ENSEIGNANT, public=False),
)
PARAMETRES = Parametres(
    premiere_epreuve=date(2026, 5, 18),
    cloture_inscriptions=date(2025, 11, 28),
    remise_supports=date(2026, 4, 30),
    remontee_ccf=date(2026, 6, 12),
    jury_le=date(2026, 7, 3),
    publication=datetime(2026, 7, 7, 8, 0, tzinfo=UTC),
)
VALEURS = Valeurs(
    coefficients={"EP1": Decimal(5), "EP2": Decimal(4), "EP3": Decimal(4)},
    poids={"EP1.S1": Decimal(1), "EP1.S2": Decimal(1)},
    reference="valeurs d'essai",
    demonstration=True,
)


class Flux(MemoryJournal):
    """A stream in memory that gives the subjects it is asked for alone."""

    async def read(
        self, after: int = 0, *, filters: Sequence[str] = (), created: str | None = None, stop_at: int | None = None
    ) -> AsyncGenerator[list[Stored], None]:
        async for batch in super().read(after, created=created, stop_at=stop_at):
            kept = [one for one in batch if not filters or one.subject in filters]
            if kept:
                yield kept


class _Env(Environment):
    vus: tuple[int, ...] = ()

    async def suivre(self) -> None:
        """Bring the read models to the end of both streams, if anything has come."""
        flux: list[Store | Exchanged] = [*self.journals.values(), *self.exchanges.values()]
        fins = tuple([(await one.identity()).last_seq for one in flux])
        if fins != self.vus:
            await self.projector.catch_up()
            self.vus = fins

    async def positions(self, session: str) -> dict[str, int]:
        await self.suivre()
        return await super().positions(session)


class Service:
    """One service of one académie; it reacts when it is told to."""

    def __init__(self, spec: ServiceSpec, academie: Academie) -> None:
        self.spec, self.academie = spec, academie
        folder = academie.settings.donnees
        journals, exchanges = {SESSION: academie.journal}, {SESSION: Exchanged(academie.echanges, academie.nom)}
        self.engine = academie.moteur(f"sqlite:///{folder}/{spec.name}.db")
        nc, coffre = cast(Client, None), academie.coffre
        self.env = _Env(academie.settings, spec.name, nc, journals, coffre, self.engine, REGISTRE, exchanges=exchanges)
        self.parts = spec.build(self.env)
        self.env.runner = Runner(
            academie=academie.nom,
            service=spec.name,
            journals=journals,
            registry=REGISTRE,
            coffre=coffre,
            handlers=self.parts.handlers,
            check=spec.check,
        )
        sources: list[Source] = [academie.journal, *exchanges.values()]
        self.env.projector = Projector(spec.name, REGISTRE, self.engine, sources, list(self.parts.projections))
        self.actes: list[tuple[int, list[str]]] = []  # what was acknowledged: where, and the names of the events
        self._done: dict[tuple[str, str], int] = {}
        self._rangs: set[tuple[str, str, str, int]] = set()

    def reprendre(self, autre: Service) -> None:
        """What the other had already reacted to."""
        self.actes, self._done, self._rangs = list(autre.actes), dict(autre._done), set(autre._rangs)

    async def ordonner(self, command: Command) -> list[str]:
        """The names of what follows."""
        await self.env.suivre()
        outcome = await self.env.runner.execute(command)
        self.actes.append((outcome.seq, [name for name, _ in outcome.events]))
        return self.actes[-1][1]

    async def demander(self, query: Query) -> Any:
        self.spec.check_query(query, self.academie.nom)
        await self.env.suivre()
        return await self.parts.queries[type(query)](query)

    async def reagir(self) -> int:
        """Do what is owed to everything that has come; how many commands that was.

        A refusal that is no acceptable outcome is raised: there it would set aside what follows of the aggregate.
        """
        await self.env.suivre()
        return sum([await self._une(one) for one in self.parts.reactions])

    async def _une(self, reaction: Reaction) -> int:
        ici, la_bas = self.academie.journal, self.academie.echanges
        flux = [*([ici] if reaction.own else []), *([la_bas] if reaction.exchanged else [])]
        return sum([await self._sur(reaction, one) for one in flux])

    async def _sur(self, reaction: Reaction, flux: Flux) -> int:
        key, fait = (reaction.name, flux.stream), 0
        for stored in list(flux.messages[self._done.get(key, 0) :]):
            self._done[key] = stored.seq
            rang = (*key, stored.subject, header_rank(stored))
            if rang in self._rangs:  # what reacts knows each rank of an aggregate, and takes it once
                continue
            self._rangs.add(rang)
            for fact in Decoded(stored, REGISTRE).facts(kinds(reaction.handles)):
                fait += await self._a_ce_fait(reaction, fact)
        return fait

    async def _a_ce_fait(self, reaction: Reaction, fact: Fact) -> int:
        owed = reaction.owed(fact)
        commands = list(await owed if inspect.isawaitable(owed) else owed)
        for index, command in enumerate(commands):
            try:
                await self.ordonner(command.model_copy(update={"id": derived_id(fact.id, reaction.name, index)}))
            except Refus as refus:
                if reaction.tolerated is not None and refus.regle not in reaction.tolerated:
                    raise
        return len(commands)


class Academie:
    """Its journal, what comes to it from the others, and its services."""

    def __init__(self, nom: str, racine: Path, moteur: Callable[[str], Engine] = engine_for) -> None:
        self.nom, self.moteur = nom, moteur
        folder = racine / nom
        folder.mkdir(exist_ok=True)
        self.settings = Settings(donnees=folder, sessions=(SESSION,), echanges=(SESSION,), academie=nom, nats_url="")
        self.journal, self.echanges = Flux(stream_name(nom, SESSION)), Flux(exchange_name(nom, SESSION))
        self.safe = moteur(f"sqlite:///{folder}/coffre.db")
        self.coffre = Coffre(self.safe, b"c" * 32)
        specs = (NOTATION, DELIBERATION, PUBLICATION)
        self.notation, self.deliberation, self.publication = (Service(one, self) for one in specs)
        self._recus: dict[str, int] = {}

    @property
    def services(self) -> Iterable[Service]:
        return (self.notation, self.deliberation, self.publication)

    def fermer(self) -> None:
        for engine in (self.safe, *(one.engine for one in self.services)):
            engine.dispose()

    async def dire(self, service: str, agregat: str, event: Event, le: datetime = LE) -> str:
        """A service that does not run here says this; the id of the fact."""
        path = subject(self.nom, SESSION, DIPLOME, service, agregat)
        history = (await self.journal.load(path)).messages
        dernier = history[-1] if history else None
        identifiant = f"{path}-{len(history)}"
        body, headers = encode(
            subject=path,
            context=Context(f"commande-{identifiant}", "ges1", "gestionnaire", le, "fil"),
            rang=len(history) + 1,
            precedent="" if dernier is None else digest(dernier.body),
            events=[(identifiant, event.NAME, json.loads(event.model_dump_json()))],
        )
        await self.journal.append(path, body, headers, 0 if dernier is None else dernier.seq, f"c-{identifiant}")
        return identifiant

    async def ouvrir(self, valeurs: Valeurs | None = VALEURS, parametres: Parametres = PARAMETRES) -> None:
        du = reglements()[REGLEMENT]
        ouverte = SessionOuverte(
            reglement=du.id, version=du.version, empreinte=du.empreinte, parametres=parametres, valeurs=valeurs
        )
        await self.dire("inscription", "session", ouverte)

    async def inscrire(self, candidat: str, note: str = "12") -> None:
        """A candidate, with this mark everywhere."""
        clair = Identite(nom=f"NOM-{candidat}", prenoms="Camille", naissance=date(2004, 3, 12), lieu_naissance="Eu")
        chiffre = self.coffre.seal(candidat, clair.model_dump_json().encode())
        event = CandidatInscrit(
            candidat=candidat,
            identite=Personnel[Identite](scelle=Scelle(personne=candidat, chiffre=chiffre)),
            categorie=Categorie.SCOLAIRE_PUBLIC,
            majeur=True,
            modes={"EP1": Mode.PONCTUEL},
            reglement=REGLEMENT,
        )
        await self.dire("inscription", f"candidature-{candidat}", event)
        for code in EPREUVES:
            await self.arreter(candidat, code, note)

    async def arreter(self, candidat: str, epreuve: str, note: str) -> str:
        etat = EtatResultat.NOTE
        event = ResultatArrete(candidat=candidat, epreuve=epreuve, etat=etat, note=Decimal(note), regle="CAP26-N01")
        return await self.dire("notation", f"releve-{candidat}", event)

    def recevoir(self, autre: Academie, au_plus: int | None = None) -> int:
        """The link brings what the other has said of the exam since, or its first messages; how many came."""
        depuis = self._recus.get(autre.nom, 0)
        venus = autre.journal.messages[depuis : None if au_plus is None else depuis + au_plus]
        for one in venus:
            if split(one.subject).diplome == DIPLOME:
                self.prendre(one)
        self._recus[autre.nom] = depuis + len(venus)
        return len(venus)

    def recevoir_encore(self, autre: Academie, au_plus: int | None = None) -> None:
        """The other was restored from its archive: everything comes again, or what had come."""
        self._recus[autre.nom] = 0
        self.recevoir(autre, au_plus)

    def prendre(self, one: Stored) -> None:
        seq = len(self.echanges.messages) + 1
        self.echanges.take(Stored(self.echanges.stream, seq, one.subject, one.headers, one.body, one.recorded))

    def reprendre(self, autre: Academie) -> None:
        """Stand where the other stood, whose databases were copied."""
        for flux, la_bas in ((self.journal, autre.journal), (self.echanges, autre.echanges)):
            for one in la_bas.messages:
                flux.take(one)
        self._recus = dict(autre._recus)
        for service, la in zip(self.services, autre.services, strict=True):
            service.reprendre(la)

    async def reagir(self) -> None:
        """Until nothing more follows."""
        while sum([await one.reagir() for one in self.services]):
            pass

    def faits(self, nature: type[Event], service: str = "") -> list[Any]:
        """Its own events of a kind, in order."""
        return list(faits_de(self.journal.messages, nature, service))


def faits_de(messages: Iterable[Stored], nature: type[Event], service: str = "") -> Iterator[Any]:
    """The events of a kind that these messages hold, in order."""
    for message in messages:
        if service in ("", split(message.subject).service):
            yield from (
                REGISTRE.load(one["type"], one["data"]) for one in message.envelopes if one["type"] == nature.NAME
            )


async def regrouper(academies: Mapping[str, Academie]) -> None:
    """The first is the pilot; all the others accept."""
    pilote, *autres = academies
    du = reglements()[REGLEMENT]
    commun = {"regroupement": "cap-nord", "pilote": pilote, "reglement": du.id, "empreinte": du.empreinte}
    defini = RegroupementDefini(**commun, membres=tuple(autres), arrete="arrêté 1", version=1, regle="BTS-G01")
    await academies[pilote].dire("inscription", "regroupement", defini)
    for nom in autres:
        await academies[nom].dire("inscription", "regroupement", RegroupementAccepte(**commun, regle="DC-BTS19"))


def relier(academies: Iterable[Academie]) -> None:
    """Everything that was said arrives everywhere."""
    toutes = list(academies)
    for one in toutes:
        for autre in toutes:
            if autre is not one:
                one.recevoir(autre)


def ordre(academie: str, role: str = "president_jury", le: datetime = LE, **autres: Any) -> dict[str, Any]:
    """The envelope of an order."""
    par = Acteur(
        id="pro1" if role == "president_jury" else f"{role}1", role=role, academie=academie, portee=("jury:J1",)
    )
    return {"le": le, "par": par, "session": SESSION, "diplome": DIPLOME, **autres}


def question(academie: str) -> dict[str, Any]:
    """The envelope of a question of the service d'examens."""
    return {name: value for name, value in ordre(academie, "gestionnaire").items() if name != "le"}


def nommer(academie: str, candidats: Sequence[str], jury: str = "J1") -> ConstituerJury:
    return ConstituerJury(
        **ordre(academie, "recteur", jury=jury),
        arrete="arrêté du 2 juin 2026",
        membres=MEMBRES,
        president="pro1",
        vice_president="ens1",
        candidats=tuple(candidats),
    )


async def sieger(academie: Academie, candidats: Sequence[str]) -> None:
    """Name, open, decide on each."""
    jury = academie.deliberation
    await jury.ordonner(nommer(academie.nom, candidats))
    for one in MEMBRES:
        await jury.ordonner(AttesterPresence(**ordre(academie.nom, jury="J1"), membre=one.id))
    await jury.ordonner(OuvrirJury(**ordre(academie.nom, jury="J1")))
    for candidat in candidats:
        await decider(academie, candidat)


async def decider(academie: Academie, candidat: str, le: datetime = LE) -> list[str]:
    return await academie.deliberation.ordonner(
        PrendreDecision(**ordre(academie.nom, jury="J1", le=le), candidat=candidat)
    )


async def clore(academie: Academie) -> list[str]:
    return await academie.deliberation.ordonner(CloreJury(**ordre(academie.nom, jury="J1")))


async def reconvoquer(academie: Academie, candidat: str, **autres: Any) -> list[str]:
    """For a material error."""
    enveloppe = ordre(academie.nom, "recteur", le=ENSUITE, jury="J1", candidat=candidat)
    return await academie.deliberation.ordonner(ReconvoquerJury(**enveloppe, motif="erreur d'addition", **autres))
