"""Waiting until the log in a database grows, by whatever process. Never asks the log itself."""

from threading import Condition, Lock

from sqlalchemy import Engine

from database.notifications import APPENDED, Notices

_LOOK_AGAIN_S = 0.02
"""On SQLite, where nobody tells what other processes append."""


class Growth:
    """What grew so far is a number. Threads may share one: on PostgreSQL one of those who wait hears for all."""

    def __init__(self, engine: Engine) -> None:
        self.seen = 0
        self._notices = Notices(engine, [APPENDED])
        self._listening = Lock()
        self._grown = Condition()

    def tell(self) -> None:
        """Wake all threads of this process."""
        with self._grown:
            self.seen += 1
            self._grown.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Block until something grew after `seen`, or it is time to look again; `timeout` seconds at most.

        Raises `DatabaseAway` where the server is out of reach.
        """
        if not self._notices.are_told:
            self._await_own(seen, min(timeout, _LOOK_AGAIN_S))
        elif self._listening.acquire(blocking=False):
            self._listen(timeout)
        else:
            self._await_own(seen, timeout)

    def close(self) -> None:
        self._notices.close()

    def _listen(self, timeout: float) -> None:
        try:
            self._notices.wait(timeout)
        finally:
            self._listening.release()
            self.tell()  # or nobody would take this thread's turn

    def _await_own(self, seen: int, timeout: float) -> None:
        with self._grown:
            self._grown.wait_for(lambda: self.seen != seen, timeout)
