"""The relay: what the outbox holds, onto the log, in order. Never publishes what a transaction did not write.

Rows are marked after the append, and the log keeps a record's id once: a repeat after a crash changes nothing.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine, bindparam, select

from projections import leases
from projections.database import reading
from projections.facts import record_of
from projections.work_tables import outbox
from schemas.facts import decode_fact
from streams.log import Log

BATCH = 500
HOST = "host"
"""The holder where one process hosts alone, under its own lock: a successor goes on with the same lease."""


class Relay:
    """A step: `advance` publishes one batch and answers how many rows; 0 where another relay holds the lease.

    `clock` answers milliseconds since 1970. `holder` is unlike that of any other relay that may run.
    """

    name = "relay"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], holder: str = HOST) -> None:
        self._engine, self._log, self._clock, self._holder = engine, log, clock, holder

    def advance(self) -> int:
        if not self._waiting(1) or not leases.take(self._engine, self.name, self._holder, self._clock()):
            return 0
        rows = self._waiting(BATCH)
        for topic, some in groupby(rows, attrgetter("topic")):
            self._publish(topic, list(some))
        return len(rows)

    def close(self) -> None:
        """Let another relay begin at once."""
        leases.release(self._engine, self.name, self._holder)

    def _waiting(self, limit: int) -> Sequence[Any]:
        waiting = select(outbox).where(outbox.c.published.is_(False)).order_by(outbox.c.n).limit(limit)
        with reading(self._engine).connect() as connection:
            return connection.execute(waiting).all()

    def _publish(self, topic: str, rows: Sequence[Any]) -> None:
        now = self._clock()
        self._log.append(topic, [record_of(decode_fact(row.event), now) for row in rows])
        published = outbox.update().where(outbox.c.n == bindparam("row")).values(published=True)
        with self._engine.begin() as connection:
            connection.execute(published, [{"row": row.n} for row in rows])
