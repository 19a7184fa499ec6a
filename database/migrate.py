"""Upgrades a database to the tables that this version of the code uses. There are no downgrades.

Each migration is one file of `migrations/versions/`, named by its revision: `0001_log.py` holds revision `0001`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from database.dialects import dialect_of
from database.engine import read_only
from database.errors import DatabaseError

_MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
_ADVISORY_LOCK_ID = 7_305_802_061_776_226  # arbitrary; used for nothing else


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision; processes that start at the same time wait for each other.

    Raises `DatabaseError` if a newer version of Staffel wrote the database.
    """
    with read_only(engine).connect() as connection:  # no upgrade needed: do not wait for a writer
        if _revision(connection) == newest_revision():
            return
    with _exclusive_transaction(engine) as connection:
        _check_known(_revision(connection), str(engine.url))
        _upgrade(connection)


def revision_of(engine: Engine) -> str | None:
    """The revision of the tables; None if there are none yet."""
    with read_only(engine).connect() as connection:
        return _revision(connection)


def known_revisions() -> list[str]:
    """All revisions of this version, oldest first."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS_FOLDER / "versions").glob("[0-9]*_*.py"))


def newest_revision() -> str:
    return known_revisions()[-1]


@contextmanager
def _exclusive_transaction(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        dialect_of(connection).lock_transaction(connection, _ADVISORY_LOCK_ID)
        yield connection


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _check_known(revision: str | None, database: str) -> None:
    if revision is None or revision in known_revisions():
        return
    raise DatabaseError(
        f"database {database}: its tables have revision {revision}, but this version of Staffel only knows revisions "
        f"up to {newest_revision()}; install the version that wrote it, or set STAFFEL_DATABASE to another database"
    )


def _upgrade(connection: Connection) -> None:
    from alembic import command  # slow to import, and rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
