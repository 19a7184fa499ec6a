"""Timers record that a time has passed: for reviews of stages, and for handoffs that were not decided in time.

A fact is recorded only after everything that was appended before has been scored and projected, so that late facts
count first. What follows from it, the scorer decides.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database import EMBEDDED_HOLDER, Lease, read_only
from projections.derived_facts import handoff_expired, record_of, review_due
from projections.reactors.append_once import TopicBatch, append_once
from projections.read_models import versions
from projections.read_models.tables import ReadModels
from schemas import ENGAGEMENT, SCORES, FactRecord
from streams import Log

BATCH_SIZE = 500


class Timers:
    """A step for long-running hosts only.

    `clock`: milliseconds since 1970; `holder` must be unique among the timers.
    """

    name = "timers"

    def __init__(
        self,
        engine: Engine,
        log: Log,
        clock: Callable[[], int],
        projection: str = versions.MAIN,
        holder: str = EMBEDDED_HOLDER,
    ) -> None:
        self._engine, self._log, self._clock, self._projection = engine, log, clock, projection
        self._lease = Lease(engine, self.name, holder, clock)

    def advance(self) -> int:
        """Record one batch of due timers; returns the number of facts, 0 if another process holds the lease."""
        if not self._due_timers(self._clock())[1] or not self._lease.acquire():
            return 0
        models, due = self._due_timers(self._clock())
        ready = self._ready_timers(due)
        if ready:
            records = [record_of(_fact(timer), self._clock()) for timer in ready]
            batch = TopicBatch(ENGAGEMENT, records)
            append_once(self._engine, self._log, self._lease, [batch], lambda c: _mark_recorded(c, models, ready))
        return len(ready)

    def close(self) -> None:
        """Release the lease, so that another process can run the timers at once."""
        self._lease.release()

    def _due_timers(self, now: int) -> tuple[ReadModels, Sequence[Any]]:
        with read_only(self._engine).connect() as connection:
            models = versions.current_models(connection, self._projection)
            timers = models.timers
            due = select(timers).where(timers.c.recorded.is_(False), timers.c.at <= now)
            return models, connection.execute(due.order_by(timers.c.at).limit(BATCH_SIZE)).all()

    def _ready_timers(self, due: Sequence[Any]) -> Sequence[Any]:
        caught_up = {each for each in range(self._log.partitions(ENGAGEMENT)) if self._is_caught_up(each)}
        return [timer for timer in due if self._log.partition_of(ENGAGEMENT, timer.account) in caught_up]

    def _is_caught_up(self, partition: int) -> bool:
        """Whether scorer and projector have read everything."""
        if self._log.position(partition) < self._log.end(ENGAGEMENT, partition):
            return False
        return self._projector_position(partition) >= self._log.end(SCORES, partition)

    def _projector_position(self, partition: int) -> int:
        with read_only(self._engine).connect() as connection:
            version = versions.version_of(connection, self._projection)
            return versions.next_offset(connection, self._projection, version, partition)


def _mark_recorded(connection: Connection, models: ReadModels, ready: Sequence[Any]) -> None:
    timers = models.timers
    condition = (timers.c.kind == bindparam("k"), timers.c.ref == bindparam("r"), timers.c.at == bindparam("t"))
    rows = [{"k": timer.kind, "r": timer.ref, "t": timer.at} for timer in ready]
    connection.execute(timers.update().where(*condition).values(recorded=True), rows)


def _fact(timer: Any) -> FactRecord:
    if timer.kind == "expiry":
        return handoff_expired(timer.ref, timer.account, timer.at)
    return review_due(timer.account, timer.at)
