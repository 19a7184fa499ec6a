"""Workers that share partitions: they come, leave, die, stand still and wake; facts are folded once all the same."""

import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import pytest

from benchmarks.worlds import facts
from schemas.topics import SCORES
from tests.requirements import kafka_server
from tests.streams.worker.workers import SESSION_S, Bench, WorkerProcess, awaited, topics

PARTITIONS = 4
ALL = set(range(PARTITIONS))
FEW = 40
"""Facts of every partition, and of few accounts."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with topics(kafka_server(), tmp_path, PARTITIONS) as made:
        yield made


def own(*workers: WorkerProcess) -> bool:
    """Whether these workers have all partitions, each its share."""
    shares = [worker.owns() for worker in workers]
    return set().union(*shares) == ALL and sum(map(len, shares)) == PARTITIONS and all(shares)


def test_workers_share_the_partitions_and_fold_them_as_one(bench: Bench) -> None:
    coming = facts(6_000, 50)
    bench.record(islice(coming, 3_000))
    workers = [bench.worker(), bench.worker()]
    awaited("both have a share", lambda: own(*workers))
    bench.record(coming)
    bench.scored()
    assert bench.differences() == []
    assert all(worker.counted()["facts"] for worker in workers)


def test_one_that_is_asked_to_leave_hands_over_at_once(bench: Bench) -> None:
    one = bench.worker().at_work()
    other = bench.worker()
    awaited("both have a share", lambda: own(one, other))
    bench.record(facts(3_000, 50))
    assert one.stop() == 0
    assert awaited("the other has all", lambda: other.owns() == ALL) < SESSION_S
    bench.scored()
    assert bench.differences() == []


def test_of_one_that_was_killed_the_partitions_are_taken_over_after_its_session(bench: Bench) -> None:
    one = bench.worker().at_work()
    other = bench.worker()
    awaited("both have a share", lambda: own(one, other))
    bench.record(facts(5_000, 50))
    one.kill()
    awaited("the other has all", lambda: other.owns() == ALL)
    bench.scored()
    assert bench.differences() == []


def test_one_that_is_killed_again_and_again_tells_everything_once(bench: Bench) -> None:
    stop = Event()
    recording = Thread(target=record_slowly, args=(bench, stop))
    recording.start()
    for _ in range(4):
        worker = bench.worker(session_s=2, unit_bytes=30_000)
        awaited("some facts folded", lambda one=worker: one.counted()["facts"] > 100 or one.ended)  # type: ignore[misc]
        worker.kill()
    stop.set()
    recording.join()
    bench.worker()
    bench.scored()
    assert bench.differences() == []
    assert no_record_twice(bench)


def record_slowly(bench: Bench, stop: Event) -> None:
    coming = facts(100_000, 50)
    while not stop.wait(0.1):
        bench.record(islice(coming, 200))


def no_record_twice(bench: Bench) -> bool:
    updates = [(each.account, each.after_seq) for told in bench.updates().values() for each in told]
    return len(updates) == len(set(updates))


def test_one_that_stood_still_beyond_its_session_ends_when_it_wakes_and_changes_nothing(bench: Bench) -> None:
    coming = facts(20_000, 50)
    zombie = bench.worker(unit_bytes=20_000).at_work()
    bench.record(islice(coming, 10_000))
    awaited("it is in the middle", lambda: zombie.counted()["facts"] > 500)
    zombie.signal(signal.SIGSTOP)
    other = bench.worker()
    awaited("the other has all", lambda: other.owns() == ALL)
    bench.record(coming)
    bench.scored()
    before = [bench.log.end(SCORES, partition) for partition in bench.partitions]
    zombie.signal(signal.SIGCONT)
    assert zombie.exit_code() == 70
    assert "self-fence: the event loop stood still" in zombie.said()
    assert [bench.log.end(SCORES, partition) for partition in bench.partitions] == before
    assert bench.differences() == []


def write_late(bench: Bench, coming: Iterator[bytes]) -> None:
    """Updates once more behind newer ones, in every partition, as one would who had lost them."""
    bench.record(islice(coming, 1_000))
    bench.scored()
    stale = [bench.everything(SCORES, partition) for partition in bench.partitions]
    bench.record(islice(coming, 1_000))
    bench.scored()
    for partition, records in enumerate(stale):
        bench.append_again(SCORES, records, partition)


def test_what_another_wrote_to_its_partition_ends_a_worker_and_a_recovery_repairs_it(bench: Bench) -> None:
    coming = facts(4_000, 50)
    worker = bench.worker().at_work()
    write_late(bench, coming)
    bench.record(islice(coming, 1_000))
    assert worker.exit_code() == 70
    assert "foreign write: a unit for offset" in worker.said()
    again = bench.worker().at_work()
    assert again.counted()["repaired"] > 0
    bench.record(coming)
    bench.scored()
    assert bench.differences() == []
    assert bench.newest_stand_last()


def test_when_all_of_them_leave_and_are_started_again_they_repair_and_go_on(bench: Bench) -> None:
    coming = facts(4_000, 50)
    workers = [bench.worker(), bench.worker()]
    awaited("both have a share", lambda: own(*workers))
    write_late(bench, coming)
    with bench.tended():
        bench.record(islice(coming, FEW))
        awaited("both left", lambda: all("foreign write" in worker.said() for worker in workers))
        awaited("what nothing came for is repaired", bench.newest_stand_last)
        bench.record(coming)
        bench.scored()
    assert bench.differences() == []
    assert bench.newest_stand_last()
