"""The log on several brokers: the leader of a partition is killed, and another broker becomes leader."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from schemas.topics import ENGAGEMENT
from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from streams.log import NewRecord
from tests.kafka.broker import Broker
from tests.requirements import kafka_brokers

PARTITIONS = 3
SETTINGS = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> list[Broker]:
    return kafka_brokers(tmp_path_factory.mktemp("brokers"), 3, SETTINGS)


@pytest.fixture(params=range(3))
def dies(brokers: list[Broker], request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Kill each broker once; it is restarted afterwards."""
    yield brokers[request.param]
    brokers[request.param].start()


@pytest.fixture
def address(brokers: list[Broker]) -> KafkaAddress:
    """Topics of the test's own, with a replica on every broker."""
    made = KafkaAddress(tuple(broker.server for broker in brokers), {}, f"leaders-{uuid4().hex[:8]}.")
    kafka_topics.create_topics(made, PARTITIONS, replication=3)
    return made


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[KafkaLog]:
    made = KafkaLog(address)
    yield made
    made.close()


def contents(log: KafkaLog, start: int = 0) -> list[list[bytes]]:
    return [[record.value for record in log.read(ENGAGEMENT, each, start, 10)] for each in range(PARTITIONS)]


def append(log: KafkaLog, value: bytes) -> None:
    for each in range(PARTITIONS):
        log.append(ENGAGEMENT, [NewRecord("acme.com", value)], partition=each)


def test_ends_reads_and_appends_go_on_at_the_next_leader(address: KafkaAddress, log: KafkaLog, dies: Broker) -> None:
    append(log, b"before")
    assert contents(log) == [[b"before"]] * PARTITIONS
    dies.kill()
    assert [log.end(ENGAGEMENT, each) for each in range(PARTITIONS)] == [1] * PARTITIONS
    append(log, b"after")
    assert contents(log) == [[b"before", b"after"]] * PARTITIONS
    assert log.wait(dict.fromkeys(range(PARTITIONS), 1), timeout=20)
    assert kafka_topics.check_topics(address, replication=3) == []
