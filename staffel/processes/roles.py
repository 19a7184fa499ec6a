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
from staffel.application import Staffel, replay_of
from staffel.embedded import Embedded
from staffel.processes.checks import database_measure, log_measure, outbox_measure, projected_measure, scored_measure
from staffel.processes.process import Process
from staffel.processes.readiness import Measure
from staffel.processes.role import Role
from streams.host import Step

TIMERS_EVERY_S = 0.5


class Seldom:
    """A step that looks at clocks alone, and need not in every round."""

    def __init__(self, step: Step, every: float) -> None:
        self.name = step.name
        self._step, self._every, self._next = step, every, 0.0

    def advance(self) -> int:
        if monotonic() < self._next:
            return 0
        moved = self._step.advance()
        self._next = 0.0 if moved else monotonic() + self._every
        return moved


def projecting(staffel: Staffel, process: Process) -> Role:
    """Score updates into the read models, of a fair share of the partitions."""
    engine, log = staffel.engine, staffel.log
    shares = LeasedPartitions(engine, log, new_holder_id(), staffel.clock)
    projector = Projector(engine, log, replay=replay_of(log), assignment=shares)
    measures = [*_reached(staffel), projected_measure(engine, log, process.settings.ready_lag)]

    def wait(timeout: float) -> None:
        if projector.positions:
            log.wait(projector.positions, timeout, SCORES)
        else:  # others have all partitions
            process.stop.wait(timeout)

    return Role([projector], wait, measures, shares.close)


def relaying(staffel: Staffel, process: Process) -> Role:
    """What the outbox holds onto the log, parked facts to their accounts, the passing of time."""
    engine, log, clock, us = staffel.engine, staffel.log, staffel.clock, new_holder_id()
    mover, relay = Mover(engine, log, clock, us), Relay(engine, log, clock, us)
    timers = Timers(engine, log, clock, holder=us)
    notices = Notifications(engine, [OUTBOX, MOVES])
    measures = [*_reached(staffel), outbox_measure(engine, clock, process.settings.ready_lag)]

    def close() -> None:
        for part in (mover, relay, timers, notices):
            part.close()

    return Role([mover, relay, Seldom(timers, TIMERS_EVERY_S)], notices.wait, measures, close)


def showing(staffel: Staffel, process: Process) -> Role:
    """Nothing yet but its own health."""
    return Role([], process.stop.wait, _reached(staffel), _nothing)


def hosting_measures(staffel: Embedded) -> list[Measure]:
    """Of the one process that does all of it."""
    from staffel.processes.alerts import alerts_measure

    engine, log, most = staffel.engine, staffel.log, staffel.settings.ready_lag
    lags = [scored_measure(log, most), projected_measure(engine, log, most)]
    told = [] if staffel.settings.alerts is None else [alerts_measure(engine, log, most)]
    return [*_reached(staffel), *lags, outbox_measure(engine, staffel.clock, most), *told]


def _reached(staffel: Staffel) -> list[Measure]:
    return [log_measure(staffel.log), database_measure(staffel.engine, staffel.log)]


def _nothing() -> None:
    """There is nothing to give back."""
