"""The readiness of a process: a thread runs its checks every second, and health pages show the last results.

A page therefore never waits for a log or a database that does not answer.
"""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

from database import DatabaseError
from staffel.processes.heartbeat import Heartbeat
from staffel.processes.log_lines import event_logger
from staffel.processes.metrics import Metrics
from streams import LogError

CHECK_INTERVAL_S = 1.0
STALE_AFTER_S = 15.0
"""Results older than this make the process unready."""
_SEE_LOG_LINES = "the log lines of this process say why"


class CheckStatus(NamedTuple):
    """The last result of a check."""

    name: str
    ok: bool
    found: str


class ReadinessCheck(NamedTuple):
    """`run` sets the metrics and returns the result; it may raise what log and database raise."""

    name: str
    run: Callable[[Metrics], "CheckResult"]


class CheckResult(NamedTuple):
    """`detail` stands on a page without sign-in: no address, user or host."""

    ok: bool
    detail: str


def _found(error: Exception) -> str:
    if isinstance(error, DatabaseError):
        return f"the database cannot be used; {_SEE_LOG_LINES}"
    if isinstance(error, LogError):
        return f"the log cannot be used; {_SEE_LOG_LINES}"
    return f"{type(error).__name__}; {_SEE_LOG_LINES}"


class ReadinessMonitor:
    """Runs the checks of a process and keeps their last results."""

    def __init__(self, heartbeat: Heartbeat, metrics: Metrics) -> None:
        self._heartbeat, self._metrics = heartbeat, metrics
        self._readiness_checks: Sequence[ReadinessCheck] = ()
        self._statuses: Sequence[CheckStatus] | None = None
        self._checked_at = monotonic()
        self._failures: dict[str, str] = {}

    def start(self, readiness_checks: Sequence[ReadinessCheck], stop: Event) -> None:
        """Run these checks in a thread until `stop` is set."""
        self._readiness_checks = readiness_checks
        Thread(target=self._run, args=(stop,), name="watch", daemon=True).start()

    def statuses(self) -> list[CheckStatus]:
        """The last results; a process is ready if all of them are ok."""
        return [self._loop_status(), *(self._statuses or [])]

    def _run(self, stop: Event) -> None:
        while not stop.wait(CHECK_INTERVAL_S if self._statuses else 0):
            self.run_checks()

    def run_checks(self) -> None:
        statuses = [self._run_check(check) for check in self._readiness_checks]
        for status in statuses:
            self._metrics.ready.labels(status.name).set(status.ok)
        self._statuses, self._checked_at = statuses, monotonic()

    def _run_check(self, readiness_check: ReadinessCheck) -> CheckStatus:
        try:
            return CheckStatus(readiness_check.name, *readiness_check.run(self._metrics))
        except Exception as error:  # the other checks must run all the same
            self._log_failure(readiness_check.name, error)
            return CheckStatus(readiness_check.name, False, _found(error))

    def _log_failure(self, check: str, error: Exception) -> None:
        """In a log line, once as long as it stays the same: the page shows no addresses, but somebody has to see it."""
        why = str(error) if isinstance(error, (LogError, DatabaseError)) else repr(error)
        if self._failures.get(check) != why:
            self._failures[check] = why
            event_logger().warning("check_failed", check=check, why=why)

    def _loop_status(self) -> CheckStatus:
        if self._heartbeat.stoppage is not None:
            return CheckStatus("working", False, str(self._heartbeat.stoppage))
        if self._heartbeat.problem is not None:
            return CheckStatus("working", False, f"waits; {_SEE_LOG_LINES}")
        if self._statuses is None:
            return CheckStatus("working", False, "starting")
        silence_s = monotonic() - self._checked_at
        if silence_s > STALE_AFTER_S:
            return CheckStatus("working", False, f"log or database has not answered for {silence_s:.0f} s")
        return CheckStatus("working", True, "running")
