"""Processes killed at random moments: nothing is lost, nothing doubled, nothing computed otherwise.

`STAFFEL_CRASH_SEED` chooses what is recorded, and when a process dies.
"""

import os
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic

import pytest

from alerts.rules import alert_id, kind_of
from schemas.facts import record_id
from schemas.topics import ENGAGEMENT, SQA_HANDOFFS
from streams.log import Log
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, receiving
from tests.chaos.cluster import SESSION_S, Cluster
from tests.chaos.conftest import Start
from tests.chaos.judging import await_idle, judge, once
from tests.chaos.recording import Recording

SEED = int(os.environ.get("STAFFEL_CRASH_SEED", "1"))
KILLS = int(os.environ.get("STAFFEL_CHAOS_KILLS", "30"))
KILLED = -9
DEADLINE_S = 120

pytestmark = [pytest.mark.timeout(900)]


def kill_by_turns(cluster: Cluster, times: int, chance: Random) -> None:
    """Each round one worker, the projector, the relay and the alerts die, each at a moment of its own."""
    workers = [process for process in cluster.processes if process.arguments[0] == "worker"]
    others = [process for process in cluster.processes if process.arguments[0] != "worker"]
    never = Event()
    for _ in range(times):
        for process in (chance.choice(workers), *others):
            never.wait(chance.uniform(0, SESSION_S * 0.6))
            process.kill()


@pytest.mark.parametrize("workers", [1, 3])
def test_killed_at_random_moments_while_facts_stream_in(start: Start, workers: int, tmp_path: Path) -> None:
    print(f"STAFFEL_CRASH_SEED={SEED}")  # noqa: T201 shown where the test fails
    with start(workers=workers) as cluster, receiving() as receiver:
        cluster.tell(receiver.url, SECRET)
        with Recording(cluster, SEED) as recording:
            kill_by_turns(cluster, KILLS, Random(SEED))
        staffel = cluster.connect()
        await_idle(staffel)
        figures = judge(staffel, tmp_path)
        await_alerts(staffel.log, receiver)
        standing = {record_id(fact.source, fact.id) for fact in once(staffel.log, ENGAGEMENT)}
        staffel.close()
        exits = cluster.exits()
    assert recording.recorded <= standing
    assert figures["letters"] == recording.poisoned > 0
    assert figures["moved"] > 0
    assert figures["handoffs"] > 0
    assert exits.count(KILLED) >= 4 * KILLS


def await_alerts(log: Log, receiver: Receiver) -> None:
    """Until every event that somebody needs to be told of was told, under the one id that it has."""
    wanted = {alert_id(event, kind) for event in once(log, SQA_HANDOFFS) if (kind := kind_of(event)) is not None}
    began, never = monotonic(), Event()
    while wanted - {request.id for request in receiver.requests}:
        assert monotonic() - began < DEADLINE_S, f"{len(wanted)} alerts wanted, {len(receiver.requests)} came"
        never.wait(0.1)
    assert {request.id for request in receiver.requests} == wanted
