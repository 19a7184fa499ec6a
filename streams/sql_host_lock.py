"""The host lock of a database: a file beside SQLite's, an advisory lock on PostgreSQL. Never touches a table."""

import os
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from streams.host_lock import FileHostLock, HostLock

_KEY = 7_305_802_061_775_212  # any number that is ours alone; within one database
_HELD_BY = """
SELECT coalesce(nullif(activity.application_name, ''), 'session ' || locks.pid::text)
FROM pg_locks AS locks JOIN pg_stat_activity AS activity USING (pid)
JOIN pg_database AS here ON here.oid = locks.database AND here.datname = current_database()
WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objsubid = 1
AND (locks.classid::bigint << 32) + locks.objid::bigint = :key"""


def host_lock_of(engine: Engine) -> HostLock:
    """The lock of this database, not taken yet."""
    if engine.dialect.name == "postgresql":
        return AdvisoryHostLock(engine)
    return FileHostLock(Path(f"{engine.url.database}.host"))


class AdvisoryHostLock:
    """A lock of a session that PostgreSQL frees where the connection ends. Keeps that one connection while it holds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._session: Connection | None = None

    def try_acquire(self) -> bool:
        if self._session is not None:
            return True
        session = self._engine.connect()
        if not session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}).scalar_one():
            session.close()
            return False
        session.execute(text("SELECT set_config('application_name', :name, false)"), {"name": f"process {os.getpid()}"})
        self._session = session
        return True

    def release(self) -> None:
        if self._session is None:
            return
        session, self._session = self._session, None
        # The connection is ended, not given back: whatever the pool does with it later, the lock is gone.
        session.invalidate()
        session.close()

    def holder(self) -> str | None:
        with self._engine.connect() as connection:
            return connection.execute(text(_HELD_BY), {"key": _KEY}).scalar()
