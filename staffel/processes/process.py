"""A process that works until it is asked to end: waits for what is missing, retries, stops in time. Never decides what.

SIGTERM and SIGINT end it after the unit in hand. Where log or database are out of reach it says so once and tries
again, ever less often; whatever it cannot know is an exit with 70, and a supervisor starts it again.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Timer
from typing import Any, TypeVar

from database.errors import DatabaseError
from database.leases import LeaseLost
from staffel.errors import Usage
from staffel.processes.health_server import pages, serve
from staffel.processes.heartbeat import Pulse, watched
from staffel.processes.log_lines import configure, events
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import Watch
from staffel.scaled_out import NotLaidDown
from staffel.settings import Settings
from streams.host import Step
from streams.log import LogRefused, LogUnavailable

IDLE_S = 1.0
"""At least so often a process looks for work by itself; what others write wakes it at once."""
PATIENCE_S = 10.0
"""How long the log is asked before it counts as out of reach: SIGTERM has to be heard meanwhile."""
STOP_S = 20.0
"""The longest a process takes to end; what is in hand then is as if it had been killed."""
INTERNAL = 70
FEW, BREATH_S = 500, 0.05
"""After a round that moved few records: what comes meanwhile costs the next round nothing more."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
SAY_AGAIN_S = 5.0

Made = TypeVar("Made")
Wait = Callable[[float], object]
"""Blocks for so many seconds, or until there may be something to do."""

PASSING = (LogUnavailable, DatabaseError, NotLaidDown, LeaseLost)
"""Troubles that may be over without a restart."""


@dataclass(frozen=True)
class Process:
    """What every process has, whatever it does."""

    name: str
    settings: Settings
    stop: Event
    log: Any
    metrics: Metrics
    pulse: Pulse
    watch: Watch


@contextmanager
def process(name: str, settings: Settings, port: int | None, usual: int) -> Iterator[Process]:
    """Pages, log lines and signals of a process; an exception that nobody expects is logged and exits with 70.

    `port`: as it was asked for, else the `usual` one.
    """
    begun = begin(name, settings)
    begun.log.info("started", process=name, pages=open_pages(begun, port, usual))
    try:
        yield begun
    except (Usage, LogRefused):
        raise
    except Exception:
        begun.log.exception("failed", process=name)
        raise SystemExit(INTERNAL) from None
    begun.log.info("stopped", process=name)


def begin(name: str, settings: Settings) -> Process:
    configure(settings.logs)
    log, metrics = events(), Metrics(name)
    pulse = Pulse(log, metrics)
    return Process(name, settings, ended_by_signals(log), log, metrics, pulse, Watch(pulse, metrics))


def open_pages(process: Process, port: int | None, usual: int) -> str:
    """Serve the health of the process; the address. Raises `Usage` where the port that was asked for is taken."""
    listen, app = process.settings.listen, pages(process.pulse, process.watch, process.metrics)
    try:
        taken = serve(listen, usual if port is None else port, app)
    except Usage:
        if port is not None:
            raise
        taken = serve(listen, 0, app)
    return f"http://{listen}:{taken}"


def ended_by_signals(log: Any) -> Event:
    """An event that SIGTERM and SIGINT set; a process that has not ended some time later is ended by force."""
    stop = Event()

    def end(*_: object) -> None:
        if not stop.is_set():
            force = Timer(STOP_S, ended_by_force, [log])
            force.daemon = True
            force.start()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def ended_by_force(log: Any) -> None:
    log.error("ended_by_force", after_s=STOP_S)
    os._exit(INTERNAL)


def awaited(make: Callable[[], Made], process: Process) -> Made | None:
    """What `make` answers once it can; None where the process was asked to end before."""
    while not process.stop.is_set():
        try:
            made = make()
        except PASSING as trouble:
            process.pulse.ails(str(trouble), again=SAY_AGAIN_S)
            process.stop.wait(IDLE_S)
        else:
            process.pulse.goes_on()
            return made
    return None


def work(steps: Sequence[Step], wait: Wait, process: Process) -> None:
    """Make the steps round and round until the process is asked to end."""
    told, pause = watched(steps, process.pulse), FIRST_PAUSE_S
    while not process.stop.is_set():
        try:
            turn(told, wait, process)
            pause = FIRST_PAUSE_S
        except PASSING as trouble:
            process.pulse.ails(str(trouble))
            process.stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)


def given_back(close: Callable[[], object], process: Process) -> None:
    """Leases that cannot be given back run out by themselves."""
    try:
        close()
    except PASSING as trouble:
        process.log.warning("not_given_back", why=str(trouble))


def turn(steps: Sequence[Step], wait: Wait, process: Process) -> None:
    """One round, and a moment of waiting where it moved nothing, or little."""
    moved = 0
    for step in steps:
        if process.stop.is_set():
            return
        moved += step.advance()
    process.pulse.goes_on()
    if not moved:
        wait(IDLE_S)
    elif moved < FEW:
        process.stop.wait(BREATH_S)
