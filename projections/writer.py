"""Writes batches of updates in the transaction of the caller: read models, and work for the reactors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from database import (
    OUTBOX,
    data_error_code,
    insert_missing,
    insert_rows,
    insert_tuples,
    notify,
    rows_by_key,
    upsert,
    upsert_newer,
)
from projections.derived_facts import Event, encode, index_key, record_id
from projections.directory import update_directory
from projections.read_models.handoffs import handoff_events, write_handoffs
from projections.read_models.rows import (
    LEDGER_COLUMNS,
    Row,
    account_row,
    contact_row,
    gated_rows,
    ledger_rows,
    next_fall,
    parse_optional_time,
    profile_columns,
    stage_rows,
)
from projections.read_models.suppressions import suppression_events, write_suppressions
from projections.read_models.tables import ReadModels
from projections.read_models.updates import UnseenUpdate, UpdateBatch, unseen_updates
from projections.work.parking import forwarded_facts, open_moves, park_facts
from projections.work.tables import outbox
from schemas import ENGAGEMENT, SQA_HANDOFFS, SUPPRESSIONS, AccountScored, is_key, parse_time


class StoredAccount(NamedTuple):
    """The seq and the next fall of an account in the read models."""

    seq: int = 0
    falls_at: int | None = None


_NOT_STORED = StoredAccount()
WriteBatches = Callable[[Connection, ReadModels, Sequence[UpdateBatch]], object]


def write_batches(connection: Connection, models: ReadModels, batches: Sequence[UpdateBatch]) -> None:
    """Write batches of different partitions. Raises `MissingUpdates` if updates are missing."""
    write_work(connection, models, batches, write_read_models(connection, models, batches))


def trial_failure(
    engine: Engine, models: ReadModels, batch: UpdateBatch, write: WriteBatches | None = None
) -> str | None:
    """Write a batch and roll it back: the code of the error if the database refuses its values, else None."""
    with engine.connect() as connection, connection.begin() as transaction:
        try:
            (write or write_batches)(connection, models, [batch])
        except Exception as error:
            code = data_error_code(error)
            if code is None:
                raise
            return code
        finally:
            transaction.rollback()
    return None


def write_read_models(connection: Connection, models: ReadModels, batches: Sequence[UpdateBatch]) -> list[UnseenUpdate]:
    """Idempotent by seq; returns the updates that were new. Raises `MissingUpdates` as `write_batches` does."""
    updates_by_account = {account: updates for batch in batches for account, updates in batch.accounts.items()}
    partitions = {account: batch.partition for batch in batches for account in batch.accounts}
    stored = _read_stored(connection, models, updates_by_account)
    accounts = [
        unseen_updates(updates, stored.get(account, _NOT_STORED).seq) for account, updates in updates_by_account.items()
    ]
    unseen_by_account = [unseen for unseen in accounts if unseen]
    _write_accounts(connection, models, [[each.update for each in unseen] for unseen in unseen_by_account])
    upsert_newer(connection, models.contacts, [contact_row(each) for batch in batches for each in batch.contacts])
    new_updates = [each for unseen in unseen_by_account for each in unseen]
    _write_changes(connection, models, new_updates, partitions)
    _set_reviews(connection, models, [unseen[-1].update for unseen in unseen_by_account], stored)
    return new_updates


def write_work(
    connection: Connection, models: ReadModels, batches: Sequence[UpdateBatch], new_updates: Iterable[UnseenUpdate]
) -> None:
    """Work for the reactors, and the directory. Also written for redelivered updates: every row has a key."""
    updates = [update for batch in batches for account in batch.accounts.values() for update in account]
    contacts = [contact for batch in batches for contact in batch.contacts]
    park_facts(connection, updates)
    open_moves(connection, updates)
    _add_to_outbox(
        connection, SQA_HANDOFFS, [(event.subject, event) for event in handoff_events(connection, models, updates)]
    )
    suppressions = suppression_events(connection, models, updates)
    _add_to_outbox(connection, SUPPRESSIONS, [(event.subject, event) for event in suppressions])
    _add_to_outbox(connection, ENGAGEMENT, forwarded_facts(updates))
    update_directory(connection, updates, [each.update for each in new_updates], contacts)


def _read_stored(connection: Connection, models: ReadModels, accounts: Iterable[str]) -> dict[str, StoredAccount]:
    table = models.accounts
    statement = select(table.c.account, table.c.seq, table.c.falls_at)
    return {
        row.account: StoredAccount(row.seq, row.falls_at)
        for row in rows_by_key(connection, statement, table.c.account, accounts)
    }


def _write_accounts(connection: Connection, models: ReadModels, accounts: list[list[AccountScored]]) -> None:
    rows = [_account_row_with_profile(updates) for updates in accounts]
    upsert_newer(connection, models.accounts, [row for row in rows if "profile" not in row])
    upsert_newer(connection, models.accounts, [row for row in rows if "profile" in row])


def _account_row_with_profile(updates: list[AccountScored]) -> Row:
    row = account_row(updates[-1])
    profiles = [update.changes.profile for update in updates if update.changes.profile is not None]
    return row | profile_columns(profiles[-1]) if profiles else row


def _write_changes(
    connection: Connection, models: ReadModels, new_updates: list[UnseenUpdate], partitions: Mapping[str, int]
) -> None:
    insert_tuples(connection, models.ledger, LEDGER_COLUMNS, [row for each in new_updates for row in ledger_rows(each)])
    insert_rows(connection, models.stage_changes, [row for each in new_updates for row in stage_rows(each)])
    insert_rows(connection, models.gated, [row for each in new_updates for row in gated_rows(each)])
    write_handoffs(connection, models, new_updates, partitions)
    write_suppressions(connection, models, new_updates)
    _set_expiries(connection, models, new_updates)


def _set_reviews(
    connection: Connection, models: ReadModels, updates: list[AccountScored], stored: dict[str, StoredAccount]
) -> None:
    """One review per account, at the hour of its next fall; only changed ones are written."""
    next_falls = {update.account: next_fall(update) for update in updates}
    changed = {account: at for account, at in next_falls.items() if at != stored.get(account, _NOT_STORED).falls_at}
    rows = [_timer_row("review", account, account, at) for account, at in changed.items() if at is not None]
    upsert(connection, models.timers, rows)
    _drop_timers(connection, models, "review", [account for account, at in changed.items() if at is None])


def _set_expiries(connection: Connection, models: ReadModels, new_updates: list[UnseenUpdate]) -> None:
    opened = [(f.update.account, h) for f in new_updates for h in f.update.changes.handoffs if h.seq > f.known_seq]
    rows = [
        _timer_row("expiry", h.handoff, account, at)
        for account, h in opened
        if (at := parse_optional_time(h.due_at)) is not None
    ]
    upsert(connection, models.timers, rows)
    decided = [step.handoff for f in new_updates for step in f.update.changes.steps if step.seq > f.known_seq]
    _drop_timers(connection, models, "expiry", decided)


def _timer_row(kind: str, ref: str, account: str, at: int) -> Row:
    return {"kind": kind, "ref": ref, "account": account, "at": at, "recorded": False}


def _drop_timers(connection: Connection, models: ReadModels, kind: str, refs: list[str]) -> None:
    timers = models.timers
    for ref in dict.fromkeys(refs):
        connection.execute(timers.delete().where(timers.c.kind == kind, timers.c.ref == ref))


def outbox_id(event: Event) -> str:
    """Source and id, shortened where the index of the table has no room."""
    id = record_id(event)
    return id if is_key(id) else index_key(id)


def _add_to_outbox(connection: Connection, topic: str, events: Iterable[tuple[str, Event]]) -> None:
    rows = [
        {
            "id": outbox_id(event),
            "topic": topic,
            "key": key,
            "event": encode(event),
            "at": parse_time(event.time),
            "published": False,
        }
        for key, event in events
    ]
    insert_missing(connection, outbox, rows)
    if rows:
        notify(connection, OUTBOX)
