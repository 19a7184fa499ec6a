"""The tables that no replay of a log can build again, copied to another database. Never changes the first one.

Read models and positions are not among them: a projector builds them from the log that was copied beside.
"""

from collections.abc import Callable

from sqlalchemy import Connection, Engine, Table, func, select

from alerts.outbox import alerts
from database.engine import reading
from database.errors import DatabaseTrouble
from database.statements import add_missing, put
from intake.recorder.inbox_rows import inbox
from intake.vault.tables import COMPANIES, HOMES, PERSONS, SECRETS, VAULT
from projections.directory import directory_accounts, directory_contacts, directory_domains, directory_visitors
from projections.read_models.tables import read_models
from projections.work.tables import moves, outbox, parked

COPIED = (
    SECRETS, VAULT, PERSONS, HOMES, COMPANIES,
    outbox, moves, parked, alerts,
    directory_accounts, directory_domains, directory_visitors, directory_contacts,
)  # fmt: skip
_AT_ONCE = 5_000


def refuse_filled(target: Engine) -> None:
    """Raises `DatabaseTrouble` where the database holds something already."""
    with reading(target).connect() as connection:
        for table in (*COPIED, inbox, read_models().accounts):
            if table is not SECRETS and _count(connection, table):
                name = target.url.render_as_string()
                raise DatabaseTrouble(
                    f"database {name}: table {table.name} holds rows of another Staffel; name an empty one, as "
                    "`createdb` makes it"
                )


def count_rows(source: Engine) -> dict[str, int]:
    """Table -> number of its rows."""
    with reading(source).connect() as connection:
        return {table.name: _count(connection, table) for table in COPIED}


def copy_tables(source: Engine, target: Engine, progress: Callable[[int], object]) -> None:
    """Every row whose key does not stand there yet."""
    for table in COPIED:
        _copy(source, target, table, progress)


def _copy(source: Engine, target: Engine, table: Table, progress: Callable[[int], object]) -> None:
    columns = [column for column in table.columns if column.autoincrement is not True]
    rows = select(*columns).order_by(*table.primary_key)
    with reading(source).connect() as connection:
        for some in connection.execution_options(yield_per=_AT_ONCE).execute(rows).mappings().partitions():
            with target.begin() as writing:
                # The key of an empty vault gives way: pseudonyms stay what they are.
                write = put if table is SECRETS else add_missing
                write(writing, table, [dict(row) for row in some])
            progress(len(some))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
