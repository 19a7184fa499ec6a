"""A worker that sleeps through its session changes nothing when it wakes, and ends itself."""

import signal
from threading import Event
from time import monotonic

import pytest

from tests.chaos.cluster import SESSION_S, Process
from tests.chaos.conftest import Start
from tests.chaos.consistency import await_idle, judge
from tests.chaos.workload import Recording

SLEEPS = 4
FENCED = 70

pytestmark = [pytest.mark.timeout(900)]


def put_to_sleep(process: Process, seconds: float) -> None:
    process.signal(signal.SIGSTOP)
    Event().wait(seconds)
    process.signal(signal.SIGCONT)


def await_exits(process: Process, number: int) -> None:
    began = monotonic()
    while len(process.exits) < number:
        assert monotonic() - began < 30, f"still there after it woke: {process.said()[-2000:]}"
        Event().wait(0.05)


def test_a_worker_that_slept_beyond_its_session_ends_itself_and_changes_nothing(start: Start) -> None:
    with start(workers=2) as cluster:
        sleeper = cluster.processes[0]
        with Recording(cluster, seed=2):
            for n in range(SLEEPS):
                sleeper.await_said(" recovered ")
                Event().wait(1)
                put_to_sleep(sleeper, SESSION_S * 2.5)
                await_exits(sleeper, n + 1)
        staffel = cluster.connect()
        await_idle(staffel)
        figures = judge(staffel, cluster)
        staffel.close()
        exits = list(sleeper.exits)
    assert exits == [FENCED] * SLEEPS
    assert figures["handoffs"] > 0


def test_a_projector_that_slept_beyond_its_lease_writes_nothing_when_it_wakes(start: Start) -> None:
    with start(workers=1) as cluster:
        sleeper = next(process for process in cluster.processes if process.arguments[0] == "project")
        cluster.start("project")
        with Recording(cluster, seed=3):
            sleeper.await_said("process=project")
            Event().wait(SESSION_S)
            put_to_sleep(sleeper, 20)
            Event().wait(SESSION_S)
        staffel = cluster.connect()
        await_idle(staffel)
        judge(staffel, cluster)
        staffel.close()
        assert set(sleeper.exits) <= {FENCED}
