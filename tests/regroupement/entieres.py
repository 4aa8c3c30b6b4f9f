"""Three académies with their inscription service too, what passes between them link by link, and their gestures.

Each gesture is a person's order, given to the services as built: refused, it is answered, and nothing follows;
acknowledged, it must be found everywhere in the end.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from contracts.commandes.inscription import AffecterCentre, AnnulerInscription, InscrireCandidat, OuvrirCentre
from contracts.commandes.notation import ArreterResultat, SaisirNote
from contracts.commandes.regroupement import AccepterRegroupement, DefinirRegroupement, DemanderAccueil
from contracts.commandes.resultats_accueil import TransmettreResultat
from contracts.commandes.transfert import AccepterTransfert, RefuserTransfert, TransfererCandidat
from contracts.evenements import REGISTRE
from contracts.evenements.inscription import CandidatInscrit, InscriptionAnnulee
from contracts.evenements.regroupement import CandidatAccueilli
from contracts.evenements.transfert import CandidatTransfere
from contracts.messages import Command, Event, Refus
from contracts.vocabulaire import Categorie, Identite, TypeCentre
from services.inscription.shell.app import SPEC as INSCRIPTION
from services.socle.enveloppe import header_rank
from services.socle.sql import engine_for
from services.socle.subjects import split
from tests.regroupement.academies import EPREUVES, Academie, Service, ordre

NOMS = ("rouen", "caen", "lille")
"""The pilot, then the two that accept."""
COMMUN = "N2600099"
"""A number that several académies may have given."""
RESERVE = "N2600019"
"""Who is registered at the pilot on the day of the jury: there is always somebody to decide on."""
TRANSMISES = ("UG1", "UG2")
INSCRIT_LE = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
NOTE_LE = datetime(2026, 6, 20, 9, 0, tzinfo=UTC)


def identite(academie: str, candidat: str) -> Identite:
    """Who an académie registers under this number: nobody else is the same."""
    nom = f"NOM {academie} {candidat[-2:]}"
    return Identite(nom=nom, prenoms="Camille", naissance=date(2004, 3, 12), lieu_naissance="Eu")


class Entiere(Academie):
    """With its inscription service; a number already used elsewhere is told by its académie."""

    def __init__(self, nom: str, racine: Path, moteur: Callable[[str], Engine] = engine_for) -> None:
        super().__init__(nom, racine, moteur)
        self.inscription = Service(INSCRIPTION, self)
        self._notes = count(1)

    @property
    def services(self) -> Iterable[Service]:
        return (self.inscription, *super().services)

    @property
    def numeros(self) -> tuple[str, ...]:
        rang = NOMS.index(self.nom) + 1
        return (*(f"N26000{rang}{one}" for one in range(3)), COMMUN)

    @property
    def siens(self) -> list[str]:
        """Its candidates, without the cancelled and those who left."""
        partis = {one.candidat for nature in (InscriptionAnnulee, CandidatTransfere) for one in self.faits(nature)}
        return [one.candidat for one in self.faits(CandidatInscrit) if one.candidat not in partis]

    async def donner(self, service: Service, command: Command) -> bool:
        """Whether it was acknowledged."""
        try:
            await service.ordonner(command)
        except Refus:
            return False
        return True

    def _dit(self, le: datetime, role: str = "gestionnaire", **champs: Any) -> dict[str, Any]:
        return {**ordre(self.nom, role, le), **champs}

    # Gestures -------------------------------------------------------------------------------------------------------

    async def ouvrir_centre(self, centre: str, places: int) -> bool:
        command = OuvrirCentre(**self._dit(INSCRIT_LE), centre=centre, type=TypeCentre.PRINCIPAL, places_accueil=places)
        return await self.donner(self.inscription, command)

    async def enregistrer(self, candidat: str) -> bool:
        """A candidate, whose marks are all told at once."""
        choix = {
            "identite": identite(self.nom, candidat),
            "categorie": Categorie.INDIVIDUEL,
            "formation_attestee": True,
        }
        command = InscrireCandidat(**self._dit(INSCRIT_LE), candidat=candidat, **choix)
        if candidat in {one.candidat for one in self.faits(CandidatInscrit)}:
            return False
        if not await self.donner(self.inscription, command):
            return False
        await self.notation.reagir()
        for epreuve in EPREUVES:
            await self.arreter(candidat, epreuve, "12")
        return True

    async def demander_accueil(self, candidat: str, academie: str, centre: str) -> bool:
        ou = {"candidat": candidat, "academie": academie, "centre": centre}
        return await self.donner(self.inscription, DemanderAccueil(**self._dit(INSCRIT_LE), **ou))

    async def garder(self, candidat: str) -> bool:
        """He will sit here after all."""
        ici = AffecterCentre(**self._dit(INSCRIT_LE), candidat=candidat, centre=f"C-{self.nom}")
        return await self.donner(self.inscription, ici)

    async def annuler(self, candidat: str) -> bool:
        command = AnnulerInscription(**self._dit(INSCRIT_LE), candidat=candidat, motif="il renonce à l'examen")
        return await self.donner(self.inscription, command)

    async def transferer(self, candidat: str, vers: str) -> bool:
        command = TransfererCandidat(
            **self._dit(INSCRIT_LE), candidat=candidat, vers=vers, motif="il change d'académie"
        )
        return await self.donner(self.inscription, command)

    async def repondre(self, candidat: str, origine: str, oui: bool) -> bool:
        """To a proposal made to this académie, if it has come."""
        dit = self._dit(INSCRIT_LE, candidat=candidat, origine=origine)
        command = AccepterTransfert(**dit) if oui else RefuserTransfert(**dit, motif="il n'habite pas ici")
        return await self.donner(self.inscription, command)

    async def noter(self, candidat: str, epreuve: str) -> bool:
        """A mark taken here, and the result that follows."""
        quoi = {"candidat": candidat, "epreuve": epreuve}
        note = Decimal(next(self._notes) % 41) / 2
        await self.donner(self.notation, SaisirNote(**self._dit(NOTE_LE), **quoi, note=note))
        return await self.donner(self.notation, ArreterResultat(**self._dit(NOTE_LE), **quoi))

    async def transmettre(self, accueilli: CandidatAccueilli, epreuve: str) -> bool:
        """A mark taken here of another's candidate."""
        de = {"candidat": accueilli.candidat, "origine": accueilli.origine, "centre": accueilli.centre}
        note = Decimal(next(self._notes) % 41) / 2
        command = TransmettreResultat(**self._dit(NOTE_LE), **de, epreuve=epreuve, note=note)
        return await self.donner(self.notation, command)


