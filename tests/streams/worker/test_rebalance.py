"""Workers that share partitions join, leave, are killed, or are suspended; every fact is folded once."""

import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import pytest

from benchmarks.worlds import facts
from schemas.topics import SCORES
from tests.requirements import kafka_server
from tests.streams.worker.workers import SESSION_S, WorkerCluster, WorkerProcess, wait_until, worker_cluster

PARTITIONS = 4
ALL_PARTITIONS = set(range(PARTITIONS))
FEW_ACCOUNTS = 40
"""Facts of every partition, and of few accounts."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WorkerCluster]:
    with worker_cluster(kafka_server(), tmp_path, PARTITIONS) as made:
        yield made


def share_all_partitions(*workers: WorkerProcess) -> bool:
    """Whether these workers have all partitions, shared evenly."""
    shares = [worker.partitions() for worker in workers]
    return set().union(*shares) == ALL_PARTITIONS and sum(map(len, shares)) == PARTITIONS and all(shares)


def test_workers_share_the_partitions_and_fold_them_as_one(bench: WorkerCluster) -> None:
    coming = facts(6_000, 50)
    bench.append_facts(islice(coming, 3_000))
    workers = [bench.start_worker(), bench.start_worker()]
    wait_until("both have a share", lambda: share_all_partitions(*workers))
    bench.append_facts(coming)
    bench.await_scored()
    assert bench.differences() == []
    assert all(worker.counters()["facts"] for worker in workers)


def test_one_that_is_asked_to_leave_hands_over_at_once(bench: WorkerCluster) -> None:
    one = bench.start_worker().await_assignment()
    other = bench.start_worker()
    wait_until("both have a share", lambda: share_all_partitions(one, other))
    bench.append_facts(facts(3_000, 50))
    assert one.stop() == 0
    assert wait_until("the other has all", lambda: other.partitions() == ALL_PARTITIONS) < SESSION_S
    bench.await_scored()
    assert bench.differences() == []


def test_of_one_that_was_killed_the_partitions_are_taken_over_after_its_session(bench: WorkerCluster) -> None:
    one = bench.start_worker().await_assignment()
    other = bench.start_worker()
    wait_until("both have a share", lambda: share_all_partitions(one, other))
    bench.append_facts(facts(5_000, 50))
    one.kill()
    wait_until("the other has all", lambda: other.partitions() == ALL_PARTITIONS)
    bench.await_scored()
    assert bench.differences() == []


def test_one_that_is_killed_again_and_again_tells_everything_once(bench: WorkerCluster) -> None:
    stop = Event()
    recording = Thread(target=record_slowly, args=(bench, stop))
    recording.start()
    for _ in range(4):
        worker = bench.start_worker(session_s=2, unit_bytes=30_000)
        wait_until("some facts folded", lambda one=worker: one.counters()["facts"] > 100 or one.has_ended)  # type: ignore[misc]
        worker.kill()
    stop.set()
    recording.join()
    bench.start_worker()
    bench.await_scored()
    assert bench.differences() == []
    assert has_no_duplicates(bench)


def record_slowly(bench: WorkerCluster, stop: Event) -> None:
    coming = facts(100_000, 50)
    while not stop.wait(0.1):
        bench.append_facts(islice(coming, 200))


def has_no_duplicates(bench: WorkerCluster) -> bool:
    updates = [(each.account, each.after_seq) for updates in bench.updates().values() for each in updates]
    return len(updates) == len(set(updates))


def test_one_that_stood_still_beyond_its_session_ends_when_it_wakes_and_changes_nothing(bench: WorkerCluster) -> None:
    coming = facts(20_000, 50)
    zombie = bench.start_worker(unit_bytes=20_000).await_assignment()
    bench.append_facts(islice(coming, 10_000))
    wait_until("it is in the middle", lambda: zombie.counters()["facts"] > 500)
    zombie.signal(signal.SIGSTOP)
    other = bench.start_worker()
    wait_until("the other has all", lambda: other.partitions() == ALL_PARTITIONS)
    bench.append_facts(coming)
    bench.await_scored()
    before = [bench.log.end(SCORES, partition) for partition in bench.partitions]
    zombie.signal(signal.SIGCONT)
    assert zombie.exit_code() == 70
    assert "self-fence: the event loop was blocked" in zombie.output()
    assert [bench.log.end(SCORES, partition) for partition in bench.partitions] == before
    assert bench.differences() == []


def append_stale_updates(bench: WorkerCluster, coming: Iterator[bytes]) -> None:
    """Append older updates again in every partition, as a worker may that has lost them."""
    bench.append_facts(islice(coming, 1_000))
    bench.await_scored()
    stale = [bench.read_all(SCORES, partition) for partition in bench.partitions]
    bench.append_facts(islice(coming, 1_000))
    bench.await_scored()
    for partition, records in enumerate(stale):
        bench.append_again(SCORES, records, partition)


def test_what_another_wrote_to_its_partition_ends_a_worker_and_a_recovery_repairs_it(bench: WorkerCluster) -> None:
    coming = facts(4_000, 50)
    worker = bench.start_worker().await_assignment()
    append_stale_updates(bench, coming)
    bench.append_facts(islice(coming, 1_000))
    assert worker.exit_code() == 70
    assert "foreign write: a unit for offset" in worker.output()
    again = bench.start_worker().await_assignment()
    assert again.counters()["repaired_keys"] > 0
    bench.append_facts(coming)
    bench.await_scored()
    assert bench.differences() == []
    assert bench.is_compactable()


def test_when_all_of_them_leave_and_are_started_again_they_repair_and_go_on(bench: WorkerCluster) -> None:
    coming = facts(4_000, 50)
    workers = [bench.start_worker(), bench.start_worker()]
    wait_until("both have a share", lambda: share_all_partitions(*workers))
    append_stale_updates(bench, coming)
    with bench.supervised():
        bench.append_facts(islice(coming, FEW_ACCOUNTS))
        wait_until("both left", lambda: all("foreign write" in worker.output() for worker in workers))
        wait_until("what nothing came for is repaired", bench.is_compactable)
        bench.append_facts(coming)
        bench.await_scored()
    assert bench.differences() == []
    assert bench.is_compactable()
