"""A long-running process: it connects, runs its steps in rounds, retries after transient errors and stops on signals.

SIGTERM and SIGINT end it after the current unit. While log or database are out of reach it logs that once and retries
with growing delays. An unexpected exception ends it with exit code 70, so that a supervisor restarts it.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Timer
from typing import Any, TypeVar

from database import DatabaseError, LeaseLost
from projections import CheckpointConflict
from staffel.errors import UsageError
from staffel.processes.health_server import health_app, serve
from staffel.processes.heartbeat import Heartbeat, instrumented
from staffel.processes.log_lines import configure_logs, event_logger
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import ReadinessMonitor
from staffel.scaled_out import TopicsNotReady
from staffel.settings import Settings
from streams import LogRefused, LogUnavailable, PositionConflict, Step, stoppage_of

IDLE_WAIT_S = 1.0
"""An idle process looks for work at least this often; a notification wakes it at once."""
CONNECT_TIMEOUT_S = 10.0
"""Until the log counts as out of reach; short enough for SIGTERM to take effect in between."""
STOP_TIMEOUT_S = 20.0
"""The longest a process takes to end; after it the process exits as if killed."""
STOPPED_PAGES_S = 20.0
"""How long the pages of a process that cannot go on are kept; metrics are read every 15 seconds."""
INTERNAL = 70
SMALL_BATCH, IDLE_BACKOFF_S = 500, 0.05
"""A pause after a round that moved few records lets the next round handle more of them at once."""
MIN_RETRY_DELAY_S, MAX_RETRY_DELAY_S = 0.2, 5.0
LOG_REPEAT_S = 5.0

Result = TypeVar("Result")
Wait = Callable[[float], object]
"""Blocks for a number of seconds, or until there may be work."""

TRANSIENT_ERRORS = (LogUnavailable, DatabaseError, TopicsNotReady, LeaseLost)
"""Errors that may pass without a restart."""


@dataclass(frozen=True)
class Process:
    """The parts that every process has, whatever its role."""

    name: str
    settings: Settings
    stop: Event
    log: Any
    metrics: Metrics
    heartbeat: Heartbeat
    readiness: ReadinessMonitor


@contextmanager
def process(name: str, settings: Settings, port: int | None, default_port: int) -> Iterator[Process]:
    """Health pages, log lines and signals of a process; an unexpected exception is logged and exits with 70.

    `port`: as the command line names it; None means `default_port`, or a free one if that is taken.
    """
    running = start_process(name, settings)
    running.log.info("started", process=name, pages=open_health_server(running, port, default_port))
    try:
        yield running
    except (UsageError, LogRefused):
        raise
    except Exception as error:
        running.log.exception("failed", process=name)
        show_stoppage(running, error)
        raise SystemExit(INTERNAL) from None
    running.log.info("stopped", process=name)


def show_stoppage(process: Process, error: Exception) -> None:
    """Show for a while where a step cannot go on, so that somebody reads it; then a supervisor restarts the process.

    A step that another process has overtaken ends at once: there is nothing to mend.
    """
    stoppage = stoppage_of(error)
    if stoppage is not None and not isinstance(error, (PositionConflict, CheckpointConflict)):
        process.heartbeat.stopped(stoppage)
        process.stop.wait(STOPPED_PAGES_S)


def start_process(name: str, settings: Settings) -> Process:
    configure_logs(settings.logs)
    log, metrics = event_logger(), Metrics(name)
    heartbeat = Heartbeat(log, metrics)
    return Process(name, settings, stop_on_signals(log), log, metrics, heartbeat, ReadinessMonitor(heartbeat, metrics))


def open_health_server(process: Process, port: int | None, default_port: int) -> str:
    """Serve the health of the process and return the address. Raises `UsageError` if the requested port is taken."""
    listen, app = process.settings.listen, health_app(process.heartbeat, process.readiness, process.metrics)
    try:
        bound_port = serve(listen, default_port if port is None else port, app)
    except UsageError:
        if port is not None:
            raise
        bound_port = serve(listen, 0, app)
    return f"http://{listen}:{bound_port}"


def stop_on_signals(log: Any) -> Event:
    """An event that SIGTERM and SIGINT set; `STOP_TIMEOUT_S` later a process that still runs is ended by force."""
    stop = Event()

    def request_stop(*_: object) -> None:
        if not stop.is_set():
            timer = Timer(STOP_TIMEOUT_S, force_exit, [log])
            timer.daemon = True
            timer.start()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)
    return stop


def force_exit(log: Any) -> None:
    log.error("ended_by_force", after_s=STOP_TIMEOUT_S)
    os._exit(INTERNAL)


def retry_until_ready(attempt: Callable[[], Result], process: Process) -> Result | None:
    """The result of `attempt` once it succeeds; None if the process was asked to end before."""
    while not process.stop.is_set():
        try:
            result = attempt()
        except TRANSIENT_ERRORS as error:
            process.heartbeat.blocked(str(error), repeat_after=LOG_REPEAT_S)
            process.stop.wait(IDLE_WAIT_S)
        else:
            process.heartbeat.recovered()
            return result
    return None


def run_steps(steps: Sequence[Step], wait: Wait, process: Process) -> None:
    """Run the steps in rounds until the process is asked to end."""
    instrumented_steps, retry_delay = instrumented(steps, process.heartbeat), MIN_RETRY_DELAY_S
    while not process.stop.is_set():
        try:
            run_round(instrumented_steps, wait, process)
            retry_delay = MIN_RETRY_DELAY_S
        except TRANSIENT_ERRORS as error:
            process.heartbeat.blocked(str(error))
            process.stop.wait(retry_delay)
            retry_delay = min(retry_delay * 2, MAX_RETRY_DELAY_S)


def release_leases(close: Callable[[], object], process: Process) -> None:
    """Release the leases of the process; if that fails they expire by themselves."""
    try:
        close()
    except TRANSIENT_ERRORS as error:
        process.log.warning("not_given_back", why=str(error))


def run_round(steps: Sequence[Step], wait: Wait, process: Process) -> None:
    """One round, then a wait if it moved nothing, or a short pause if it moved little."""
    moved = 0
    for step in steps:
        if process.stop.is_set():
            return
        moved += step.advance()
    process.heartbeat.recovered()
    if not moved:
        wait(IDLE_WAIT_S)
    elif moved < SMALL_BATCH:
        process.stop.wait(IDLE_BACKOFF_S)
