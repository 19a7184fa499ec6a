"""The mover: records the parked facts of a released account again under its new one. Never moves a fact twice.

The moves are marked done after the append; ids follow from the fact and the move, and a repeat after a crash appends
only what does not stand there yet.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database.engine import reading
from database.leases import HOST, Lease
from projections.derived_facts import moved, record_of
from projections.reactors.append_once import Portion, append_once
from projections.work.tables import moves, parked
from schemas.topics import ENGAGEMENT
from streams.log import Log, NewRecord

BATCH = 20
"""Moves at once, of two hundred facts each at the most."""


class Mover:
    """A step: `advance` completes some open moves and answers how many; 0 where another mover holds the lease.

    `clock`: milliseconds since 1970; `holder` is unlike that of any other mover that may run.
    """

    name = "mover"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], holder: str = HOST) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._lease = Lease(engine, self.name, holder, clock)

    def advance(self) -> int:
        if not self._open(1) or not self._lease.keep():
            return 0
        opened = self._open(BATCH)  # only now: another mover may have completed some of them before
        records = [record for move in opened for record in self._records(move)]
        portions = [Portion(ENGAGEMENT, records)] if records else []
        append_once(self._engine, self._log, self._lease, portions, lambda c: _mark(c, opened))
        return len(opened)

    def close(self) -> None:
        """Let another mover begin at once."""
        self._lease.release()

    def _open(self, limit: int) -> Sequence[Any]:
        return self._read(select(moves).where(moves.c.done.is_(False)).order_by(moves.c.move).limit(limit))

    def _records(self, move: Any) -> list[NewRecord]:
        """Oldest first, one by one as late facts."""
        oldest_first = select(parked.c.fact).where(parked.c.account == move.account)
        rows = self._read(oldest_first.order_by(parked.c.time, parked.c.seq))
        now = self._clock()
        return [record_of(moved(row.fact, move.to_account, move.move), now) for row in rows]

    def _read(self, statement: Any) -> Sequence[Any]:
        with reading(self._engine).connect() as connection:
            return connection.execute(statement).all()


def _mark(connection: Connection, opened: Sequence[Any]) -> None:
    """Done first: whoever parks facts of the account at this moment waits for that, and learns that they were moved."""
    this = (moves.c.move == bindparam("m"), moves.c.account == bindparam("a"))
    rows = [{"m": move.move, "a": move.account} for move in opened]
    if rows:
        connection.execute(moves.update().where(*this).values(done=True), rows)
        connection.execute(parked.delete().where(parked.c.account.in_([move.account for move in opened])))
