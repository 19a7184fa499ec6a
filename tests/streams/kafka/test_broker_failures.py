"""The log on a real broker that is killed, restarted, rejects requests, or loses a topic."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event

import pytest

from schemas.topics import ENGAGEMENT, MAX_RECORD_BYTES, SCORES
from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import admin_client
from streams.kafka.log import KafkaLog
from streams.log import LogError, LogRefused, LogUnavailable, NewRecord
from tests.kafka.broker import Broker
from tests.kafka.topics import fresh_topics
from tests.requirements import kafka_broker
from tests.streams.log_contract import all_records, fact_records, record_values


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    # A broker that was killed may register again once its session is over.
    settings = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "300"}
    broker = kafka_broker(Path(tmp_path_factory.mktemp("broker")), settings)
    yield broker
    broker.kill()


@pytest.fixture
def address(broker: Broker) -> Iterator[KafkaAddress]:
    with fresh_topics(broker.server) as address:
        yield address


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[KafkaLog]:
    log = KafkaLog(address, client="test", retry_timeout_s=30)
    yield log
    log.close()


def log_with_short_timeout(address: KafkaAddress) -> KafkaLog:
    return KafkaLog(address, client="impatient", retry_timeout_s=2)


def test_appends_around_a_killed_broker_stand_once_and_in_order(broker: Broker, log: KafkaLog) -> None:
    begun = Event()

    def append(name: int) -> None:
        for n in range(60):
            log.append(ENGAGEMENT, fact_records(*range(name * 1000 + n * 5, name * 1000 + n * 5 + 5)))
            begun.set()

    with ThreadPoolExecutor(2) as pool:
        appending = [pool.submit(append, name) for name in range(2)]
        for _ in range(2):
            begun.wait(10)
            begun.clear()
            broker.kill()
            broker.start()
        for each in appending:
            each.result(60)
    numbers = [int(value.split()[1]) for value in record_values(all_records(log, ENGAGEMENT, 0))]
    for name in range(2):
        assert [n for n in numbers if n // 1000 == name] == list(range(name * 1000, name * 1000 + 300))


def test_a_log_whose_broker_is_gone_says_so_and_goes_on_when_it_is_back(broker: Broker, address: KafkaAddress) -> None:
    log = log_with_short_timeout(address)
    log.append(ENGAGEMENT, fact_records(1))
    assert log.wait({0: 1}, timeout=0) is False
    broker.kill()
    try:
        for ask in (lambda: log.read(ENGAGEMENT, 0, 0, 10), lambda: log.end(ENGAGEMENT, 0)):
            with pytest.raises(LogUnavailable, match="is the broker up"):
                ask()
        with pytest.raises(LogUnavailable, match="is the broker up"):
            log.append(ENGAGEMENT, fact_records(2))
        assert log.wait({0: 1}, timeout=0.2) is False
    finally:
        broker.start()
    assert record_values(log.read(ENGAGEMENT, 0, 0, 1)) == [b"fact 1"]
    log.append(ENGAGEMENT, fact_records(3))
    assert record_values(all_records(log, ENGAGEMENT, 0))[-1] == b"fact 3"
    assert log.wait({0: 1}, timeout=5) is True
    log.close()


def test_a_log_is_not_opened_without_a_broker() -> None:
    with pytest.raises(LogUnavailable, match=r"kafka://127.0.0.1:1 does not answer"):
        log_with_short_timeout(KafkaAddress(("127.0.0.1:1",), {}))


def test_a_record_too_large_for_any_batch_is_refused_before_anything_is_written(log: KafkaLog) -> None:
    with pytest.raises(LogError, match=r"a record of 8,388,616 bytes under the key 'acme.com' is too large"):
        log.append(ENGAGEMENT, [*fact_records(1), NewRecord("acme.com", bytes(MAX_RECORD_BYTES))])
    assert log.end(ENGAGEMENT, 0) == 0


def test_a_record_too_large_for_the_topic_is_an_error_that_says_so(log: KafkaLog, address: KafkaAddress) -> None:
    set_config(address, ENGAGEMENT, {"max.message.bytes": "1000"})
    log.append(ENGAGEMENT, fact_records(1))
    with pytest.raises(LogError, match=r"engagement.*max\.message\.bytes"):
        log.append(ENGAGEMENT, [NewRecord("acme.com", Random(1).randbytes(40_000))])
    log.append(ENGAGEMENT, fact_records(2))
    assert record_values(all_records(log, ENGAGEMENT, 0)) == [b"fact 1", b"fact 2"]


def test_a_deleted_topic_is_an_error_that_names_it_and_the_way_out(address: KafkaAddress) -> None:
    log = log_with_short_timeout(address)
    log.append(ENGAGEMENT, fact_records(1))
    kafka_topics.delete_topics(address)
    for ask in (
        lambda: log.read(ENGAGEMENT, 0, 0, 10),
        lambda: log.append(ENGAGEMENT, fact_records(2)),
        lambda: log.end(ENGAGEMENT, 0),
        lambda: log.wait({0: 1}, timeout=5),
    ):
        with pytest.raises(LogError, match=rf"no topic {address.topic_name(ENGAGEMENT)}; run `staffel topics create`"):
            ask()
    log.close()


def test_a_topic_created_anew_is_not_taken_for_the_one_before(address: KafkaAddress) -> None:
    log = log_with_short_timeout(address)
    generation = log.generation(SCORES)
    log.append(ENGAGEMENT, fact_records(1))
    kafka_topics.delete_topics(address)
    kafka_topics.create_topics(address, 1)
    for ask in (
        lambda: log.read(ENGAGEMENT, 0, 0, 10),
        lambda: log.wait({0: 1}, timeout=5),
        lambda: log.generation(ENGAGEMENT),
    ):
        with pytest.raises(LogRefused, match="deleted and created again"):
            ask()
    log.close()
    again = log_with_short_timeout(address)
    assert again.generation(SCORES) != generation
    again.close()


@pytest.mark.parametrize("ask", [lambda log: log.read(ENGAGEMENT, 0, 5, 10), lambda log: log.wait({0: 5}, 5)])
def test_an_offset_beyond_the_end_is_refused(log: KafkaLog, ask) -> None:  # type: ignore[no-untyped-def]
    log.append(ENGAGEMENT, fact_records(1))
    with pytest.raises(LogRefused, match="ends at offset 1, but offset 5 was read or recorded before"):
        ask(log)


def test_records_that_were_deleted_are_not_passed_over_in_silence(log: KafkaLog, address: KafkaAddress) -> None:
    log.append(ENGAGEMENT, fact_records(1, 2, 3))
    delete_below(address, 2)
    with pytest.raises(LogRefused, match="begins at offset 2: the records from offset 0 on were deleted"):
        log.read(ENGAGEMENT, 0, 0, 10)
    assert record_values(log.read(ENGAGEMENT, 0, 2, 10)) == [b"fact 3"]


def set_config(address: KafkaAddress, topic: str, settings: dict[str, str]) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType

    admin = admin_client(address)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, address.topic_name(topic), settings)])
    admin.close()


def delete_below(address: KafkaAddress, offset: int) -> None:
    from kafka import TopicPartition

    admin = admin_client(address)
    admin.delete_records({TopicPartition(address.topic_name(ENGAGEMENT), 0): offset})
    admin.close()
