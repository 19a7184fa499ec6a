"""One host per database: whoever holds the lock moves records, everybody else waits. Never waits itself.

`FileHostLock` is for SQLite; the lock for PostgreSQL stands in `streams.sql_host_lock`.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol


class HostLock(Protocol):
    """Freed by the operating system or the server where its holder dies, even by kill -9."""

    def try_acquire(self) -> bool:
        """Take the lock; False where somebody else holds it."""

    def release(self) -> None:
        """Free the lock, where this one holds it."""

    def holder(self) -> str | None:
        """Who holds it, for messages (`process 4711`); None where nobody does."""


class FileHostLock:
    """An advisory lock on a file, which holds the holder's process id and is never deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def try_acquire(self) -> bool:
        if self._held is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)  # not passed on to programs we start
        if not _lock(descriptor):
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._held = descriptor
        return True

    def release(self) -> None:
        if self._held is None:
            return
        os.ftruncate(self._held, 0)
        os.close(self._held)
        self._held = None

    def holder(self) -> str | None:
        # The lock itself is not tried: whoever took it at this moment would find it held, and by nobody.
        pid = self._path.read_text().strip() if self._path.exists() else ""
        return f"process {pid}" if pid and _is_alive(int(pid)) else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
