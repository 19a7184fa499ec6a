"""Where SQLite and PostgreSQL differ for the log. Never imports a driver, never opens a transaction."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Protocol

from streams.sql.rows import PartitionOffset, Row
from streams.sql.statements import ENDS, EXISTING_IDS, INSERT, table_of

_IDS_PER_QUERY = 1000


class DriverConnection(Protocol):
    """An open connection."""

    def exec_driver_sql(self, statement: str, parameters: Any = None, /) -> Any: ...


class Dialect(Protocol):
    def sql(self, template: str, topic: str) -> str:
        """The statement as the driver expects it."""

    def keys_parameter(self, keys: Sequence[str]) -> object:
        """Keys as the one parameter that `{keys}` stands for."""

    def lock_ends(self, connection: DriverConnection, topic: str) -> dict[int, int]:
        """The topic's next offsets per partition; nobody else gives offsets until the transaction is over."""

    def insert(self, connection: DriverConnection, topic: str, rows: Sequence[Row]) -> None: ...

    def find_existing(
        self, connection: DriverConnection, topic: str, ids: Iterable[bytes]
    ) -> dict[bytes, PartitionOffset]:
        """Those of these ids that the topic holds, with their places."""


class SqliteDialect:
    @staticmethod
    @cache
    def sql(template: str, topic: str) -> str:
        return template.format(table=table_of(topic), keys="json_each(?) AS wanted")

    def keys_parameter(self, keys: Sequence[str]) -> object:
        return json.dumps(keys)

    def lock_ends(self, connection: DriverConnection, topic: str) -> dict[int, int]:
        # The transaction began by taking the lock of the whole file.
        return dict(connection.exec_driver_sql(ENDS, (topic,)).all())

    def insert(self, connection: DriverConnection, topic: str, rows: Sequence[Row]) -> None:
        connection.exec_driver_sql(self.sql(f"{INSERT}VALUES (?, ?, ?, ?, ?, ?, ?)", topic), rows)

    def find_existing(
        self, connection: DriverConnection, topic: str, ids: Iterable[bytes]
    ) -> dict[bytes, PartitionOffset]:
        found: dict[bytes, PartitionOffset] = {}
        for chunk in _chunks(list(ids)):
            placeholders = ",".join("?" * len(chunk))
            rows = connection.exec_driver_sql(self.sql(f"{EXISTING_IDS}IN ({placeholders})", topic), tuple(chunk))
            found |= {stored_id: (partition, offset) for stored_id, partition, offset in rows}
        return found


class PostgresDialect:
    @staticmethod
    @cache
    def sql(template: str, topic: str) -> str:
        return template.format(table=table_of(topic), keys="unnest(?::text[]) AS wanted(value)").replace("?", "%s")

    def keys_parameter(self, keys: Sequence[str]) -> object:
        return list(keys)

    def lock_ends(self, connection: DriverConnection, topic: str) -> dict[int, int]:
        return dict(connection.exec_driver_sql(self.sql(f"{ENDS} FOR UPDATE", topic), (topic,)).all())

    def insert(self, connection: DriverConnection, topic: str, rows: Sequence[Row]) -> None:
        arrays = tuple(list(column) for column in zip(*rows, strict=True))
        types = ("int", "bigint", "text", "bytea", "bytea", "bytea", "bigint")
        placeholders = ", ".join(f"%b::{each}[]" for each in types)
        connection.exec_driver_sql(self.sql(f"{INSERT}SELECT * FROM unnest({placeholders})", topic), arrays)

    def find_existing(
        self, connection: DriverConnection, topic: str, ids: Iterable[bytes]
    ) -> dict[bytes, PartitionOffset]:
        rows = connection.exec_driver_sql(self.sql(f"{EXISTING_IDS}= ANY(%b::bytea[])", topic), (list(ids),))
        return {stored_id: (partition, offset) for stored_id, partition, offset in rows}


def dialect_of(name: str) -> Dialect:
    return PostgresDialect() if name == "postgresql" else SqliteDialect()


def _chunks(ids: list[bytes]) -> Iterator[list[bytes]]:
    for at in range(0, len(ids), _IDS_PER_QUERY):
        yield ids[at : at + _IDS_PER_QUERY]
