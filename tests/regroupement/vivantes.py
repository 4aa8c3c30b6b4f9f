"""Three académies that live through schedules of cuts: what they do meanwhile, what they must agree on afterwards."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.droits import Role
from contracts.evenements.inscription import CandidatInscrit, InscriptionAnnulee
from contracts.evenements.regroupement import CandidatAccueilli
from contracts.evenements.transfert import CandidatTransfere, CandidatureReprise, TransfertPropose
from contracts.messages import Data, Event
from services.communs.transfert import REPRISE
from services.exploitation.etapes import Session
from services.exploitation.regroupement.convergence import Part, parts
from services.exploitation.regroupement.jeu import Jeu
from services.exploitation.regroupement.lieux import ouvrir
from services.exploitation.regroupement.manifeste import lire_regroupement
from services.exploitation.regroupement.mise_en_place import regrouper
from services.socle import jsapi
from services.socle.enveloppe import Stored, context_of
from services.socle.errors import BrokerAway, SocleError
from services.socle.journal import Journal
from services.socle.settings import ROOT
from services.socle.subjects import exchange_name, stream_name
from tests.regroupement.academies import faits_de
from tests.regroupement.accords import (
    aucun_resultat_transmis_n_est_perdu,
    les_places_suffisent,
    une_reponse_par_demande,
)

PILOTE, REUNION, MAYOTTE = "normandie", "la_reunion", "mayotte"
TOUTES = (PILOTE, REUNION, MAYOTTE)
FUSEAUX = {PILOTE: "Europe/Paris", REUNION: "Indian/Reunion", MAYOTTE: "Indian/Mayotte"}
PATIENCE = 180.0  # seconds left to an académie that was killed to answer again
PAUSE = 0.2
LE = "2021-10-18T09:00:00+02:00"
PARAMETRES = {
    "premiere_epreuve": "2022-05-16",
    "cloture_inscriptions": "2021-11-19",
    "remise_supports": "2022-03-25",
    "remise_dossiers": "2022-03-25",
    "remontee_ccf": "2022-05-20",
    "jury_le": "2022-07-04",
    "publication": "2022-07-08T16:00:00+02:00",
}


@dataclass(frozen=True)
class Dit:
    """What one académie said and what came to it, read from its two streams."""

    nom: str
    journal: Flux
    echanges: Flux

    def faits(self, nature: type[Event]) -> list[Any]:
        return list(faits_de(self.journal.messages, nature))


@dataclass(frozen=True)
class Flux:
    messages: Sequence[Stored]


@dataclass(frozen=True)
class Dits:
    """What all of them said, at one moment."""

    toutes: Sequence[Dit]

    def autres(self, nom: str) -> list[Dit]:
        return [one for one in self.toutes if one.nom != nom]


@dataclass
class Monde:
    """The académies, the candidates registered so far, and every order that was acknowledged."""

    jeu: Jeu
    candidats: list[tuple[str, str]] = field(default_factory=list)
    acquis: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    centres: list[tuple[str, str]] = field(default_factory=list)
    ordres: int = 0

    async def faire(self, geste: str, quoi: Any) -> None:
        """One gesture of a schedule."""
        match geste:
            case "couper":
                self.jeu.lieux.relais[quoi].couper()
            case "retablir":
                self.jeu.lieux.relais[quoi].retablir()
            case "tuer":
                await asyncio.to_thread(self.jeu.lieux.tuer, quoi)
                self.jeu.lieux.lancer(quoi)
            case "attendre":
                await asyncio.sleep(quoi)
            case _:
                await getattr(self, geste)(quoi)

    async def inscrire(self, academie: str) -> None:
        """A new candidate, registered in one académie."""
        rang = len(self.candidats) + 1
        numero = f"H{rang:06d}"
        identite = {
            "nom": f"Nom{rang}",
            "prenoms": "Prénom",
            "naissance": "1990-01-01",
            "lieu_naissance": "Rouen",
        }
        commande: dict[str, Any] = {
            "commande": "inscription.inscrire_candidat",
            "categorie": "experience",
            "identite": identite,
        }
        await self.ordonner(academie, candidat=numero, **commande)
        self.candidats.append((numero, academie))

    async def ouvrir_centre(self, academie: str) -> None:
        """A new centre there, with a place for somebody else's candidate, told to the others by itself (BTS-G02)."""
        centre = f"C{len(self.centres) + 1:05d}"
        commande = {"commande": "inscription.ouvrir_centre", "centre": centre, "type": "principal"}
        await self.ordonner(academie, Role.RECTEUR, **commande, places_accueil=1)
        self.centres.append((academie, centre))

    async def noter(self, rang: int) -> None:
        """A mark at home for one of the candidates, if he is there yet; refused or not is the rules' business."""
        if self.candidats:
            numero, academie = self.candidats[rang % len(self.candidats)]
            commande: dict[str, Any] = {"commande": "notation.constater_absence", "candidat": numero, "epreuve": "E1"}
            await self.essayer(academie, **commande)

    async def demander(self, rang: int) -> None:
        """A place elsewhere for one of the candidates: one centre, which several may ask for."""
        if self.candidats and self.centres:
            numero, academie = self.candidats[rang % len(self.candidats)]
            chez, centre = self.centres[rang // 3 % len(self.centres)]
            commande: dict[str, Any] = {"commande": "inscription.demander_accueil", "candidat": numero}
            await self.essayer(academie, **commande, academie=chez, centre=centre)

    async def transmettre(self, rang: int) -> None:
        """A mark given by a host, if it has somebody."""
        accueillis = [(dit.nom, one) for dit in await self._dits() for one in dit.faits(CandidatAccueilli)]
        if accueillis:
            chez, one = accueillis[rang % len(accueillis)]
            de: dict[str, Any] = {"candidat": one.candidat, "origine": one.origine, "centre": one.centre}
            commande = {"commande": "notation.transmettre_resultat", "epreuve": "E1", "note": str(rang)}
            await self.essayer(chez, **commande, **de)

    async def transferer(self, rang: int) -> None:
        """One of the candidates is proposed to another académie by where he was registered."""
        if self.candidats:
            numero, academie = self.candidats[rang % len(self.candidats)]
            vers = TOUTES[(TOUTES.index(academie) + 1 + rang % 2) % len(TOUTES)]
            commande: dict[str, Any] = {"commande": "inscription.transferer_candidat", "candidat": numero}
            await self.essayer(academie, **commande, vers=vers, motif="il déménage")

    async def repondre(self, rang: int) -> None:
        """To a proposal that has come, whatever became of it since: yes three times in four."""
        proposes = [
            (dit.nom, one)
            for dit in await self._dits()
            for one in faits_de(dit.echanges.messages, TransfertPropose)
            if one.vers == dit.nom
        ]
        if proposes:
            ici, one = proposes[rang % len(proposes)]
            origine = next(academie for numero, academie in self.candidats if numero == one.candidat)
            de: dict[str, Any] = {"candidat": one.candidat, "origine": origine}
            if rang % 4:
                await self.essayer(ici, commande="inscription.accepter_transfert", **de)
            else:
                await self.essayer(ici, commande="inscription.refuser_transfert", **de, motif="sans place")

    async def ordonner(self, academie: str, role: Role = Role.GESTIONNAIRE, /, **brut: Any) -> Data:
        reponse = await self.essayer(academie, role, **brut)
        assert reponse["ok"], (academie, brut, reponse)
        return reponse

    async def essayer(self, academie: str, role: Role = Role.GESTIONNAIRE, /, **brut: Any) -> Data:
        """An order; remembered when it is acknowledged with something written."""
        self.ordres += 1
        identifiant = f"horaire-{self.ordres:06d}"
        reponse = await self._insister(academie, role, {"id": identifiant, "le": LE, **brut})
        if reponse["ok"] and reponse["evenements"]:
            self.acquis[academie].add(identifiant)
        return reponse

    async def _insister(self, academie: str, role: Role, brut: Data) -> Data:
        """Sent again until somebody answers: what it asks is done once."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await self.jeu.essayer(academie, role, **brut)
            except BrokerAway:
                if time.monotonic() > deadline:
                    raise

    async def revenir(self) -> None:
        """All the links hold again; wait until nothing moves."""
        for relais in self.jeu.lieux.relais.values():
            relais.retablir()
        await self.jeu.calmer()

    async def ecarts(self) -> list[str]:
        """What they do not agree on; nothing, as it must be.

        Raises:
            AssertionError: a request has no answer or two, more are received than there is room for, a mark is lost.
        """
        found = await parts(self.jeu.lieux, self.jeu.session.session, self.jeu.session.diplome)
        dits = Dits(await self._dits())
        for dit in dits.toutes:
            une_reponse_par_demande(dits, dit)
            les_places_suffisent(dit)
            aucun_resultat_transmis_n_est_perdu(dits, dit)
        return [
            *_divergences(found, len(self.jeu.lieux.lieux)),
            *_perdus(dits, self.acquis),
            *_egares(dits, [numero for numero, _ in self.candidats]),
        ]

    async def _dits(self) -> list[Dit]:
        """What everybody has said and heard by now."""
        session = self.jeu.session.session
        return [
            Dit(
                nom,
                await self._lire(nom, stream_name(nom, session)),
                await self._lire(nom, exchange_name(nom, session)),
            )
            for nom in self.jeu.lieux.lieux
        ]

    async def _lire(self, nom: str, flot: str) -> Flux:
        """A stream there, once its broker answers."""
        deadline, lieu = time.monotonic() + PATIENCE, self.jeu.lieux[nom]
        while True:
            try:
                journal = Journal(lieu.regards, flot, lieu.settings.bounds)
                end = (await journal.identity()).last_seq
                return Flux([one async for batch in journal.read(stop_at=end) for one in batch])
            except (jsapi.Transient, SocleError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE)


def _perdus(dits: Dits, acquis: dict[str, set[str]]) -> list[str]:
    """Orders acknowledged in one académie that its journal, or a partner's exchanges, do not hold."""
    perdus = []
    for dit in dits.toutes:
        tenus = {one.commandeid for flux in (dit.journal, dit.echanges) for one in flux.messages}
        for origine, siens in acquis.items():
            perdus += [f"{dit.nom} n'a pas {one} de {origine}" for one in sorted(siens - tenus)]
    return perdus


def _egares(dits: Dits, candidats: Sequence[str]) -> list[str]:
    """Candidates who live in no académie, or in several."""
    chez = {candidat: [dit.nom for dit in dits.toutes if _vit(dit, candidat)] for candidat in candidats}
    return [f"{candidat} est chez {ou or 'personne'}" for candidat, ou in chez.items() if len(ou) != 1]


def _vit(dit: Dit, candidat: str) -> bool:
    """Whether he is there, by what is said there of him: registered or taken over, then gone or not."""
    la = False
    for message in dit.journal.messages:
        if not message.subject.endswith(f".inscription.candidature-{candidat}"):
            continue
        natures = {one["type"] for one in message.envelopes}
        repris = context_of(message.envelopes[0]).acteur == REPRISE
        if CandidatureReprise.NAME in natures or (CandidatInscrit.NAME in natures and not repris):
            la = True
        elif not repris and natures & {CandidatTransfere.NAME, InscriptionAnnulee.NAME}:
            la = False
    return la


def _divergences(found: list[Part], combien: int) -> list[str]:
    par_origine = defaultdict[str, list[Part]](list)
    for one in found:
        par_origine[one.de].append(one)
    return [
        f"les faits de {origine} : {[(one.chez, one.messages, one.empreinte[:8]) for one in some]}"
        for origine, some in par_origine.items()
        if len(some) != combien or len({one.empreinte for one in some}) != 1
    ]


@asynccontextmanager
async def ouvrir_monde(racine: Path) -> AsyncIterator[Monde]:
    """Three académies of the example, sessions open, the regroupement defined and accepted."""
    regroupement = lire_regroupement(ROOT / "exemples" / "regroupement")
    session = Session(session="2022", diplome="bts_ndrc", etapes=())
    async with ouvrir(racine, regroupement, session.session, session.diplome) as lieux:
        monde = Monde(Jeu(lieux, regroupement, session, print))
        for name in lieux.lieux:
            ouverture = {"commande": "inscription.ouvrir_session", "reglement": "BTS-NDRC-2022"}
            parametres = PARAMETRES | {"fuseau": FUSEAUX[name]}
            le = "2021-09-20T08:30:00+02:00"
            await monde.ordonner(name, Role.RECTEUR, le=le, parametres=parametres, **ouverture)
        await regrouper(monde.jeu)
        yield monde
