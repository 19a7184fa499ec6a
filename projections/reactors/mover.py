"""The mover records the parked facts of a released account again for its new account.

A move is marked as done after the append. The ids are derived from fact and move, so a repetition after a crash appends
only the missing records.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select

from database import EMBEDDED_HOLDER, Lease, read_only
from projections.derived_facts import moved_fact, record_of
from projections.reactors.append_once import TopicBatch, append_once
from projections.reactors.unfit_records import unfit_letters
from projections.work.tables import moves, parked_facts
from schemas import DEAD_LETTERS, ENGAGEMENT, decode_envelope, is_key
from streams import Log, NewRecord

BATCH_SIZE = 20
"""Moves per round, of up to two hundred facts each."""


class Mover:
    """A step: `advance` completes open moves and returns their number; 0 if another mover holds the lease.

    `clock`: milliseconds since 1970; `holder` must be unique among the movers.
    """

    name = "mover"

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], holder: str = EMBEDDED_HOLDER) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._lease = Lease(engine, self.name, holder, clock)

    def advance(self) -> int:
        if not self._open_moves(1) or not self._lease.acquire():
            return 0
        open_moves = self._open_moves(BATCH_SIZE)  # read again: another mover may have completed some of them
        records = [record for move in open_moves if is_key(move.to_account) for record in self._moved_records(move)]
        letters = [each for move in open_moves if not is_key(move.to_account) for each in self._unfit_letters(move)]
        batches = [TopicBatch(*each) for each in ((ENGAGEMENT, records), (DEAD_LETTERS, letters)) if each[1]]
        append_once(self._engine, self._log, self._lease, batches, lambda c: _mark_done(c, open_moves))
        return len(open_moves)

    def close(self) -> None:
        """Release the lease, so that another mover can start at once."""
        self._lease.release()

    def _open_moves(self, limit: int) -> Sequence[Any]:
        return self._fetch_rows(select(moves).where(moves.c.done.is_(False)).order_by(moves.c.move).limit(limit))

    def _moved_records(self, move: Any) -> list[NewRecord]:
        """The parked facts of the account as records of its new account, oldest first."""
        now = self._clock()
        return [record_of(moved_fact(fact, move.to_account, move.move), now) for fact in self._parked_facts(move)]

    def _unfit_letters(self, move: Any) -> list[NewRecord]:
        """Dead letters in their place, if no log can hold the new account."""
        facts = [decode_envelope(fact) for fact in self._parked_facts(move)]
        return unfit_letters(self._log, move.account, facts) if facts else []

    def _parked_facts(self, move: Any) -> list[bytes]:
        """The parked facts of the account, oldest first."""
        oldest_first = select(parked_facts.c.fact).where(parked_facts.c.account == move.account)
        rows = self._fetch_rows(oldest_first.order_by(parked_facts.c.time, parked_facts.c.seq))
        return [row.fact for row in rows]

    def _fetch_rows(self, statement: Any) -> Sequence[Any]:
        with read_only(self._engine).connect() as connection:
            return connection.execute(statement).all()


def _mark_done(connection: Connection, open_moves: Sequence[Any]) -> None:
    """Mark first: the row lock makes a concurrent projector wait, and its re-check then sees `done`."""
    condition = (moves.c.move == bindparam("m"), moves.c.account == bindparam("a"))
    rows = [{"m": move.move, "a": move.account} for move in open_moves]
    if rows:
        connection.execute(moves.update().where(*condition).values(done=True), rows)
        connection.execute(
            parked_facts.delete().where(parked_facts.c.account.in_([move.account for move in open_moves]))
        )
