"""A worker joins, leaves and dies while facts come: how long until every partition is scored again.

Never counts a run after which an account stands otherwise than in a straight fold of the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, pairwise
from random import Random
from threading import Event, Thread
from time import monotonic, time_ns
from typing import NamedTuple

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from audit.replay import fold_partition
from benchmarks.figures import Figure
from benchmarks.kafka import scored_log as scored
from benchmarks.kafka.contenders import Workload, is_scored
from benchmarks.kafka.fleet import ProgramMonitor, StaffelCluster, staffel_cluster
from benchmarks.kafka.outcome import BenchmarkReport
from benchmarks.kafka.programs import Program
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.topic_reader import append_times_of, latest_of
from benchmarks.kafka.whole_fold import compare_digests, digests_of
from benchmarks.worlds import START, account_name, encoded_fact
from schemas.envelope import FACT_HEADERS
from schemas.scores import CHECKPOINT_KEY
from schemas.topics import SCORES
from streams.kafka.connection import open_producer

TARGET_S = 6.0
PER_SECOND = 400
_TIMEOUT_S = 60.0
_NAMES = {"joins": "a worker joins", "leaves": "a worker leaves", "dies": "a worker dies"}


class MembershipChange(NamedTuple):
    """What a worker did, when, and when all had gone on for a while (milliseconds since 1970)."""

    kind: str
    at: int
    until: int


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    accounts = sizes.keys // 2
    place = Workload(stage, "membership", 2 * sizes.partitions, accounts + 2 * sizes.partitions)
    outcome.settings["workers that come and go"] = f"session {sizes.session_s} s, {PER_SECOND} facts/s meanwhile"
    scored.write_scored_log(place, page_views(accounts))
    with staffel_cluster(place, {"STAFFEL_WORKER_SESSION": str(sizes.session_s)}) as fleet_:
        changes = run_changes(fleet_, accounts)
        folds = [fold_partition(fleet_.log, partition) for partition in range(place.partitions)]
    servers, topic = place.address.servers, place.address.topic_name(SCORES)
    latest = latest_of(servers, topic)
    compare_digests("workers that come and go", latest, digests_of(folds))
    stamps = append_times_of(servers, topic, CHECKPOINT_KEY.encode())
    for moment in changes:
        pause_s = longest_pause(stamps, moment.at, moment.until)
        target = TARGET_S + (sizes.session_s if moment.kind == "dies" else 0)
        yield pause_figure(moment.kind, pause_s, target, len(latest.values), place.partitions)


def pause_figure(kind: str, seconds: float, target: float, keys: int, partitions: int) -> Figure:
    note = f"the longest that one of {partitions} partitions stood still; {keys:,} keys"
    return Figure(f"{_NAMES[kind]}: scoring again", seconds, "s", target, "at most", note)


def longest_pause(stamps: Mapping[int, Sequence[int]], since: int, until: int) -> float:
    """Seconds between two checkpoints of a partition, at most; what lay before `since` does not count."""
    pauses = [0]
    for times in stamps.values():
        pauses += [later - max(earlier, since) for earlier, later in pairwise(times) if since < later <= until]
    return max(pauses) / 1000


def page_views(accounts: int) -> Iterator[bytes]:
    """One each: an account and a contact."""
    for number in range(accounts):
        yield page_view(f"p{number}", number)


def page_view(id: str, number: int) -> bytes:
    contact = f"c_{number:012x}"
    return encoded_fact(id, account_name(number), contact, START + number, "web.page_viewed", '{"url":"/pricing"}')


def run_changes(cluster: StaffelCluster, accounts: int) -> list[MembershipChange]:
    """One worker stays throughout. Returns when it has scored everything."""
    changes: list[MembershipChange] = []
    with cluster.running("worker") as first:
        with steady_facts(cluster, accounts):
            await_settled(cluster, [first])
            with cluster.running("worker") as second:
                changes.append(settled_change("joins", cluster, [first, second]))
                second.process.terminate()
                changes.append(settled_change("leaves", cluster, [first]))
            with cluster.running("worker") as third:
                await_settled(cluster, [first, third])
                third.process.kill()
                changes.append(settled_change("dies", cluster, [first]))
        monitor = ProgramMonitor([first], _TIMEOUT_S)
        while not is_scored(cluster.workload):
            monitor.wait()
        first.stop()
    return changes


def settled_change(kind: str, cluster: StaffelCluster, remaining: list[Program]) -> MembershipChange:
    """What has just been done, once those who are left have settled."""
    at = now_ms()
    await_settled(cluster, remaining)
    return MembershipChange(kind, at, now_ms())


@contextmanager
def steady_facts(cluster: StaffelCluster, accounts: int) -> Iterator[None]:
    """A steady stream of facts about all accounts."""
    stop = Event()
    producer_thread = Thread(target=produce_facts, args=(cluster, accounts, stop))
    producer_thread.start()
    try:
        yield
    finally:
        stop.set()
        producer_thread.join()


def produce_facts(cluster: StaffelCluster, accounts: int, stop: Event) -> None:
    producer, random, started = open_producer(cluster.workload.address, "bench"), Random(3), monotonic()
    for turn in count():
        if stop.wait(max(0.0, started + turn / PER_SECOND - monotonic())):
            break
        number = random.randrange(accounts)
        value, key = page_view(f"f{turn}", number), account_name(number).encode()
        producer.send(cluster.workload.topic, key=key, value=value, headers=list(FACT_HEADERS))
    producer.flush()
    producer.close()


def await_settled(cluster: StaffelCluster, workers: list[Program]) -> None:
    """Return when the group is these workers and all partitions have gone on for a while."""
    monitor = ProgramMonitor(workers, _TIMEOUT_S)
    while member_count(cluster) != len(workers):
        monitor.wait()
    for _ in range(_SETTLED_ROUNDS):
        positions = {partition: cluster.log.position(partition) for partition in range(cluster.workload.partitions)}
        while any(cluster.log.position(partition) <= position for partition, position in positions.items()):
            monitor.wait()


_SETTLED_ROUNDS = 20


def member_count(cluster: StaffelCluster) -> int:
    """0 while the group is not stable."""
    group = cluster.workload.address.topic_name("staffel-workers")
    with KafkaAdminClient(bootstrap_servers=list(cluster.workload.address.servers)) as admin:
        try:
            description = admin.describe_groups([group])[group]
        except KafkaError:
            return 0  # the group is not there yet
    return len(description["members"]) if description["group_state"] == "Stable" else 0


def now_ms() -> int:
    return time_ns() // 1_000_000
