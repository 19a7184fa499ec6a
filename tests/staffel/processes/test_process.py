"""A process: liveness, readiness and metrics, how its loop handles errors, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import structlog

from database.errors import DatabaseError
from staffel.errors import UsageError
from staffel.processes.health_server import health_app, serve
from staffel.processes.heartbeat import Heartbeat
from staffel.processes.metrics import Metrics
from staffel.processes.process import (
    IDLE_BACKOFF_S,
    SMALL_BATCH,
    Process,
    open_health_server,
    retry_until_ready,
    run_steps,
)
from staffel.processes.readiness import CheckResult, ReadinessCheck, ReadinessMonitor
from staffel.processes.roles import ThrottledStep
from staffel.scaled_out import TopicsNotReady
from staffel.settings import Settings
from streams.log import LogUnavailable
from tests.kafka.broker import free_port

UNAVAILABLE = LogUnavailable("kafka://broker:9092 does not answer")
PASSING_CHECK = ReadinessCheck("log", lambda _: CheckResult(True, "2 partitions"))


class ScriptedStep:
    """A step with scripted rounds: a number of moved records or an exception each; then it stops the process."""

    name = "scripted"

    def __init__(self, stop: Event, *rounds: int | Exception) -> None:
        self._stop, self._rounds = stop, list(rounds)

    def advance(self) -> int:
        if not self._rounds:
            self._stop.set()
            return 0
        outcome = self._rounds.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def lines() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def process(lines: list[dict[str, Any]]) -> Process:
    def record_line(_: Any, __: str, line: Any) -> Any:
        lines.append(dict(line))
        raise structlog.DropEvent

    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[record_line])
    metrics = Metrics("project")
    heartbeat = Heartbeat(log, metrics)
    readiness = ReadinessMonitor(heartbeat, metrics)
    return Process("project", Settings(), Event(), log, metrics, heartbeat, readiness)


def get_page(process: Process, path: str, max_age_s: float = 60) -> tuple[int, str]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    app = health_app(process.heartbeat, process.readiness, process.metrics, max_age_s)
    body = b"".join(app({**environ, "PATH_INFO": path}, lambda status, *_: statuses.append(status)))
    return int(statuses[0][:3]), body.decode()


def readiness_of(process: Process, *checks: ReadinessCheck) -> tuple[int, dict[str, bool]]:
    """The answer of /readyz after these checks have run."""
    process.readiness.start(checks, stopped_event())
    process.readiness.run_checks()
    status, body = get_page(process, "/readyz")
    return status, {check["name"]: check["ok"] for check in json.loads(body)["checks"]}


def stopped_event() -> Event:
    stop = Event()
    stop.set()
    return stop


def run_rounds(process: Process, *rounds: int | Exception) -> None:
    run_steps([ScriptedStep(process.stop, *rounds)], lambda _: None, process)


class RecordingEvent(Event):
    """Records the timeouts with which it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.timeouts.append(timeout)
        return self.is_set()


@pytest.mark.parametrize(
    ("moved", "pauses"), [(0, []), (1, [IDLE_BACKOFF_S]), (SMALL_BATCH - 1, [IDLE_BACKOFF_S]), (SMALL_BATCH, [])]
)
def test_a_pause_follows_a_round_that_moved_little(process: Process, moved: int, pauses: list[float]) -> None:
    stop = RecordingEvent()
    observed = replace(process, stop=stop)
    idle: list[float] = []

    run_steps([ScriptedStep(stop, moved)], idle.append, observed)

    assert (stop.timeouts, len(idle)) == (pauses, 1 if moved else 2)  # the last round of all moves nothing


def test_a_throttled_step_runs_once_per_interval_while_idle() -> None:
    counting = CountingStep([3, 0, 5])
    throttled = ThrottledStep(counting, interval_s=3600)
    assert [throttled.advance() for _ in range(4)] == [3, 0, 0, 0]
    assert (throttled.name, counting.remaining) == ("counting", [5])


@dataclass
class CountingStep:
    """Moves the given numbers of records."""

    remaining: list[int]
    name: str = "counting"

    def advance(self) -> int:
        return self.remaining.pop(0)


def test_a_process_whose_loop_beats_is_alive(process: Process) -> None:
    process.heartbeat.beat()
    status, body = get_page(process, "/healthz")
    assert (status, json.loads(body)["alive"]) == (200, True)


def test_a_process_whose_loop_is_stuck_is_not_alive(process: Process) -> None:
    status, body = get_page(process, "/healthz", max_age_s=0)
    assert (status, json.loads(body)["alive"]) == (503, False)


def test_waiting_for_a_broker_counts_as_a_heartbeat(process: Process) -> None:
    process.heartbeat.seen_at(0)
    process.heartbeat.blocked("no broker")
    assert process.heartbeat.age < 1


def test_a_process_is_not_ready_before_its_first_checks(process: Process) -> None:
    status, body = get_page(process, "/readyz")
    starting = [{"name": "working", "ok": False, "found": "starting"}]
    assert (status, json.loads(body)) == (503, {"ready": False, "checks": starting})


