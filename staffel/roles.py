"""Which steps each process of the scale-out host makes, what it waits for, and what is looked at. Never makes one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from projections.leases import holder_here
from projections.mover import Mover
from projections.projector import Projector
from projections.relay import Relay
from projections.sharing import Shares
from projections.timers import Timers
from schemas.topics import SCORES
from staffel.measures import database_measure, ends, log_measure, outbox_measure, projected_measure, scored_measure
from staffel.process import Idle, Process
from staffel.watching import Measure
from staffel.wiring import Embedded, Staffel, replay_of
from streams.embedded import Step
from streams.notices import MOVES, OUTBOX, Notices

holder = holder_here


class Role(NamedTuple):
    """`close` gives back what others wait for."""

    steps: Sequence[Step]
    idle: Idle
    measures: Sequence[Measure]
    close: Callable[[], object]


def projecting(staffel: Staffel, process: Process) -> Role:
    """Score updates into the read models, of a fair share of the partitions."""
    engine, log = staffel.engine, staffel.log
    shares = Shares(engine, log, holder_here(), staffel.clock)
    projector = Projector(engine, log, replay=replay_of(log), share=shares)
    idle = Idle(lambda: ends(log, SCORES), lambda seen, timeout: log.wait(seen, timeout, SCORES))
    measures = [*_reached(staffel), projected_measure(engine, log, process.settings.ready_lag)]
    return Role([projector], idle, measures, shares.close)


def relaying(staffel: Staffel, process: Process) -> Role:
    """What the outbox holds onto the log, parked facts to their accounts, the passing of time."""
    engine, log, clock, us = staffel.engine, staffel.log, staffel.clock, holder_here()
    mover, relay = Mover(engine, log, clock, us), Relay(engine, log, clock, us)
    timers = Timers(engine, log, clock, holder=us)
    notices = Notices(engine, [OUTBOX, MOVES])
    measures = [*_reached(staffel), outbox_measure(engine, clock, process.settings.ready_lag)]

    def close() -> None:
        for part in (mover, relay, timers, notices):
            part.close()

    return Role([mover, relay, timers], Idle(dict, lambda _, timeout: notices.wait(timeout)), measures, close)


def showing(staffel: Staffel, process: Process) -> Role:
    """Nothing yet but its own health."""
    return Role([], Idle(dict, lambda _, seconds: process.stop.wait(seconds)), _reached(staffel), _nothing)


def hosting_measures(staffel: Embedded) -> list[Measure]:
    """Of the one process that does all of it."""
    from staffel.alerting import alerts_measure

    engine, log, most = staffel.engine, staffel.log, staffel.settings.ready_lag
    lags = [scored_measure(log, most), projected_measure(engine, log, most)]
    told = [] if staffel.settings.alerts is None else [alerts_measure(engine, log, most)]
    return [*_reached(staffel), *lags, outbox_measure(engine, staffel.clock, most), *told]


def _reached(staffel: Staffel) -> list[Measure]:
    return [log_measure(staffel.log), database_measure(staffel.engine, staffel.log)]


def _nothing() -> None:
    """There is nothing to give back."""
