"""Runs the alerts with all their threads against a log, with receivers that listen on this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, time

from sqlalchemy import Engine

from alerts.channels.registry import channels_of
from alerts.outbox import AlertOutbox
from alerts.reactor import Alerts
from alerts.settings import AlertSettings, read_alerts
from schemas.envelope import FactRecord
from schemas.topics import SQA_HANDOFFS
from streams.log import Log
from tests.alerts.builders import FRESHNESS, SECRET, new_record, proposed_event
from tests.alerts.receiver import Receiver
from tests.alerts.world import FakeLogger

LEASE_DURATION_MS = 3_000


def now_ms() -> int:
    return round(time() * 1000)


def recent_event(account: str = "acme.com", crossing: int = 1) -> FactRecord:
    """A handoff that was proposed a moment ago."""
    return proposed_event(account, at=now_ms(), crossing=crossing)


def append_events(log: Log, *events: FactRecord) -> None:
    log.append(SQA_HANDOFFS, [new_record(event) for event in events])


def webhook_settings(**receivers: Receiver) -> AlertSettings:
    """One channel for each, by its name."""
    lines = [
        f"  - {{name: {name}, webhook: '{receiver.url}', secret_env: SECRET}}" for name, receiver in receivers.items()
    ]
    return read_alerts("\n".join(["channels:", *lines]), "alerts.yaml", {"SECRET": SECRET})


def new_alerts(
    engine: Engine, log: Log, settings: AlertSettings, holder: str = "one", lines: FakeLogger | None = None
) -> Alerts:
    channels = channels_of(settings, now_ms)
    log_lines = lines or FakeLogger()
    return Alerts(
        engine,
        log,
        settings,
        channels,
        now_ms,
        plan=lambda: None,
        freshness=FRESHNESS,
        log_lines=log_lines,
        holder=holder,
        lease_duration_ms=LEASE_DURATION_MS,
    )


@contextmanager
def running_alerts(step: Alerts) -> Iterator[Event]:
    """In a thread, until the block ends or the event is set."""
    stop = Event()
    thread = Thread(target=step.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def delivered_counter(engine: Engine) -> Callable[[], int]:
    return lambda: AlertOutbox(engine).counts_by_status()["delivered"]


def await_count(count: Callable[[], int], expected: int, seconds: float = 20) -> None:
    """Until it has come to that number."""
    deadline, pause = monotonic() + seconds, Event()
    while count() < expected:
        assert monotonic() < deadline, f"{count()} of {expected}"
        pause.wait(0.02)
