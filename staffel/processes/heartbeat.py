"""What a process tells of itself while it works: steps, heartbeat, what keeps it from working. Never does the work."""

from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from streams.host import Step

if TYPE_CHECKING:
    from staffel.processes.metrics import Metrics


class Pulse:
    """The loop tells, pages and metrics ask; from any thread. `log` takes structured lines."""

    def __init__(self, log: Any, metrics: "Metrics") -> None:
        self._log, self._metrics = log, metrics
        self._beaten = monotonic()
        self._trouble: str | None = None
        self._said = -inf
        metrics.step_age.set_function(lambda: self.age)

    @property
    def age(self) -> float:
        """Seconds since the loop last gave a sign of life."""
        return monotonic() - self._beaten

    @property
    def trouble(self) -> str | None:
        """What keeps the process from working, if anything."""
        return self._trouble

    def beat(self) -> None:
        """The loop is alive, with or without work."""
        self._beaten = monotonic()

    def beaten_at(self, moment: float) -> None:
        """The loop is another one's, which tells when it last beat (`time.monotonic()`)."""
        self._beaten = max(self._beaten, moment)

    def worked(self, step: str, records: int, seconds: float) -> None:
        """A step was made; where it moved nothing it is a sign of life alone."""
        self.beat()
        if records:
            self._metrics.records.labels(step).inc(records)
            self._metrics.unit_seconds.labels(step).observe(seconds)

    def ails(self, trouble: str, again: float = inf) -> None:
        """Work cannot go on; said when something else is wrong than before, and every `again` seconds."""
        self.beat()
        if trouble != self._trouble:
            self._metrics.troubles.inc()
        elif monotonic() < self._said + again:
            return
        self._log.warning("waiting", why=trouble)
        self._trouble, self._said = trouble, monotonic()

    def goes_on(self) -> None:
        self.beat()
        if self._trouble is not None:
            self._log.info("goes_on")
        self._trouble = None


class Watched:
    """A step whose work the pulse is told of."""

    def __init__(self, step: Step, pulse: Pulse) -> None:
        self.name = step.name
        self._step, self._pulse = step, pulse

    def advance(self) -> int:
        begun = monotonic()
        moved = self._step.advance()
        self._pulse.worked(self.name, moved, monotonic() - begun)
        return moved


def watched(steps: Sequence[Step], pulse: Pulse) -> list[Step]:
    return [Watched(step, pulse) for step in steps]
