"""The doors of a transfer, in the académie where the candidate arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.commandes.transfert import (
    AbandonnerTransfert,
    AccepterTransfert,
    RefuserTransfert,
    ReprendreCandidature,
)
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.transfert import CandidatureReprise, TransfertAccepte
from contracts.messages import Event
from contracts.vocabulaire import Identite
from services.communs.histoire import Histoire
from services.communs.transfert import lire_histoire, transfert_accepte
from services.inscription.domain import arrivee, transfert
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.domain.etats import NonInscrite, Transferee
from services.inscription.domain.reprise import reprendre
from services.inscription.shell import partage
from services.socle.handlers import Family, Handler, Lookups, Ref
from services.socle.service import Environment

TRANSFERT = Family("transfert", transfert.initial, transfert.evolve)
COMMUN = "commun"


def _transfert(command: AccepterTransfert | RefuserTransfert) -> str:
    return f"transfert-{command.origine}-{command.candidat}"


def inscription(histoire: Histoire) -> CandidatInscrit | None:
    """The registration of a transferred candidate, where he comes from."""
    inscrits = [one for one in histoire.events if isinstance(one, CandidatInscrit)]
    return inscrits[-1] if inscrits else None


async def identite(
    env: Environment, command: ReprendreCandidature | AccepterTransfert | RefuserTransfert, histoire: Histoire
) -> Identite | None:
    """The identity of a transferred candidate, where its key was confided to this académie; nothing elsewhere."""
    inscrit = inscription(histoire)
    scelle = None if inscrit is None else inscrit.identite.scelle
    return None if scelle is None else await partage.identite_confiee(env, command, command.origine, scelle)


@dataclass(frozen=True)
class Portes:
    """What these decisions are given."""

    env: Environment
    candidature: Family
    personne: Family
    plain: Callable[[Any], Awaitable[Lookups]]

    async def reponse(self, command: AccepterTransfert | RefuserTransfert) -> Lookups:
        """The proposal that came from the other académie, and whether the number is held here."""
        agregat, ici = f"candidature-{command.candidat}", self.env.settings.academie
        histoire = await lire_histoire(self.env, command, command.origine, "inscription", agregat)
        ref = Ref(self.candidature, agregat)
        etat = (await self.env.runner.state(command.session, command.diplome, ref)).state
        connu = await identite(self.env, command, histoire)
        secret = self.env.coffre.secret("personne")
        return {
            **await self.plain(command),
            "candidat": inscription(histoire),
            "empreinte": "" if connu is None else empreinte_personne(connu, secret),
            "proposition": transfert.en_attente(histoire.events, ici),
            "partage": await partage.partage(self.env, command),
            "ici": ici,
            "inscrit": not isinstance(etat, (NonInscrite, Transferee)),
            "jury": await partage.jury_clos_sur(self.env, command, command.candidat, command.origine),
        }

    def agregats_reponse(self, command: AccepterTransfert | RefuserTransfert, looked: Lookups) -> Sequence[Ref]:
        return [Ref(TRANSFERT, _transfert(command)), *self._place(looked["empreinte"])]

    def repondre(
        self, command: AccepterTransfert | RefuserTransfert, states: Mapping[str, Any], **looked: Any
    ) -> Mapping[str, Sequence[Event]]:
        agregat, place = _transfert(command), f"personne-{looked['empreinte']}"
        personne = states.get(place, self.personne.initial)
        reponse, reserves = arrivee.repondre(command, states[agregat], personne, looked.pop("session"), **looked)
        return {agregat: reponse, **({place: reserves} if looked["empreinte"] else {})}

    async def abandon(self, command: AbandonnerTransfert) -> Lookups:
        """Where the place is kept, and whether the candidate is here all the same, or proposed again."""
        agregat, where = f"candidature-{command.candidat}", (command.session, command.diplome, "inscription")
        histoire = await lire_histoire(self.env, command, command.origine, "inscription", agregat)
        reponses = await self.env.events(*where, f"transfert-{command.origine}-{command.candidat}")
        gardees = [one.personne for one in reponses if isinstance(one, TransfertAccepte)]
        etat = (await self.env.runner.state(command.session, command.diplome, Ref(self.candidature, agregat))).state
        attendu = transfert.en_attente(histoire.events, self.env.settings.academie) is not None
        ici = not isinstance(etat, (NonInscrite, Transferee))
        return {"empreinte": gardees[-1] if gardees else "", "attendu": attendu or ici}

    def agregats_abandon(self, command: AbandonnerTransfert, looked: Lookups) -> Sequence[Ref]:
        return self._place(looked["empreinte"])

    def abandonner(
        self, command: AbandonnerTransfert, states: Mapping[str, Any], **looked: Any
    ) -> Mapping[str, Sequence[Event]]:
        return {place: arrivee.abandonner(command, one, attendu=looked["attendu"]) for place, one in states.items()}

    def _place(self, empreinte: str) -> list[Ref]:
        return [Ref(self.personne, f"personne-{empreinte}", COMMUN)] if empreinte else []

    async def reprise(self, command: ReprendreCandidature) -> Lookups:
        """The history as it came, whether it was accepted, whether it is here already, and who the candidate is."""
        agregat = f"candidature-{command.candidat}"
        histoire = await lire_histoire(self.env, command, command.origine, "inscription", agregat)
        connu = await identite(self.env, command, histoire)
        secret = self.env.coffre.secret("personne")
        ici = await self.env.events(command.session, command.diplome, "inscription", agregat)
        return {
            **await self.plain(command),
            "histoire": histoire,
            "accepte": await transfert_accepte(self.env, command, command.origine, command.candidat),
            "deja": any(isinstance(one, CandidatureReprise) and _la_meme(one, histoire) for one in ici),
            "identite": connu,
            "empreinte": "" if connu is None else empreinte_personne(connu, secret),
        }

    def agregats(self, command: ReprendreCandidature, looked: Lookups) -> Sequence[Ref]:
        return [Ref(self.candidature, f"candidature-{command.candidat}"), *self._place(looked["empreinte"])]

    def decide(
        self, command: ReprendreCandidature, states: Mapping[str, Any], **looked: Any
    ) -> Mapping[str, Sequence[Event]]:
        agregat, place = f"candidature-{command.candidat}", f"personne-{looked['empreinte']}"
        personne = states.get(place, self.personne.initial)
        repris, reserves = reprendre(command, states[agregat], personne, looked.pop("session"), **looked)
        return {agregat: repris, **({place: reserves} if looked["empreinte"] else {})}


def _la_meme(reprise: CandidatureReprise, histoire: Histoire) -> bool:
    return (reprise.rang, reprise.tete) == (histoire.rang, histoire.tete)


def portes(
    env: Environment, candidature: Family, personne: Family, plain: Callable[[Any], Awaitable[Lookups]]
) -> list[Handler]:
    """The handlers of a transfer where the candidate arrives."""
    ici = Portes(env, candidature, personne, plain)
    return [
        *(
            Handler(one, ici.agregats_reponse, ici.repondre, ici.reponse)
            for one in (AccepterTransfert, RefuserTransfert)
        ),
        Handler(AbandonnerTransfert, ici.agregats_abandon, ici.abandonner, ici.abandon),
        Handler(ReprendreCandidature, ici.agregats, ici.decide, ici.reprise),
    ]
