"""Copies the tables that cannot be rebuilt from the log to another database. The source is not changed; the vault is a
database of its own, which `intake.vault` copies.

Read models and positions are not copied: a projector builds them from the copied log.
"""

from collections.abc import Callable

from sqlalchemy import Connection, Engine, Table, func, select

from alerts import alert_namings, alert_pauses, alerts
from database import DatabaseError, insert_missing, read_only, shown_address
from intake.recorder import inbox, told_profiles
from projections import (
    directory_accounts,
    directory_aliases,
    directory_contacts,
    directory_domains,
    directory_visitors,
)
from projections.read_models import read_models
from projections.work import moves, outbox, parked_facts

COPIED_TABLES = (
    outbox, moves, parked_facts, alerts, alert_pauses, alert_namings,
    directory_accounts, directory_domains, directory_visitors, directory_contacts, directory_aliases,
    told_profiles,
)  # fmt: skip
_BATCH_SIZE = 5_000


def require_empty_database(target: Engine) -> None:
    """Raises `DatabaseError` if the database is not empty."""
    with read_only(target).connect() as connection:
        for table in (*COPIED_TABLES, inbox, read_models().accounts):
            if _count_rows(connection, table):
                name = shown_address(target)
                raise DatabaseError(
                    f"database {name}: table {table.name} holds rows of another installation; name an "
                    "empty database (`createdb` creates one)"
                )


def count_rows(source: Engine) -> dict[str, int]:
    """Table -> number of rows."""
    with read_only(source).connect() as connection:
        return {table.name: _count_rows(connection, table) for table in COPIED_TABLES}


def copy_tables(source: Engine, target: Engine, progress: Callable[[int], object]) -> None:
    """Copy every row whose key is missing in the target."""
    for table in COPIED_TABLES:
        _copy_table(source, target, table, progress)


def _copy_table(source: Engine, target: Engine, table: Table, progress: Callable[[int], object]) -> None:
    columns = [column for column in table.columns if column.autoincrement is not True]
    rows = select(*columns).order_by(*table.primary_key)
    with read_only(source).connect() as connection:
        for batch in connection.execution_options(yield_per=_BATCH_SIZE).execute(rows).mappings().partitions():
            with target.begin() as target_connection:
                insert_missing(target_connection, table, [dict(row) for row in batch])
            progress(len(batch))


def _count_rows(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
