"""Writing what was read: the read models, and the work that follows from it. Never opens a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from database.notifications import OUTBOX, notify
from database.statements import add, add_missing, add_tuples, put, put_newer, rows_of
from projections.derived_facts import encode, record_id
from projections.directory import fill_directory
from projections.read_models.handoffs import tell_handoffs, write_handoffs
from projections.read_models.rows import (
    LEDGER,
    Row,
    account_row,
    contact_row,
    gated_rows,
    instant,
    ledger_rows,
    profile_columns,
    stage_rows,
)
from projections.read_models.rows import falls_at as falls_at_of
from projections.read_models.tables import ReadModels
from projections.read_models.updates import Batch, Fresh, unseen
from projections.work.parking import forwarded, open_moves, park
from projections.work.tables import outbox
from schemas.envelope import FactRecord
from schemas.scores import AccountScored
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT, SQA_HANDOFFS


class Standing(NamedTuple):
    """What the read models know of an account."""

    seq: int = 0
    falls_at: int | None = None


_UNKNOWN = Standing()


def write_batches(connection: Connection, models: ReadModels, batches: Sequence[Batch]) -> None:
    """All that follows from batches of different partitions. Raises `Hole` where updates are missing."""
    write_work(connection, models, batches, write_read_models(connection, models, batches))


def write_read_models(connection: Connection, models: ReadModels, batches: Sequence[Batch]) -> list[Fresh]:
    """Idempotent by seq: answers what of the batches is new; raises `Hole` as above."""
    told = {account: updates for batch in batches for account, updates in batch.accounts.items()}
    homes = {account: batch.partition for batch in batches for account in batch.accounts}
    standing = _standing(connection, models, told)
    accounts = [unseen(updates, standing.get(account, _UNKNOWN).seq) for account, updates in told.items()]
    news = [fresh for fresh in accounts if fresh]
    _write_accounts(connection, models, [[each.update for each in fresh] for fresh in news])
    put_newer(connection, models.contacts, [contact_row(each) for batch in batches for each in batch.contacts])
    new = [each for fresh in news for each in fresh]
    _write_changes(connection, models, new, homes)
    _set_reviews(connection, models, [fresh[-1].update for fresh in news], standing)
    return new


def write_work(connection: Connection, models: ReadModels, batches: Sequence[Batch], fresh: Iterable[Fresh]) -> None:
    """What reactors have to do and intake asks for, of new and of known updates alike: every row has its key."""
    updates = [update for batch in batches for account in batch.accounts.values() for update in account]
    contacts = [contact for batch in batches for contact in batch.contacts]
    park(connection, updates)
    open_moves(connection, updates)
    _fill_outbox(connection, SQA_HANDOFFS, tell_handoffs(connection, models, updates))
    _fill_outbox(connection, ENGAGEMENT, forwarded(updates))
    fill_directory(connection, updates, [each.update for each in fresh], contacts)


def _standing(connection: Connection, models: ReadModels, accounts: Iterable[str]) -> dict[str, Standing]:
    table = models.accounts
    statement = select(table.c.account, table.c.seq, table.c.falls_at)
    return {
        row.account: Standing(row.seq, row.falls_at)
        for row in rows_of(connection, statement, table.c.account, accounts)
    }


def _write_accounts(connection: Connection, models: ReadModels, accounts: list[list[AccountScored]]) -> None:
    rows = [_with_profile(updates) for updates in accounts]
    put_newer(connection, models.accounts, [row for row in rows if "profile" not in row])
    put_newer(connection, models.accounts, [row for row in rows if "profile" in row])


def _with_profile(updates: list[AccountScored]) -> Row:
    row = account_row(updates[-1])
    profiles = [update.changes.profile for update in updates if update.changes.profile is not None]
    return row | profile_columns(profiles[-1]) if profiles else row


def _write_changes(connection: Connection, models: ReadModels, fresh: list[Fresh], homes: Mapping[str, int]) -> None:
    add_tuples(connection, models.ledger, LEDGER, [row for each in fresh for row in ledger_rows(each)])
    add(connection, models.stage_changes, [row for each in fresh for row in stage_rows(each)])
    add(connection, models.gated, [row for each in fresh for row in gated_rows(each)])
    write_handoffs(connection, models, fresh, homes)
    _set_expiries(connection, models, fresh)


def _set_reviews(
    connection: Connection, models: ReadModels, updates: list[AccountScored], before: dict[str, Standing]
) -> None:
    """One review per account, at the hour of its next fall; only what changed is written."""
    falls = {update.account: falls_at_of(update) for update in updates}
    changed = {account: at for account, at in falls.items() if at != before.get(account, _UNKNOWN).falls_at}
    rows = [_timer("review", account, account, at) for account, at in changed.items() if at is not None]
    put(connection, models.timers, rows)
    _drop_timers(connection, models, "review", [account for account, at in changed.items() if at is None])


def _set_expiries(connection: Connection, models: ReadModels, fresh: list[Fresh]) -> None:
    opened = [(f.update.account, h) for f in fresh for h in f.update.changes.handoffs if h.seq > f.known]
    rows = [_timer("expiry", h.handoff, account, at) for account, h in opened if (at := instant(h.due_at)) is not None]
    put(connection, models.timers, rows)
    decided = [step.handoff for f in fresh for step in f.update.changes.steps if step.seq > f.known]
    _drop_timers(connection, models, "expiry", decided)


def _timer(kind: str, ref: str, account: str, at: int) -> Row:
    return {"kind": kind, "ref": ref, "account": account, "at": at, "recorded": False}


def _drop_timers(connection: Connection, models: ReadModels, kind: str, refs: list[str]) -> None:
    timers = models.timers
    for ref in dict.fromkeys(refs):
        connection.execute(timers.delete().where(timers.c.kind == kind, timers.c.ref == ref))


def _fill_outbox(connection: Connection, topic: str, events: list[FactRecord]) -> None:
    rows = [
        {
            "id": record_id(event),
            "topic": topic,
            "key": event.subject,
            "event": encode(event),
            "at": parse_time(event.time),
            "published": False,
        }
        for event in events
    ]
    add_missing(connection, outbox, rows)
    if rows:
        notify(connection, OUTBOX)
