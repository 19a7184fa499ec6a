"""A signal that the log in a database has grown, in this process or another one."""

from threading import Condition, Lock

from sqlalchemy import Engine

from database import APPENDED, Notifications

_POLL_INTERVAL_S = 0.02
"""On SQLite, which does not notify of appends by other processes."""


class AppendSignal:
    """Counts appends. Thread-safe: on PostgreSQL, one of the waiting threads listens for all of them."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        self._notifications = Notifications(engine, [APPENDED])
        self._listen_lock = Lock()
        self._condition = Condition()

    def notify(self) -> None:
        """Wake all threads of this process."""
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def wait(self, known_count: int, timeout: float) -> None:
        """Block until an append after `known_count`, or until it is time to check the log; at most `timeout` seconds.

        Raises `DatabaseUnavailable` if the server cannot be reached.
        """
        if not self._notifications.supports_listen:
            self._wait_in_process(known_count, min(timeout, _POLL_INTERVAL_S))
        elif self._listen_lock.acquire(blocking=False):
            self._listen(timeout)
        else:
            self._wait_in_process(known_count, timeout)

    def close(self) -> None:
        self._notifications.close()

    def _listen(self, timeout: float) -> None:
        try:
            self._notifications.wait(timeout)
        finally:
            self._listen_lock.release()
            self.notify()  # so that another thread listens next

    def _wait_in_process(self, known_count: int, timeout: float) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self.count != known_count, timeout)