def test_a_process_is_ready_if_every_check_passes(process: Process) -> None:
    assert readiness_of(process, PASSING_CHECK) == (200, {"working": True, "log": True})


def test_one_check_that_fails_makes_it_unready(process: Process) -> None:
    late = ReadinessCheck("projected", lambda _: CheckResult(False, "20000 score records behind"))
    assert readiness_of(process, PASSING_CHECK, late) == (503, {"working": True, "log": True, "projected": False})


def test_a_check_reports_that_the_log_is_out_of_reach(process: Process) -> None:
    def fail(_: Metrics) -> CheckResult:
        raise UNAVAILABLE

    assert readiness_of(process, ReadinessCheck("log", fail)) == (503, {"working": True, "log": False})
    page = get_page(process, "/readyz")[1]
    assert "the log cannot be used; the log lines of this process say why" in page
    assert str(UNAVAILABLE) not in page


def test_a_blocked_loop_makes_the_process_unready(process: Process) -> None:
    process.heartbeat.blocked("no broker")
    assert readiness_of(process, PASSING_CHECK) == (503, {"working": False, "log": True})
    assert "no broker" not in get_page(process, "/readyz")[1]


def test_other_pages_do_not_exist(process: Process) -> None:
    assert get_page(process, "/accounts")[0] == 404


def test_moved_records_are_counted(process: Process) -> None:
    run_rounds(process, 3, 0, 4)
    _, body = get_page(process, "/metrics")
    assert 'staffel_records_total{step="scripted"} 7.0' in body
    assert 'staffel_unit_seconds_count{step="scripted"} 2.0' in body


@pytest.mark.parametrize("error", [UNAVAILABLE, DatabaseError("database: out of reach"), TopicsNotReady("no topics")])
def test_a_loop_recovers_from_a_transient_error_and_logs_it_once(
    process: Process, lines: list[dict[str, Any]], error: Exception
) -> None:
    run_rounds(process, 1, error, error, 1)
    assert lines == [{"event": "waiting", "why": str(error)}, {"event": "goes_on"}]


def test_a_loop_raises_an_unexpected_error(process: Process) -> None:
    with pytest.raises(ZeroDivisionError):
        run_rounds(process, 1, ZeroDivisionError())


def test_a_loop_that_is_asked_to_stop_finishes_its_unit_and_starts_no_other(process: Process) -> None:
    class StoppingStep:
        name = "stopping"

        def advance(self) -> int:
            process.stop.set()
            return 1

    never = ScriptedStep(Event(), AssertionError("a step after the end"))
    run_steps([StoppingStep(), never], lambda _: None, process)
    assert 'staffel_records_total{step="stopping"} 1.0' in get_page(process, "/metrics")[1]


def test_a_process_waits_for_what_is_missing_at_its_start(process: Process) -> None:
    attempts: list[Callable[[], str]] = [
        function_that_raises(UNAVAILABLE),
        function_that_raises(TopicsNotReady("no topics")),
        lambda: "connected",
    ]
    assert retry_until_ready(lambda: attempts.pop(0)(), process) == "connected"


def function_that_raises(error: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


def test_a_waiting_process_can_be_stopped(process: Process) -> None:
    process.stop.set()
    assert retry_until_ready(function_that_raises(UNAVAILABLE), process) is None


def test_the_message_names_a_port_that_is_taken() -> None:
    port = serve("127.0.0.1", free_port(), lambda *_: [])
    with pytest.raises(UsageError, match=f"--port {port}: Address already in use on 127.0.0.1"):
        serve("127.0.0.1", port, lambda *_: [])


def test_the_names_of_the_metrics_are_these() -> None:
    """Dashboards and alerting rules rely on them."""
    names = {family.name for family in Metrics("project").registry.collect() if family.name.startswith("staffel_")}
    assert names == {
        "staffel_process", "staffel_records", "staffel_unit_seconds", "staffel_troubles", "staffel_step_age_seconds",
        "staffel_ready", "staffel_lag_records", "staffel_dead_letters", "staffel_recovery_records",
        "staffel_recovery_left_records", "staffel_recovery_seconds", "staffel_partitions", "staffel_outbox_waiting",
        "staffel_outbox_age_seconds", "staffel_moves_open", "staffel_alerts_pending",
        "staffel_stopped", "staffel_stale_accounts",
    }  # fmt: skip


def test_a_free_port_replaces_a_default_port_that_is_taken(process: Process) -> None:
    taken = serve("127.0.0.1", free_port(), lambda *_: [])
    assert open_health_server(process, None, taken) not in ("", f"http://127.0.0.1:{taken}")


def test_an_unexpected_error_is_logged_and_ends_the_process_with_70() -> None:
    script = """
from staffel.processes.process import process
from staffel.settings import Settings
with process("project", Settings(logs="json"), 0, 8802):
    raise ZeroDivisionError("another projector")
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    started, failed = (json.loads(line) for line in ended.stderr.splitlines())
    assert (ended.returncode, started["event"], failed["event"]) == (70, "started", "failed")
    assert "another projector" in failed["exception"]
