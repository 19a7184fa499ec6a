"""The heartbeat of a process: when its loop last ran, how much its steps moved, and what blocks it."""

from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import Any

from staffel.processes.metrics import Metrics
from streams import Step, Stoppage, note_stoppage


class Heartbeat:
    """The loop reports, health pages and metrics ask; safe from any thread. `log` takes structured lines."""

    def __init__(self, log: Any, metrics: Metrics) -> None:
        self._log, self._metrics = log, metrics
        self._last_beat = monotonic()
        self._problem: str | None = None
        self._stoppage: Stoppage | None = None
        self._last_logged = -inf
        metrics.step_age.set_function(lambda: self.age)

    @property
    def age(self) -> float:
        """Seconds since the last heartbeat of the loop."""
        return monotonic() - self._last_beat

    @property
    def problem(self) -> str | None:
        """What blocks the process, if anything."""
        return self._problem

    def beat(self) -> None:
        """The loop is alive, with or without work."""
        self._last_beat = monotonic()

    def seen_at(self, moment: float) -> None:
        """The loop belongs to a library, which says when it last ran (`time.monotonic()`)."""
        self._last_beat = max(self._last_beat, moment)

    def step_done(self, step: str, records: int, seconds: float) -> None:
        """A step returned; one that moved no records counts only as a heartbeat."""
        self.beat()
        if records:
            self._metrics.records.labels(step).inc(records)
            self._metrics.unit_seconds.labels(step).observe(seconds)

    @property
    def stoppage(self) -> Stoppage | None:
        """Where a step cannot go on, shortly before the process ends."""
        return self._stoppage

    def stopped(self, stoppage: Stoppage) -> None:
        """A step failed for a reason that waiting does not mend."""
        self.beat()
        self._stoppage = stoppage
        self._metrics.stopped.labels(*stoppage).set(1)
        self._log.error("cannot_go_on", **stoppage._asdict())

    def blocked(self, problem: str, repeat_after: float = inf) -> None:
        """Work cannot go on. Logged when the problem changes, and again every `repeat_after` seconds."""
        self.beat()
        if problem != self._problem:
            self._metrics.interruptions.inc()
        elif monotonic() < self._last_logged + repeat_after:
            return
        self._log.warning("waiting", why=problem)
        self._problem, self._last_logged = problem, monotonic()

    def recovered(self) -> None:
        self.beat()
        if self._problem is not None:
            self._log.info("goes_on")
        self._problem = None


class InstrumentedStep:
    """A step that reports its work to the heartbeat."""

    def __init__(self, step: Step, heartbeat: Heartbeat) -> None:
        self.name = step.name
        self._step, self._heartbeat = step, heartbeat

    def advance(self) -> int:
        started_at = monotonic()
        try:
            moved = self._step.advance()
        except Exception as error:
            note_stoppage(error, self._step)
            raise
        self._heartbeat.step_done(self.name, moved, monotonic() - started_at)
        return moved


def instrumented(steps: Sequence[Step], heartbeat: Heartbeat) -> list[Step]:
    return [InstrumentedStep(step, heartbeat) for step in steps]
