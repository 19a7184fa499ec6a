"""The relay: what the outbox holds, onto the log, in order. Never publishes what a transaction did not write.

Rows are marked after the append; a repeat after a crash appends only what does not stand there yet.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database.engine import read_only
from database.leases import EMBEDDED_HOLDER, Lease
from projections.derived_facts import record_of
from projections.reactors.append_once import TopicBatch, append_once
from projections.work.tables import outbox
from schemas.envelope import decode_fact
from streams.log import Log, NewRecord

BATCH_SIZE = 500


class Relay:
    """A step: `advance` publishes one batch and answers how many rows; 0 where another relay holds the lease.

    `clock` answers milliseconds since 1970. `holder` is unlike that of any other relay that may run. Raises `LeaseLost`
    where its term is over in the middle of a batch: the next call begins again.
    """

    name = "relay"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], holder: str = EMBEDDED_HOLDER) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._lease = Lease(engine, self.name, holder, clock)

    def advance(self) -> int:
        rows, was_valid = self._unpublished_rows(), self._lease.is_valid
        if not rows or not self._lease.acquire():
            return 0
        if not was_valid:
            rows = self._unpublished_rows()  # another relay may have published some of them meanwhile
        if rows:
            append_once(
                self._engine, self._log, self._lease, self._topic_batches(rows), lambda c: _mark_published(c, rows)
            )
        return len(rows)

    def close(self) -> None:
        """Let another relay begin at once."""
        self._lease.release()

    def _unpublished_rows(self) -> Sequence[Any]:
        statement = select(outbox).where(outbox.c.published.is_(False)).order_by(outbox.c.n).limit(BATCH_SIZE)
        with read_only(self._engine).connect() as connection:
            return connection.execute(statement).all()

    def _topic_batches(self, rows: Iterable[Any]) -> list[TopicBatch]:
        """Each topic's in their order; between topics there is none that anybody could see."""
        now = self._clock()
        topics: dict[str, list[NewRecord]] = {}
        for row in rows:
            topics.setdefault(row.topic, []).append(record_of(decode_fact(row.event), now))
        return [TopicBatch(topic, records) for topic, records in topics.items()]


def _mark_published(connection: Connection, rows: Iterable[Any]) -> None:
    statement = outbox.update().where(outbox.c.n == bindparam("row")).values(published=True)
    connection.execute(statement, [{"row": row.n} for row in rows])
