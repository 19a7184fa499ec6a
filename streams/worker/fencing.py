"""What ends a worker that is no longer what it was: one that stood still, or that moves nothing. Never waits for it.

A process that stood still for most of its session may have lost its partitions unknowingly; it must not write again.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NoReturn

from streams.worker.options import WorkerCounters

STANDING = 0.7
"""Of the session: how long the loop may stand still."""
BEAT_S = 0.25

End = Callable[[str, BaseException | None], NoReturn]


class Fence:
    """The loop beats; a thread, every write and the signal that wakes a stopped process look when it last did."""

    def __init__(self, session_s: float, counters: WorkerCounters, end: End) -> None:
        self._limit, self._counters, self._end = session_s * STANDING, counters, end
        self._closed = threading.Event()
        self.beat()

    def beat(self) -> None:
        self._counters.beaten = monotonic()

    def check(self) -> None:
        stood = monotonic() - self._counters.beaten
        if stood > self._limit:
            self._end(f"self-fence: the event loop stood still for {stood:.1f} s, of a session others may go on", None)

    def watch(self) -> None:
        """Look from now on, from a thread of its own, and before anything else when the process is woken."""
        self.beat()
        threading.Thread(target=self._look, name="fence", daemon=True).start()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCONT, lambda *_: self.check())

    def close(self) -> None:
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.wait(BEAT_S):
            self.check()


class Watchdog:
    """Lag is no illness, standing still is: a position that stays while its end grows, a silent recovery."""

    def __init__(self, stall_s: float, recovery_stall_s: float, counters: WorkerCounters, end: End) -> None:
        self._stall, self._recovery_stall = stall_s, recovery_stall_s
        self._counters, self._end = counters, end
        self._behind: dict[tuple[int, int], float] = {}
        """(partition, position) -> since when it has been behind."""
        self._idle: float | None = None
        """Since when nothing was assigned, though the broker answers."""

    def look(self, ends: Mapping[int, int] | None, now: float) -> None:
        """`ends` of the source's partitions, None where the broker does not tell: then nothing can be said."""
        self._look_at_recovery(ends is not None, now)
        positions = self._counters.positions if ends is not None else {}
        behind = {place for place in positions.items() if (ends or {}).get(place[0], 0) > place[1]}
        self._behind = {place: self._behind.get(place, now) for place in behind}
        for (partition, position), since in self._behind.items():
            if now - since > self._stall:
                self._end(f"stall: partition {partition} stands at {position}, and the source goes on", None)

    def _look_at_recovery(self, answered: bool, now: float) -> None:
        recovering, limit = self._counters.recovering, self._recovery_stall
        if recovering is not None and now - recovering.moved_at > limit:
            self._end(f"stall: a recovery read nothing for {limit:g} s", None)
        idle = answered and recovering is None and not self._counters.working
        self._idle = (self._idle or now) if idle else None
        if self._idle is not None and now - self._idle > limit:
            self._end(f"stall: no partitions were assigned for {limit:g} s", None)


FATAL = 70


def leave(log: Any, why: str, error: BaseException | None = None) -> NoReturn:
    """Say why and end the process at once; a supervisor starts it again, and the log tells it where it stands."""
    try:
        log.critical("left", why=why, error=repr(error) if error else None, exit=FATAL)
    finally:
        os._exit(FATAL)
