"""The relay publishes the rows of the outbox to the log, in order.

Rows are marked as published after the append; a repetition after a crash appends only the missing records.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database import EMBEDDED_HOLDER, Lease, read_only
from projections.derived_facts import record_of
from projections.reactors.append_once import TopicBatch, append_once
from projections.reactors.unfit_records import is_appendable, unfit_letters
from projections.work.tables import outbox
from schemas import DEAD_LETTERS, FactEnvelope, decode_envelope, is_key
from streams import Log, NewRecord

BATCH_SIZE = 500


class Relay:
    """A step: `advance` publishes one batch and returns the number of rows; 0 if another relay holds the lease.

    `clock`: milliseconds since 1970; `holder` must be unique among the relays. Raises `LeaseLost` if the lease runs out
    in the middle of a batch; the next call repeats the batch.
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
            rows = self._unpublished_rows()  # read again: another relay may have published some of them
        if rows:
            append_once(
                self._engine, self._log, self._lease, self._topic_batches(rows), lambda c: _mark_published(c, rows)
            )
        return len(rows)

    def close(self) -> None:
        """Release the lease, so that another relay can start at once."""
        self._lease.release()

    def _unpublished_rows(self) -> Sequence[Any]:
        statement = select(outbox).where(outbox.c.published.is_(False)).order_by(outbox.c.n).limit(BATCH_SIZE)
        with read_only(self._engine).connect() as connection:
            return connection.execute(statement).all()

    def _topic_batches(self, rows: Iterable[Any]) -> list[TopicBatch]:
        """The records of each topic, in the order of the outbox."""
        now = self._clock()
        topics: dict[str, list[NewRecord]] = {}
        for row in rows:
            event = decode_envelope(row.event)
            if is_appendable(row.topic, event):
                topics.setdefault(row.topic, []).append(record_of(event, now))
            else:
                topics.setdefault(DEAD_LETTERS, []).extend(self._unfit_letters(row, event))
        return [TopicBatch(topic, records) for topic, records in topics.items()]

    def _unfit_letters(self, row: Any, event: FactEnvelope) -> list[NewRecord]:
        """A dead letter in the place of a fact forwarded to an account that no log can hold."""
        holder = row.key if is_key(row.key) else f"anon:{event.contact}"
        return unfit_letters(self._log, holder, [event])


def _mark_published(connection: Connection, rows: Iterable[Any]) -> None:
    statement = outbox.update().where(outbox.c.n == bindparam("row")).values(published=True)
    connection.execute(statement, [{"row": row.n} for row in rows])
