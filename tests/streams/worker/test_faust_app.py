"""A worker on a real broker computes the scores of one straight fold, whatever is among the facts."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from benchmarks.worlds import account_name, facts
from schemas.dead_letters import parse_error_headers
from schemas.scores import CHECKPOINT_KEY, AccountScored, decode_account_scored
from schemas.topics import ENGAGEMENT, SCORES
from streams.kafka import topics as kafka_topics
from streams.log import NewRecord
from tests.requirements import kafka_server
from tests.streams.worker.workers import WorkerCluster, subject_of, wait_until, worker_cluster


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WorkerCluster]:
    with worker_cluster(kafka_server(), tmp_path, partitions=2) as made:
        yield made


def test_facts_go_in_and_scores_come_out_as_a_straight_fold_has_them(bench: WorkerCluster) -> None:
    bench.append_facts(facts(3_000, 50))
    worker = bench.start_worker().await_assignment()
    bench.await_scored()
    assert bench.differences() == []
    assert worker.stop() == 0


def test_the_last_record_of_every_unit_is_its_position(bench: WorkerCluster) -> None:
    bench.append_facts(facts(500, 50))
    bench.start_worker(unit_bytes=50_000)
    bench.await_scored()
    keys = [record.key for record in bench.read_all(SCORES, 0)]
    assert (keys[-1], keys.count(CHECKPOINT_KEY) > 1) == (CHECKPOINT_KEY, True)


def test_a_worker_that_comes_later_goes_on_where_the_units_end(bench: WorkerCluster) -> None:
    coming = facts(2_000, 50)
    for _ in range(2):
        bench.append_facts(islice(coming, 1_000))
        worker = bench.start_worker()
        bench.await_scored()
        assert worker.stop() == 0
    assert bench.differences() == []
    assert sum(worker.counters()["facts"] for worker in bench.workers) == 2_000


def test_poison_goes_to_the_dead_letters_and_the_rest_is_folded(bench: WorkerCluster) -> None:
    bench.append_facts(facts(200, 10))
    bench.log.append(ENGAGEMENT, [NewRecord(account_name(1), b"\xff poison"), NewRecord(account_name(2), b"[" * 9_000)])
    bench.append_facts(facts(200, 10, seed=8))
    bench.start_worker()
    bench.await_scored()
    assert sorted(letter.key for letter in bench.dead_letters()) == sorted([account_name(1), account_name(2)])
    assert {letter.value for letter in bench.dead_letters()} == {b""}
    assert {parse_error_headers(letter.headers)["exception.class.name"] for letter in bench.dead_letters()} == {
        "unreadable"
    }
    assert bench.differences() == []


def test_units_that_are_too_large_are_cut_and_one_large_fact_may_take_a_batch_of_its_own(bench: WorkerCluster) -> None:
    bench.append_facts(facts(1_000, 5))
    envelope = b'{"id":"large","source":"s","type":"account.updated.v1","subject":"company-1.example",'
    bench.append_facts([envelope + b'"time":"2025-01-06T00:00:00Z","data":{"name":"%s"}}' % (b"x" * 1_500_000)])
    bench.append_facts(facts(100, 5, seed=9))
    bench.start_worker(unit_bytes=20_000)
    bench.await_scored()
    assert bench.differences() == []


def large_update(field: str) -> bytes:
    envelope = b'{"id":"%s","source":"s","type":"account.updated.v1","subject":"company-1.example",' % field.encode()
    return envelope + b'"time":"2025-01-06T00:00:00Z","data":{"%s":"%s"}}' % (field.encode(), b"x" * 2_500_000)


def test_a_fact_that_makes_its_account_larger_than_a_batch_is_a_dead_letter_and_the_rest_is_folded(
    bench: WorkerCluster,
) -> None:
    bench.append_facts([*facts(50, 5), large_update("name"), large_update("owner")])
    bench.append_facts(facts(50, 5, seed=9))
    worker = bench.start_worker()
    bench.await_scored()
    [letter] = bench.dead_letters()
    fields = parse_error_headers(letter.headers)
    assert (letter.key, letter.value, fields["exception.class.name"]) == ("company-1.example", b"", "too_large")
    assert (worker.stop(), bench.differences()) == (0, [])


def transactional_producer(bench: WorkerCluster) -> KafkaProducer:
    producer = KafkaProducer(bootstrap_servers=list(bench.address.servers), transactional_id=bench.address.prefix)
    producer.init_transactions()
    return producer


def send(producer: KafkaProducer, bench: WorkerCluster, values: Sequence[bytes], commit: bool) -> None:
    producer.begin_transaction()
    for value in values:
        producer.send(bench.address.topic_name(ENGAGEMENT), key=subject_of(value).encode(), value=value)
    producer.flush()
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()


def test_of_a_transactional_producer_what_it_committed_is_folded_and_markers_are_stepped_over(
    bench: WorkerCluster,
) -> None:
    coming = facts(600, 20)
    with transactional_producer(bench) as producer:
        for number in range(6):
            send(producer, bench, list(islice(coming, 100)), commit=number % 2 == 0)
    worker = bench.start_worker()
    bench.await_scored()
    assert (worker.stop(), bench.differences()) == (0, [])
    assert worker.counters()["facts"] == 300


def test_a_recovery_after_markers_and_aborted_facts_goes_on_behind_them(bench: WorkerCluster) -> None:
    coming = facts(400, 20)
    with transactional_producer(bench) as producer:
        for commit in (True, False):
            send(producer, bench, list(islice(coming, 100)), commit)
        first = bench.start_worker()
        bench.await_scored()
        assert first.stop() == 0
        for commit in (False, True):
            send(producer, bench, list(islice(coming, 100)), commit)
    second = bench.start_worker()
    bench.await_scored()
    assert (second.stop(), bench.differences()) == (0, [])
    assert (first.counters()["facts"], second.counters()["facts"]) == (100, 100)


def test_a_log_that_was_recreated_is_refused_in_words(bench: WorkerCluster) -> None:
    bench.append_facts(facts(100, 5))
    worker = bench.start_worker()
    bench.await_scored()
    worker.stop()
    recreate_topic(bench, ENGAGEMENT)
    again = bench.start_worker()
    assert again.exit_code() == 1
    assert "the log was recreated. Restore it, or create all topics again together" in again.output()


def recreate_topic(bench: WorkerCluster, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=list(bench.address.servers))
    before = kafka_topics.topic_ids(bench.address)
    admin.delete_topics([bench.address.topic_name(topic)])
    wait_until("the topic gone", lambda: topic not in kafka_topics.topic_ids(bench.address))
    kafka_topics.create_topics(bench.address, 2)
    assert kafka_topics.topic_ids(bench.address)[topic] != before[topic]
    admin.close()


def test_facts_without_a_model_are_refused_in_words(bench: WorkerCluster) -> None:
    recreate_topic(bench, ENGAGEMENT)
    bench.append_facts(facts(10, 5))
    worker = bench.start_worker()
    assert worker.exit_code() == 1
    assert "run `staffel topics create` first" in worker.output()


def test_workers_ignore_what_others_wrote_among_the_scores_and_fold_hidden_accounts_again(bench: WorkerCluster) -> None:
    bench.append_facts(facts(200, 5))
    first = bench.start_worker()
    bench.await_scored()
    assert first.stop() == 0
    for key in (account_name(1), CHECKPOINT_KEY, "nobody.example"):
        bench.log.append(SCORES, [NewRecord(key, b"mine")], partition=bench.log.partition_of(SCORES, account_name(1)))
    bench.append_facts(facts(200, 5, seed=9))
    worker = bench.start_worker()
    bench.await_scored()
    assert worker.stop() == 0
    assert '"event": "foreign_records"' in worker.output()
    assert worker.counters()["repaired_keys"] >= 2
    updates = {account: [each for each in found if each] for account, found in readable_updates(bench).items()}
    assert updates[account_name(1)][-1].seq == max(each.seq for each in updates[account_name(1)])


def readable_updates(bench: WorkerCluster) -> dict[str, list[AccountScored]]:
    """account -> those of its updates that workers wrote."""
    found: dict[str, list[AccountScored]] = {}
    for partition in bench.partitions:
        for record in bench.read_all(SCORES, partition):
            if record.value.startswith(b'{"type":"account.scored.v1"'):
                found.setdefault(record.key, []).append(decode_account_scored(record.value))
    return found
