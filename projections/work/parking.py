"""Parked facts of visitors without an account, and the moves that record them again once an account is known."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from database import MOVES, insert_missing, notify, rows_by_key
from projections.derived_facts import index_key, moved_fact
from projections.work.tables import moves, parked_facts
from schemas import AccountScored, FactEnvelope, is_key, parse_time, stored_text

MAX_PARKED = 200
PARKED_RETENTION_MS = 90 * 24 * 3_600_000
NOWHERE = ""
"""Instead of an account that no store can hold: the mover sets the parked facts aside."""


class _Data(msgspec.Struct):
    bot: Any = None


class _Marked(msgspec.Struct):
    """What tells whether a fact is of a bot."""

    data: _Data = msgspec.field(default_factory=_Data)


_decode_marked = msgspec.json.Decoder(_Marked).decode


def park_facts(connection: Connection, updates: Iterable[AccountScored]) -> None:
    """Park the facts of anonymous accounts: of each the newest 200 of the last 90 days."""
    with_parked = [update for update in updates if update.changes.parked]
    moved_accounts = _moved_accounts(connection, [update.account for update in with_parked])
    rows = [row for update in with_parked if update.account not in moved_accounts for row in _parked_rows(update)]
    insert_missing(connection, parked_facts, rows)
    _prune(connection, [row["account"] for row in rows])


def open_moves(connection: Connection, updates: Iterable[AccountScored]) -> None:
    rows = [
        {
            "move": index_key(release.move),
            "account": update.account,
            "to_account": release.to if is_key(release.to) else NOWHERE,
            "done": False,
        }
        for update in updates
        for release in update.changes.releases
    ]
    insert_missing(connection, moves, rows)
    if rows:
        notify(connection, MOVES)


def forwarded_facts(updates: Iterable[AccountScored]) -> list[tuple[str, FactEnvelope]]:
    """Facts that arrived for an account after its release, as they have to be recorded for its new account.

    Each with its key: the new account; the released one, where its originals are, if no log can hold the new account.
    """
    return [
        (
            forward.to if is_key(forward.to) else update.account,
            moved_fact(bytes(forward.fact), forward.to, forward.move),
        )
        for update in updates
        for forward in update.changes.forwards
    ]


def _moved_accounts(connection: Connection, accounts: Sequence[str]) -> set[str]:
    """Accounts whose parked facts were moved already; redelivered updates must not park them again.

    The row lock keeps open moves open until this transaction ends, so that the mover also finds what is parked now.
    """
    statement = select(moves.c.account, moves.c.done).with_for_update(read=True)
    return {row.account for row in rows_by_key(connection, statement, moves.c.account, accounts) if row.done}


def _parked_rows(update: AccountScored) -> Iterable[dict[str, Any]]:
    for fact in update.changes.parked:
        yield {
            "account": update.account,
            "seq": fact.seq,
            "time": parse_time(fact.time),
            "event": stored_text(fact.event),
            "source": stored_text(fact.source),
            "fact": bytes(fact.fact),
            "bot": _is_of_bot(fact.fact),
        }


def _is_of_bot(fact: msgspec.Raw) -> bool:
    try:
        return _decode_marked(fact).data.bot is True
    except msgspec.DecodeError:
        return False


def _prune(connection: Connection, accounts: Iterable[str]) -> None:
    statement = select(
        parked_facts.c.account, func.count(), func.min(parked_facts.c.time), func.max(parked_facts.c.time)
    ).group_by(parked_facts.c.account)
    for account, count, oldest, newest in rows_by_key(connection, statement, parked_facts.c.account, accounts):
        if oldest <= newest - PARKED_RETENTION_MS:
            _delete_expired(connection, account, newest - PARKED_RETENTION_MS)
        if count > MAX_PARKED:
            _delete_surplus(connection, account)


def _delete_expired(connection: Connection, account: str, until: int) -> None:
    connection.execute(parked_facts.delete().where(parked_facts.c.account == account, parked_facts.c.time <= until))


def _delete_surplus(connection: Connection, account: str) -> None:
    order = (parked_facts.c.time, parked_facts.c.seq)
    newest = select(*order).where(parked_facts.c.account == account).order_by(*(key.desc() for key in order))
    oldest_kept = connection.execute(newest.offset(MAX_PARKED - 1).limit(1)).first()
    if oldest_kept is not None:
        older = tuple_(*order) < tuple_(*oldest_kept)
        connection.execute(parked_facts.delete().where(parked_facts.c.account == account, older))
