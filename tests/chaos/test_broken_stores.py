"""Broker and database are killed and restarted while facts stream in; the log is compacted in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event
from uuid import uuid4

import pytest

from tests import postgres
from tests.chaos.cluster import SESSION_S, Cluster, cluster
from tests.chaos.consistency import await_idle, check_consistency
from tests.chaos.workload import RecordingThread
from tests.kafka.broker import Broker
from tests.requirements import kafka_broker, kafka_server, skip_or_fail

TIMES = 5

pytestmark = [pytest.mark.timeout(900)]


@contextmanager
def cluster_on(folder: Path, broker: Broker | None, server: postgres.Server, **options: int) -> Iterator[Cluster]:
    place = broker.server if broker is not None else kafka_server()
    kafka = f"kafka://{place}?prefix=stores-{uuid4().hex[:8]}."
    with cluster(folder, kafka, postgres.fresh_database(server=server.address), **options) as started:
        yield started


@pytest.fixture
def server() -> postgres.Server:
    """A server that survives its own crash, but not one of the disk: it loses no commit."""
    try:
        return postgres.Server(("fsync=off", "listen_addresses=", "max_connections=100"))
    except postgres.PostgresUnavailableError as error:
        skip_or_fail("postgres", str(error))


def consistency_figures(cluster: Cluster) -> dict[str, int]:
    staffel = cluster.connect()
    await_idle(staffel)
    figures = check_consistency(staffel, cluster)
    staffel.close()
    return figures


def test_a_broker_killed_and_started_again(server: postgres.Server, tmp_path: Path) -> None:
    broker, chance = kafka_broker(tmp_path / "broker"), Random(4)
    with cluster_on(tmp_path, broker, server, workers=2) as cluster:
        with RecordingThread(cluster, seed=4) as recording:
            for _ in range(TIMES):
                Event().wait(chance.uniform(1, 4))
                broker.kill()
                Event().wait(chance.choice((0, 1, SESSION_S * 2)))
                broker.start()
            Event().wait(SESSION_S)
        figures = consistency_figures(cluster)
    assert recording.submitted > 0
    assert figures["handoffs"] > 0


def test_a_database_that_crashes_and_comes_back(server: postgres.Server, tmp_path: Path) -> None:
    chance = Random(5)
    with cluster_on(tmp_path, None, server, workers=1) as cluster:
        with RecordingThread(cluster, seed=5):
            for _ in range(TIMES):
                Event().wait(chance.uniform(1, 3))
                server.crash()
                Event().wait(chance.choice((0, 1, 3)))
                server.start()
            Event().wait(1)
        assert consistency_figures(cluster)["handoffs"] > 0
