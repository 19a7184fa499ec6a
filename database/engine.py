"""Opens a database, SQLite or PostgreSQL: durable, and with `DatabaseError` for what an operator has to mend.

On SQLite a transaction takes the write lock when it begins, so that two writers wait for each other instead of failing
half-way. Transactions that only read use `read_only(engine)`: they do not wait, and see one snapshot.
"""

import os
import sqlite3
from contextlib import suppress
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from database.addresses import parse_address, shown_address
from database.dialects import dialect_of
from database.errors import DatabaseError, database_error_of

_WRITE_LOCK_KEY, _LAST_USED_KEY = "turn", "used"
_PING_AFTER_IDLE_S = 0.5
_BUSY_TIMEOUT_S = 30  # `?timeout=SECONDS` in the address says otherwise
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=16000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA secure_delete=ON",
)
_PRIVATE_FILE = 0o600


Database = Engine
"""The type that the packages above pass on without importing SQLAlchemy."""


def open_database(url: str, schema: str | None = None) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql+psycopg://…`; it connects at the first use.

    `schema`: where the tables are on PostgreSQL, else in the default schema; SQLite ignores it. Everything that uses
    the engine raises `DatabaseError` if the database is locked, damaged, full or unreachable.
    """
    engine = _create_engine(parse_address(url))
    event.listen(engine, "handle_error", _translate_error, retval=True)
    if schema is None or engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(schema_translate_map={None: schema})


def sibling_url(url: str, file: str) -> str:
    """The URL of another file in the folder of a SQLite database; on PostgreSQL the URL itself."""
    parsed = parse_address(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return url
    return parsed.set(database=str(Path(parsed.database).with_name(file))).render_as_string(hide_password=False)


def has_file(url: str) -> bool:
    """Whether the file of a SQLite database exists; a database on a server has none to look for."""
    parsed = parse_address(url)
    return parsed.get_backend_name() != "sqlite" or Path(str(parsed.database)).exists()


def schema_of(database: Engine | Connection) -> str | None:
    """The schema that `open_database` was given for PostgreSQL."""
    schemas: dict[None, str] = database.get_execution_options().get("schema_translate_map") or {}
    return schemas.get(None)


def create_schema(engine: Engine) -> None:
    """Create the schema of `open_database`, unless it exists."""
    schema = schema_of(engine)
    if schema is None:
        return
    with engine.begin() as connection:
        # `IF NOT EXISTS` asks for the right to create schemas even where the schema exists.
        if not connection.execute(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": schema}).scalar():
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


def read_only(engine: Engine) -> Engine:
    """The same database for transactions that only read: each sees one snapshot and blocks no writer."""
    return dialect_of(engine).read_only(engine)


def rewrite_file(engine: Engine, timeout_s: float) -> bool:
    """Write a SQLite file anew, without the pages of dropped tables, and empty its write-ahead log.

    False if others use the file for longer than the timeout; it may then be repeated.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")
        try:
            driver.execute("VACUUM")
        except sqlite3.OperationalError:
            return False
        finally:
            driver.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}")
    return overwrite_deleted(engine, timeout_s)


def overwrite_deleted(engine: Engine, timeout_s: float) -> bool:
    """Overwrite what was deleted from the tables of this database, as far as its own files go.

    SQLite: empties the write-ahead log; False if readers keep it for longer than the timeout. PostgreSQL: vacuums; its
    write-ahead log and backups keep the rows.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "postgresql":
            for table in inspect(engine).get_table_names(schema=schema_of(engine)):
                driver.execute(f'VACUUM "{schema_of(engine) or "public"}"."{table}"')
            return True
        driver.execute(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")
        try:
            [busy, _, _] = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            driver.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}")
    return not busy


def _create_engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    return _create_sqlite_engine(url) if backend == "sqlite" else _create_postgres_engine(url)


def _create_postgres_engine(url: URL) -> Engine:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True)
    event.listen(engine, "checkin", _record_last_use)
    event.listen(engine, "checkout", _ping_idle)
    return engine


def _record_last_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_LAST_USED_KEY] = monotonic()


def _ping_idle(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Check a connection that was idle; checking at every checkout would cost a busy process a tenth of its time.

    Raises `InvalidatePoolError` if the connection was lost; the pool then connects again.
    """
    if monotonic() - record.info.get(_LAST_USED_KEY, inf) < _PING_AFTER_IDLE_S:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as error:
        raise InvalidatePoolError("the server closed the connection") from error


def _create_sqlite_engine(url: URL) -> Engine:
    Path(str(url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
    timeout_option = {} if "timeout" in url.query else {"timeout": _BUSY_TIMEOUT_S}
    engine = create_engine(url, connect_args=timeout_option, hide_parameters=True)
    write_lock = _WriteLock()
    event.listen(engine, "do_connect", lambda *_: _create_private_file(str(url.database)))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", write_lock.begin_transaction)
    event.listen(engine, "checkin", write_lock.release)
    return engine


def _create_private_file(path: str) -> None:
    """A new database is readable by its owner alone; SQLite gives its other files the mode of the database.

    A file that exists is never opened here: closing it would release the locks (POSIX) of every connection of this
    process, and another process would then remove the write-ahead log that these connections still use.
    """
    with suppress(OSError):  # it exists, or the driver says why it cannot be opened
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE_FILE))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver begins a transaction only before the first write; `_WriteLock.begin_transaction` begins it at once.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


class _WriteLock:
    """Serializes the writers among the threads of this process.

    A writer that waits for SQLite's own lock retries after ever longer pauses, and other writers overtake it: a
    recorder that commits every fact beside a host that commits all the time could wait for more than a second.
    """

    def __init__(self) -> None:
        self._lock = Lock()

    def begin_transaction(self, connection: Connection) -> None:
        if connection.get_execution_options().get("access") == "read":
            connection.exec_driver_sql("BEGIN")
            return
        # After the timeout continue without the lock: SQLite's own lock then reports who holds the database.
        if not connection.info.get(_WRITE_LOCK_KEY):
            connection.info[_WRITE_LOCK_KEY] = self._lock.acquire(timeout=_BUSY_TIMEOUT_S)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def release(self, _connection: object, record: ConnectionPoolEntry) -> None:
        """Called when the connection returns to the pool: the transaction has ended, committed or not."""
        if record.info.pop(_WRITE_LOCK_KEY, False):
            self._lock.release()


def _translate_error(context: ExceptionContext) -> DatabaseError | None:
    name = shown_address(context.engine) if context.engine is not None else "of STAFFEL_DATABASE"
    return database_error_of(context.original_exception, name)
