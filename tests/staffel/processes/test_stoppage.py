"""A process whose step cannot go on shows where before it ends, and nothing of the record."""

import json
from threading import Event

import pytest
import structlog

from projections.read_models.versions import CheckpointConflict
from staffel.processes.health_server import health_app
from staffel.processes.heartbeat import Heartbeat
from staffel.processes.metrics import Metrics
from staffel.processes.process import STOPPED_PAGES_S, Process, run_steps, show_stoppage
from staffel.processes.readiness import ReadinessMonitor
from staffel.settings import Settings
from streams.host import Stoppage, stoppage_of

SECRET = "geheim@acme.com"


class RecordingEvent(Event):
    """Records how long it was waited for, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.timeouts.append(timeout)
        return False


class FailingStep:
    name = "scorer 3"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def advance(self) -> int:
        raise self._error

    def place(self) -> str:
        return "engagement/3/17"


@pytest.fixture
def process() -> Process:
    def drop(*_: object) -> str:
        raise structlog.DropEvent

    log, metrics = structlog.wrap_logger(structlog.PrintLogger(), processors=[drop]), Metrics("project")
    heartbeat = Heartbeat(log, metrics)
    readiness = ReadinessMonitor(heartbeat, metrics)
    return Process("project", Settings(), RecordingEvent(), log, metrics, heartbeat, readiness)


def failed(process: Process, error: Exception) -> Exception:
    """What the loop raises if its step does."""
    with pytest.raises(type(error)) as raised:
        run_steps([FailingStep(error)], lambda _: None, process)
    return raised.value


def page(process: Process, path: str) -> str:
    app = health_app(process.heartbeat, process.readiness, process.metrics)
    return b"".join(app({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda *_: None)).decode()


def test_the_pages_name_step_place_and_code_and_nothing_of_the_record(process: Process) -> None:
    show_stoppage(process, failed(process, KeyError(SECRET)))
    [working] = json.loads(page(process, "/readyz"))["checks"]
    assert working["found"] == "scorer 3 cannot go on at engagement/3/17 (KeyError)"
    metrics = page(process, "/metrics")
    assert 'staffel_stopped{code="KeyError",place="engagement/3/17",step="scorer 3"} 1.0' in metrics
    assert SECRET not in page(process, "/readyz") + metrics


def test_the_pages_are_kept_for_longer_than_metrics_are_read_apart(process: Process) -> None:
    show_stoppage(process, failed(process, KeyError(SECRET)))
    assert isinstance(process.stop, RecordingEvent)
    assert (process.stop.timeouts, STOPPED_PAGES_S > 15) == ([STOPPED_PAGES_S], True)


def test_a_step_that_another_process_has_overtaken_ends_at_once(process: Process) -> None:
    show_stoppage(process, failed(process, CheckpointConflict("moved")))
    assert isinstance(process.stop, RecordingEvent)
    assert (process.heartbeat.stoppage, process.stop.timeouts) == (None, [])


def test_the_innermost_step_says_where_it_stopped(process: Process) -> None:
    assert stoppage_of(failed(process, ValueError())) == Stoppage("scorer 3", "engagement/3/17", "ValueError")
    assert stoppage_of(ValueError()) is None
