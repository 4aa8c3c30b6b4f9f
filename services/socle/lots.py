"""Many commands at once (imports): those that share no aggregate are decided together and appended in one batch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from contracts.messages import Command, Refus
from services.socle import metrics
from services.socle.decided import (
    BATCH,
    CONFLICTS,
    Decided,
    Draft,
    Loaded,
    Outcome,
    Prepared,
    Trust,
    events_in,
    outcome_of,
    pause,
)
from services.socle.errors import Conflict
from services.socle.handlers import Lookups
from services.socle.history import NOTHING
from services.socle.sealing import ensure_keys
from services.socle.tracing import span

if TYPE_CHECKING:
    from services.socle.runner import Runner

LOADS = 256  # loads in flight


class Lots:
    """A runner's way of doing many commands with few round trips."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def execute(self, commands: Sequence[Command], *, dry_run: bool = False) -> list[Outcome | Refus]:
        """See `Runner.execute_many`."""
        results: list[Outcome | Refus | None] = [None] * len(commands)
        begun = time.perf_counter()
        with span("lot", "SERVER", service=self._runner.service, commandes=len(commands)):
            await self._do_many(commands, dry_run, results)
        done = [one for one in results if one is not None]
        if not dry_run:
            self._runner.teller.lot(commands, done, time.perf_counter() - begun)
        return done

    async def _do_many(self, commands: Sequence[Command], dry_run: bool, results: list[Outcome | Refus | None]) -> None:
        prepared = await self._prepare_many(commands, results)
        for group in self._groups(prepared):
            if dry_run:
                await self._decide_group(group, Trust.JOURNAL, results)
            else:
                await self._append_group(group, results)

    async def _prepare_many(
        self, commands: Sequence[Command], results: list[Outcome | Refus | None]
    ) -> list[tuple[int, Prepared]]:
        prepared: list[tuple[int, Prepared]] = []
        known: dict[tuple[type[Command], str, str], Lookups] = {}
        for index, command in enumerate(commands):
            try:
                prepared.append((index, await self._runner.prepare(command, None, None, known)))
            except Refus as refus:
                results[index] = refus
        return prepared

    @staticmethod
    def _groups(prepared: list[tuple[int, Prepared]]) -> Iterator[list[tuple[int, Prepared]]]:
        """Successive groups whose commands share no aggregate nor journal boundary, each fit for one batch."""
        group: list[tuple[int, Prepared]] = []
        taken: set[str] = set()
        for index, one in prepared:
            full = len(taken) + len(one.paths) > BATCH
            if group and (full or not taken.isdisjoint(one.paths) or one.journal is not group[0][1].journal):
                yield group
                group, taken = [], set()
            group.append((index, one))
            taken.update(one.paths)
        if group:
            yield group

    async def _append_group(self, group: list[tuple[int, Prepared]], results: list[Outcome | Refus | None]) -> None:
        for attempt in range(CONFLICTS):
            async with self._runner.aggregates.turns([path for _, one in group for path in one.paths]):
                drafts = await self._decide_group(group, Trust.BLANK if attempt == 0 else Trust.JOURNAL, results)
                try:
                    await self._append_all(group, drafts, results)
                    return
                except Conflict:
                    self._runner.teller.conflict(metrics.BATCH, attempt)
            await asyncio.sleep(pause(attempt))
        raise Conflict("les agrégats du lot changent sans cesse ; renvoyez le même lot")

    async def _decide_group(
        self, group: list[tuple[int, Prepared]], trust: Trust, results: list[Outcome | Refus | None]
    ) -> list[tuple[int, list[Draft]]]:
        if trust is Trust.JOURNAL:
            await self._load_all([one for _, one in group])
        memory = self._runner.aggregates
        decided: list[tuple[int, Prepared, list[Loaded], Decided]] = []
        for index, one in group:
            loaded = [memory.at_hand(path, ref.family) for path, ref in zip(one.paths, one.refs, strict=True)]
            outcome = self._runner.decide(one, loaded)
            if trust is Trust.BLANK and not isinstance(outcome, dict):
                return await self._decide_group(group, Trust.JOURNAL, results)
            if isinstance(outcome, dict):
                decided.append((index, one, loaded, outcome))
                results[index] = Outcome((), one.journal.stream, max(item.tip.last_seq for item in loaded))
            else:
                results[index] = outcome
        decided = await self._with_keys(decided, results)
        return [(index, self._runner.drafts(one, loaded, events)) for index, one, loaded, events in decided]

    async def _with_keys(
        self, decided: list[tuple[int, Prepared, list[Loaded], Decided]], results: list[Outcome | Refus | None]
    ) -> list[tuple[int, Prepared, list[Loaded], Decided]]:
        """Those whose keys are there. One erased person must not refuse the others of the lot."""
        try:
            await ensure_keys(self._runner.coffre, (event for *_, events in decided for event in events_in(events)))
        except Refus as refus:
            if len(decided) == 1:
                results[decided[0][0]] = refus
                return []
            return [kept for one in decided for kept in await self._with_keys([one], results)]
        return decided

    async def _append_all(
        self,
        group: list[tuple[int, Prepared]],
        drafts: list[tuple[int, list[Draft]]],
        results: list[Outcome | Refus | None],
    ) -> None:
        flat = [draft for _, some in drafts for draft in some]
        if not flat:
            return
        journal = group[0][1].journal
        told = await self._runner.append_batch(journal, [draft.entry for draft in flat], flat[0].entry.commandeid)
        if any(ack.duplicate for ack in told):
            raise Conflict("lot déjà fait ; le journal dit comment")
        acks = iter(told)
        for index, some in drafts:
            for draft in some:
                ack = next(acks)
                # An import makes more aggregates than memory holds, and few of them are asked for soon.
                if draft.loaded.tip is not NOTHING:
                    self._runner.aggregates.remember(draft, ack.seq)
                results[index] = outcome_of(journal, some, ack.seq)

    async def _load_all(self, several: Sequence[Prepared]) -> None:
        wanted = [
            (one.journal, path, ref.family) for one in several for path, ref in zip(one.paths, one.refs, strict=True)
        ]
        memory = self._runner.aggregates
        for start in range(0, len(wanted), LOADS):
            await asyncio.gather(*(memory.load(*each, Trust.JOURNAL) for each in wanted[start : start + LOADS]))
