"""`scores` is compacted while a projector is stopped, which then misses updates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from time import monotonic

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from schemas.topics import SCORES
from staffel.application import Application
from streams.kafka.topics import require_valid_topics
from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Start
from tests.chaos.consistency import await_idle, check_after_compaction, topic_records
from tests.chaos.workload import RecordingThread

FAST_COMPACTION = {
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1",
    "segment.ms": "200",
    "min.cleanable.dirty.ratio": "0.001",
}
NORMAL_SETTINGS = {
    "cleanup.policy": "compact",
    "max.message.bytes": "8388608",
    "min.compaction.lag.ms": "604800000",
    "max.compaction.lag.ms": "9223372036854775807",
    "segment.ms": "604800000",
    "min.cleanable.dirty.ratio": "0.5",
}
_DEADLINE_S = 90

pytestmark = [pytest.mark.timeout(900)]


@contextmanager
def compacting(cluster: Cluster) -> Iterator[None]:
    """Let the broker compact `scores` as soon as possible; restores the settings afterwards."""
    address = cluster.settings.kafka
    assert address is not None
    admin = KafkaAdminClient(bootstrap_servers=list(address.servers))
    set_topic(admin, address.topic_name(SCORES), NORMAL_SETTINGS | FAST_COMPACTION)
    yield
    set_topic(admin, address.topic_name(SCORES), NORMAL_SETTINGS)
    require_valid_topics(address)
    admin.close()


def set_topic(admin: KafkaAdminClient, topic: str, settings: Mapping[str, str]) -> None:
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=dict(settings))])


def await_compaction(staffel: Application) -> None:
    """Wait until less than half of the records are left."""
    began, never = monotonic(), Event()
    while (left := sum(1 for _ in topic_records(staffel.log, SCORES))) * 2 > written_count(staffel):
        assert monotonic() - began < _DEADLINE_S, f"{left} of {written_count(staffel)} records are left"
        never.wait(1)


def written_count(staffel: Application) -> int:
    return sum(staffel.log.end(SCORES, partition) for partition in range(staffel.log.partitions(SCORES)))


def test_a_projector_that_was_away_while_scores_were_compacted_catches_up(start: Start) -> None:
    with start(workers=1) as cluster:
        worker, projector = cluster.processes[:2]
        with RecordingThread(cluster, seed=6):
            projector.await_output(" started ")
            worker.await_output(" recovered ")
            Event().wait(4)
            projector.stop()
            Event().wait(4)
            staffel = cluster.connect()
            with compacting(cluster):
                await_compaction(staffel)
            worker.kill()
            cluster.start("project")
            worker.await_output(" recovered ")
            Event().wait(2)
        await_idle(staffel)
        figures = check_after_compaction(staffel, cluster)
        staffel.close()
    assert figures["handoffs"] > 0
    assert figures["moved"] > 0


def test_workers_recover_from_what_a_compaction_left(start: Start) -> None:
    with start(workers=2) as cluster:
        staffel, workers = cluster.connect(), cluster.processes[:2]
        for process in workers:
            process.await_output(" recovered ")
        with RecordingThread(cluster, seed=7), compacting(cluster):
            Event().wait(5)
            await_compaction(staffel)
        for process in workers:
            process.kill()
            process.await_output(" recovered ")
        await_idle(staffel)
        figures = check_after_compaction(staffel, cluster)
        staffel.close()
    assert figures["handoffs"] > 0
