"""Parked messages of a read model, projected again: in order, up to the first that still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from contracts.messages import ContractError, Registry
from services.socle import parking
from services.socle.enveloppe import Stored
from services.socle.facts import Decoded
from services.socle.parking import Parked, Retried, origin_of
from services.socle.read_model import Fenced, Projection, Standing, move, position
from services.socle.rows import Batch
from services.socle.seen import Seen
from services.socle.sql import is_away, writing


@dataclass(frozen=True)
class Again:
    """Trying again, in one transaction: nobody else moves the read model meanwhile."""

    service: str
    registry: Registry
    engine: Engine
    clock: Callable[[], datetime]

    def __call__(
        self, standing: Standing, parked: Sequence[Parked], messages: Sequence[Stored], by: str, reason: str
    ) -> Retried:
        """Project the parked messages of one aggregate.

        Raises:
            Fenced: others were parked meanwhile.
        """
        with writing(self.engine) as connection:
            seq, created = connection.execute(select(position.c.seq, position.c.created).where(*standing.key)).one()
            # Holds the position, so that no message is parked behind these while they are settled.
            move(connection, Standing(standing.projection, standing.stream, created), seq, seq)
            label, subject = standing.projection.label, parked[0].subject
            where: dict[str, Any] = {"service": self.service, "consumer": label, "subject": subject}
            if parking.read_parked(connection, **where, stream=standing.stream) != list(parked):
                raise Fenced(f"{standing.projection.label} : d'autres messages viennent d'être stationnés")
            return self._in_order(connection, standing, parked, messages, by, reason)

    def _in_order(
        self,
        connection: Connection,
        standing: Standing,
        parked: Sequence[Parked],
        messages: Sequence[Stored],
        by: str,
        reason: str,
    ) -> Retried:
        found = {message.seq: message for message in messages}
        accepted = Seen(self.service, standing.projection.label, standing.stream)
        failed: Parked | None = None
        done = 0
        for one in parked:
            failed = self._one_again(connection, standing.projection, one, found[one.seq])
            if failed is not None:
                parking.park_again(connection, failed)
                break
            accepted.accept(found[one.seq])
            parking.settle(connection, one, parking.RETRIED, by=by, reason=reason, at=self.clock())
            done += 1
        if standing.exchanged:
            accepted.rows.write(connection)
        return Retried(done, failed)

    def _one_again(self, connection: Connection, projection: Projection, one: Parked, message: Stored) -> Parked | None:
        """The rows of one message, all or none; what stops it, if something does."""
        try:
            with connection.begin_nested():
                rows = Batch()
                for fact in Decoded(message, self.registry).facts(projection.kinds):
                    for op in projection.project(fact):
                        rows.add(op)
                rows.write(connection)
        except ContractError as error:
            return replace(one, code=error.code, cause=str(error))
        except Exception as error:
            if is_away(error):
                raise
            return replace(one, code="PROJECTION_EN_ECHEC", cause=origin_of(error))
        return None
