"""A worker that is suspended beyond its session ends itself when it continues, without writing."""

import signal
from threading import Event
from time import monotonic

import pytest

from tests.chaos.cluster import SESSION_S, SupervisedProcess
from tests.chaos.conftest import Start
from tests.chaos.consistency import await_idle, check_consistency
from tests.chaos.workload import RecordingThread

PAUSES = 4
FENCED_EXIT_CODE = 70

pytestmark = [pytest.mark.timeout(900)]


def pause_process(process: SupervisedProcess, seconds: float) -> None:
    process.signal(signal.SIGSTOP)
    Event().wait(seconds)
    process.signal(signal.SIGCONT)


def await_exits(process: SupervisedProcess, number: int) -> None:
    began = monotonic()
    while len(process.exits) < number:
        assert monotonic() - began < 30, f"still there after it woke: {process.output()[-2000:]}"
        Event().wait(0.05)


def test_a_worker_that_slept_beyond_its_session_ends_itself_and_changes_nothing(start: Start) -> None:
    with start(workers=2) as cluster:
        sleeper = cluster.processes[0]
        with RecordingThread(cluster, seed=2):
            for n in range(PAUSES):
                sleeper.await_output(" recovered ")
                Event().wait(1)
                pause_process(sleeper, SESSION_S * 2.5)
                await_exits(sleeper, n + 1)
        staffel = cluster.connect()
        await_idle(staffel)
        figures = check_consistency(staffel, cluster)
        staffel.close()
        exits = list(sleeper.exits)
    assert exits == [FENCED_EXIT_CODE] * PAUSES
    assert figures["handoffs"] > 0


def test_a_projector_that_slept_beyond_its_lease_writes_nothing_when_it_wakes(start: Start) -> None:
    with start(workers=1) as cluster:
        sleeper = next(process for process in cluster.processes if process.arguments[0] == "project")
        cluster.start("project")
        with RecordingThread(cluster, seed=3):
            sleeper.await_output("process=project")
            Event().wait(SESSION_S)
            pause_process(sleeper, 20)
            Event().wait(SESSION_S)
        staffel = cluster.connect()
        await_idle(staffel)
        check_consistency(staffel, cluster)
        staffel.close()
        assert set(sleeper.exits) <= {FENCED_EXIT_CODE}
