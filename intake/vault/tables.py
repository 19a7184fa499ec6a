"""Tables of the vault: persons, their pseudonyms, sources' own ids, and who was erased.

The vault is a database of its own. The main database has one row about it, in `vault_links`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from database import chunks, dialect_of, metadata, read_only, rows_by_key

METADATA = sa.MetaData()
SECRETS = sa.Table(
    "vault_secrets",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("forgotten", sa.Integer, nullable=False),
)
"""`forgotten`: grows with each erasure, so that other processes drop what they cached."""
VAULT = sa.Table(
    "vault",
    METADATA,
    sa.Column("contact", sa.Text, primary_key=True),
    sa.Column("address_hash", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("phone", sa.Text),
)
"""`address_hash`: keyed hash of the address; of the source's own id for a person whose address nobody has told yet."""
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
ALIASES = sa.Table(
    "vault_aliases",
    METADATA,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("link", sa.Text, primary_key=True),
)
"""What else one person is in a source whose address of them is unknown yet: a visitor `v_…`, or `=` and another id."""
TOMBSTONES = sa.Table(
    "vault_tombstones",
    METADATA,
    sa.Column("address_hash", sa.Text, primary_key=True),
    sa.Column("erased_at", sa.BigInteger, nullable=False),
    sa.Column("contact", sa.Text),
)
"""Erased persons: keyed hash of the address, instant of the erasure, and the contact id they had, if any."""

LINKS = sa.Table(
    "vault_links",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("fingerprint", sa.Text),
    sa.Column("asks_former_ids", sa.Boolean, nullable=False),
    sa.Column("needs_vacuum", sa.Boolean, nullable=False),
)
"""In the main database. `fingerprint`: of the vault's secret, null until facts are recorded; `asks_former_ids`: the log
began before ids of facts were keyed; `needs_vacuum`: a vault was moved out, and its pages are not overwritten yet."""


def select_rows(
    engine: sa.Engine, columns: Sequence[sa.Column[Any]], key: sa.Column[Any], values: Iterable[str]
) -> list[Any]:
    """Rows whose key is one of the values, read in one transaction."""
    with read_only(engine).begin() as connection:
        return rows_by_key(connection, sa.select(*columns), key, values)


def insert_new(engine: sa.Engine, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the new rows; existing ones stay as they are."""
    if not rows:
        return
    insert: Any = dialect_of(engine).insert_of(table)
    with engine.begin() as connection:
        connection.execute(insert.on_conflict_do_nothing(), [dict(row) for row in rows])


def delete_rows(engine: sa.Engine, column: sa.Column[Any], values: Iterable[str]) -> None:
    with engine.begin() as connection:
        for some in chunks(values):
            connection.execute(sa.delete(column.table).where(column.in_(some)))
