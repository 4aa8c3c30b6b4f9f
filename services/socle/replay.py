"""A read model rebuilt from the journals into an empty database, and compared with the live one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, select

from contracts.messages import Registry
from services.socle import read_model
from services.socle.facts import Source
from services.socle.feed import Watcher
from services.socle.projections import Projector
from services.socle.read_model import Projection, position
from services.socle.rows import Comparison, compare_tables
from services.socle.sql import create_tables, in_writer


async def replay(
    projection: Projection,
    *,
    registry: Registry,
    sources: Sequence[Source],
    engine: Engine,
    until: Mapping[str, int] | None = None,
    watch: Watcher | None = None,
) -> dict[str, int]:
    """Rebuild one projection from the journals into a scratch database; the positions reached.

    Raises:
        ProjectionStopped: it could not go to the end.
        ValueError: the database already holds rows of this projection.
    """
    rebuilt = Projector("rejeu", registry, engine, sources, [projection])
    await in_writer(engine, create_tables, engine, read_model.metadata.sorted_tables)
    if any(positions(engine, projection).values()):
        raise ValueError(f"{projection.label} a déjà des lignes dans cette base : rejouez dans une base vide")
    await rebuilt.catch_up(until, watch)
    return positions(engine, projection)


def positions(engine: Engine, projection: Projection) -> dict[str, int]:
    """Position of the projection on each stream."""
    query = select(position.c.stream, position.c.seq).where(
        position.c.projection == projection.name, position.c.version == projection.VERSION
    )
    with engine.connect() as connection:
        return {stream: int(seq) for stream, seq in connection.execute(query)}


def compare(live: Engine, rebuilt: Engine, projection: Projection) -> Comparison:
    """Rows and state hashes of the two databases.

    Raises:
        ValueError: they do not stand at the same positions, so their rows may rightly differ.
    """
    here, there = positions(live, projection), positions(rebuilt, projection)
    if here != there:
        raise ValueError(f"{projection.label} : positions différentes ({here} et {there}) ; rejouez jusqu'à la même")
    return compare_tables(live, rebuilt, projection.tables)
