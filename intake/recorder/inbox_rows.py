"""The table of the inbox, and its statements for many rows at once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Integer, LargeBinary, Table, Text, select, text

from database import dialect_of, insert_missing_tuples, metadata, timestamp_ms, tuples_by_key, update_tuples

IS_ANONYMOUS = text("account LIKE 'anon:%'")
"""Queries must use exactly this condition, otherwise the databases do not use the partial index."""

_IS_EXPIRING = text("NOT keep")

inbox = Table(
    "inbox",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("offset", BigInteger),
    timestamp_ms("at", nullable=False),
    Column("keep", Boolean, nullable=False),
    Index("inbox_by_visitor", "account", sqlite_where=IS_ANONYMOUS, postgresql_where=IS_ANONYMOUS),
    Index("inbox_expiring", "at", sqlite_where=_IS_EXPIRING, postgresql_where=_IS_EXPIRING),
    postgresql_with={"fillfactor": "50"},
)
"""Facts on their way to a broker. `id`: hash of source and id; `since`: end offset of the partition before the append;
`offset`: that of the fact, NULL until acknowledged; `keep`: never expires (file imports). The fill factor leaves half
of each page free, so that marking a row is a HOT update and touches no index."""

_COLUMNS = ("id", "account", "partition", "since", "offset", "keep")


class InboxRow(NamedTuple):
    """A row of the table, in the order of `_COLUMNS`."""

    id: bytes
    account: str
    partition: int
    since: int
    offset: int | None
    keep: bool


class InboxMark(NamedTuple):
    """The position of an appended fact."""

    id: bytes
    partition: int
    offset: int


def find_rows(connection: Connection, ids: Iterable[bytes]) -> list[InboxRow]:
    return [InboxRow(*row) for row in tuples_by_key(connection, inbox, _COLUMNS, "id", ids)]


def insert_rows(connection: Connection, rows: Sequence[InboxRow], at: int) -> int:
    """Insert the rows whose id is new; returns how many. `at`: milliseconds since 1970."""
    return insert_missing_tuples(connection, inbox, (*_COLUMNS, "at"), [(*row, at) for row in rows])


def mark_appended(connection: Connection, marks: Sequence[InboxMark], keep: bool) -> None:
    """Store where facts were appended, and that they do not expire if `keep` is set."""
    # A lost mark is recovered from the log, so the transaction need not wait for the disk.
    dialect_of(connection).commit_asynchronously(connection)
    if keep:
        rows = [(mark.partition, mark.offset, True, mark.id) for mark in marks]
        update_tuples(connection, inbox, ("partition", "offset", "keep", "id"), rows)
    else:
        update_tuples(connection, inbox, ("partition", "offset", "id"), [(m.partition, m.offset, m.id) for m in marks])


def delete_expired(connection: Connection, before: int, limit: int) -> None:
    """Delete up to `limit` rows that are older than `before` and may expire."""
    expired = select(inbox.c.id).where(_IS_EXPIRING, inbox.c.at < before).order_by(inbox.c.at).limit(limit)
    connection.execute(inbox.delete().where(inbox.c.id.in_(expired.with_for_update(skip_locked=True))))
