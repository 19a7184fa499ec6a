"""The mover: records the parked facts of a released account again under its new one. Never moves a fact twice.

The moves are marked done after the append; ids follow from the fact and the move, and a repeat after a crash appends
only what does not stand there yet.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database.engine import read_only
from database.leases import EMBEDDED_HOLDER, Lease
from projections.derived_facts import moved_fact, record_of
from projections.reactors.append_once import TopicBatch, append_once
from projections.work.tables import moves, parked_facts
from schemas.topics import ENGAGEMENT
from streams.log import Log, NewRecord

BATCH_SIZE = 20
"""Moves at once, of two hundred facts each at the most."""


class Mover:
    """A step: `advance` completes some open moves and answers how many; 0 where another mover holds the lease.

    `clock`: milliseconds since 1970; `holder` is unlike that of any other mover that may run.
    """

    name = "mover"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], holder: str = EMBEDDED_HOLDER) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._lease = Lease(engine, self.name, holder, clock)

    def advance(self) -> int:
        if not self._open_moves(1) or not self._lease.acquire():
            return 0
        open_moves = self._open_moves(BATCH_SIZE)  # only now: another mover may have completed some of them before
        records = [record for move in open_moves for record in self._moved_records(move)]
        batches = [TopicBatch(ENGAGEMENT, records)] if records else []
        append_once(self._engine, self._log, self._lease, batches, lambda c: _mark_done(c, open_moves))
        return len(open_moves)

    def close(self) -> None:
        """Let another mover begin at once."""
        self._lease.release()

    def _open_moves(self, limit: int) -> Sequence[Any]:
        return self._fetch_rows(select(moves).where(moves.c.done.is_(False)).order_by(moves.c.move).limit(limit))

    def _moved_records(self, move: Any) -> list[NewRecord]:
        """Oldest first, one by one as late facts."""
        oldest_first = select(parked_facts.c.fact).where(parked_facts.c.account == move.account)
        rows = self._fetch_rows(oldest_first.order_by(parked_facts.c.time, parked_facts.c.seq))
        now = self._clock()
        return [record_of(moved_fact(row.fact, move.to_account, move.move), now) for row in rows]

    def _fetch_rows(self, statement: Any) -> Sequence[Any]:
        with read_only(self._engine).connect() as connection:
            return connection.execute(statement).all()


def _mark_done(connection: Connection, open_moves: Sequence[Any]) -> None:
    """Done first: whoever parks facts of the account at this moment waits for that, and learns that they were moved."""
    condition = (moves.c.move == bindparam("m"), moves.c.account == bindparam("a"))
    rows = [{"m": move.move, "a": move.account} for move in open_moves]
    if rows:
        connection.execute(moves.update().where(*condition).values(done=True), rows)
        connection.execute(
            parked_facts.delete().where(parked_facts.c.account.in_([move.account for move in open_moves]))
        )
