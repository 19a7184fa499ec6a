"""Parked facts and the moves that release them, as the projector writes them. Never records a fact."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from database.notifications import MOVES, notify
from database.statements import add_missing, rows_of
from projections.derived_facts import moved
from projections.work.tables import moves, parked
from schemas.envelope import FactRecord
from schemas.scores import AccountScored
from schemas.times import parse_time

MOST_PARKED = 200
PARKED_FOR_MS = 90 * 24 * 3_600_000


def park(connection: Connection, updates: Iterable[AccountScored]) -> None:
    """Keep the newest facts of accounts without a company, each account's newest 200 of 90 days."""
    parking = [update for update in updates if update.changes.parked]
    released = _released(connection, [update.account for update in parking])
    rows = [row for update in parking if update.account not in released for row in _parked_rows(update)]
    add_missing(connection, parked, rows)
    _prune(connection, [row["account"] for row in rows])


def open_moves(connection: Connection, updates: Iterable[AccountScored]) -> None:
    rows = [
        {"move": release.move, "account": update.account, "to_account": release.to, "done": False}
        for update in updates
        for release in update.changes.releases
    ]
    add_missing(connection, moves, rows)
    if rows:
        notify(connection, MOVES)


def forwarded(updates: Iterable[AccountScored]) -> list[FactRecord]:
    """The facts that came to a released account, as they are to be recorded under their new one."""
    forwards = [forward for update in updates for forward in update.changes.forwards]
    return [moved(bytes(forward.fact), forward.to, forward.move) for forward in forwards]


def _released(connection: Connection, accounts: Sequence[str]) -> set[str]:
    """Accounts whose parked facts were moved already: what is told again of them stays away.

    Moves that are open stay open until the transaction is over, so that the mover leaves nothing of them behind.
    """
    held = select(moves.c.account, moves.c.done).with_for_update(read=True)
    return {row.account for row in rows_of(connection, held, moves.c.account, accounts) if row.done}


def _parked_rows(update: AccountScored) -> Iterable[dict[str, Any]]:
    for fact in update.changes.parked:
        yield {
            "account": update.account,
            "seq": fact.seq,
            "time": parse_time(fact.time),
            "event": fact.event,
            "source": fact.source,
            "fact": bytes(fact.fact),
        }


def _prune(connection: Connection, accounts: Iterable[str]) -> None:
    spans = select(parked.c.account, func.count(), func.min(parked.c.time), func.max(parked.c.time)).group_by(
        parked.c.account
    )
    for account, count, oldest, newest in rows_of(connection, spans, parked.c.account, accounts):
        if oldest <= newest - PARKED_FOR_MS:
            _forget_old(connection, account, newest - PARKED_FOR_MS)
        if count > MOST_PARKED:
            _forget_many(connection, account)


def _forget_old(connection: Connection, account: str, until: int) -> None:
    connection.execute(parked.delete().where(parked.c.account == account, parked.c.time <= until))


def _forget_many(connection: Connection, account: str) -> None:
    order = (parked.c.time, parked.c.seq)
    newest = select(*order).where(parked.c.account == account).order_by(*(key.desc() for key in order))
    last_kept = connection.execute(newest.offset(MOST_PARKED - 1).limit(1)).first()
    if last_kept is not None:
        older = tuple_(*order) < tuple_(*last_kept)
        connection.execute(parked.delete().where(parked.c.account == account, older))
