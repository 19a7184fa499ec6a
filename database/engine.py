"""How a database is opened: SQLite or PostgreSQL, durable, with errors a person understands. Never knows a table.

On SQLite a transaction takes the write lock as it begins, so that two writers wait for each other and never fail
half-way. What only reads asks `reading(engine)`: it waits for nobody, and sees one moment throughout a transaction.
"""

from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

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
)


Database = Engine
"""What the layers above pass on without looking into it."""


def open_database(url: str) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql+psycopg://…`; connects at the first use.

    Whatever uses the engine raises `DatabaseTrouble` where the database is locked, damaged, full or out of reach.
    """
    engine = _create_engine(_parse_url(url))
    event.listen(engine, "handle_error", _translate_error, retval=True)
    return engine


def read_only(engine: Engine) -> Engine:
    """The same database for transactions that only read: each sees one moment, and blocks nobody."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(access="read")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _parse_url(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise DatabaseError(f"not the address of a database: {url!r}; {_URL_FORMS}") from None


_URL_FORMS = "write sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"


def _create_engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database:
        return _create_sqlite_engine(url)
    if backend == "postgresql":
        return _create_postgres_engine(url)
    raise DatabaseError(f"cannot keep records in {url.render_as_string()!r}; {_URL_FORMS}")


def _create_postgres_engine(url: URL) -> Engine:
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    event.listen(engine, "checkin", _record_last_use)
    event.listen(engine, "checkout", _ping_idle)
    return engine


def _record_last_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_LAST_USED_KEY] = monotonic()


def _ping_idle(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that lay idle may have been lost; asking every time would cost a busy process a tenth of its time.

    Raises `InvalidatePoolError`, upon which the pool connects anew.
    """
    if monotonic() - record.info.get(_LAST_USED_KEY, inf) < _PING_AFTER_IDLE_S:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as error:
        raise InvalidatePoolError("the server went away") from error


def _create_sqlite_engine(url: URL) -> Engine:
    Path(str(url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
    timeout_option = {} if "timeout" in url.query else {"timeout": _BUSY_TIMEOUT_S}
    engine = create_engine(url, connect_args=timeout_option)
    write_lock = _WriteLock()
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", write_lock.begin_transaction)
    event.listen(engine, "checkin", write_lock.release)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late, before the first write only; ours comes with `_Turn.begin`.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


class _WriteLock:
    """Whose turn it is to write among the threads of this process.

    SQLite lets a writer who waits look again after ever longer pauses, and others overtake it: one that commits for
    every fact and a host that commits all the time would keep each other waiting for a second and more.
    """

    def __init__(self) -> None:
        self._lock = Lock()

    def begin_transaction(self, connection: Connection) -> None:
        if connection.get_execution_options().get("access") == "read":
            connection.exec_driver_sql("BEGIN")
            return
        # Who waits too long goes on without its turn: SQLite's own lock decides then, and tells what is wrong.
        if not connection.info.get(_WRITE_LOCK_KEY):
            connection.info[_WRITE_LOCK_KEY] = self._lock.acquire(timeout=_BUSY_TIMEOUT_S)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def release(self, _connection: object, record: ConnectionPoolEntry) -> None:
        """The transaction is over, however it ended: the connection goes back to the pool."""
        if record.info.pop(_WRITE_LOCK_KEY, False):
            self._lock.release()


def _translate_error(context: ExceptionContext) -> DatabaseError | None:
    name = context.engine.url.render_as_string() if context.engine is not None else "of STAFFEL_DATABASE"
    return database_error_of(context.original_exception, name)
