"""The embedded host: one process that runs all steps in rounds, while it holds the lock of the database."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from time import monotonic
from typing import NamedTuple, Protocol, runtime_checkable

from database import HostLock, data_error_code
from schemas import ENGAGEMENT
from streams.log import Log

_IDLE_WAIT_S = 0.25
_LOCK_POLL_S = 0.02


class Step(Protocol):
    """One kind of work: scoring a partition, projecting, relaying."""

    name: str

    def advance(self) -> int:
        """Process one bounded batch; returns the number of records moved, 0 if there was nothing to do."""


class Stoppage(NamedTuple):
    """Where a step cannot go on. `place`: partitions as `topic/partition/offset`, empty if the step has none; `code`:
    the kind of the error. Nothing of the records, so that it can be shown to anybody."""

    step: str
    place: str
    code: str

    def __str__(self) -> str:
        return f"{self.step} cannot go on{f' at {self.place}' if self.place else ''} ({self.code})"


def note_stoppage(error: BaseException, step: Step) -> None:
    """Let the error say which step raised it and where; the innermost step counts."""
    place = step.place() if isinstance(step, _HasPlace) else ""
    code = data_error_code(error) or type(error).__name__
    error.__dict__.setdefault(_STOPPAGE, Stoppage(step.name, place, code))


def stoppage_of(error: BaseException) -> Stoppage | None:
    """What `note_stoppage` noted."""
    found = error.__dict__.get(_STOPPAGE)
    return found if isinstance(found, Stoppage) else None


_STOPPAGE = "stoppage"


@runtime_checkable
class _HasPlace(Protocol):
    def place(self) -> str: ...


class HostLockHeld(Exception):
    """Another process hosts this database."""


class Host:
    """Runs steps while it holds the lock. An exception in one of them stops all and is raised."""

    def __init__(self, steps: Sequence[Step], log: Log, lock: HostLock) -> None:
        self._steps = steps
        self._log = log
        self._lock = lock

    def try_drain(self) -> bool:
        """Take the lock, run until a round moves nothing, and release it; False if another process holds the lock."""
        if not self._lock.try_acquire():
            return False
        try:
            self.drain()
        finally:
            self._lock.release()
        return True

    def drain(self) -> int:
        """Run rounds until one moves nothing; returns the number of records moved. The caller holds the lock."""
        moved = 0
        while count := self._run_round():
            moved += count
        return moved

    def run(self, stop: Event, lock_timeout: float = 5.0) -> None:
        """Run rounds until `stop` is set, at least one every quarter of a second, which timers need.

        Raises `HostLockHeld` if another process still holds the lock after `lock_timeout` seconds: a command holds it
        for moments only, another host keeps it.
        """
        if not self._acquire(stop, monotonic() + lock_timeout):
            raise HostLockHeld(f"Already running ({self._lock.holder() or 'another process'}). Stop it first.")
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
        """Wait until all steps have processed `engagement` up to the offsets `until` (partition -> offset).

        The process that holds the lock does the work: this one if the lock is free, which then also finishes what a
        killed process had begun; else another one, and `reached` returns its positions. `wait` blocks for a number of
        seconds or until there may be progress. False if `timeout` (seconds) passes before.
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
        note_stoppage(error, step)
        error.add_note(f"in the step {step.name!r} of the embedded host")
        raise


def has_reached(positions: Mapping[int, int], until: Mapping[int, int]) -> bool:
    return all(positions.get(partition, 0) >= offset for partition, offset in until.items())
