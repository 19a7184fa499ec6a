"""The relay: what the outbox holds, onto the log, in order. Never publishes what a transaction did not write.

Rows are marked after the append; a repeat after a crash appends only what does not stand there yet.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database.engine import reading
from database.leases import HOST, Lease
from projections.derived_facts import record_of
from projections.reactors.append_once import Portion, append_once
from projections.work.tables import outbox
from schemas.envelope import decode_fact
from streams.log import Log, NewRecord

BATCH = 500


class Relay:
    """A step: `advance` publishes one batch and answers how many rows; 0 where another relay holds the lease.

    `clock` answers milliseconds since 1970. `holder` is unlike that of any other relay that may run. Raises `LeaseLost`
    where its term is over in the middle of a batch: the next call begins again.
    """

    name = "relay"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], holder: str = HOST) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._lease = Lease(engine, self.name, holder, clock)

    def advance(self) -> int:
        rows, was_sure = self._waiting(), self._lease.is_sure
        if not rows or not self._lease.keep():
            return 0
        if not was_sure:
            rows = self._waiting()  # another relay may have published some of them meanwhile
        if rows:
            append_once(self._engine, self._log, self._lease, self._portions(rows), lambda c: _mark(c, rows))
        return len(rows)

    def close(self) -> None:
        """Let another relay begin at once."""
        self._lease.release()

    def _waiting(self) -> Sequence[Any]:
        waiting = select(outbox).where(outbox.c.published.is_(False)).order_by(outbox.c.n).limit(BATCH)
        with reading(self._engine).connect() as connection:
            return connection.execute(waiting).all()

    def _portions(self, rows: Iterable[Any]) -> list[Portion]:
        """Each topic's in their order; between topics there is none that anybody could see."""
        now = self._clock()
        topics: dict[str, list[NewRecord]] = {}
        for row in rows:
            topics.setdefault(row.topic, []).append(record_of(decode_fact(row.event), now))
        return [Portion(topic, records) for topic, records in topics.items()]


def _mark(connection: Connection, rows: Iterable[Any]) -> None:
    published = outbox.update().where(outbox.c.n == bindparam("row")).values(published=True)
    connection.execute(published, [{"row": row.n} for row in rows])
