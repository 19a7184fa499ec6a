"""Upgrades a database to the tables that this version of the code uses. There are no downgrades.

Each migration is one file of a history, named by its revision: `0001_log.py` holds revision `0001`. The database has
the history `versions`, the vault, which is a database of its own, the history `vault`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, inspect, select

from database.addresses import shown_address
from database.dialects import dialect_of
from database.engine import read_only, schema_of
from database.errors import DatabaseError

_MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
_ADVISORY_LOCK_ID = 7_305_802_061_776_226  # arbitrary; used for nothing else
_VERSION = Table("alembic_version", MetaData(), Column("version_num", Text))
DATABASE_HISTORY, VAULT_HISTORY = "versions", "vault"


def migrate(engine: Engine, history: str = DATABASE_HISTORY) -> None:
    """Upgrade to the newest revision; processes that start at the same time wait for each other.

    Raises `DatabaseError` if a newer version of Staffel wrote the database.
    """
    with read_only(engine).connect() as connection:  # no upgrade needed: do not wait for a writer
        if _revision(connection) == newest_revision(history):
            return
    with exclusive_transaction(engine) as connection:
        _check_known(_revision(connection), history, shown_address(engine))
        _upgrade(connection, history)


def revision_of(engine: Engine) -> str | None:
    """The revision of the tables; None if there are none yet."""
    with read_only(engine).connect() as connection:
        return _revision(connection)


def known_revisions(history: str = DATABASE_HISTORY) -> list[str]:
    """All revisions of this version, oldest first."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS_FOLDER / history).glob("[0-9]*_*.py"))


def newest_revision(history: str = DATABASE_HISTORY) -> str:
    return known_revisions(history)[-1]


@contextmanager
def exclusive_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that no migration of this database overlaps."""
    with engine.begin() as connection:
        dialect_of(connection).lock_transaction(connection, _ADVISORY_LOCK_ID)
        yield connection


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version", schema=schema_of(connection)):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()


def _check_known(revision: str | None, history: str, database: str) -> None:
    if revision is None or revision in known_revisions(history):
        return
    raise DatabaseError(
        f"database {database}: its tables have revision {revision}, but this version of Staffel only knows revisions "
        f"up to {newest_revision(history)}; install the version that wrote it, or name another database"
    )


def _upgrade(connection: Connection, history: str) -> None:
    from alembic import command  # slow to import, and rarely needed
    from alembic.config import Config

    folder = str(_MIGRATIONS_FOLDER).replace("%", "%%")
    config = Config()
    config.set_main_option("script_location", folder)
    config.set_main_option("version_locations", f"{folder}/{history}")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
