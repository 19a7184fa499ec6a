"""Reading partitions of a real broker: gaps in offsets, transactions, buffer limits, and the latency of waiting."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import Random
from threading import Event
from time import monotonic

import pytest
from kafka import KafkaProducer

from schemas.scores import CHECKPOINT_KEY
from schemas.topics import ENGAGEMENT, SCORES
from streams.kafka import reader as kafka_reader
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import admin_client
from streams.kafka.fetcher import FETCH_BYTES
from streams.kafka.log import KafkaLog
from streams.kafka.protocol import FetchResult
from streams.kafka.reader import MAX_BUFFERED_BYTES, StallDetector
from streams.log import Log, LogUnavailable, NewRecord, Record
from streams.scorer.score_records import checkpoint_record
from tests.kafka.topics import fresh_topics
from tests.requirements import kafka_server
from tests.streams.log_contract import all_records, fact_records, record_values, score_records_of


@pytest.fixture
def address() -> Iterator[KafkaAddress]:
    with fresh_topics(kafka_server()) as address:
        yield address


@pytest.fixture
def log(address: KafkaAddress) -> Iterator[KafkaLog]:
    log = KafkaLog(address, client="test", retry_timeout_s=30)
    yield log
    log.close()


@pytest.fixture
def foreign(address: KafkaAddress) -> Iterator[KafkaProducer]:
    """A producer of transactions, as another system may use one."""
    producer = KafkaProducer(
        bootstrap_servers=list(address.servers), transactional_id=address.prefix, compression_type="lz4"
    )
    producer.init_transactions()
    yield producer
    producer.close(timeout=1)


def send(producer: KafkaProducer, address: KafkaAddress, *contents: bytes, commit: bool | None = True) -> None:
    """One transaction, committed, aborted, or left open (None)."""
    producer.begin_transaction()
    sent = [producer.send(address.topic_name(ENGAGEMENT), value, b"acme.com", partition=0) for value in contents]
    for future in sent:
        future.get(10)
    if commit is not None:
        producer.commit_transaction() if commit else producer.abort_transaction()


def append_while_reading(log: Log, seconds: float) -> None:
    begun = monotonic()
    while monotonic() - begun < seconds:
        log.append(ENGAGEMENT, fact_records(2))
        assert log.read(ENGAGEMENT, 0, 1, 10) == []


def read_to_end(log: Log, limit: int = 100) -> list[Record]:
    """All records, read one after the other."""
    seen: list[Record] = []
    while records := log.read(ENGAGEMENT, 0, seen[-1].offset + 1 if seen else 0, limit):
        seen += records
    return seen


@pytest.mark.parametrize("limit", [1, 3, 1_000])
def test_offsets_jump_where_transactions_ended_and_aborted_ones_never_were(
    log: KafkaLog, foreign: KafkaProducer, address: KafkaAddress, limit: int
) -> None:
    send(foreign, address, b"1", b"2")
    send(foreign, address, b"given up", commit=False)
    log.append(ENGAGEMENT, [NewRecord("acme.com", b"3")])
    send(foreign, address, b"4")
    send(foreign, address, b"given up", commit=False)
    records = read_to_end(log, limit)
    assert [(each.offset, each.value) for each in records] == [(0, b"1"), (1, b"2"), (5, b"3"), (6, b"4")]
    assert list(log.history("acme.com")) == records
    assert log.latest_in(ENGAGEMENT, 0, "acme.com") == records[-1]
    assert log.end(ENGAGEMENT, 0) == 10


def test_the_end_of_a_transaction_is_no_news(log: KafkaLog, foreign: KafkaProducer, address: KafkaAddress) -> None:
    send(foreign, address, b"1")
    assert log.end(ENGAGEMENT, 0) == 2
    begun = monotonic()
    assert log.wait({0: 1}, timeout=0.3) is False
    assert monotonic() - begun >= 0.3
    log.append(ENGAGEMENT, fact_records(2))
    assert log.wait({0: 1}, timeout=10) is True


def test_a_transaction_left_open_holds_back_what_follows_and_is_named_when_it_lasts(
    foreign: KafkaProducer, address: KafkaAddress
) -> None:
    log = KafkaLog(address, client="test", retry_timeout_s=0.5)
    log.append(ENGAGEMENT, fact_records(1))
    send(foreign, address, b"open", commit=None)
    assert record_values(all_records(log, ENGAGEMENT, 0)) == [b"fact 1"]
    assert log.end(ENGAGEMENT, 0) == 1
    with pytest.raises(LogUnavailable, match=r"nothing beyond offset 1 can be read.*a transaction of another producer"):
        append_while_reading(log, 10)
    foreign.abort_transaction()
    assert log.wait({0: 1}, timeout=10) is True
    assert record_values(log.read(ENGAGEMENT, 0, 1, 1)) == [b"fact 2"]
    log.close()


def test_a_partition_that_rests_is_not_stalled() -> None:
    watch = StallDetector(timeout_s=0)
    for _ in range(3):
        watch.on_no_progress(ENGAGEMENT, 0, 5, FetchResult(b"", [], 5, 5))
        watch.on_no_progress(ENGAGEMENT, 1, 5, FetchResult(b"", [], 5, 9))
    with pytest.raises(LogUnavailable):
        watch.on_no_progress(ENGAGEMENT, 1, 5, FetchResult(b"", [], 5, 10))


def test_an_append_wakes_who_waits_at_once(log: KafkaLog) -> None:
    log.wait({0: 0}, timeout=0)
    log.append(SCORES, score_records_of(b"warm"))
    started = Event()

    def wait() -> float:
        started.set()
        assert log.wait({0: 0}, timeout=60)
        return monotonic()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        started.wait()
        log.append(ENGAGEMENT, fact_records(1))
        appended = monotonic()
        assert waiting.result(30) - appended < 0.25


def test_a_read_of_big_records_answers_some_of_them(log: KafkaLog, monkeypatch: pytest.MonkeyPatch) -> None:
    big = [NewRecord("acme.com", Random(n).randbytes(700_000)) for n in range(80)]
    log.append(ENGAGEMENT, big)
    first = log.read(ENGAGEMENT, 0, 0, 1_000)
    size = sum(len(record.value) for record in first)
    assert kafka_reader.READ_BYTES <= size <= kafka_reader.READ_BYTES + 2_000_000
    assert [record.value for record in read_to_end(log, 1_000)] == [record.value for record in big]


def test_no_partition_waits_for_others_that_hold_much() -> None:
    with fresh_topics(kafka_server(), partitions=4) as address, closing(KafkaLog(address, client="test")) as log:
        for partition in range(4):
            for turn in range(3):  # each a batch larger than what is asked of a partition at once
                log.append(SCORES, score_records_of(Random(turn).randbytes(2 * FETCH_BYTES)), partition=partition)

        read = log.read_each(SCORES, dict.fromkeys(range(4), 0), 500)

    assert {partition: len(records) for partition, records in read.items()} == dict.fromkeys(range(4), 3)


def test_what_is_held_ready_is_bounded_however_many_read(log: KafkaLog) -> None:
    log.append(ENGAGEMENT, [NewRecord("acme.com", Random(n).randbytes(50_000)) for n in range(400)])
    for start in range(100):
        log.read(ENGAGEMENT, 0, start, 100)
    assert log.buffered_bytes <= MAX_BUFFERED_BYTES


def test_the_position_is_that_of_the_last_checkpoint(log: KafkaLog) -> None:
    log.append(SCORES, [*score_records_of(b"{}"), checkpoint_record(7, None, None)], partition=0)
    log.append(SCORES, [*score_records_of(*(b"%d" % n for n in range(3_000)))], partition=0)
    assert log.position(0) == 7
    found = log.latest_in(SCORES, 0, CHECKPOINT_KEY)
    assert found is not None
    assert found.offset == 1


def test_reading_joins_no_group_and_commits_nothing(log: KafkaLog, address: KafkaAddress) -> None:
    log.append(ENGAGEMENT, fact_records(*range(100)))
    read_to_end(log)
    log.wait({0: 0}, timeout=1)
    admin = admin_client(address)
    groups = {group["group_id"] for group in admin.list_groups()}
    admin.close()
    assert not {name for name in groups if address.prefix in name}
