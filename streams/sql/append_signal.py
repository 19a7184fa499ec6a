"""Waiting until the log in a database grows, by whatever process. Never asks the log itself."""

from threading import Condition, Lock

from sqlalchemy import Engine

from database.notifications import APPENDED, Notifications

_POLL_INTERVAL_S = 0.02
"""On SQLite, where nobody tells what other processes append."""


class AppendSignal:
    """What grew so far is a number. Threads may share one: on PostgreSQL one of those who wait hears for all."""

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
        """Block until something grew after `seen`, or it is time to look again; `timeout` seconds at most.

        Raises `DatabaseAway` where the server is out of reach.
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
            self.notify()  # or nobody would take this thread's turn

    def _wait_in_process(self, known_count: int, timeout: float) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self.count != known_count, timeout)
