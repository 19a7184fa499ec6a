"""Errors of a database that an operator has to mend, with advice on how."""

import re
import sqlite3
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

_SQLITE_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and start again, nothing half-written is kept",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a SQLite database; move it away or name another one",
    sqlite3.SQLITE_BUSY: "another process keeps it locked; wait until it is done, or end it",
    sqlite3.SQLITE_LOCKED: "another connection of this process keeps it locked",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check that its folder exists and may be written to",
    sqlite3.SQLITE_READONLY: "the file may not be written to; check who owns it and its folder",
    sqlite3.SQLITE_PERM: "the file may not be opened; check who owns it and its folder",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written; check it",
}
_POSTGRES_ADVICE = {
    "53100": "the disk of the server is full; free some space and start again, nothing half-written is kept",
    "53200": "the server is out of memory",
    "53300": "the server has no free connection left; raise max_connections or end other clients",
    "55P03": "another process keeps a lock; wait until it is done, or end it",
    "57P01": "the server was shut down; start again once it runs",
    "57P02": "the server broke down; start again once it runs",
    "57P03": "the server is starting or stopping; try again",
    "42501": "this user may not do that; grant the rights or name another user in STAFFEL_DATABASE",
    "XX001": "the server reports damaged data; restore it from a backup",
    "XX002": "the server reports a damaged index; restore it from a backup, or REINDEX",
}
_LOGIN_STATES = {"28000", "28P01", "3D000"}
"""Of a login that is refused; the text names user and database."""
_QUOTED = re.compile(r"(?<!\w)(?:\"[^\"]*\"|'[^']*')")
_DATA_ERROR_CLASSES = {"22", "23"}
"""Classes of SQLSTATE: data exceptions, and violations of integrity constraints."""
_UNAVAILABLE_STATES = {"57P01", "57P02", "57P03"}
_TRANSIENT_TEXTS = (
    "starting up",
    "shutting down",
    "recovery mode",
    "not yet accepting connections",
    "administrator command",
)
"""Parts of a server's message that it cannot accept connections now; while connecting, errors have no code."""
_OPTION_TEXTS = ("connection option", "bad value for ")
_CONNECTION_REFUSED = "the server refuses the connection; check user, password and name in STAFFEL_DATABASE"
_WRONG_OPTION = "an option of the address is unknown or has a wrong value; check what follows the ? in STAFFEL_DATABASE"
_UNREACHABLE = "the server cannot be reached, or the connection was lost; check that it runs and check STAFFEL_DATABASE"


class DatabaseError(Exception):
    """The database cannot be used as it is. The message names the database, the cause and the remedy."""


class DatabaseUnavailable(DatabaseError):
    """The server cannot be reached now: long-running processes try again; the transaction was rolled back."""


def database_error_of(error: BaseException, database: str) -> DatabaseError | None:
    """The `DatabaseError` for an error of the driver; None if the error concerns only the statement."""
    advice = _advice(error)
    if advice is None:
        return None
    error_class = DatabaseUnavailable if _is_unavailable(error, advice) else DatabaseError
    return error_class(f"database {database}: {advice} ({_reason(error)})")


def data_error_code(error: BaseException) -> str | None:
    """A code if the database refuses these values, whatever else it is asked: a wrong type, an invalid text, a broken
    constraint. None for every other error, such as one of connection, lock, serialization or space."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OverflowError | ValueError):  # a driver's own check of a number or a text
        return type(cause).__name__
    if isinstance(cause, sqlite3.Error):
        return type(cause).__name__ if _is_sqlite_data_error(cause) else None
    driver = sys.modules.get("psycopg")
    if driver is not None and isinstance(cause, driver.Error):
        return _postgres_data_error_code(cause)
    return None


def _is_sqlite_data_error(error: sqlite3.Error) -> bool:
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError):
        return True
    return isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError) and "binding parameter" in str(error)


def _postgres_data_error_code(error: "psycopg.Error") -> str | None:
    from psycopg import DataError, ProgrammingError

    if error.sqlstate is not None:
        return error.sqlstate if error.sqlstate[:2] in _DATA_ERROR_CLASSES else None
    is_unknown_type = isinstance(error, ProgrammingError) and "cannot adapt" in str(error)
    return type(error).__name__ if is_unknown_type or isinstance(error, DataError) else None


def _is_unavailable(error: BaseException, advice: str) -> bool:
    if getattr(error, "sqlstate", None) in _UNAVAILABLE_STATES or advice is _UNREACHABLE:
        return True
    return advice is _CONNECTION_REFUSED and any(words in str(error) for words in _TRANSIENT_TEXTS)


def _advice(error: BaseException) -> str | None:
    if isinstance(error, sqlite3.Error):
        return _sqlite_advice(error)
    # The driver is slow to import; if it was not imported yet, the error is not one of its errors.
    driver = sys.modules.get("psycopg")
    if driver is not None and isinstance(error, driver.Error):
        return _postgres_advice(error)
    return None


def _sqlite_advice(error: sqlite3.Error) -> str | None:
    # The low byte is the primary code; the rest refines it (SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_WRITE, …).
    return _SQLITE_ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)


def _postgres_advice(error: "psycopg.Error") -> str | None:
    from psycopg import OperationalError, ProgrammingError

    if error.sqlstate is not None:
        return _POSTGRES_ADVICE.get(error.sqlstate)
    if isinstance(error, ProgrammingError) and any(words in str(error) for words in _OPTION_TEXTS):
        return _WRONG_OPTION
    if not isinstance(error, OperationalError):
        return None
    # A failed connection attempt has no code; if the server answered, its message begins with FATAL.
    return _CONNECTION_REFUSED if "FATAL:" in str(error) else _UNREACHABLE


def _reason(error: BaseException) -> str:
    """The first line of the driver's text. While connecting it quotes parts of the address: those are left out."""
    lines: Sequence[str] = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    quotes_address = not isinstance(error, sqlite3.Error) and getattr(error, "sqlstate", None) in (None, *_LOGIN_STATES)
    return _QUOTED.sub("…", lines[0]) if quotes_address else lines[0]
