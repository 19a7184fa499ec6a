"""Many rows at once into PostgreSQL: by COPY, or as one array for each column. Never for another database.

One statement for each row would cost both sides several times as much.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Dialect, Table

from database.errors import database_error_of

if TYPE_CHECKING:
    import psycopg

Rows = Sequence[dict[str, Any]]


def copy_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows, their values in the order of the columns. Raises `DatabaseTrouble` as any statement does."""
    names = ", ".join(f'"{name}"' for name in columns)
    copy = f'COPY "{table.name}" ({names}) FROM STDIN'
    with _translated_errors(connection) as driver, driver.cursor() as cursor, cursor.copy(copy.encode()) as writer:
        for row in rows:
            writer.write_row(row)


@lru_cache(maxsize=256)
def unnest_source(table: Table, columns: tuple[str, ...], dialect: Dialect) -> str:
    """What stands for rows in an INSERT, to be given one list of values for each column."""
    column_types = (table.c[name].type.compile(dialect) for name in columns)
    return f"SELECT * FROM unnest({', '.join(f'%b::{kind}[]' for kind in column_types)})"


def last_per_key(rows: Rows, key: Sequence[str]) -> Rows:
    """One row of each key: a single statement replaces no row twice."""
    identity = itemgetter(*key)
    return list({identity(row): row for row in rows}.values())


def highest_seq_per_key(rows: Rows, key: Sequence[str]) -> Rows:
    """The row of the highest `seq` of each key."""
    return last_per_key(sorted(rows, key=itemgetter("seq")), key)


@contextmanager
def _translated_errors(connection: Connection) -> Iterator["psycopg.Connection[Any]"]:
    """The driver's own connection; its troubles are told as those of the engine are."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        yield driver
    except connection.dialect.loaded_dbapi.Error as error:
        database_error = database_error_of(error, connection.engine.url.render_as_string())
        if database_error is None:
            raise
        connection.invalidate(error)
        raise database_error from error
