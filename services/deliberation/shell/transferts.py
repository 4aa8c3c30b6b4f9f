"""Candidates of a jury who change académie: where each one is now, and what his jury is told (AMB-55).

Every departure is looked at twice at most: when it comes, if a jury has the candidate by then; when a jury is named,
for those who left meanwhile. Where he went is read when the order is carried out: the last one knows all that had come,
in whatever order académies were heard.
"""

from __future__ import annotations

from contracts.commandes.deliberation import SuivreTransfert
from contracts.evenements.deliberation import CandidatRattache, JuryConstitue
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.transfert import CandidatTransfere, CandidatureReprise
from contracts.messages import Command, Event
from services.communs.reactions import command_base
from services.communs.shell import Situe
from services.deliberation.projections import candidats_jury
from services.socle.enveloppe import Fact
from services.socle.service import Environment
from services.socle.subjects import split

SUIVIS: frozenset[type[Event]] = frozenset({CandidatTransfere, CandidatureReprise, JuryConstitue})


class Departs:
    """Where candidates went, as far as it is known here, and the reaction to it, on one environment."""

    def __init__(self, env: Environment) -> None:
        self._env, self._ici = env, env.settings.academie

    async def chemin(self, of: Situe, candidat: str, depuis: str) -> list[str]:
        """The académies that he went through since that one, which comes first; the last is where he is.

        Each is left for the place where it last sent him: nobody comes twice, unless something has not come yet.
        """
        found = [depuis]
        while (vers := await self._vers(of, candidat, found[-1])) is not None:
            if vers in found:
                return [*found, vers]
            found.append(vers)
        return found

    async def parti(self, of: Situe, candidat: str, de: str) -> str | None:
        """Where he is, if it is no more that académie."""
        fin = (await self.chemin(of, candidat, de))[-1]
        return None if fin == de else fin

    async def partis(self, of: Situe, candidats: dict[str, str]) -> dict[str, str]:
        """Candidate → where he is, for those of these who are no more at their académie."""
        found = {one: await self.parti(of, one, academie) for one, academie in candidats.items()}
        return {one: vers for one, vers in found.items() if vers is not None}

    async def _vers(self, of: Situe, candidat: str, academie: str) -> str | None:
        """Where that académie sent him last; nothing if it holds him, or never did."""
        where = (of.session, of.diplome, "inscription", f"candidature-{candidat}")
        told = await (self._env.events(*where) if academie == self._ici else self._env.told(academie, *where))
        vers: str | None = None
        for event in told:
            match event:
                case CandidatTransfere(vers=autre):
                    vers = autre
                case CandidatureReprise() | CandidatInscrit():
                    vers = None
                case _:
                    continue
        return vers

    # The reaction ---------------------------------------------------------------------------------------------------

    async def dus(self, fact: Fact) -> list[Command]:
        """What the jury of who leaves or arrives is told, or the jury just named."""
        event, where = fact.event, split(fact.subject)
        match event:
            case JuryConstitue(jury=code) if where.academie == self._ici:
                return [self._suivre(fact, code, one) for one in await self._sortis(where, event)]
            case CandidatTransfere(candidat=candidat) | CandidatureReprise(candidat=candidat):
                place = await self._env.events(where.session, where.diplome, "deliberation", f"place-{candidat}")
                juries = [one.jury for one in place if isinstance(one, CandidatRattache)][:1]
                return [self._suivre(fact, code, candidat) for code in juries]
            case _:
                return []

    async def _sortis(self, of: Situe, event: JuryConstitue) -> list[str]:
        """Of those whom it decides on, who is no more registered where it knows them."""
        await self._env.up_to_date(of.session)
        eux = {one: event.origines.get(one, self._ici) for one in event.candidats}
        lieu = {"academie": self._ici, "session": of.session, "diplome": of.diplome}
        with self._env.engine.connect() as connection:
            return sorted(candidats_jury.annules(connection, **lieu, candidats=eux))

    def _suivre(self, fact: Fact, code: str, candidat: str) -> SuivreTransfert:
        base = command_base(fact, "deliberation", f"transferts:{candidat}", self._ici)
        return SuivreTransfert(**base, jury=code, candidat=candidat)
