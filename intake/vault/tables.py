"""Tables of the vault: persons, their pseudonyms, and sources' own ids."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from database import chunks, dialect_of, read_only, rows_by_key

METADATA = sa.MetaData()
SECRETS = sa.Table(
    "vault_secrets",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("forgotten", sa.Integer, nullable=False),
)
VAULT = sa.Table(
    "vault",
    METADATA,
    sa.Column("contact", sa.Text, primary_key=True),
    sa.Column("address_hash", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
)
PERSONS = sa.Table(
    "vault_persons",
    METADATA,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("contact", sa.Text, nullable=False, index=True),
)
CONTACT_VISITORS = sa.Table(
    "vault_homes",
    METADATA,
    sa.Column("contact", sa.Text, primary_key=True),
    sa.Column("visitor", sa.Text, primary_key=True),
)
COMPANIES = sa.Table(
    "vault_companies",
    METADATA,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("company", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
)


def select_rows(
    engine: sa.Engine, columns: Sequence[sa.Column[Any]], key: sa.Column[Any], values: Iterable[str]
) -> list[Any]:
    """Rows whose key is one of the values, read in one transaction."""
    with read_only(engine).begin() as connection:
        return rows_by_key(connection, sa.select(*columns), key, values)


def insert_new(engine: sa.Engine, table: sa.Table, rows: Sequence[Mapping[str, Any]], fill_column: str = "") -> None:
    """Insert the new rows. Of existing ones, only a null in `fill_column` is replaced."""
    if not rows:
        return
    insert: Any = dialect_of(engine).insert_of(table)
    statement = _fill_null(table, insert, fill_column) if fill_column else insert.on_conflict_do_nothing()
    with engine.begin() as connection:
        connection.execute(statement, [dict(row) for row in rows])


def delete_rows(engine: sa.Engine, column: sa.Column[Any], values: Iterable[str]) -> None:
    with engine.begin() as connection:
        for some in chunks(values):
            connection.execute(sa.delete(column.table).where(column.in_(some)))


def _fill_null(table: sa.Table, insert: Any, fill_column: str) -> Any:
    unique = next(column.name for column in table.columns if column.unique)
    value = sa.func.coalesce(table.c[fill_column], insert.excluded[fill_column])
    return insert.on_conflict_do_update(index_elements=[unique], set_={fill_column: value})
