"""Ending a worker that was blocked for too long, or that makes no progress.

A process that was blocked for most of its session may have lost its partitions without knowing; it must not write
again. An ordinary exit, even by an exception, lets Faust acknowledge and commit, and so skip, what was being processed.
So the process ends at once, without unwinding.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NoReturn

from streams.worker.options import WorkerCounters

MAX_BLOCKED_SHARE = 0.7
"""The share of the session for which the event loop may be blocked."""
HEARTBEAT_INTERVAL_S = 0.25

AbortProcess = Callable[[str, BaseException | None], NoReturn]


class Fence:
    """The event loop records heartbeats; a thread, every write and SIGCONT check when the last one was."""

    def __init__(self, session_s: float, counters: WorkerCounters, abort: AbortProcess) -> None:
        self._max_blocked_s, self._counters, self._abort = session_s * MAX_BLOCKED_SHARE, counters, abort
        self._closed = threading.Event()
        self.beat()

    def beat(self) -> None:
        self._counters.heartbeat_at = monotonic()

    def check(self) -> None:
        blocked_s = monotonic() - self._counters.heartbeat_at
        if blocked_s > self._max_blocked_s:
            self._abort(
                f"self-fence: the event loop was blocked for {blocked_s:.1f} s; others may own the partitions",
                None,
            )

    def start(self) -> None:
        """Check from a thread from now on, and first of all when a stopped process continues."""
        self.beat()
        threading.Thread(target=self._watch, name="fence", daemon=True).start()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCONT, lambda *_: self.check())

    def close(self) -> None:
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(HEARTBEAT_INTERVAL_S):
            self.check()


class Watchdog:
    """Ends a worker without progress: a position stays the same while it is behind, or a recovery reads nothing."""

    def __init__(self, stall_s: float, recovery_stall_s: float, counters: WorkerCounters, abort: AbortProcess) -> None:
        self._stall_s, self._recovery_stall_s = stall_s, recovery_stall_s
        self._counters, self._abort = counters, abort
        self._behind_since: dict[tuple[int, int], float] = {}
        """(partition, position) -> since when that position has been behind."""
        self._unassigned_since: float | None = None
        """Since when no partitions are assigned although the broker answers."""

    def check(self, ends: Mapping[int, int] | None, now: float) -> None:
        """`ends`: of the source's partitions; None if the broker does not answer, then only recovery is checked."""
        self._check_recovery(ends is not None, now)
        positions = self._counters.positions if ends is not None else {}
        behind = {place for place in positions.items() if (ends or {}).get(place[0], 0) > place[1]}
        self._behind_since = {place: self._behind_since.get(place, now) for place in behind}
        for (partition, position), since in self._behind_since.items():
            if now - since > self._stall_s:
                self._abort(f"stall: partition {partition} stays at {position} while the source grows", None)

    def _check_recovery(self, is_broker_up: bool, now: float) -> None:
        recovering, limit = self._counters.recovery, self._recovery_stall_s
        if recovering is not None and now - recovering.last_read_at > limit:
            self._abort(f"stall: a recovery read nothing for {limit:g} s", None)
        is_unassigned = is_broker_up and recovering is None and not self._counters.is_assigned
        self._unassigned_since = (self._unassigned_since or now) if is_unassigned else None
        if self._unassigned_since is not None and now - self._unassigned_since > limit:
            self._abort(f"stall: no partitions were assigned for {limit:g} s", None)


FATAL_EXIT_CODE = 70


def abort_process(log: Any, why: str, error: BaseException | None = None) -> NoReturn:
    """Log the reason and end the process at once. A supervisor restarts it, and it recovers from the log."""
    try:
        log.critical("left", why=why, error=repr(error) if error else None, exit=FATAL_EXIT_CODE)
    finally:
        os._exit(FATAL_EXIT_CODE)
