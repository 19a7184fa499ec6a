"""Three brokers with three replicas of every record; each is killed and restarted while facts stream in."""

from pathlib import Path
from random import Random
from threading import Event

import pytest

from tests import databases
from tests.chaos.cluster import SESSION_S, cluster
from tests.chaos.consistency import await_idle, check_consistency
from tests.chaos.workload import RecordingThread
from tests.requirements import kafka_brokers

TIMES = 3
SETTINGS = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}

pytestmark = [pytest.mark.timeout(900)]


def test_one_of_three_brokers_killed_and_started_again(tmp_path: Path) -> None:
    brokers, chance = kafka_brokers(tmp_path, 3, SETTINGS), Random(8)
    kafka = "kafka://" + ",".join(broker.server for broker in brokers)
    database = databases.migrated_database("postgresql", tmp_path)
    with cluster(tmp_path, kafka, database, partitions=6, workers=2, replication=3) as staffels:
        with RecordingThread(staffels, seed=8) as recording:
            for n in range(TIMES):
                Event().wait(chance.uniform(2, 4))
                brokers[n % 3].kill()
                Event().wait(chance.choice((1, SESSION_S * 2)))
                brokers[n % 3].start()
            Event().wait(SESSION_S)
        staffel = staffels.connect()
        await_idle(staffel)
        figures = check_consistency(staffel, staffels)
        staffel.close()
    assert recording.submitted > 0
    assert figures["handoffs"] > 0
