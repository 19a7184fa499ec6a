"""Which steps each process of the scale-out host makes, what it waits for, and what is looked at. Never makes one."""

from time import monotonic

from database.leases import new_holder_id
from database.notifications import MOVES, OUTBOX, Notifications
from projections.partition_leases import LeasedPartitions
from projections.projector import Projector
from projections.reactors.mover import Mover
from projections.reactors.relay import Relay
from projections.reactors.timers import Timers
from schemas.topics import SCORES
from staffel.application import Application, replay_of
from staffel.embedded import Embedded
from staffel.processes.checks import database_check, log_check, outbox_check, projection_lag_check, scoring_lag_check
from staffel.processes.process import Process
from staffel.processes.readiness import ReadinessCheck
from staffel.processes.role import Role
from streams.host import Step

TIMERS_INTERVAL_S = 0.5


class ThrottledStep:
    """A step that looks at clocks alone, and need not in every round."""

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
    """Score updates into the read models, of a fair share of the partitions."""
    engine, log = application.engine, application.log
    partition_leases = LeasedPartitions(engine, log, new_holder_id(), application.clock)
    projector = Projector(engine, log, replay=replay_of(log), assignment=partition_leases)
    checks = [*_connection_checks(application), projection_lag_check(engine, log, process.settings.ready_lag)]

    def wait(timeout: float) -> None:
        if projector.positions:
            log.wait(projector.positions, timeout, SCORES)
        else:  # others have all partitions
            process.stop.wait(timeout)

    return Role([projector], wait, checks, partition_leases.close)


def relay_role(application: Application, process: Process) -> Role:
    """What the outbox holds onto the log, parked facts to their accounts, the passing of time."""
    engine, log, clock, holder = application.engine, application.log, application.clock, new_holder_id()
    mover, relay = Mover(engine, log, clock, holder), Relay(engine, log, clock, holder)
    timers = Timers(engine, log, clock, holder=holder)
    notifications = Notifications(engine, [OUTBOX, MOVES])
    checks = [*_connection_checks(application), outbox_check(engine, clock, process.settings.ready_lag)]

    def close() -> None:
        for closeable in (mover, relay, timers, notifications):
            closeable.close()

    return Role([mover, relay, ThrottledStep(timers, TIMERS_INTERVAL_S)], notifications.wait, checks, close)


def web_role(application: Application, process: Process) -> Role:
    """Nothing yet but its own health."""
    return Role([], process.stop.wait, _connection_checks(application), _nothing_to_close)


def host_checks(application: Embedded) -> list[ReadinessCheck]:
    """Of the one process that does all of it."""
    from staffel.processes.alerts import alerts_check

    engine, log, max_lag = application.engine, application.log, application.settings.ready_lag
    lag_checks = [scoring_lag_check(log, max_lag), projection_lag_check(engine, log, max_lag)]
    alert_checks = [] if application.settings.alerts is None else [alerts_check(engine, log, max_lag)]
    return [
        *_connection_checks(application),
        *lag_checks,
        outbox_check(engine, application.clock, max_lag),
        *alert_checks,
    ]


def _connection_checks(application: Application) -> list[ReadinessCheck]:
    return [log_check(application.log), database_check(application.engine, application.log)]


def _nothing_to_close() -> None:
    """There is nothing to give back."""
