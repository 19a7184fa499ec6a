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
from staffel.errors import UsageError
from staffel.processes.health_server import health_app, serve
from staffel.processes.heartbeat import Heartbeat, instrumented
from staffel.processes.log_lines import configure_logs, event_logger
from staffel.processes.metrics import Metrics
from staffel.processes.readiness import ReadinessMonitor
from staffel.scaled_out import TopicsNotReady
from staffel.settings import Settings
from streams.host import Step
from streams.log import LogRefused, LogUnavailable

IDLE_WAIT_S = 1.0
"""At least so often a process looks for work by itself; what others write wakes it at once."""
CONNECT_TIMEOUT_S = 10.0
"""How long the log is asked before it counts as out of reach: SIGTERM has to be heard meanwhile."""
STOP_TIMEOUT_S = 20.0
"""The longest a process takes to end; what is in hand then is as if it had been killed."""
INTERNAL = 70
SMALL_BATCH, IDLE_BACKOFF_S = 500, 0.05
"""After a round that moved few records: what comes meanwhile costs the next round nothing more."""
MIN_RETRY_DELAY_S, MAX_RETRY_DELAY_S = 0.2, 5.0
LOG_REPEAT_S = 5.0

Result = TypeVar("Result")
Wait = Callable[[float], object]
"""Blocks for so many seconds, or until there may be something to do."""

TRANSIENT_ERRORS = (LogUnavailable, DatabaseError, TopicsNotReady, LeaseLost)
"""Troubles that may be over without a restart."""


@dataclass(frozen=True)
class Process:
    """What every process has, whatever it does."""

    name: str
    settings: Settings
    stop: Event
    log: Any
    metrics: Metrics
    heartbeat: Heartbeat
    readiness: ReadinessMonitor


@contextmanager
def process(name: str, settings: Settings, port: int | None, default_port: int) -> Iterator[Process]:
    """Pages, log lines and signals of a process; an exception that nobody expects is logged and exits with 70.

    `port`: as it was asked for, else the `usual` one.
    """
    running = start_process(name, settings)
    running.log.info("started", process=name, pages=open_health_server(running, port, default_port))
    try:
        yield running
    except (UsageError, LogRefused):
        raise
    except Exception:
        running.log.exception("failed", process=name)
        raise SystemExit(INTERNAL) from None
    running.log.info("stopped", process=name)


def start_process(name: str, settings: Settings) -> Process:
    configure_logs(settings.logs)
    log, metrics = event_logger(), Metrics(name)
    heartbeat = Heartbeat(log, metrics)
    return Process(name, settings, stop_on_signals(log), log, metrics, heartbeat, ReadinessMonitor(heartbeat, metrics))


def open_health_server(process: Process, port: int | None, default_port: int) -> str:
    """Serve the health of the process; the address. Raises `Usage` where the port that was asked for is taken."""
    listen, app = process.settings.listen, health_app(process.heartbeat, process.readiness, process.metrics)
    try:
        bound_port = serve(listen, default_port if port is None else port, app)
    except UsageError:
        if port is not None:
            raise
        bound_port = serve(listen, 0, app)
    return f"http://{listen}:{bound_port}"


def stop_on_signals(log: Any) -> Event:
    """An event that SIGTERM and SIGINT set; a process that has not ended some time later is ended by force."""
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
    """What `make` answers once it can; None where the process was asked to end before."""
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
    """Make the steps round and round until the process is asked to end."""
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
    """Leases that cannot be given back run out by themselves."""
    try:
        close()
    except TRANSIENT_ERRORS as error:
        process.log.warning("not_given_back", why=str(error))


def run_round(steps: Sequence[Step], wait: Wait, process: Process) -> None:
    """One round, and a moment of waiting where it moved nothing, or little."""
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
