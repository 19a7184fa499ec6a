"""Looks every second whether a process is ready, and how far behind it is. Never waits for what does not answer.

It runs in a thread of its own: whoever asks for the health of a process gets what was found last.
"""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

from database.errors import DatabaseError
from staffel.processes.heartbeat import Heartbeat
from staffel.processes.metrics import Metrics
from streams.log import LogError

CHECK_INTERVAL_S = 1.0
STALE_AFTER_S = 15.0
"""A look that takes longer is itself a finding."""


class CheckStatus(NamedTuple):
    """One question about a process, and what was found."""

    name: str
    ok: bool
    found: str


class ReadinessCheck(NamedTuple):
    """`look` measures into the metrics and answers what was found; raises what log and database raise."""

    name: str
    run: Callable[[Metrics], "CheckResult"]


class CheckResult(NamedTuple):
    ok: bool
    detail: str


class ReadinessMonitor:
    """The newest findings of a process."""

    def __init__(self, heartbeat: Heartbeat, metrics: Metrics) -> None:
        self._heartbeat, self._metrics = heartbeat, metrics
        self._readiness_checks: Sequence[ReadinessCheck] = ()
        self._statuses: Sequence[CheckStatus] | None = None
        self._checked_at = monotonic()

    def start(self, readiness_checks: Sequence[ReadinessCheck], stop: Event) -> None:
        """Look at these from now on, until `stop` is set."""
        self._readiness_checks = readiness_checks
        Thread(target=self._run, args=(stop,), name="watch", daemon=True).start()

    def statuses(self) -> list[CheckStatus]:
        """What was found last; all must hold for a process to be ready."""
        return [self._loop_status(), *(self._statuses or [])]

    def _run(self, stop: Event) -> None:
        while not stop.wait(CHECK_INTERVAL_S if self._statuses else 0):
            self.run_checks()

    def run_checks(self) -> None:
        statuses = [self._run_check(measure) for measure in self._readiness_checks]
        for check in statuses:
            self._metrics.ready.labels(check.name).set(check.ok)
        self._statuses, self._checked_at = statuses, monotonic()

    def _run_check(self, readiness_check: ReadinessCheck) -> CheckStatus:
        try:
            return CheckStatus(readiness_check.name, *readiness_check.run(self._metrics))
        except (LogError, DatabaseError) as trouble:
            return CheckStatus(readiness_check.name, False, str(trouble))
        except Exception as error:  # whatever it is, the other checks go on
            return CheckStatus(readiness_check.name, False, repr(error))

    def _loop_status(self) -> CheckStatus:
        if self._heartbeat.problem is not None:
            return CheckStatus("working", False, self._heartbeat.problem)
        if self._statuses is None:
            return CheckStatus("working", False, "starting")
        silence_s = monotonic() - self._checked_at
        if silence_s > STALE_AFTER_S:
            return CheckStatus("working", False, f"log or database have not answered for {silence_s:.0f} s")
        return CheckStatus("working", True, "at work")
