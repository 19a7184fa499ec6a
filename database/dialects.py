"""The differences between SQLite and PostgreSQL, all in this module; `dialect_of` answers which one is in use.

Many rows at once go to SQLite row by row (`executemany`, no network between) and to PostgreSQL as one statement with
an array per column, or by COPY: one round trip instead of one per row.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Connection, Engine, Table, cast, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from database.addresses import shown_address
from database.errors import database_error_of

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

Tuples = list[tuple[Any, ...]]
ColumnTypes = Mapping[str, str]
"""Column -> its SQL type, which only PostgreSQL needs; in the order of the values."""

_KEYS_PER_STATEMENT = 1_000


class SqliteDialect:
    """A write transaction holds the lock of the whole file, so row locks and advisory locks are no-ops."""

    supports_listen = False
    replaces_key_twice = True
    """Whether one call of `write` may hold a key twice."""
    lock_rows = ""
    key_source = "json_each(?) AS wanted"
    """A list of texts, passed as one parameter (`key_list`), as a table with the column `wanted.value`."""

    def sql(self, statement: str) -> str:
        """A statement written with `?`, with the placeholders of the driver."""
        return statement

    def key_list(self, keys: Sequence[str]) -> object:
        return json.dumps(keys)

    def read_only(self, engine: Engine) -> Engine:
        return engine.execution_options(access="read")

    def autocommit_reads(self, engine: Engine) -> Engine:
        """The engine for single statements that only read."""
        return engine.execution_options(access="read")

    def now(self, now: int) -> ColumnElement[int]:
        """The clock of the database in milliseconds since 1970: that of this machine, `now`."""
        return literal(now, BigInteger)

    def lock_transaction(self, connection: Connection, lock_id: int) -> None:
        """Exclude other transactions with this lock until the end of this one."""

    def notify(self, connection: Connection, channel: str, payload: str) -> None: ...

    def commit_asynchronously(self, connection: Connection) -> None:
        """Let this transaction return before it is on disk; only for writes that may be lost."""

    def insert_of(self, table: Table) -> "SqliteInsert":
        """SQLAlchemy's INSERT with ON CONFLICT; each dialect is slow to import, and only one is used."""
        from sqlalchemy.dialects.sqlite import insert

        return insert(table)

    def types_of(self, table: Table, columns: tuple[str, ...]) -> ColumnTypes:
        return dict.fromkeys(columns, "")

    def load(self, connection: Connection, table: str, types: ColumnTypes, rows: Tuples) -> None:
        """Insert rows that are all new, the fastest way."""
        self.write(connection, table, types, rows)

    def write(self, connection: Connection, table: str, types: ColumnTypes, rows: Tuples, conflict: str = "") -> int:
        """Insert rows, with an ON CONFLICT clause if given; returns how many rows were written."""
        placeholders = ", ".join("?" * len(types))
        statement = f"{_insert_head(table, types)} VALUES ({placeholders}) {conflict}"
        return connection.exec_driver_sql(statement, rows).rowcount

    def update(self, connection: Connection, table: str, types: ColumnTypes, rows: Tuples) -> None:
        """Set columns of existing rows; the key is the last column."""
        *columns, key = types
        assignments = ", ".join(f'"{name}" = ?' for name in columns)
        connection.exec_driver_sql(f'UPDATE "{table}" SET {assignments} WHERE "{key}" = ?', rows)

    def rows_by_key(self, connection: Connection, statement: str, key_type: str, keys: Iterable[object]) -> list[Any]:
        """The rows of a statement that ends with `WHERE column`, for any of the keys."""
        found: list[Any] = []
        for some in chunks(keys):
            placeholders = ",".join("?" * len(some))
            found += connection.exec_driver_sql(f"{statement} IN ({placeholders})", tuple(some)).all()
        return found


class PostgresDialect:
    supports_listen = True
    replaces_key_twice = False
    lock_rows = " FOR UPDATE"
    key_source = "unnest(?::text[]) AS wanted(value)"

    def sql(self, statement: str) -> str:
        return statement.replace("?", "%s")

    def key_list(self, keys: Sequence[str]) -> object:
        return list(keys)

    def read_only(self, engine: Engine) -> Engine:
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def autocommit_reads(self, engine: Engine) -> Engine:
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    def now(self, now: int) -> ColumnElement[int]:
        return cast(func.floor(func.extract("epoch", func.clock_timestamp()) * 1000), BigInteger)

    def lock_transaction(self, connection: Connection, lock_id: int) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(lock_id)))

    def notify(self, connection: Connection, channel: str, payload: str) -> None:
        connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (channel, payload))

    def commit_asynchronously(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")

    def insert_of(self, table: Table) -> "PostgresInsert":
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)

    def types_of(self, table: Table, columns: tuple[str, ...]) -> ColumnTypes:
        return _postgres_types(table, columns)

    def load(self, connection: Connection, table: str, types: ColumnTypes, rows: Tuples) -> None:
        copy = f'COPY "{table}" ({quoted(types)}) FROM STDIN'
        with _driver(connection) as driver, driver.cursor() as cursor, cursor.copy(copy.encode()) as writer:
            for row in rows:
                writer.write_row(row)

    def write(self, connection: Connection, table: str, types: ColumnTypes, rows: Tuples, conflict: str = "") -> int:
        statement = f"{_insert_head(table, types)} SELECT * FROM {_unnest(types)} {conflict}"
        return connection.exec_driver_sql(statement, _columns(rows)).rowcount

    def update(self, connection: Connection, table: str, types: ColumnTypes, rows: Tuples) -> None:
        *columns, key = types
        assignments = ", ".join(f'"{name}" = source."{name}"' for name in columns)
        source = f"FROM {_unnest(types)} AS source({quoted(types)})"
        statement = f'UPDATE "{table}" SET {assignments} {source} WHERE "{table}"."{key}" = source."{key}"'
        connection.exec_driver_sql(statement, _columns(rows))

    def rows_by_key(self, connection: Connection, statement: str, key_type: str, keys: Iterable[object]) -> list[Any]:
        found = connection.exec_driver_sql(f"{statement} = ANY(%b::{key_type}[])", (list(keys),))
        return list(found.all())


Dialect = SqliteDialect | PostgresDialect

_DIALECTS: Mapping[str, Dialect] = {"sqlite": SqliteDialect(), "postgresql": PostgresDialect()}


def dialect_of(database: Engine | Connection) -> Dialect:
    return _DIALECTS[database.dialect.name]


@lru_cache(maxsize=256)
def _postgres_types(table: Table, columns: tuple[str, ...]) -> ColumnTypes:
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return {name: table.c[name].type.compile(dialect) for name in columns}


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def chunks(values: Iterable[object], size: int = _KEYS_PER_STATEMENT) -> Iterator[list[Any]]:
    """Lists short enough for the parameters of one statement."""
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _insert_head(table: str, columns: Iterable[str]) -> str:
    return f'INSERT INTO "{table}" ({quoted(columns)})'


def _unnest(types: ColumnTypes) -> str:
    return f"unnest({', '.join(f'%b::{each}[]' for each in types.values())})"


def _columns(rows: Tuples) -> tuple[list[object], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


@contextmanager
def _driver(connection: Connection) -> Iterator["psycopg.Connection[Any]"]:
    """The connection of the driver; its errors become `DatabaseError`, as those of the engine do."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        yield driver
    except connection.dialect.loaded_dbapi.Error as error:
        database_error = database_error_of(error, shown_address(connection.engine))
        if database_error is None:
            raise
        connection.invalidate(error)
        raise database_error from error
