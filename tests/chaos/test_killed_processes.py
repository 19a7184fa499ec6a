"""Processes are killed at random moments: nothing is lost, repeated or computed differently.

`STAFFEL_CRASH_SEED` determines the recorded facts and the moments.
"""

import os
from random import Random
from threading import Event

import pytest

from schemas.envelope import record_id
from schemas.topics import ENGAGEMENT
from tests.chaos.cluster import SESSION_S, Cluster
from tests.chaos.conftest import Start
from tests.chaos.consistency import await_idle, check_consistency, distinct_facts
from tests.chaos.workload import RecordingThread

SEED = int(os.environ.get("STAFFEL_CRASH_SEED", "1"))
KILLS = int(os.environ.get("STAFFEL_CHAOS_KILLS", "30"))
KILLED = -9

pytestmark = [pytest.mark.timeout(900)]


def kill_in_rounds(cluster: Cluster, times: int, random: Random) -> None:
    """In each round kill one worker, the projector, the relay and the alerts, each at a random moment."""
    workers = [process for process in cluster.processes if process.arguments[0] == "worker"]
    others = [process for process in cluster.processes if process.arguments[0] != "worker"]
    never = Event()
    for _ in range(times):
        for process in (random.choice(workers), *others):
            never.wait(random.uniform(0, SESSION_S * 0.6))
            process.kill()


@pytest.mark.parametrize("workers", [1, 3])
def test_killed_at_random_moments_while_facts_stream_in(start: Start, workers: int) -> None:
    print(f"STAFFEL_CRASH_SEED={SEED}")  # noqa: T201 shown where the test fails
    with start(workers=workers) as cluster:
        with RecordingThread(cluster, SEED) as recording:
            kill_in_rounds(cluster, KILLS, Random(SEED))
        staffel = cluster.connect()
        await_idle(staffel)
        figures = check_consistency(staffel, cluster)
        on_log = {record_id(fact.source, fact.id) for fact in distinct_facts(staffel.log, ENGAGEMENT)}
        staffel.close()
        exits = cluster.exits()
    assert recording.recorded <= on_log
    assert figures["letters"] == recording.poison_count > 0
    assert figures["moved"] > 0
    assert figures["handoffs"] > 0
    assert exits.count(KILLED) >= 4 * KILLS
