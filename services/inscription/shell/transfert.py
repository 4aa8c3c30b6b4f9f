"""The doors of a transfer, in the académie where the candidate arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.commandes.transfert import AccepterTransfert, RefuserTransfert, ReprendreCandidature
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.transfert import CandidatureReprise
from contracts.messages import Event
from contracts.vocabulaire import Identite
from services.communs.histoire import Histoire
from services.communs.transfert import lire_histoire, transfert_accepte
from services.inscription.domain import transfert
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.domain.etats import NonInscrite, Transferee
from services.inscription.domain.reprise import reprendre
from services.inscription.shell import partage
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.service import Environment

TRANSFERT = Family("transfert", transfert.initial, transfert.evolve)
COMMUN = "commun"


def _transfert(command: AccepterTransfert | RefuserTransfert) -> str:
    return f"transfert-{command.origine}-{command.candidat}"


async def identite(env: Environment, command: ReprendreCandidature, histoire: Histoire) -> Identite | None:
    """The identity of a transferred candidate, where its key was confided to this académie; nothing elsewhere."""
    inscrits = [one for one in histoire.events if isinstance(one, CandidatInscrit)]
    scelle = inscrits[-1].identite.scelle if inscrits else None
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
        return {
            "proposition": transfert.en_attente(histoire.events, ici),
            "partage": await partage.partage(self.env, command),
            "ici": ici,
            "inscrit": not isinstance(etat, (NonInscrite, Transferee)),
            "jury": await partage.jury_clos_sur(self.env, command, command.candidat, command.origine),
        }

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
        place = looked["empreinte"]
        personnes = [Ref(self.personne, f"personne-{place}", COMMUN)] if place else []
        return [Ref(self.candidature, f"candidature-{command.candidat}"), *personnes]

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
        *on(TRANSFERT, [AccepterTransfert, RefuserTransfert], _transfert, transfert.decide, ici.reponse),
        Handler(ReprendreCandidature, ici.agregats, ici.decide, ici.reprise),
    ]
