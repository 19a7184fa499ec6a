"""How far the reading side is behind. Never heals anything."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.sql.elements import ColumnElement

from database.engine import reading
from database.leases import leases, moment
from projections.read_models import versions
from projections.read_models.versions import checkpoints
from projections.work.tables import moves, outbox
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
            projector_lag=sum(log.end(SCORES, p) - at for p, at in _positions(connection, log, name).items()),
            outbox_waiting=waiting,
            outbox_age_ms=None if oldest is None else max(now - oldest, 0),
            moves_open=_count(connection, select(func.count()).where(moves.c.done.is_(False))),
        )


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
    return _reached(connection, log, name, checkpoints.c.engagement_next)


def projector_positions(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the next offset of `scores` that the projector reads."""
    with reading(engine).connect() as connection:
        return _positions(connection, log, name)


def _positions(connection: Connection, log: Log, name: str) -> dict[int, int]:
    return _reached(connection, log, name, checkpoints.c.next_offset)


def _reached(connection: Connection, log: Log, name: str, column: ColumnElement[int]) -> dict[int, int]:
    """Partition -> a column of its checkpoint, 0 where there is none yet."""
    version = versions.version_of(connection, name)
    found = select(checkpoints.c.partition, column).where(
        checkpoints.c.projection == name, checkpoints.c.version == version
    )
    reached = {row[0]: row[1] for row in connection.execute(found)}
    return {partition: reached.get(partition, 0) for partition in range(log.partitions(SCORES))}


class Waiting(NamedTuple):
    """`age_ms`: since when the oldest row's event happened, 0 where nothing waits."""

    outbox: int
    age_ms: int
    moves: int


def waiting(engine: Engine, now: int) -> Waiting:
    """What waits for a reactor at this moment; `now` in milliseconds since 1970."""
    rows = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    opened = select(func.count()).where(moves.c.done.is_(False))
    with reading(engine).connect() as connection:
        count, oldest = connection.execute(rows).one()
        return Waiting(int(count), max(0, now - (oldest or now)), int(connection.execute(opened).scalar_one()))


def database_time(engine: Engine, now: int) -> int:
    """Milliseconds since 1970 by the server's clock; `now` where the database has none of its own."""
    with reading(engine).connect() as connection:
        return int(connection.execute(select(moment(connection, now))).scalar_one())


def holders(engine: Engine, now: int) -> dict[str, str]:
    """Role -> who holds it at this moment."""
    with reading(engine).connect() as connection:
        held = select(leases.c.role, leases.c.holder).where(leases.c.until >= moment(connection, now))
        return {row.role: row.holder for row in connection.execute(held)}
