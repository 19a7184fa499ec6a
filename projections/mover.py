"""The mover: records the parked facts of a released account again under its new one. Never moves a fact twice.

The move is marked done after the append; ids follow from the fact and the move, so a repeat after a crash changes
nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, select

from projections.database import reading
from projections.facts import moved, record_of
from projections.work_tables import moves, parked
from schemas.topics import ENGAGEMENT
from streams.log import Log, NewRecord

BATCH = 100


class Mover:
    """A step: `advance` completes some open moves and answers how many. `clock`: milliseconds since 1970."""

    name = "mover"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int]) -> None:
        self._engine, self._log, self._clock = engine, log, clock

    def advance(self) -> int:
        opened = self._read(select(moves).where(moves.c.done.is_(False)).order_by(moves.c.move).limit(BATCH))
        for move in opened:
            self._complete(move)
        return len(opened)

    def _complete(self, move: Any) -> None:
        records = self._records(move)
        if records:
            self._log.append(ENGAGEMENT, records)
        with self._engine.begin() as connection:
            connection.execute(parked.delete().where(parked.c.account == move.account))
            this = (moves.c.move == move.move, moves.c.account == move.account)
            connection.execute(moves.update().where(*this).values(done=True))

    def _records(self, move: Any) -> list[NewRecord]:
        """Oldest first, one by one as late facts."""
        oldest_first = select(parked.c.fact).where(parked.c.account == move.account)
        rows = self._read(oldest_first.order_by(parked.c.time, parked.c.seq))
        now = self._clock()
        return [record_of(moved(row.fact, move.to_account, move.move), now) for row in rows]

    def _read(self, statement: Any) -> Sequence[Any]:
        with reading(self._engine).connect() as connection:
            return connection.execute(statement).all()
