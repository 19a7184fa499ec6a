"""What a process tells of itself: alive, ready, measured; how its loop meets trouble, and how it ends."""

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
    """A step whose rounds are given: a number is moved, an exception raised; at their end it asks to stop."""

    name = "scripted"

    def __init__(self, stop: Event, *rounds: int | Exception) -> None:
        self._stop, self._rounds = stop, list(rounds)

    def advance(self) -> int:
        if not self._rounds:
            self._stop.set()
            return 0
        now = self._rounds.pop(0)
        if isinstance(now, Exception):
            raise now
        return now


@pytest.fixture
def lines() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def process(lines: list[dict[str, Any]]) -> Process:
    def keep(_: Any, __: str, line: Any) -> Any:
        lines.append(dict(line))
        raise structlog.DropEvent

    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[keep])
    metrics = Metrics("project")
    pulse = Heartbeat(log, metrics)
    return Process("project", Settings(), Event(), log, metrics, pulse, ReadinessMonitor(pulse, metrics))


def get_page(process: Process, path: str, alive: float = 60) -> tuple[int, str]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    app = health_app(process.heartbeat, process.readiness, process.metrics, alive)
    body = b"".join(app({**environ, "PATH_INFO": path}, lambda status, *_: statuses.append(status)))
    return int(statuses[0][:3]), body.decode()


def readiness_of(process: Process, *checks: ReadinessCheck) -> tuple[int, dict[str, bool]]:
    """What /readyz says once these were looked at."""
    process.readiness.start(checks, stopped_event())
    process.readiness.run_checks()
    status, told = get_page(process, "/readyz")
    return status, {check["name"]: check["ok"] for check in json.loads(told)["checks"]}


def stopped_event() -> Event:
    stop = Event()
    stop.set()
    return stop


def run_rounds(process: Process, *rounds: int | Exception) -> None:
    run_steps([ScriptedStep(process.stop, *rounds)], lambda _: None, process)


