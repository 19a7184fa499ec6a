"""How far the reading side is behind. Never heals anything."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.sql.elements import ColumnElement

from database.engine import read_only
from database.leases import database_now, leases
from projections.read_models import versions
from projections.read_models.versions import checkpoints
from projections.work.tables import moves, outbox
from schemas.topics import ENGAGEMENT, SCORES
from streams.log import Log


@dataclass(frozen=True, slots=True)
class Lag:
    """Lags in records of the log; `outbox_age_ms`: since when the oldest waiting row's event happened, None: empty."""

    scorer_lag: int
    projector_lag: int
    outbox_waiting: int
    outbox_age_ms: int | None
    moves_open: int

    @property
    def is_idle(self) -> bool:
        return not (self.scorer_lag or self.projector_lag or self.outbox_waiting or self.moves_open)


def read_lag(engine: Engine, log: Log, now: int, name: str = versions.MAIN) -> Lag:
    """Figures of one moment; `now` in milliseconds since 1970."""
    with read_only(engine).connect() as connection:
        unpublished, oldest = _outbox_backlog(connection)
        return Lag(
            scorer_lag=sum(log.end(ENGAGEMENT, p) - log.position(p) for p in range(log.partitions(ENGAGEMENT))),
            projector_lag=sum(log.end(SCORES, p) - at for p, at in _positions(connection, log, name).items()),
            outbox_waiting=unpublished,
            outbox_age_ms=None if oldest is None else max(now - oldest, 0),
            moves_open=_count(connection, select(func.count()).where(moves.c.done.is_(False))),
        )


def _outbox_backlog(connection: Connection) -> tuple[int, int | None]:
    statement = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    count, oldest = connection.execute(statement).one()
    return int(count), oldest


def _count(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).scalar_one())


def projected_offsets(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the engagement offset up to which everything is in the read models."""
    with read_only(engine).connect() as connection:
        return projected_offsets_in(connection, log, name)


def projected_offsets_in(connection: Connection, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """The same as of the moment that this connection sees."""
    return _checkpoint_column(connection, log, name, checkpoints.c.engagement_next)


def projector_positions(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the next offset of `scores` that the projector reads."""
    with read_only(engine).connect() as connection:
        return _positions(connection, log, name)


def _positions(connection: Connection, log: Log, name: str) -> dict[int, int]:
    return _checkpoint_column(connection, log, name, checkpoints.c.next_offset)


def _checkpoint_column(connection: Connection, log: Log, name: str, column: ColumnElement[int]) -> dict[int, int]:
    """Partition -> a column of its checkpoint, 0 where there is none yet."""
    version = versions.version_of(connection, name)
    statement = select(checkpoints.c.partition, column).where(
        checkpoints.c.projection == name, checkpoints.c.version == version
    )
    values = {row[0]: row[1] for row in connection.execute(statement)}
    return {partition: values.get(partition, 0) for partition in range(log.partitions(SCORES))}


class ReactorBacklog(NamedTuple):
    """`age_ms`: since when the oldest row's event happened, 0 where nothing waits."""

    outbox: int
    age_ms: int
    moves: int


def reactor_backlog(engine: Engine, now: int) -> ReactorBacklog:
    """What waits for a reactor at this moment; `now` in milliseconds since 1970."""
    unpublished = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    open_moves = select(func.count()).where(moves.c.done.is_(False))
    with read_only(engine).connect() as connection:
        count, oldest = connection.execute(unpublished).one()
        return ReactorBacklog(
            int(count), max(0, now - (oldest or now)), int(connection.execute(open_moves).scalar_one())
        )


def database_time(engine: Engine, now: int) -> int:
    """Milliseconds since 1970 by the server's clock; `now` where the database has none of its own."""
    with read_only(engine).connect() as connection:
        return int(connection.execute(select(database_now(connection, now))).scalar_one())


def lease_holders(engine: Engine, now: int) -> dict[str, str]:
    """Role -> who holds it at this moment."""
    with read_only(engine).connect() as connection:
        held = select(leases.c.role, leases.c.holder).where(leases.c.until >= database_now(connection, now))
        return {row.role: row.holder for row in connection.execute(held)}
