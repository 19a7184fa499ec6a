"""Statements that SQLite and PostgreSQL both understand, for many rows at once. Never knows a table.

Their text is made once and the rows are handed to the driver as they are: what the library would do to each value
takes longer than the database does. SQLite takes rows one by one, PostgreSQL all of them at once (`bulk.py`).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Table

from database.bulk import copy_rows, highest_of_each, last_of_each, unnested
from database.columns import Json

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

Rows = Sequence[dict[str, Any]]
Tuples = list[tuple[Any, ...]]
_KEYS_AT_ONCE = 1000


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """All rows of one call to any of these name the same columns."""
    if rows:
        add_tuples(connection, table, tuple(rows[0]), _tuples(table, rows))


def add_tuples(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples) -> None:
    """As `add`, of the values of these columns as the database takes them."""
    if not tuples:
        return
    if connection.dialect.name == "postgresql":
        copy_rows(connection, table, columns, tuples)
    else:
        _write(connection, table, columns, tuples, "")


def add_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Add the rows whose key does not stand there yet."""
    if rows:
        _write(connection, table, tuple(rows[0]), _tuples(table, rows), "ON CONFLICT DO NOTHING")


def put(connection: Connection, table: Table, rows: Rows) -> None:
    """Add or replace rows by primary key; columns that are not named stay as they are."""
    if rows:
        chosen = last_of_each(rows, _key(table)) if connection.dialect.name == "postgresql" else rows
        columns = tuple(rows[0])
        _write(connection, table, columns, _tuples(table, chosen), _replacing(table, columns))


def put_newer(connection: Connection, table: Table, rows: Rows) -> None:
    """As `put`, but a row that stands there is replaced only where its `seq` is lower."""
    if rows:
        chosen = highest_of_each(rows, _key(table)) if connection.dialect.name == "postgresql" else rows
        columns, newer = tuple(rows[0]), f'WHERE "{table.name}".seq < excluded.seq'
        _write(connection, table, columns, _tuples(table, chosen), f"{_replacing(table, columns)} {newer}")


def rows_of(connection: Connection, statement: Select[Any], column: Any, keys: Iterable[str]) -> list[Any]:
    """The statement's rows where `column` is one of the keys."""
    listed = list(dict.fromkeys(keys))
    portions = (listed[i : i + _KEYS_AT_ONCE] for i in range(0, len(listed), _KEYS_AT_ONCE))
    return [row for some in portions for row in connection.execute(statement.where(column.in_(some)))]


def insert_into(table: Table, dialect: str) -> "SqliteInsert | PostgresInsert":
    """Each dialect is slow to import, and one of them is used."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgres

        return insert_postgres(table)
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(table)


def _write(connection: Connection, table: Table, columns: tuple[str, ...], tuples: Tuples, conflict: str) -> None:
    head = f'INSERT INTO "{table.name}" ({_names(columns)})'
    if connection.dialect.name == "postgresql":
        source = unnested(table, columns, connection.dialect)
        columnwise = tuple(map(list, zip(*tuples, strict=True)))
        connection.exec_driver_sql(f"{head} {source} {conflict}", columnwise)
    else:
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"{head} VALUES ({marks}) {conflict}", tuples)


def _tuples(table: Table, rows: Rows) -> Tuples:
    columns = tuple(rows[0])
    told = _with_json(rows, _json_of(table, columns))
    return [(row[columns[0]],) for row in told] if len(columns) == 1 else list(map(itemgetter(*columns), told))


def _with_json(rows: Rows, names: Sequence[str]) -> Rows:
    return [row | {name: Json.text_of(row[name]) for name in names} for row in rows] if names else rows


@lru_cache(maxsize=256)
def _json_of(table: Table, columns: tuple[str, ...]) -> Sequence[str]:
    return [name for name in columns if isinstance(table.c[name].type, Json)]


@lru_cache(maxsize=256)
def _replacing(table: Table, columns: tuple[str, ...]) -> str:
    key = _key(table)
    named = [name for name in columns if name not in key]
    if not named:
        return "ON CONFLICT DO NOTHING"
    replaced = ", ".join(f'"{name}" = excluded."{name}"' for name in named)
    return f"ON CONFLICT ({_names(key)}) DO UPDATE SET {replaced}"


@lru_cache(maxsize=256)
def _key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
