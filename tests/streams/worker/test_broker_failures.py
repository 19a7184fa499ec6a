"""A worker whose broker is not up yet, is killed, or rejects writes: it waits and continues, or ends with a reason."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from threading import Event, Thread

from kafka.admin import KafkaAdminClient

from benchmarks.worlds import facts
from schemas.topics import SCORES
from streams.kafka.address import KafkaAddress
from streams.log import LogError
from tests.kafka.broker import Broker
from tests.requirements import kafka_broker
from tests.streams.worker.workers import WorkerCluster, WorkerProcess, wait_until, worker_cluster

DOWNTIME_S = 8
"""Longer than a session."""


def test_a_worker_waits_for_a_broker_that_comes_later(tmp_path: Path) -> None:
    broker = kafka_broker(tmp_path / "broker")
    with worker_cluster(broker.server, tmp_path, 1) as bench:
        bench.append_facts(facts(100, 5))
        log_id = bench.log.generation("engagement")
        broker.stop()
        worker = bench.start_worker(log_id=log_id)
        wait_until("it says that it waits", lambda: bool(worker.lines("waiting_for_broker")))
        broker.start()
        bench.await_scored()
        assert (bench.differences(), worker.stop()) == ([], 0)
    broker.kill()


def test_a_worker_that_waits_for_a_broker_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    nowhere = KafkaAddress(("127.0.0.1:1",), {}, "")
    worker = WorkerProcess(nowhere, tmp_path / "worker", {"log_id": "log-1"})
    wait_until("it says that it waits", lambda: bool(worker.lines("waiting_for_broker")))
    assert worker.stop() == 0


def test_a_broker_that_is_killed_and_started_again_costs_nothing(tmp_path: Path) -> None:
    broker = kafka_broker(tmp_path / "broker")
    with worker_cluster(broker.server, tmp_path, 2) as bench:
        coming = facts(6_000, 50)
        worker = bench.start_worker(unit_bytes=30_000).await_assignment()
        for _ in range(2):
            bench.append_facts(islice(coming, 2_000))
            wait_until("some of it folded", lambda: worker.counters()["facts"] > 0)
            restart(broker)
            bench.append_facts(islice(coming, 1_000))
        bench.await_scored()
        assert bench.differences() == []
        assert not worker.has_ended, worker.output()
    broker.kill()


def restart(broker: Broker) -> None:
    broker.kill()
    Event().wait(DOWNTIME_S)
    broker.start()


def test_a_topic_that_is_deleted_under_a_worker_is_no_crash_without_words(tmp_path: Path) -> None:
    broker = kafka_broker(tmp_path / "broker")
    with worker_cluster(broker.server, tmp_path, 1) as bench:
        worker = bench.start_worker(stall_s=5).await_assignment()
        admin = KafkaAdminClient(bootstrap_servers=[broker.server])
        admin.delete_topics([bench.address.topic_name(SCORES)])
        bench.append_facts(facts(10, 5))
        assert worker.exit_code() == 70
        assert '"event": "left"' in worker.output()
        admin.close()
    broker.kill()


def test_facts_recorded_while_workers_come_and_the_broker_goes_are_folded_once(tmp_path: Path) -> None:
    broker = kafka_broker(tmp_path / "broker")
    with worker_cluster(broker.server, tmp_path, 2) as bench, bench.supervised():
        with background_recording(bench):
            for _ in range(2):
                bench.start_worker(unit_bytes=30_000)
                wait_until("all at work", lambda: all(each.counters()["is_assigned"] for each in bench.workers))
                restart(broker)
        bench.await_scored()
        assert bench.differences() == []
    broker.kill()


@contextmanager
def background_recording(bench: WorkerCluster) -> Iterator[None]:
    """Record facts in the background."""
    stop = Event()
    recorder = Thread(target=record_until_stopped, args=(bench, stop), name="recorder")
    recorder.start()
    try:
        yield
    finally:
        stop.set()
        recorder.join()


def record_until_stopped(bench: WorkerCluster, stop: Event) -> None:
    """Again what was not acknowledged, as recorders do."""
    coming = facts(100_000, 50)
    while not stop.wait(0.1):
        batch = list(islice(coming, 100))
        while not (try_append(bench, batch) or stop.is_set()):
            continue


def try_append(bench: WorkerCluster, batch: Sequence[bytes]) -> bool:
    with suppress(LogError):
        bench.append_facts(batch)
        return True
    return False
