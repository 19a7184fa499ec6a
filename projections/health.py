"""How far the reading side is behind. Never heals anything."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from projections import versions
from projections.database import reading
from projections.work_tables import checkpoints, moves, outbox
from schemas.topics import ENGAGEMENT, SCORES
from streams.log import Log


@dataclass(frozen=True, slots=True)
class Health:
    """Lags in records of the log; `outbox_age_ms`: since when the oldest waiting row's event happened, None: empty."""

    scorer_lag: int
    projector_lag: int
    outbox_waiting: int
    outbox_age_ms: int | None
    moves_open: int

    @property
    def is_idle(self) -> bool:
        return not (self.scorer_lag or self.projector_lag or self.outbox_waiting or self.moves_open)


def health(engine: Engine, log: Log, now: int, name: str = versions.MAIN) -> Health:
    """Figures of one moment; `now` in milliseconds since 1970."""
    with reading(engine).connect() as connection:
        waiting, oldest = _outbox(connection)
        return Health(
            scorer_lag=sum(log.end(ENGAGEMENT, p) - log.position(p) for p in range(log.partitions(ENGAGEMENT))),
            projector_lag=_projector_lag(connection, log, name),
            outbox_waiting=waiting,
            outbox_age_ms=None if oldest is None else max(now - oldest, 0),
            moves_open=_count(connection, select(func.count()).where(moves.c.done.is_(False))),
        )


def _projector_lag(connection: Connection, log: Log, name: str) -> int:
    version = versions.version_of(connection, name)
    partitions = range(log.partitions(SCORES))
    return sum(log.end(SCORES, p) - versions.next_offset(connection, name, version, p) for p in partitions)


def _outbox(connection: Connection) -> tuple[int, int | None]:
    waiting = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    count, oldest = connection.execute(waiting).one()
    return int(count), oldest


def _count(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).scalar_one())


def projected(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the engagement offset up to which everything is in the read models."""
    with reading(engine).connect() as connection:
        return projected_now(connection, log, name)


def projected_now(connection: Connection, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """The same as of the moment that this connection sees."""
    version = versions.version_of(connection, name)
    found = select(checkpoints.c.partition, checkpoints.c.engagement_next).where(
        checkpoints.c.projection == name, checkpoints.c.version == version
    )
    reached = {row.partition: row.engagement_next for row in connection.execute(found)}
    return {partition: reached.get(partition, 0) for partition in range(log.partitions(ENGAGEMENT))}


def projector_positions(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the next offset of `scores` that the projector reads."""
    with reading(engine).connect() as connection:
        version = versions.version_of(connection, name)
        partitions = range(log.partitions(SCORES))
        return {each: versions.next_offset(connection, name, version, each) for each in partitions}
