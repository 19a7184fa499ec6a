"""Statements that SQLite and PostgreSQL both understand, for many rows at once. Never knows a table.

Their text is made once and the rows are handed to the driver as they are: what the library would do to each value
takes longer than the database does.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Dialect, Select, Table

from projections.columns import Json

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

Rows = Sequence[dict[str, Any]]
_KEYS_AT_ONCE = 1000


class _Statement(NamedTuple):
    text: str
    places: Sequence[str] | None
    """Columns in the order of the parameters; None where the driver takes them by name."""
    json: Sequence[str]


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """All rows of one call to any of these name the same columns."""
    _write(connection, table, rows, "add")


def add_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Add the rows whose key does not stand there yet."""
    _write(connection, table, rows, "add_missing")


def put(connection: Connection, table: Table, rows: Rows) -> None:
    """Add or replace rows by primary key; columns that are not named stay as they are."""
    _write(connection, table, rows, "put")


def put_newer(connection: Connection, table: Table, rows: Rows) -> None:
    """As `put`, but a row that stands there is replaced only where its `seq` is lower."""
    _write(connection, table, rows, "put_newer")


def rows_of(connection: Connection, statement: Select[Any], column: Any, keys: Iterable[str]) -> list[Any]:
    """The statement's rows where `column` is one of the keys."""
    listed = list(dict.fromkeys(keys))
    portions = (listed[i : i + _KEYS_AT_ONCE] for i in range(0, len(listed), _KEYS_AT_ONCE))
    return [row for some in portions for row in connection.execute(statement.where(column.in_(some)))]


def _write(connection: Connection, table: Table, rows: Rows, verb: str) -> None:
    if not rows:
        return
    statement = _statement(table, tuple(rows[0]), verb, connection.dialect)
    told = _with_json(rows, statement.json) if statement.json else rows
    if statement.places is None:
        connection.exec_driver_sql(statement.text, list(told))
    elif len(statement.places) == 1:
        connection.exec_driver_sql(statement.text, [(row[statement.places[0]],) for row in told])
    else:
        connection.exec_driver_sql(statement.text, list(map(itemgetter(*statement.places), told)))


def _with_json(rows: Rows, names: Sequence[str]) -> Rows:
    return [row | {name: Json.text_of(row[name]) for name in names} for row in rows]


@lru_cache(maxsize=256)
def _statement(table: Table, columns: tuple[str, ...], verb: str, dialect: Dialect) -> _Statement:
    compiled = _insert(table, columns, verb, dialect.name).compile(dialect=dialect, column_keys=columns)
    json = [name for name in columns if isinstance(table.c[name].type, Json)]
    return _Statement(str(compiled), compiled.positiontup, json)


def _insert(table: Table, columns: tuple[str, ...], verb: str, dialect: str) -> "SqliteInsert | PostgresInsert":
    insert = insert_into(table, dialect)
    if verb == "add":
        return insert
    key = [column.name for column in table.primary_key]
    if verb == "add_missing" or set(columns) <= set(key):
        return insert.on_conflict_do_nothing()
    return insert.on_conflict_do_update(
        index_elements=key,
        set_={name: insert.excluded[name] for name in columns if name not in key},
        where=table.c.seq < insert.excluded.seq if verb == "put_newer" else None,
    )


def insert_into(table: Table, dialect: str) -> "SqliteInsert | PostgresInsert":
    """Each dialect is slow to import, and one of them is used."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgres

        return insert_postgres(table)
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(table)
