"""The inbox: ids and accounts of facts on their way to a log without unique ids (Kafka).

A row is inserted before the append, with the end offset of its partition at that time, and marked with the fact's
offset after the append. When an id arrives again:

- if its row is marked, the fact is in the log and nothing is appended;
- if its row is unmarked, a crash may have happened between append and mark. The row gives the account, and the offset
  from which to search the log for the id. If it is found, the row is marked; otherwise the fact is appended.

Two recorders with the same id: one inserts the row, the other finds it and uses its account. Both may search before
either has appended, and then both append. As the account is the same, both records go to one partition, shortly after
each other, and the scorer's duplicate window drops the second. A fact counts twice only if a recorder pauses between
search and append while 100,000 other records are appended to that partition.

A row whose append failed remains unmarked until its id arrives again, or for thirty days.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Engine, select

from database import read_only, rows_by_key
from intake.recorder import inbox_rows
from intake.recorder.inbox_rows import IS_ANONYMOUS, InboxMark, InboxRow, inbox
from projections import encode
from projections.read_models import current_models
from schemas import ENGAGEMENT, decode_fact, identity_of
from streams import Appended, Log, NewRecord, scan

RETENTION_MS = 30 * 24 * 3_600_000
_ROWS_PER_SWEEP = 1_000


class AppendedFact(NamedTuple):
    """Account, partition and offset of a record. `duplicate`: the log already had a record with this id there."""

    account: str
    partition: int
    offset: int
    duplicate: bool


class Inbox:
    """Appends to one log, each id once. Threads and processes may share its table.

    `clock`: milliseconds since 1970. `keep_forever`: rows never expire (file imports).
    """

    def __init__(self, engine: Engine, log: Log, clock: Callable[[], int], *, keep_forever: bool) -> None:
        self._engine, self._read_only = engine, read_only(engine)
        self._log, self._clock, self._keep_forever = log, clock, keep_forever
        self._unswept = 0

    def earlier_accounts(self, ids: Iterable[str]) -> dict[str, str]:
        """Record id -> the account of an earlier attempt."""
        hashed = {hash_of_id(id): id for id in ids}
        return {hashed[row.id]: row.account for row in self._existing_rows(hashed)}

    def recorded(self, ids: Iterable[str]) -> dict[str, AppendedFact]:
        """Record id -> account, partition and offset, for those that are marked as appended."""
        hashed = {hash_of_id(id): id for id in ids}
        return {
            hashed[row.id]: AppendedFact(row.account, row.partition, row.offset, True)
            for row in self._existing_rows(hashed)
            if row.offset is not None
        }

    def append(self, records: Sequence[NewRecord]) -> list[AppendedFact]:
        """Append the records that the log does not have yet. The account of an existing row overrides the record's.

        Raises the errors of log and database. Appending the same records again is then safe.
        """
        ids = [_hash_of_record(record) for record in records]
        by_hash = dict(zip(reversed(ids), reversed(records), strict=True))  # the first of several with one id
        rows, existing = self._insert_rows(by_hash)
        positions = self._known_positions(existing)
        missing = [id for id in dict.fromkeys(ids) if id not in positions]
        appended = self._append([_with_account(by_hash[id], rows[id].account) for id in missing])
        new_positions = dict(zip(missing, appended, strict=True))
        positions |= {id: position._replace(duplicate=True) for id, position in new_positions.items()}
        self._mark_appended(rows, positions, self._clock())
        return [AppendedFact(rows[id].account, *new_positions.pop(id, positions[id])) for id in ids]

    def accounts_with_facts(self, accounts: Iterable[str]) -> set[str]:
        """Those of these `anon:` accounts that have facts in the log, or on their way to it."""
        wanted = list(accounts)
        with self._read_only.connect() as connection:
            account_column = current_models(connection).accounts.c.account
            in_inbox = select(inbox.c.account).distinct().where(IS_ANONYMOUS)
            rows = rows_by_key(connection, in_inbox, inbox.c.account, wanted) + rows_by_key(
                connection, select(account_column), account_column, wanted
            )
            return {row.account for row in rows}

    def _existing_rows(self, ids: Iterable[bytes]) -> list[InboxRow]:
        with self._read_only.connect() as connection:
            return inbox_rows.find_rows(connection, ids)

    def _insert_rows(self, by_hash: Mapping[bytes, NewRecord]) -> tuple[dict[bytes, InboxRow], list[InboxRow]]:
        """The rows of all records, and those of them that existed already (then all are read back)."""
        rows = self._new_rows(by_hash)
        with self._engine.begin() as connection:
            added = inbox_rows.insert_rows(connection, rows, self._clock())
        self._unswept += added
        existing = [] if added == len(rows) else self._existing_rows(by_hash)
        return {row.id: row for row in existing or rows}, existing

    def _new_rows(self, by_hash: Mapping[bytes, NewRecord]) -> list[InboxRow]:
        """Sorted by id, so that two recorders with the same ids lock rows in the same order."""
        partitions = {id: self._log.partition_of(ENGAGEMENT, by_hash[id].key) for id in sorted(by_hash)}
        ends = {each: self._log.end(ENGAGEMENT, each) for each in set(partitions.values())}
        return [
            InboxRow(id, by_hash[id].key, each, ends[each], None, self._keep_forever) for id, each in partitions.items()
        ]

    def _known_positions(self, existing: Sequence[InboxRow]) -> dict[bytes, Appended]:
        """Partition and offset of the existing rows whose fact is in the log."""
        marked = {row.id: Appended(row.partition, row.offset, True) for row in existing if row.offset is not None}
        unmarked = sorted((row for row in existing if row.offset is None), key=attrgetter("partition"))
        for partition, rows in groupby(unmarked, attrgetter("partition")):
            for id, position in self._find_in_log(partition, {row.id: row.since for row in rows}):
                marked.setdefault(id, position)
        return marked

    def _find_in_log(self, partition: int, wanted: Mapping[bytes, int]) -> Iterator[tuple[bytes, Appended]]:
        """Search the partition for ids, from its end offset before their first attempt."""
        end = self._log.end(ENGAGEMENT, partition)
        for record in scan(self._log, ENGAGEMENT, partition, min(wanted.values()), end):
            id = hash_of_value(record.value)
            if id is not None and id in wanted:
                yield id, Appended(partition, record.offset, True)

    def _append(self, records: Sequence[NewRecord]) -> list[Appended]:
        return self._log.append(ENGAGEMENT, records) if records else []

    def _mark_appended(self, rows: Mapping[bytes, InboxRow], positions: Mapping[bytes, Appended], now: int) -> None:
        """Mark rows with their offsets and, after every thousand new rows, delete expired ones."""
        marks = [InboxMark(id, *positions[id][:2]) for id, row in rows.items() if self._needs_mark(row)]
        sweep, self._unswept = (self._unswept, 0) if self._unswept >= _ROWS_PER_SWEEP else (0, self._unswept)
        if not marks:
            return
        with self._engine.begin() as connection:
            inbox_rows.mark_appended(connection, marks, self._keep_forever)
            if sweep:
                inbox_rows.delete_expired(connection, now - RETENTION_MS, 2 * sweep)

    def _needs_mark(self, row: InboxRow) -> bool:
        return row.offset is None or (self._keep_forever and not row.keep)


def hash_of_id(id: str) -> bytes:
    """The key of a record id in the inbox."""
    return sha256(id.encode("utf-8", "surrogatepass")).digest()[:16]


def _hash_of_record(record: NewRecord) -> bytes:
    if record.id is None:
        raise ValueError(f"a record of {record.key} has no id; the inbox needs one")
    return hash_of_id(record.id)


def hash_of_value(value: bytes) -> bytes | None:
    """The key of the fact in a record; None if it is not a fact."""
    id = identity_of(value).record_id
    return None if id is None else hash_of_id(id)


def _with_account(record: NewRecord, account: str) -> NewRecord:
    """The record, moved to the account of an earlier attempt."""
    if record.key == account:
        return record
    return record._replace(key=account, value=encode(replace(decode_fact(record.value), subject=account)))
