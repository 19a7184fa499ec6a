"""The roles of the processes: steps and readiness checks from the topology, and what each process waits for."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import NamedTuple, Protocol, runtime_checkable

from alerts import Alerts
from database import MOVES, OUTBOX, Notifications
from projections import Projector, Timers
from schemas import SCORES
from staffel.application import Application
from staffel.processes.alerts import alerts_check
from staffel.processes.checks import (
    database_check,
    log_check,
    outbox_check,
    projection_lag_check,
    scoring_lag_check,
)
from staffel.processes.process import Process, Wait
from staffel.processes.readiness import ReadinessCheck
from staffel.topology import ALERTS, PROJECT, RELAY, build_steps, steps_in
from streams import Step

TIMERS_INTERVAL_S = 0.5


class Role(NamedTuple):
    """What a process does between its start and SIGTERM; `close` releases its leases, so that others take over."""

    steps: Sequence[Step]
    wait: Wait
    checks: Sequence[ReadinessCheck]
    close: Callable[[], object]


class ThrottledStep:
    """A step that depends on the clock alone and need not run in every round."""

    def __init__(self, step: Step, interval_s: float) -> None:
        self.name = step.name
        self._step, self._interval_s, self._next_run_at = step, interval_s, 0.0

    def advance(self) -> int:
        if monotonic() < self._next_run_at:
            return 0
        moved = self._step.advance()
        self._next_run_at = 0.0 if moved else monotonic() + self._interval_s
        return moved


def projector_role(application: Application, process: Process) -> Role:
    """Projects the score updates of a fair share of the partitions into the read models."""
    steps = build_steps(PROJECT, application)
    [projector] = (step for step in steps if isinstance(step, Projector))

    def wait(timeout: float) -> None:
        if projector.positions:
            application.log.wait(projector.positions, timeout, SCORES)
        else:  # others have all partitions
            process.stop.wait(timeout)

    return Role(steps, wait, readiness_checks(PROJECT, application), lambda: close_all(steps))


def relay_role(application: Application, process: Process) -> Role:
    """Publishes the outbox, moves parked facts to their accounts and runs the timers."""
    steps, notifications = build_steps(RELAY, application), Notifications(application.engine, [OUTBOX, MOVES])
    throttled = [ThrottledStep(each, TIMERS_INTERVAL_S) if isinstance(each, Timers) else each for each in steps]
    return Role(
        throttled,
        notifications.wait,
        readiness_checks(RELAY, application),
        lambda: close_all([*steps, notifications]),
    )


def alerts_role(application: Application, process: Process) -> Role:
    """Sends alerts about handoffs; a second process waits for the lease of the first."""
    steps = build_steps(ALERTS, application)
    [alerts] = (step for step in steps if isinstance(step, Alerts))
    checks = [log_check(application.log), *lag_checks(ALERTS, application)]
    return Role(steps, alerts.wait, checks, lambda: close_all(steps))


def web_role(application: Application, process: Process) -> Role:
    """Health and metrics only."""
    return Role([], process.stop.wait, connection_checks(application), lambda: None)


@runtime_checkable
class _Closeable(Protocol):
    def close(self) -> None: ...


def close_all(parts: Sequence[object]) -> None:
    for part in parts:
        if isinstance(part, _Closeable):
            part.close()


LAG_CHECKS: dict[str, Callable[[Application], ReadinessCheck]] = {
    "score": lambda a: scoring_lag_check(a.log, a.settings.ready_lag),
    "project": lambda a: projection_lag_check(a.engine, a.log, a.settings.ready_lag),
    "publish": lambda a: outbox_check(a.engine, a.clock, a.settings.ready_lag),
    "alert": lambda a: alerts_check(a.engine, a.log, a.settings.ready_lag),
}
"""Step of the topology -> its check; that of `publish` counts the open moves, too."""


def readiness_checks(process: str, application: Application) -> list[ReadinessCheck]:
    """The log, the database, and how far each step of the process is behind."""
    return [*connection_checks(application), *lag_checks(process, application)]


def connection_checks(application: Application) -> list[ReadinessCheck]:
    return [log_check(application.log), database_check(application.engine, application.log)]


def lag_checks(process: str, application: Application) -> list[ReadinessCheck]:
    """The lag of each step of the process; of alerts only if STAFFEL_ALERTS is set."""
    measured = [step.name for step in steps_in(process) if step.name in LAG_CHECKS]
    return [LAG_CHECKS[name](application) for name in measured if name != "alert" or application.settings.alerts]
