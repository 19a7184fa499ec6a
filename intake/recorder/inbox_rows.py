"""Rows of the inbox, many at a time, on SQLite and PostgreSQL. Never asks the log.

PostgreSQL takes a batch as arrays in one statement: row by row it would take longer than the log behind it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, Boolean, Column, Connection, Engine, Index, Integer, LargeBinary, Table, Text, text

from database.columns import metadata, ms

OF_VISITORS = text("account LIKE 'anon:%'")
"""What has to be asked in these words, so that the databases see which index answers it."""

_EXPIRING = text("NOT keep")

inbox = Table(
    "inbox",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("offset", BigInteger),
    ms("at", nullable=False),
    Column("keep", Boolean, nullable=False),
    Index("inbox_by_visitor", "account", sqlite_where=OF_VISITORS, postgresql_where=OF_VISITORS),
    Index("inbox_expiring", "at", sqlite_where=_EXPIRING, postgresql_where=_EXPIRING),
    postgresql_with={"fillfactor": "50"},
)
"""Facts on their way to a broker. `id`: hash of source and id; `since`: where the partition ended before the append;
`offset`: where the fact stands, NULL until that is acknowledged; `keep`: for ever, as file imports are. Half of a page
is left free, so that a mark finds room beside its row and touches no index."""


_AT_ONCE = 5_000


class Row(NamedTuple):
    """A fact on its way: `since` is where the partition ended before the append, `offset` where the fact stands."""

    id: bytes
    account: str
    partition: int
    since: int
    offset: int | None
    keep: bool


class Mark(NamedTuple):
    id: bytes
    partition: int
    offset: int


class InboxRows(Protocol):
    """`at`: milliseconds since 1970."""

    def of(self, connection: Connection, ids: Sequence[bytes]) -> list[Row]:
        """Those of the ids that have a row."""

    def add(self, connection: Connection, rows: Sequence[Row], at: int) -> int:
        """Add the rows whose id has none yet; answers how many."""

    def mark(self, connection: Connection, marks: Sequence[Mark], keep: bool) -> None:
        """Note where facts stand, and, where `keep` is set, that they are kept."""

    def forget(self, connection: Connection, before: int, limit: int) -> None:
        """Delete up to `limit` rows that are older and not kept."""


def inbox_rows_of(engine: Engine) -> InboxRows:
    return PostgresRows() if engine.dialect.name == "postgresql" else SqliteRows()


_COLUMNS = 'id, account, partition, since, "offset", keep'
_EXPIRED = "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE NOT keep AND at < {0} ORDER BY at LIMIT {0}{1})"


class SqliteRows:
    def of(self, connection: Connection, ids: Sequence[bytes]) -> list[Row]:
        found: list[Any] = []
        for some in _portions(ids):
            places = ",".join("?" * len(some))
            found += connection.exec_driver_sql(
                f"SELECT {_COLUMNS} FROM inbox WHERE id IN ({places})", tuple(some)
            ).all()
        return [Row(*row) for row in found]

    def add(self, connection: Connection, rows: Sequence[Row], at: int) -> int:
        insert = f"INSERT INTO inbox ({_COLUMNS}, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return connection.exec_driver_sql(insert, [(*row, at) for row in rows]).rowcount

    def mark(self, connection: Connection, marks: Sequence[Mark], keep: bool) -> None:
        update = 'UPDATE inbox SET partition = ?, "offset" = ?, keep = keep OR ? WHERE id = ?'
        connection.exec_driver_sql(update, [(mark.partition, mark.offset, keep, mark.id) for mark in marks])

    def forget(self, connection: Connection, before: int, limit: int) -> None:
        connection.exec_driver_sql(_EXPIRED.format("?", ""), (before, limit))


class PostgresRows:
    def of(self, connection: Connection, ids: Sequence[bytes]) -> list[Row]:
        asked = f"SELECT {_COLUMNS} FROM inbox WHERE id = ANY(%b::bytea[])"
        found = (connection.exec_driver_sql(asked, (list(some),)) for some in _portions(ids))
        return [Row(*row) for rows in found for row in rows]

    def add(self, connection: Connection, rows: Sequence[Row], at: int) -> int:
        insert = (
            f"INSERT INTO inbox ({_COLUMNS}, at) SELECT given.*, %s FROM "
            "unnest(%b::bytea[], %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::bool[]) AS given "
            "ON CONFLICT DO NOTHING"
        )
        added = (connection.exec_driver_sql(insert, (at, *_columns(some))) for some in _portions(rows))
        return sum(int(result.rowcount) for result in added)

    def mark(self, connection: Connection, marks: Sequence[Mark], keep: bool) -> None:
        # A mark that is lost is found again in the log, so nobody needs to wait until it is on disk.
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
        update = (
            'UPDATE inbox SET partition = given.partition, "offset" = given.place, keep = keep OR %s '
            "FROM unnest(%b::bytea[], %b::int[], %b::bigint[]) AS given(id, partition, place) WHERE inbox.id = given.id"
        )
        for some in _portions(marks):
            connection.exec_driver_sql(update, (keep, *_columns(some)))

    def forget(self, connection: Connection, before: int, limit: int) -> None:
        connection.exec_driver_sql(_EXPIRED.format("%s", " FOR UPDATE SKIP LOCKED"), (before, limit))


def _portions(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
