"""The alerts with all their threads, on a log, telling receivers that listen on this machine. Never a fake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, time

from sqlalchemy import Engine

from alerts.channels import channels_of
from alerts.outbox import AlertOutbox
from alerts.reactor import Alerts
from alerts.settings import AlertSettings, read_alerts
from schemas.envelope import FactRecord
from schemas.topics import SQA_HANDOFFS
from streams.log import Log
from tests.alerts.builders import FRESH, SECRET, proposed, record
from tests.alerts.receiver import Receiver
from tests.alerts.world import Lines

TERM_MS = 3_000


def now() -> int:
    return round(time() * 1000)


def recent(account: str = "acme.com", crossing: int = 1) -> FactRecord:
    """A handoff that was proposed a moment ago."""
    return proposed(account, at=now(), crossing=crossing)


def append(log: Log, *events: FactRecord) -> None:
    log.append(SQA_HANDOFFS, [record(event) for event in events])


def webhooks(**receivers: Receiver) -> AlertSettings:
    """One channel for each, by its name."""
    lines = [
        f"  - {{name: {name}, webhook: '{receiver.url}', secret_env: SECRET}}" for name, receiver in receivers.items()
    ]
    return read_alerts("\n".join(["channels:", *lines]), "alerts.yaml", {"SECRET": SECRET})


def alerts(
    engine: Engine, log: Log, settings: AlertSettings, holder: str = "one", lines: Lines | None = None
) -> Alerts:
    channels = channels_of(settings, now)
    told = lines or Lines()
    return Alerts(
        engine, log, settings, channels, now, max_age_ms=FRESH, log_lines=told, holder=holder, lease_duration_ms=TERM_MS
    )


@contextmanager
def running(step: Alerts) -> Iterator[Event]:
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


def delivered(engine: Engine) -> Callable[[], int]:
    return lambda: AlertOutbox(engine).counts_by_status()["delivered"]


def awaited(count: Callable[[], int], number: int, seconds: float = 20) -> None:
    """Until it has come to that number."""
    deadline, pause = monotonic() + seconds, Event()
    while count() < number:
        assert monotonic() < deadline, f"{count()} of {number}"
        pause.wait(0.02)
