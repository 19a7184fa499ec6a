"""The host lock: one embedded host per database processes records.

`FileHostLock` locks a file beside a SQLite database, `AdvisoryHostLock` holds a session lock of PostgreSQL.
"""

import fcntl
import os
import stat
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from database.dialects import PostgresDialect, dialect_of
from database.errors import DatabaseError


class HostLock(Protocol):
    """The operating system or the server frees the lock when its holder dies, even by kill -9."""

    def try_acquire(self) -> bool:
        """Acquire the lock without waiting; False if another process holds it."""

    def release(self) -> None:
        """Free the lock if this object holds it."""

    def holder(self) -> str | None:
        """The holder, for messages (`process 4711`), or None."""


class FileHostLock:
    """An advisory lock on a file, which contains the process id of the holder and is not deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        if self._descriptor is not None:
            return True
        descriptor = self._open(os.O_RDWR | os.O_CREAT)
        if not _try_flock(descriptor):
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None

    def holder(self) -> str | None:
        # Does not try the lock: a process that acquires it at this moment would find it taken.
        try:
            descriptor = self._open(os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            pid = _pid(os.read(descriptor, 32))
        finally:
            os.close(descriptor)
        return f"process {pid}" if pid is not None and _is_alive(pid) else None

    def _open(self, flags: int) -> int:
        """The file itself, not inherited by children: the target of a link would be emptied, and a pipe would block."""
        try:
            descriptor = os.open(self._path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DatabaseError(f"{self._path}: {error.strerror}; remove it, it should be a plain file") from None
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise DatabaseError(f"{self._path}: not a plain file; remove it")


def _pid(content: bytes) -> int | None:
    """The process id in the file; None where it is empty or somebody else wrote it."""
    text = content.strip()
    return int(text) if text.isdigit() and len(text) <= 10 and int(text) > 0 else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:  # no system has such a process id
        return False
    return True


def _try_flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_LOCK_KEY = 7_305_802_061_775_212  # arbitrary; locks are per database

_HOLDER_QUERY = """
SELECT coalesce(nullif(activity.application_name, ''), 'session ' || locks.pid::text)
FROM pg_locks AS locks JOIN pg_stat_activity AS activity USING (pid)
JOIN pg_database AS here ON here.oid = locks.database AND here.datname = current_database()
WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objsubid = 1
AND (locks.classid::bigint << 32) + locks.objid::bigint = :key"""


def host_lock_of(engine: Engine) -> HostLock:
    """The lock of this database, not acquired yet."""
    if isinstance(dialect_of(engine), PostgresDialect):
        return AdvisoryHostLock(engine)
    return FileHostLock(Path(f"{engine.url.database}.host"))


class AdvisoryHostLock:
    """A session lock of PostgreSQL: held as long as one connection stays open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._session: Connection | None = None

    def try_acquire(self) -> bool:
        if self._session is not None:
            return True
        session = self._engine.connect()
        if not session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}).scalar_one():
            session.close()
            return False
        session.execute(text("SELECT set_config('application_name', :name, false)"), {"name": f"process {os.getpid()}"})
        self._session = session
        return True

    def release(self) -> None:
        if self._session is None:
            return
        session, self._session = self._session, None
        # Close the connection instead of returning it to the pool, where it would keep the lock.
        session.invalidate()
        session.close()

    def holder(self) -> str | None:
        with self._engine.connect() as connection:
            return connection.execute(text(_HOLDER_QUERY), {"key": _LOCK_KEY}).scalar()
