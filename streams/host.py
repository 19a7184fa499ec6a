"""The embedded host: runs the steps of one process round and round until nothing moves. Never knows what they do."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Protocol

from database.host_lock import HostLock
from schemas.topics import ENGAGEMENT
from streams.log import Log

_IDLE_WAIT_S = 0.25
_LOCK_POLL_S = 0.02


class Step(Protocol):
    """One kind of work: scoring a partition, projecting, relaying."""

    name: str

    def advance(self) -> int:
        """Do one bounded batch; how many records it moved, 0 where there was nothing to do."""


class HostLockHeld(Exception):
    """Another process hosts this database."""


class Host:
    """Steps that run while the lock is held. An exception in one of them stops all of them and is raised."""

    def __init__(self, steps: Sequence[Step], log: Log, lock: HostLock) -> None:
        self._steps = steps
        self._log = log
        self._lock = lock

    def try_drain(self) -> bool:
        """Take the lock, run until a whole round moves nothing, free the lock; False where another process holds it."""
        if not self._lock.try_acquire():
            return False
        try:
            self.drain()
        finally:
            self._lock.release()
        return True

    def drain(self) -> int:
        """Run the steps until a whole round moves nothing; how many records were moved. The lock is the caller's."""
        moved = 0
        while count := self._run_round():
            moved += count
        return moved

    def run(self, stop: Event, lock_timeout: float = 5.0) -> None:
        """Host until `stop` is set; at most a quarter of a second passes between two rounds, so that timers get theirs.

        Raises `HeldElsewhere` where another process still hosts after `patience` seconds: a command holds the lock
        for moments only, another host keeps it.
        """
        if not self._acquire(stop, monotonic() + lock_timeout):
            raise HostLockHeld(f"{self._lock.holder() or 'another process'} hosts this database already; end it first")
        try:
            self._serve(stop)
        finally:
            self._lock.release()

    def catch_up(
        self,
        until: Mapping[int, int],
        reached: Callable[[], Mapping[int, int]],
        timeout: float,
        wait: Callable[[float], object],
    ) -> bool:
        """Wait until the engagement before the offsets `until` (partition -> offset) went through all steps.

        Whoever holds the lock does the work: another process, whose progress `passed` tells, or, where the lock is
        free, this one, which then also finishes what a process that was killed had begun. `wait` blocks for so many
        seconds, or until it is worth while to look again. False where the time (seconds) is up before.
        """
        deadline = monotonic() + timeout
        while True:
            if self.try_drain() or has_reached(reached(), until):
                return True
            remaining = deadline - monotonic()
            if remaining <= 0:
                return False
            wait(min(remaining, _IDLE_WAIT_S))

    def _acquire(self, stop: Event, deadline: float) -> bool:
        while not self._lock.try_acquire():
            if monotonic() >= deadline or stop.wait(_LOCK_POLL_S):
                return False
        return True

    def _serve(self, stop: Event) -> None:
        while not stop.is_set():
            ends = self._ends()
            if self._run_round(stop) == 0 and not stop.is_set():
                self._log.wait(ends, _IDLE_WAIT_S)

    def _run_round(self, stop: Event | None = None) -> int:
        moved = 0
        for step in self._steps:
            if stop is not None and stop.is_set():
                break
            moved += _advance(step)
        return moved

    def _ends(self) -> dict[int, int]:
        return {each: self._log.end(ENGAGEMENT, each) for each in range(self._log.partitions(ENGAGEMENT))}


def _advance(step: Step) -> int:
    try:
        return step.advance()
    except Exception as error:
        error.add_note(f"in the step {step.name!r} of the embedded host")
        raise


def has_reached(positions: Mapping[int, int], until: Mapping[int, int]) -> bool:
    return all(positions.get(partition, 0) >= offset for partition, offset in until.items())
