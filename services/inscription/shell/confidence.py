"""What académies of a regroupement confide to each other: who is confided, what is received, read, revoked.

One pair of keys per académie and regroupement. What is received is used for reading, never for writing: a partner's
candidate is named here only to whoever asks, while the regroupement lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from contracts.commandes.confidence import ConfierIdentite
from contracts.evenements import REGISTRE
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.publication import EffacementAccorde
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementClos
from contracts.messages import Command, Refus
from contracts.requetes import VoirCandidature
from contracts.vocabulaire import Enveloppe
from services.communs.reactions import command_base
from services.communs.shell import Situe
from services.inscription.domain.regroupement import Clos, Pilote, Rattachee, Regroupement
from services.inscription.projections import candidats
from services.inscription.shell import partage
from services.socle.coffre import ERASED
from services.socle.confidence import Confidence, Terms, Wrapped
from services.socle.enveloppe import Fact
from services.socle.service import Environment
from services.socle.sql import in_writer
from services.socle.subjects import split

AVEC_ENVELOPPE = frozenset(one for one in REGISTRE.events if "enveloppe" in one.model_fields)
"""Events that carry a key for the académie they name."""
SANS_OBJET = frozenset(
    {
        ERASED,
        "INSCRIPTION_ANNULEE",
        "CANDIDAT_TRANSFERE",
        "REGROUPEMENT_CLOS",
        "REGROUPEMENT_INCONNU",
        "TR-G01",
        "PARTENAIRE_SANS_CLE",
    }
)
"""Why nothing is confided, and rightly: there is nobody to name any more, nobody to tell, or nobody yet."""

T = TypeVar("T")

log = structlog.get_logger("confidence")


@dataclass(frozen=True)
class Confiees:
    """Reads what one académie sealed, with the keys received from it, as the coffre reads our own."""

    confidence: Confidence
    objet: str
    origine: str

    def open(self, personne: str, chiffre: str) -> bytes | None:
        return self.confidence.open(self.objet, self.origine, personne, chiffre)


class Confidences:
    """The reactions and the reading, on one environment. What is made known and wrapped is in `partage`."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._ici = env.settings.academie
        self._confidence = Confidence(env.coffre)

    async def confier(self, fact: Fact) -> Iterable[Command]:
        """The pilot of the exam is confided each candidate of a member: who registers, and who was there before."""
        event, lieu = fact.event, split(fact.subject)
        etat = await partage.etat_ici(self._env, lieu)
        if not isinstance(etat, Rattachee):
            return []
        match event:
            case CandidatInscrit(candidat=candidat):
                numeros = [candidat]
            case RegroupementAccepte():
                await self._env.up_to_date(lieu.session)
                numeros = self._inscrits(lieu)
            case _:
                return []
        return [self._ordre(fact, candidat, etat.acceptation.pilote) for candidat in numeros]

    async def recevoir(self, fact: Fact) -> Iterable[Command]:
        """Keep the key that a partner confides to us. Its subject says who speaks: it can confide its own alone."""
        lieu, enveloppe = split(fact.subject), getattr(fact.event, "enveloppe", None)
        if lieu.academie == self._ici or not isinstance(enveloppe, Enveloppe) or enveloppe.pour != self._ici:
            return []
        candidat, code = (
            str(getattr(fact.event, "candidat", "")),
            partage.code_de(await partage.etat_ici(self._env, lieu)),
        )
        terms = Terms(partage.objet(lieu, code), lieu.academie, candidat, self._ici)
        try:
            gardee = await self._base(self._confidence.receive, terms, Wrapped(enveloppe.cle, enveloppe.chiffre))
        except Refus as refus:  # whoever sent it cannot make us stop reading what else it says
            log.warning("enveloppe_refusee", message=f"{fact.stream}@{fact.seq}", cause=refus.regle)
        else:
            log.debug("enveloppe_recue", message=f"{fact.stream}@{fact.seq}", gardee=gardee)
        return []

    async def revoquer(self, fact: Fact) -> Iterable[Command]:
        """What was confided ends with the regroupement, by word of its pilot alone, or with the erasure of a person."""
        event, lieu = fact.event, split(fact.subject)
        match event:
            case RegroupementClos(regroupement=code) if await self._est_pilote(lieu, lieu.academie, code):
                detruites = await self._base(self._confidence.end, partage.objet(lieu, code), fact.context.le)
                log.info("confidences_revoquees", regroupement=code, session=lieu.session, cles=detruites)
            case EffacementAccorde(candidat=candidat) if lieu.academie != self._ici:
                await self._base(self._confidence.forget, lieu.academie, [candidat], event.le)
        return []

    async def lire(self, query: VoirCandidature, origine: str) -> Confiees:
        """What opens a partner's candidate.

        Raises:
            Refus: TR-G01, ``ACCES_REVOQUE``, ``IDENTITE_NON_CONFIEE``.
        """
        etat = await partage.etat_ici(self._env, query)
        code, academies, clos = await self._partenaires(query, etat)
        if origine not in academies:
            raise Refus("TR-G01", f"{origine} ne partage pas cet examen : ses candidats ne se voient pas d'ici")
        if clos:
            raise Refus("ACCES_REVOQUE", f"le regroupement {code} est clos : les identités confiées ne se lisent plus")
        but = partage.objet(query, code)
        if not await self._base(self._confidence.has, but, origine, query.candidat):
            detail = f"{origine} n'a pas confié {query.candidat} à cette académie, ou son identité est effacée"
            raise Refus("IDENTITE_NON_CONFIEE", detail)
        return Confiees(self._confidence, but, origine)

    async def _partenaires(self, of: Situe, etat: Regroupement) -> tuple[str, frozenset[str], bool]:
        """The code, the other académies, and whether it is over."""
        match etat:
            case Pilote(definition=definie) | Clos(definition=definie):
                return definie.regroupement, frozenset(definie.membres), isinstance(etat, Clos)
            case Rattachee(acceptation=acceptee):
                dit = await partage.propose(self._env, of, acceptee.pilote)
                connues = {acceptee.pilote, *(dit.membres if dit else ())} - {self._ici}
                return acceptee.regroupement, frozenset(connues), dit is not None and dit.clos
            case _:
                return "", frozenset(), False

    async def _est_pilote(self, of: Situe, academie: str, code: str) -> bool:
        match await partage.etat_ici(self._env, of):
            case Pilote(definition=definie) | Clos(definition=definie):
                return (academie, code) == (self._ici, definie.regroupement)
            case Rattachee(acceptation=acceptee):
                return (academie, code) == (acceptee.pilote, acceptee.regroupement)
            case _:
                return False

    async def _base(self, work: Callable[..., T], *arguments: Any) -> T:
        return await in_writer(self._env.coffre.engine, work, *arguments)

    def _inscrits(self, of: Situe) -> list[str]:
        with self._env.engine.connect() as connection:
            lus = candidats.lister(connection, academie=self._ici, session=of.session, diplome=of.diplome)
        return [one["candidat"] for one in lus if not one["annule"]]

    def _ordre(self, fact: Fact, candidat: str, pilote: str) -> ConfierIdentite:
        base = command_base(fact, "inscription", f"confier_identite:{candidat}", self._ici)
        return ConfierIdentite(**base, candidat=candidat, a=pilote)
