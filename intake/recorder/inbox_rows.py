"""The table of the inbox and its bulk statements on SQLite and PostgreSQL.

PostgreSQL gets a batch as arrays in one statement: row by row, the inbox would be slower than the log behind it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, Boolean, Column, Connection, Engine, Index, Integer, LargeBinary, Table, Text, text

from database.columns import metadata, timestamp_ms

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

_BATCH_SIZE = 5_000


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


class InboxRows(Protocol):
    """Statements of one database. `at`, `before`: milliseconds since 1970."""

    def find(self, connection: Connection, ids: Sequence[bytes]) -> list[InboxRow]:
        """The rows of those ids that have one."""

    def insert(self, connection: Connection, rows: Sequence[InboxRow], at: int) -> int:
        """Insert the rows whose id is new; returns how many."""

    def mark_appended(self, connection: Connection, marks: Sequence[InboxMark], keep: bool) -> None:
        """Store the positions of facts and, if `keep` is set, exempt the rows from expiry."""

    def delete_expired(self, connection: Connection, before: int, limit: int) -> None:
        """Delete up to `limit` expired rows."""


def inbox_rows_of(engine: Engine) -> InboxRows:
    return PostgresInboxRows() if engine.dialect.name == "postgresql" else SqliteInboxRows()


_COLUMNS = 'id, account, partition, since, "offset", keep'
_DELETE_EXPIRED = (
    "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE NOT keep AND at < {0} ORDER BY at LIMIT {0}{1})"
)


class SqliteInboxRows:
    def find(self, connection: Connection, ids: Sequence[bytes]) -> list[InboxRow]:
        found: list[Any] = []
        for batch in _batches(ids):
            places = ",".join("?" * len(batch))
            found += connection.exec_driver_sql(
                f"SELECT {_COLUMNS} FROM inbox WHERE id IN ({places})", tuple(batch)
            ).all()
        return [InboxRow(*row) for row in found]

    def insert(self, connection: Connection, rows: Sequence[InboxRow], at: int) -> int:
        insert = f"INSERT INTO inbox ({_COLUMNS}, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return connection.exec_driver_sql(insert, [(*row, at) for row in rows]).rowcount

    def mark_appended(self, connection: Connection, marks: Sequence[InboxMark], keep: bool) -> None:
        update = 'UPDATE inbox SET partition = ?, "offset" = ?, keep = keep OR ? WHERE id = ?'
        connection.exec_driver_sql(update, [(mark.partition, mark.offset, keep, mark.id) for mark in marks])

    def delete_expired(self, connection: Connection, before: int, limit: int) -> None:
        connection.exec_driver_sql(_DELETE_EXPIRED.format("?", ""), (before, limit))


class PostgresInboxRows:
    def find(self, connection: Connection, ids: Sequence[bytes]) -> list[InboxRow]:
        statement = f"SELECT {_COLUMNS} FROM inbox WHERE id = ANY(%b::bytea[])"
        found = (connection.exec_driver_sql(statement, (list(some),)) for some in _batches(ids))
        return [InboxRow(*row) for rows in found for row in rows]

    def insert(self, connection: Connection, rows: Sequence[InboxRow], at: int) -> int:
        insert = (
            f"INSERT INTO inbox ({_COLUMNS}, at) SELECT given.*, %s FROM "
            "unnest(%b::bytea[], %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::bool[]) AS given "
            "ON CONFLICT DO NOTHING"
        )
        added = (connection.exec_driver_sql(insert, (at, *_by_column(some))) for some in _batches(rows))
        return sum(int(result.rowcount) for result in added)

    def mark_appended(self, connection: Connection, marks: Sequence[InboxMark], keep: bool) -> None:
        # A lost mark is restored by searching the log, so the commit need not wait for the disk.
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
        update = (
            'UPDATE inbox SET partition = given.partition, "offset" = given.place, keep = keep OR %s '
            "FROM unnest(%b::bytea[], %b::int[], %b::bigint[]) AS given(id, partition, place) WHERE inbox.id = given.id"
        )
        for batch in _batches(marks):
            connection.exec_driver_sql(update, (keep, *_by_column(batch)))

    def delete_expired(self, connection: Connection, before: int, limit: int) -> None:
        connection.exec_driver_sql(_DELETE_EXPIRED.format("%s", " FOR UPDATE SKIP LOCKED"), (before, limit))


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + _BATCH_SIZE] for start in range(0, len(rows), _BATCH_SIZE))


def _by_column(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