class RecordingEvent(Event):
    """Tells for how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.timeouts.append(timeout)
        return self.is_set()


@pytest.mark.parametrize(
    ("moved", "breaths"), [(0, []), (1, [IDLE_BACKOFF_S]), (SMALL_BATCH - 1, [IDLE_BACKOFF_S]), (SMALL_BATCH, [])]
)
def test_a_round_that_moved_little_is_followed_by_a_breath(process: Process, moved: int, breaths: list[float]) -> None:
    stop = RecordingEvent()
    patient = replace(process, stop=stop)
    idle: list[float] = []

    run_steps([ScriptedStep(stop, moved)], idle.append, patient)

    assert (stop.timeouts, len(idle)) == (breaths, 1 if moved else 2)  # the last round of all moves nothing


def test_a_step_that_looks_at_clocks_looks_seldom() -> None:
    looks = CountingStep([3, 0, 5])
    seldom = ThrottledStep(looks, interval_s=3600)
    assert [seldom.advance() for _ in range(4)] == [3, 0, 0, 0]
    assert (seldom.name, looks.remaining) == ("counting", [5])


@dataclass
class CountingStep:
    """Moves what it is told to."""

    remaining: list[int]
    name: str = "counting"

    def advance(self) -> int:
        return self.remaining.pop(0)


def test_a_process_whose_loop_beats_is_alive(process: Process) -> None:
    process.heartbeat.beat()
    status, told = get_page(process, "/healthz")
    assert (status, json.loads(told)["alive"]) == (200, True)


def test_a_process_whose_loop_stands_still_is_taken_for_dead(process: Process) -> None:
    status, told = get_page(process, "/healthz", alive=0)
    assert (status, json.loads(told)["alive"]) == (503, False)


def test_waiting_for_a_broker_is_a_sign_of_life(process: Process) -> None:
    process.heartbeat.seen_at(0)
    process.heartbeat.blocked("no broker")
    assert process.heartbeat.age < 1


def test_a_process_is_not_ready_before_it_looked(process: Process) -> None:
    status, told = get_page(process, "/readyz")
    starting = [{"name": "working", "ok": False, "found": "starting"}]
    assert (status, json.loads(told)) == (503, {"ready": False, "checks": starting})


def test_a_process_is_ready_where_every_check_holds(process: Process) -> None:
    assert readiness_of(process, PASSING_CHECK) == (200, {"working": True, "log": True})


def test_one_check_that_fails_makes_it_unready(process: Process) -> None:
    late = ReadinessCheck("projected", lambda _: CheckResult(False, "20000 score records behind"))
    assert readiness_of(process, PASSING_CHECK, late) == (503, {"working": True, "log": True, "projected": False})


def test_a_log_out_of_reach_is_told_by_the_check_that_met_it(process: Process) -> None:
    def look(_: Metrics) -> CheckResult:
        raise UNAVAILABLE

    assert readiness_of(process, ReadinessCheck("log", look)) == (503, {"working": True, "log": False})
    assert str(UNAVAILABLE) in get_page(process, "/readyz")[1]


def test_what_holds_up_the_loop_makes_it_unready(process: Process) -> None:
    process.heartbeat.blocked("no broker")
    assert readiness_of(process, PASSING_CHECK) == (503, {"working": False, "log": True})


def test_other_pages_are_not_there(process: Process) -> None:
    assert get_page(process, "/accounts")[0] == 404


def test_what_steps_moved_is_counted(process: Process) -> None:
    run_rounds(process, 3, 0, 4)
    _, told = get_page(process, "/metrics")
    assert 'staffel_records_total{step="scripted"} 7.0' in told
    assert 'staffel_unit_seconds_count{step="scripted"} 2.0' in told


@pytest.mark.parametrize("trouble", [UNAVAILABLE, DatabaseError("database: out of reach"), TopicsNotReady("no topics")])
def test_a_loop_goes_on_after_trouble_that_passes_and_says_so_once(
    process: Process, lines: list[dict[str, Any]], trouble: Exception
) -> None:
    run_rounds(process, 1, trouble, trouble, 1)
    assert lines == [{"event": "waiting", "why": str(trouble)}, {"event": "goes_on"}]


def test_a_loop_ends_at_what_nobody_expects(process: Process) -> None:
    with pytest.raises(ZeroDivisionError):
        run_rounds(process, 1, ZeroDivisionError())


def test_a_loop_that_is_asked_to_end_finishes_the_unit_in_hand_and_begins_no_other(process: Process) -> None:
    class Asked:
        name = "asked"

        def advance(self) -> int:
            process.stop.set()
            return 1

    never = ScriptedStep(Event(), AssertionError("a step after the end"))
    run_steps([Asked(), never], lambda _: None, process)
    assert 'staffel_records_total{step="asked"} 1.0' in get_page(process, "/metrics")[1]


def test_what_is_missing_at_the_start_is_awaited(process: Process) -> None:
    answers: list[Callable[[], str]] = [
        function_that_raises(UNAVAILABLE),
        function_that_raises(TopicsNotReady("no topics")),
        lambda: "connected",
    ]
    assert retry_until_ready(lambda: answers.pop(0)(), process) == "connected"


def function_that_raises(error: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


def test_who_waits_can_be_asked_to_end(process: Process) -> None:
    process.stop.set()
    assert retry_until_ready(function_that_raises(UNAVAILABLE), process) is None


def test_a_port_that_is_taken_is_named() -> None:
    port = serve("127.0.0.1", free_port(), lambda *_: [])
    with pytest.raises(UsageError, match=f"--port {port}: Address already in use on 127.0.0.1"):
        serve("127.0.0.1", port, lambda *_: [])


def test_the_names_of_the_metrics_are_these() -> None:
    """Dashboards and alarms rely on them."""
    names = {family.name for family in Metrics("project").registry.collect() if family.name.startswith("staffel_")}
    assert names == {
        "staffel_process", "staffel_records", "staffel_unit_seconds", "staffel_troubles", "staffel_step_age_seconds",
        "staffel_ready", "staffel_lag_records", "staffel_dead_letters", "staffel_recovery_records",
        "staffel_recovery_left_records", "staffel_recovery_seconds", "staffel_partitions", "staffel_outbox_waiting",
        "staffel_outbox_age_seconds", "staffel_moves_open", "staffel_alerts_pending",
    }  # fmt: skip


def test_the_usual_port_gives_way_where_it_is_taken(process: Process) -> None:
    taken = serve("127.0.0.1", free_port(), lambda *_: [])
    assert open_health_server(process, None, taken) not in ("", f"http://127.0.0.1:{taken}")


def test_what_nobody_expects_is_logged_and_ends_the_process_with_70() -> None:
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
