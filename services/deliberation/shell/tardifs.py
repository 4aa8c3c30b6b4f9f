"""What a closed jury is told of results that a partner's journal brings after it (AMB-54).

Every result is looked at twice at most: when it comes, if the jury is closed by then; when the jury closes, for what
came while it was closing. So none is missed, in whatever order both happen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from contracts.commandes.deliberation import SignalerResultatTardif
from contracts.evenements.deliberation import CandidatRattache, JuryClos
from contracts.evenements.notation import NoteControleSaisie, ResultatArrete
from contracts.evenements.transfert import CandidatureReprise
from contracts.messages import Command
from services.communs.reactions import command_base
from services.communs.transfert import reprise
from services.deliberation.domain import jury
from services.deliberation.projections.candidats_jury import Arrive, arrives_depuis
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, Ref
from services.socle.service import Environment
from services.socle.subjects import Subject, split

JURY = Family("jury", jury.initial, jury.evolve)


def jeton(code: str) -> str:
    """The aggregate of a jury."""
    return f"jury-{code}"


class Tardifs:
    """The reaction to results and closings, on one environment."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    async def dus(self, fact: Fact) -> list[Command]:
        """What the jury of the candidate is told, or the jury that closes."""
        ici, event = self._env.settings.academie, fact.event
        if isinstance(event, JuryClos) and split(fact.subject).academie == ici and event.origines:
            return [one async for one in self._a_la_cloture(fact, event)]
        if isinstance(event, (ResultatArrete, NoteControleSaisie)) and not reprise(fact):
            return await self._a_l_arrivee(fact, event)
        return []

    async def _a_l_arrivee(self, fact: Fact, event: ResultatArrete | NoteControleSaisie) -> list[Command]:
        where = split(fact.subject)
        place = await self._env.events(where.session, where.diplome, "deliberation", f"place-{event.candidat}")
        code = next((one.jury for one in place if isinstance(one, CandidatRattache)), None)
        state = None if code is None else await self._etat(where.session, where.diplome, code)
        if code is None or not isinstance(state, jury.Clos):
            return []
        ici = self._env.settings.academie
        attendue = state.seance.composition.academie(event.candidat, ici)
        if attendue == where.academie == ici:
            return []  # his relevé knows that the jury is closed
        if attendue != where.academie and not await self._repris(where, event.candidat, attendue):
            return []  # the same number, of another académie
        arrive = Arrive(event.epreuve, fact.id, fact.stream, fact.seq)
        return [self._signaler(fact, code, event.candidat, attendue, arrive)]

    async def _repris(self, where: Subject, candidat: str, de: str) -> bool:
        """Whether that académie took the candidate over from the one where his jury knew him."""
        agregat = (where.session, where.diplome, "inscription", f"candidature-{candidat}")
        chez_nous = where.academie == self._env.settings.academie
        dits = await (self._env.events(*agregat) if chez_nous else self._env.told(where.academie, *agregat))
        return any(isinstance(one, CandidatureReprise) and one.origine == de for one in dits)

    async def _a_la_cloture(self, fact: Fact, event: JuryClos) -> AsyncIterator[Command]:
        where = split(fact.subject)
        await self._env.up_to_date(where.session)
        state = await self._etat(where.session, where.diplome, event.jury)
        decisions = state.seance.decisions if isinstance(state, jury.Clos) else {}
        for candidat, academie in sorted(event.origines.items()):
            if candidat not in decisions:
                continue
            lieu = {"academie": academie, "session": where.session, "diplome": where.diplome}
            position = decisions[candidat].position
            with self._env.engine.connect() as connection:
                arrives = arrives_depuis(connection, **lieu, candidat=candidat, position=position)
            for arrive in arrives:
                yield self._signaler(fact, event.jury, candidat, academie, arrive)

    def _signaler(self, fact: Fact, code: str, candidat: str, academie: str, arrive: Arrive) -> SignalerResultatTardif:
        return SignalerResultatTardif(
            **command_base(fact, "deliberation", "tardifs", self._env.settings.academie),
            jury=code,
            candidat=candidat,
            academie=academie,
            **arrive._asdict(),
        )

    async def _etat(self, session: str, diplome: str, code: str) -> jury.Jury:
        found: jury.Jury = (await self._env.runner.state(session, diplome, Ref(JURY, jeton(code)))).state
        return found
