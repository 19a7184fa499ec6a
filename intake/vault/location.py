"""Where the vault is: opening it, moving it out of the database of an earlier version, and whose vault it is."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from database import (
    VAULT_HISTORY,
    Database,
    DatabaseError,
    create_schema,
    exclusive_transaction,
    migrate,
    open_database,
    read_only,
    rewrite_file,
)
from intake.vault.secret import Secret
from intake.vault.tables import COMPANIES, CONTACT_VISITORS, LINKS, METADATA, PERSONS, SECRETS, VAULT, insert_new

SCHEMA = "staffel_vault"
"""The schema of the vault's tables on PostgreSQL."""
_MOVED_TABLES = (SECRETS, VAULT, PERSONS, CONTACT_VISITORS, COMPANIES)
_OTHERS = 0o077
_ROWS_PER_BATCH = 5_000
_REWRITE_TIMEOUT_S = 2.0


class WrongVault(DatabaseError):
    """The vault has another secret than the one whose pseudonyms stand in the log."""


class Link(NamedTuple):
    """What the main database knows of the vault; see `LINKS`."""

    fingerprint: str | None
    asks_former_ids: bool


def open_vault_database(url: str) -> Database:
    """The database of the vault, with all tables. Raises `DatabaseError` if it cannot be used."""
    engine = open_database(url, SCHEMA)
    try:
        create_schema(engine)
        migrate(engine, VAULT_HISTORY)
    except BaseException:
        engine.dispose()
        raise
    return engine


def move_out(database: Database, vault: Database) -> None:
    """Move the vault that an earlier version kept in the main database; no-op if there is none.

    Copies, compares the secrets, drops the old tables, and overwrites their pages. Each step may be repeated.
    """
    if holds_vault(database):
        with exclusive_transaction(database) as connection:
            if sa.inspect(connection).has_table(SECRETS.name):
                _copy_tables(connection, vault)
                _drop_tables(connection)
    if _needs_vacuum(database):
        _vacuum(database)


def holds_vault(database: Database) -> bool:
    """Whether the main database still has the vault of an earlier version."""
    with read_only(database).connect() as connection:
        return sa.inspect(connection).has_table(SECRETS.name)


def link_of(database: Database) -> Link:
    with read_only(database).connect() as connection:
        row = connection.execute(sa.select(LINKS.c.fingerprint, LINKS.c.asks_former_ids)).first()
    return Link(*row) if row else Link(None, False)


def bind(database: Database, fingerprint: str) -> Link:
    """Note whose secret the pseudonyms of the log are made with, once; afterwards only this vault may record.

    Raises `WrongVault` if the log was recorded with another vault.
    """
    if link_of(database).fingerprint is None:
        with database.begin() as connection:
            unbound = LINKS.c.fingerprint.is_(None)
            connection.execute(sa.update(LINKS).where(unbound).values(fingerprint=fingerprint))
    link = link_of(database)
    if link.fingerprint != fingerprint:
        raise WrongVault(
            "this vault has another secret than the one this log was recorded with, so every person would be taken for "
            "a new one; set STAFFEL_VAULT to the vault of this log, or restore it from its backup"
        )
    return link


def vault_problem(database: Database, vault: Database) -> str | None:
    """Why this vault may not record for this database, if it may not."""
    expected = link_of(database).fingerprint
    with read_only(vault).connect() as connection:
        found = _fingerprint_in(connection)
    if expected is None or found == expected:
        return None
    return "another secret than that of the log" if found else "no secret; the log was recorded with a vault"


def shares_role(database: Database, vault: Database) -> bool:
    """Whether who reads the one reads the other, on PostgreSQL."""
    parts = ("username", "host", "port", "database")
    return all(getattr(database.url, part) == getattr(vault.url, part) for part in parts)


def copy_vault(source: Database, target: Database, progress: Callable[[int], object]) -> None:
    """Copy every row whose key is missing in the target. The secret of the source replaces that of an empty target, so
    that pseudonyms stay the same."""
    with read_only(source).connect() as connection:
        for table in METADATA.sorted_tables:
            for rows in connection.execute(sa.select(table)).mappings().partitions(_ROWS_PER_BATCH):
                if table is SECRETS:
                    with target.begin() as writing:
                        writing.execute(sa.delete(SECRETS))
                insert_new(target, table, [dict(row) for row in rows])
                progress(len(rows))


def copy_link(source: Database, target: Database) -> None:
    """The target's log is a copy of the source's: it takes the same vault, and has the same ids."""
    link = link_of(source)
    with target.begin() as connection:
        connection.execute(sa.update(LINKS).values(**link._asdict()))


def vault_rows(vault: Database) -> dict[str, int]:
    """Table -> number of rows."""
    with read_only(vault).connect() as connection:
        count = sa.select(sa.func.count())
        return {
            table.name: connection.execute(count.select_from(table)).scalar_one() for table in METADATA.sorted_tables
        }


def loose_files(paths: Sequence[Path]) -> list[Path]:
    """Those of the files and folders that others than their owner may read or write."""
    return [path for path in paths if path.exists() and path.stat().st_mode & _OTHERS]


def _copy_tables(connection: sa.Connection, vault: Database) -> None:
    _copy_table(connection, vault, SECRETS)
    fingerprint = _fingerprint_in(connection)
    with read_only(vault).connect() as target:
        if _fingerprint_in(target) != fingerprint:
            raise WrongVault(
                "the database holds a vault of an earlier version, and STAFFEL_VAULT names a vault with another "
                "secret; name a new one, and the persons are moved there"
            )
    for table in _MOVED_TABLES:
        _copy_table(connection, vault, table)
    connection.execute(sa.update(LINKS).values(fingerprint=fingerprint))


def _copy_table(connection: sa.Connection, vault: Database, table: sa.Table) -> None:
    present = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    columns = [column for column in table.columns if column.name in present]
    for rows in connection.execute(sa.select(*columns)).mappings().partitions(_ROWS_PER_BATCH):
        insert_new(vault, table, [dict(row) for row in rows])


def _fingerprint_in(connection: sa.Connection) -> str | None:
    secret = connection.execute(sa.select(SECRETS.c.secret)).scalar()
    return Secret(bytes(secret), 1).fingerprint if secret else None


def _drop_tables(connection: sa.Connection) -> None:
    for table in reversed(_MOVED_TABLES):
        connection.execute(sa.schema.DropTable(table))


def _needs_vacuum(database: Database) -> bool:
    with read_only(database).connect() as connection:
        return bool(connection.execute(sa.select(LINKS.c.needs_vacuum)).scalar())


def _vacuum(database: Database) -> None:
    """SQLite keeps dropped pages in the file; PostgreSQL removes the files of dropped tables.

    While others use the file this is left to the next start.
    """
    if database.dialect.name == "sqlite" and not rewrite_file(database, _REWRITE_TIMEOUT_S):
        return
    with database.begin() as connection:
        connection.execute(sa.update(LINKS).values(needs_vacuum=False))