class Monde:
    """Three académies of one regroupement, and the links between them."""

    def __init__(self, racine: Path, moteur: Callable[[str], Engine] = engine_for) -> None:
        self.academies = {nom: Entiere(nom, racine, moteur) for nom in NOMS}
        self.coupes: set[frozenset[str]] = set()

    @property
    def toutes(self) -> list[Entiere]:
        return list(self.academies.values())

    @property
    def pilote(self) -> Entiere:
        return self.academies[NOMS[0]]

    def fermer(self) -> None:
        for one in self.toutes:
            one.fermer()

    async def grouper(self) -> None:
        """Opened and grouped; one place to host in each centre."""
        for one in self.toutes:
            await one.ouvrir()
            await one.ouvrir_centre(f"C-{one.nom}", 1)
        recteur = ordre(NOMS[0], "recteur", INSCRIT_LE, regroupement="cap-nord")
        definir = DefinirRegroupement(**recteur, membres=NOMS[1:], arrete="arrêté du 3 octobre 2025")
        assert await self.pilote.donner(self.pilote.inscription, definir)
        await self.tout_livrer()
        for nom in NOMS[1:]:
            recteur = ordre(nom, "recteur", INSCRIT_LE, regroupement="cap-nord")
            accepter = AccepterRegroupement(**recteur, pilote=NOMS[0])
            assert await self.academies[nom].donner(self.academies[nom].inscription, accepter)
        await self.tout_livrer()

    def connus(self, ici: Academie) -> Iterator[tuple[str, Event]]:
        """Whose, and what: everything that is known there, each fact once."""
        vus: set[tuple[str, int]] = set()
        for message in (*ici.journal.messages, *ici.echanges.messages):
            if (message.subject, header_rank(message)) not in vus:
                vus.add((message.subject, header_rank(message)))
                for one in message.envelopes:
                    yield split(message.subject).academie, REGISTRE.load(one["type"], one["data"])

    async def transferer(self, de: Entiere, vers: Entiere, candidat: str) -> None:
        """Proposed, accepted, and taken over where links are up."""
        assert await de.transferer(candidat, vers.nom)
        await self.tout_passer()
        assert await vers.repondre(candidat, de.nom, oui=True)
        await self.tout_passer()

    # What passes ----------------------------------------------------------------------------------------------------

    def autres(self, nom: str) -> list[Entiere]:
        return [one for one in self.toutes if one.nom != nom]

    def passe(self, de: Entiere, vers: Entiere) -> bool:
        return de is not vers and frozenset((de.nom, vers.nom)) not in self.coupes

    def livrer(self, de: Entiere, vers: Entiere, au_plus: int | None = None) -> None:
        if self.passe(de, vers):
            vers.recevoir(de, au_plus)

    def relivrer(self, de: Entiere, vers: Entiere, au_plus: int) -> None:
        """From the beginning; what had not come yet comes too, if it is within."""
        if self.passe(de, vers):
            vers.recevoir_encore(de, au_plus)

    def entrelacer(self, vers: Entiere, pas: int) -> None:
        """The two others by turns, each in its order, until nothing more comes."""
        while sum(vers.recevoir(one, pas) for one in self.autres(vers.nom) if self.passe(one, vers)):
            pass

    async def tout_livrer(self) -> None:
        """Every link is back: until nobody has anything more to say."""
        self.coupes.clear()
        await self.tout_passer()

    async def tout_passer(self) -> None:
        """Where links are up: until nobody has anything more to say."""
        while True:
            liens = [(one, autre) for one in self.toutes for autre in self.toutes if self.passe(autre, one)]
            venus = sum(one.recevoir(autre) for one, autre in liens)
            suites = sum([await service.reagir() for one in self.toutes for service in one.services])
            if not venus + suites:
                return


class Moule:
    """A world opened and grouped once, from which others start: what SQL has compiled serves for all."""

    def __init__(self, racine: Path) -> None:
        self._modele, self._ici, self._moteur = racine / "modele", racine / "ici", cache(engine_for)
        self._premier: Monde

    async def preparer(self) -> None:
        self._ici.mkdir()
        self._premier = Monde(self._ici, self._moteur)
        await self._premier.grouper()
        self._premier.fermer()
        shutil.copytree(self._ici, self._modele)

    def monde(self) -> Monde:
        """A new one; the one before is over."""
        self._premier.fermer()
        shutil.rmtree(self._ici)
        shutil.copytree(self._modele, self._ici)
        found = Monde(self._ici, self._moteur)
        for nom, one in found.academies.items():
            one.reprendre(self._premier.academies[nom])
        return found
