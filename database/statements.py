"""Statements for many rows of a table at once.

Their text is built once and the rows go to the driver as tuples: SQLAlchemy's processing of each value would take
longer than the database itself. How each database takes many rows is in `database/dialects.py`.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, Table

from database.columns import Json
from database.dialects import chunks, dialect_of, quoted

Rows = Sequence[dict[str, Any]]
Tuples = list[tuple[Any, ...]]
_SKIP_EXISTING = "ON CONFLICT DO NOTHING"


def insert_rows(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert new rows. All rows of one call, here and below, have the same columns."""
    if rows:
        insert_tuples(connection, table, tuple(rows[0]), _as_tuples(table, rows))


def insert_tuples(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples) -> None:
    """Insert new rows, given as the values of these columns, JSON encoded already."""
    if tuples:
        dialect = dialect_of(connection)
        dialect.load(connection, table.name, dialect.types_of(table, columns), tuples)


def insert_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert the rows whose key is new."""
    if rows:
        insert_missing_tuples(connection, table, tuple(rows[0]), _as_tuples(table, rows))


def insert_missing_tuples(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples) -> int:
    """As `insert_missing`, given as the values of these columns; returns how many were new."""
    return _write(connection, table, columns, tuples, _SKIP_EXISTING) if tuples else 0


def update_tuples(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples) -> None:
    """Set columns of the rows with these keys; the key is the last column."""
    if tuples:
        dialect = dialect_of(connection)
        dialect.update(connection, table.name, dialect.types_of(table, columns), tuples)


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert or replace rows by primary key; columns that the rows lack stay as they are."""
    if rows:
        unique = rows if dialect_of(connection).replaces_key_twice else _last_per_key(rows, _primary_key(table))
        columns = tuple(rows[0])
        _write(connection, table, columns, _as_tuples(table, unique), _upsert_clause(table, columns))


def upsert_newer(connection: Connection, table: Table, rows: Rows) -> None:
    """As `upsert`, but replace a row only if its `seq` is lower than that of the new one."""
    if not rows:
        return
    if not dialect_of(connection).replaces_key_twice:
        rows = _last_per_key(sorted(rows, key=itemgetter("seq")), _primary_key(table))
    columns = tuple(rows[0])
    clause = f'{_upsert_clause(table, columns)} WHERE "{table.name}".seq < excluded.seq'
    _write(connection, table, columns, _as_tuples(table, rows), clause)


def rows_by_key(connection: Connection, statement: Select[Any], column: Any, keys: Iterable[str]) -> list[Any]:
    """The rows of the statement whose `column` is one of the keys."""
    batches = chunks(dict.fromkeys(keys))
    return [row for batch in batches for row in connection.execute(statement.where(column.in_(batch)))]


def tuples_by_key(
    connection: Connection, table: Table, columns: tuple[str, ...], key: str, keys: Iterable[object]
) -> list[Any]:
    """These columns of the rows whose key is one of the keys, without SQLAlchemy's processing."""
    dialect = dialect_of(connection)
    statement = f'SELECT {quoted(columns)} FROM "{table.name}" WHERE "{key}"'
    return dialect.rows_by_key(connection, statement, dialect.types_of(table, (key,))[key], keys)


def _write(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples, conflict: str) -> int:
    dialect = dialect_of(connection)
    return dialect.write(connection, table.name, dialect.types_of(table, columns), tuples, conflict)


def _as_tuples(table: Table, rows: Rows) -> Tuples:
    columns = tuple(rows[0])
    encoded = _with_json_encoded(rows, _json_columns(table, columns))
    return [(row[columns[0]],) for row in encoded] if len(columns) == 1 else list(map(itemgetter(*columns), encoded))


def _with_json_encoded(rows: Rows, names: Sequence[str]) -> Rows:
    return [row | {name: Json.text_of(row[name]) for name in names} for row in rows] if names else rows


@lru_cache(maxsize=256)
def _json_columns(table: Table, columns: tuple[str, ...]) -> Sequence[str]:
    return [name for name in columns if isinstance(table.c[name].type, Json)]


def _last_per_key(rows: Rows, key: Sequence[str]) -> Rows:
    """The last row of each key: a single statement cannot replace a row twice."""
    identity = itemgetter(*key)
    return list({identity(row): row for row in rows}.values())


@lru_cache(maxsize=256)
def _upsert_clause(table: Table, columns: tuple[str, ...]) -> str:
    key = _primary_key(table)
    updated = [name for name in columns if name not in key]
    if not updated:
        return _SKIP_EXISTING
    assignments = ", ".join(f'"{name}" = excluded."{name}"' for name in updated)
    return f"ON CONFLICT ({quoted(key)}) DO UPDATE SET {assignments}"


@lru_cache(maxsize=256)
def _primary_key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)
