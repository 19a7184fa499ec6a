"""Statements that SQLite and PostgreSQL both understand, for many rows at once. Never knows a table.

Their text is made once and the rows are handed to the driver as they are: what the library would do to each value
takes longer than the database does. SQLite takes rows one by one, PostgreSQL all of them at once (`bulk.py`).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Table

from database.bulk import copy_rows, highest_seq_per_key, last_per_key, unnest_source
from database.columns import Json

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

Rows = Sequence[dict[str, Any]]
Tuples = list[tuple[Any, ...]]
_KEYS_PER_STATEMENT = 1000


def insert_rows(connection: Connection, table: Table, rows: Rows) -> None:
    """All rows of one call to any of these name the same columns."""
    if rows:
        insert_tuples(connection, table, tuple(rows[0]), _as_tuples(table, rows))


def insert_tuples(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples) -> None:
    """As `add`, of the values of these columns as the database takes them."""
    if not tuples:
        return
    if connection.dialect.name == "postgresql":
        copy_rows(connection, table, columns, tuples)
    else:
        _execute_insert(connection, table, columns, tuples, "")


def insert_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Add the rows whose key does not stand there yet."""
    if rows:
        _execute_insert(connection, table, tuple(rows[0]), _as_tuples(table, rows), "ON CONFLICT DO NOTHING")


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Add or replace rows by primary key; columns that are not named stay as they are."""
    if rows:
        unique_rows = last_per_key(rows, _primary_key(table)) if connection.dialect.name == "postgresql" else rows
        columns = tuple(rows[0])
        _execute_insert(connection, table, columns, _as_tuples(table, unique_rows), _upsert_clause(table, columns))


def upsert_newer(connection: Connection, table: Table, rows: Rows) -> None:
    """As `put`, but a row that stands there is replaced only where its `seq` is lower."""
    if rows:
        unique_rows = (
            highest_seq_per_key(rows, _primary_key(table)) if connection.dialect.name == "postgresql" else rows
        )
        columns, newer = tuple(rows[0]), f'WHERE "{table.name}".seq < excluded.seq'
        _execute_insert(
            connection, table, columns, _as_tuples(table, unique_rows), f"{_upsert_clause(table, columns)} {newer}"
        )


def rows_by_key(connection: Connection, statement: Select[Any], column: Any, keys: Iterable[str]) -> list[Any]:
    """The statement's rows where `column` is one of the keys."""
    unique_keys = list(dict.fromkeys(keys))
    batches = (unique_keys[i : i + _KEYS_PER_STATEMENT] for i in range(0, len(unique_keys), _KEYS_PER_STATEMENT))
    return [row for batch in batches for row in connection.execute(statement.where(column.in_(batch)))]


def dialect_insert(table: Table, dialect: str) -> "SqliteInsert | PostgresInsert":
    """Each dialect is slow to import, and one of them is used."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgres

        return insert_postgres(table)
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(table)


def _execute_insert(
    connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples, conflict: str
) -> None:
    head = f'INSERT INTO "{table.name}" ({_quoted_names(columns)})'
    if connection.dialect.name == "postgresql":
        source = unnest_source(table, columns, connection.dialect)
        columnwise = tuple(map(list, zip(*tuples, strict=True)))
        connection.exec_driver_sql(f"{head} {source} {conflict}", columnwise)
    else:
        placeholders = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"{head} VALUES ({placeholders}) {conflict}", tuples)


def _as_tuples(table: Table, rows: Rows) -> Tuples:
    columns = tuple(rows[0])
    encoded = _with_json_encoded(rows, _json_columns(table, columns))
    return [(row[columns[0]],) for row in encoded] if len(columns) == 1 else list(map(itemgetter(*columns), encoded))


def _with_json_encoded(rows: Rows, names: Sequence[str]) -> Rows:
    return [row | {name: Json.text_of(row[name]) for name in names} for row in rows] if names else rows


@lru_cache(maxsize=256)
def _json_columns(table: Table, columns: tuple[str, ...]) -> Sequence[str]:
    return [name for name in columns if isinstance(table.c[name].type, Json)]


@lru_cache(maxsize=256)
def _upsert_clause(table: Table, columns: tuple[str, ...]) -> str:
    key = _primary_key(table)
    updated = [name for name in columns if name not in key]
    if not updated:
        return "ON CONFLICT DO NOTHING"
    assignments = ", ".join(f'"{name}" = excluded."{name}"' for name in updated)
    return f"ON CONFLICT ({_quoted_names(key)}) DO UPDATE SET {assignments}"


@lru_cache(maxsize=256)
def _primary_key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _quoted_names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
