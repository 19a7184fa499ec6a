"""How far the stages behind the log are: scoring, projecting, and the reactors with their outbox and moves.

Readiness checks, metrics and `staffel doctor` all read their figures here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.sql.elements import ColumnElement

from database import database_now, leases, read_only
from projections.read_models import versions
from projections.read_models.versions import checkpoints
from projections.work.tables import moves, outbox
from schemas import ENGAGEMENT, SCORES
from streams import Log

PartitionLag = Mapping[int, int]
"""Partition -> number of records that a stage has not read yet."""


class ReactorBacklog(NamedTuple):
    """Unpublished outbox rows, and accounts whose facts are still to be moved.

    `age_ms`: since the event of the oldest row happened; 0 if there is none.
    """

    outbox: int
    age_ms: int
    moves: int


@dataclass(frozen=True, slots=True)
class Lag:
    """The lag of all stages at one moment."""

    scored: PartitionLag
    projected: PartitionLag
    backlog: ReactorBacklog

    @property
    def is_idle(self) -> bool:
        return not (
            any(self.scored.values()) or any(self.projected.values()) or self.backlog.outbox or self.backlog.moves
        )

    def __str__(self) -> str:
        facts, records = sum(self.scored.values()), sum(self.projected.values())
        return (
            f"facts to score: {facts}, score records to project: {records}, "
            f"outbox rows to publish: {self.backlog.outbox}, moves to complete: {self.backlog.moves}"
        )


def read_lag(engine: Engine, log: Log, now: int, name: str = versions.MAIN) -> Lag:
    """The lag of all stages; `now` in milliseconds since 1970.

    The database is read first: what its reactors had completed by then is in the log, and counts there.
    """
    with read_only(engine).connect() as connection:
        backlog = _backlog(connection, now)
        positions = _checkpoint_column(connection, log, name, checkpoints.c.next_offset)
    return Lag(scoring_lag(log), behind(end_offsets(log, SCORES), positions), backlog)


def scoring_lag(log: Log, *, count_activations: bool = True) -> PartitionLag:
    """Records that no scorer has read; the first one of a partition activates its model, and may be left out."""
    first = 0 if count_activations else 1
    positions = {partition: log.position(partition) or first for partition in range(log.partitions(ENGAGEMENT))}
    return behind(end_offsets(log, ENGAGEMENT), positions)


def projection_lag(engine: Engine, log: Log, name: str = versions.MAIN) -> PartitionLag:
    """Score records that are not in the read models yet."""
    return behind(end_offsets(log, SCORES), projector_positions(engine, log, name))


def visibility_lag(engine: Engine, log: Log, name: str = versions.MAIN) -> PartitionLag:
    """Facts whose effect is not in the read models yet."""
    return behind(end_offsets(log, ENGAGEMENT), projected_offsets(engine, log, name))


def reactor_backlog(engine: Engine, now: int) -> ReactorBacklog:
    """What the relay and the mover have to do; `now` in milliseconds since 1970."""
    with read_only(engine).connect() as connection:
        return _backlog(connection, now)


def end_offsets(log: Log, topic: str) -> dict[int, int]:
    """Partition -> the offset that its next record will get."""
    return {partition: log.end(topic, partition) for partition in range(log.partitions(topic))}


def behind(ends: Mapping[int, int], positions: Mapping[int, int]) -> dict[int, int]:
    """Partition -> how far its position is from its end."""
    return {partition: max(0, end - positions.get(partition, 0)) for partition, end in ends.items()}


def projected_offsets(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the offset of `engagement` up to which all facts are in the read models."""
    with read_only(engine).connect() as connection:
        return projected_offsets_in(connection, log, name)


def projected_offsets_in(connection: Connection, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """As `projected_offsets`, in the snapshot of this connection."""
    return _checkpoint_column(connection, log, name, checkpoints.c.engagement_next)


def projector_positions(engine: Engine, log: Log, name: str = versions.MAIN) -> dict[int, int]:
    """Partition -> the offset of `scores` that the projector reads next."""
    with read_only(engine).connect() as connection:
        return _checkpoint_column(connection, log, name, checkpoints.c.next_offset)


def database_time(engine: Engine, now: int) -> int:
    """The clock of the server in milliseconds since 1970; `now` on SQLite, which has none of its own."""
    with read_only(engine).connect() as connection:
        return int(connection.execute(select(database_now(connection, now))).scalar_one())


def lease_holders(engine: Engine, now: int) -> dict[str, str]:
    """Role -> its current holder."""
    with read_only(engine).connect() as connection:
        held = select(leases.c.role, leases.c.holder).where(leases.c.until >= database_now(connection, now))
        return {row.role: row.holder for row in connection.execute(held)}


def _backlog(connection: Connection, now: int) -> ReactorBacklog:
    unpublished = select(func.count(), func.min(outbox.c.at)).where(outbox.c.published.is_(False))
    open_moves = select(func.count()).where(moves.c.done.is_(False))
    count, oldest = connection.execute(unpublished).one()
    age_ms = 0 if oldest is None else max(0, now - oldest)
    return ReactorBacklog(int(count), age_ms, int(connection.execute(open_moves).scalar_one()))


def _checkpoint_column(connection: Connection, log: Log, name: str, column: ColumnElement[int]) -> dict[int, int]:
    """Partition -> a column of its checkpoint, 0 for partitions without one."""
    version = versions.version_of(connection, name)
    statement = select(checkpoints.c.partition, column).where(
        checkpoints.c.projection == name, checkpoints.c.version == version
    )
    values = {row[0]: row[1] for row in connection.execute(statement)}
    return {partition: values.get(partition, 0) for partition in range(log.partitions(SCORES))}
