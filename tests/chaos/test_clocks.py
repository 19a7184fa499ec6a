"""Clocks that jump hours ahead and back under running processes change no result."""

from pathlib import Path
from threading import Event

import pytest

from tests.chaos.cluster import SESSION_S
from tests.chaos.conftest import Start
from tests.chaos.consistency import await_idle, check_consistency
from tests.chaos.workload import RecordingThread
from tests.requirements import skip_or_fail

LIBRARY = "libfaketimeMT.so.1"
CLOCK_OFFSETS = ("+3h", "-2h", "+8h", "+0")

pytestmark = [pytest.mark.timeout(900)]


def faketime() -> Path:
    found = sorted(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"))
    if not found:
        skip_or_fail("faketime", f"no {LIBRARY} here; apt-get install libfaketime")
    return found[0]


def test_clocks_that_jump_under_running_processes_change_nothing(start: Start, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with start(workers=1) as cluster:
        for process in cluster.processes:
            process.env = {**process.env, **faked}
            process.kill()
        with RecordingThread(cluster, seed=8):
            for jump in CLOCK_OFFSETS:
                Event().wait(SESSION_S)
                clock.write_text(jump)
            Event().wait(SESSION_S)
        staffel = cluster.connect()
        await_idle(staffel)
        figures = check_consistency(staffel, cluster)
        staffel.close()
    assert figures["handoffs"] > 0
