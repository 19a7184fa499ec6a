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
from benchmarks.kafka.contenders import Place, is_scored
from benchmarks.kafka.fleet import Fleet, Patience, fleet
from benchmarks.kafka.outcome import Outcome
from benchmarks.kafka.programs import Program
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.topic_reader import latest_of, stamps_of
from benchmarks.kafka.whole_fold import compare, digests_of
from benchmarks.worlds import START, account_name, written
from schemas.envelope import FACT_HEADERS
from schemas.scores import CHECKPOINT_KEY
from schemas.topics import SCORES
from streams.kafka.connection import open_producer

MOST_S = 6.0
PER_SECOND = 400
_PATIENCE_S = 60.0
_NAMES = {"joins": "a worker joins", "leaves": "a worker leaves", "dies": "a worker dies"}


class Moment(NamedTuple):
    """What a worker did, when, and when all had gone on for a while (milliseconds since 1970)."""

    what: str
    at: int
    until: int


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    accounts = sizes.keys // 2
    place = Place(stage, "membership", 2 * sizes.partitions, accounts + 2 * sizes.partitions)
    outcome.settings["workers that come and go"] = f"session {sizes.session_s} s, {PER_SECOND} facts/s meanwhile"
    scored.write(place, pages(accounts))
    with fleet(place, {"STAFFEL_WORKER_SESSION": str(sizes.session_s)}) as fleet_:
        moments = played(fleet_, accounts)
        folds = [fold_partition(fleet_.log, partition) for partition in range(place.partitions)]
    servers, topic = place.address.servers, place.address.topic_name(SCORES)
    latest = latest_of(servers, topic)
    compare("workers that come and go", latest, digests_of(folds))
    stamps = stamps_of(servers, topic, CHECKPOINT_KEY.encode())
    for moment in moments:
        waits = longest(stamps, moment.at, moment.until)
        most = MOST_S + (sizes.session_s if moment.what == "dies" else 0)
        yield figure(moment.what, waits, most, len(latest.values), place.partitions)


def figure(what: str, seconds: float, most: float, keys: int, partitions: int) -> Figure:
    note = f"the longest that one of {partitions} partitions stood still; {keys:,} keys"
    return Figure(f"{_NAMES[what]}: scoring again", seconds, "s", most, "at most", note)


def longest(stamps: Mapping[int, Sequence[int]], since: int, until: int) -> float:
    """Seconds between two checkpoints of a partition, at most; what lay before `since` does not count."""
    pauses = [0]
    for times in stamps.values():
        pauses += [later - max(earlier, since) for earlier, later in pairwise(times) if since < later <= until]
    return max(pauses) / 1000


def pages(accounts: int) -> Iterator[bytes]:
    """One each: an account and a contact."""
    for number in range(accounts):
        yield page(f"p{number}", number)


def page(id: str, number: int) -> bytes:
    contact = f"c_{number:012x}"
    return written(id, account_name(number), contact, START + number, "web.page_viewed", '{"url":"/pricing"}')


def played(fleet_: Fleet, accounts: int) -> list[Moment]:
    """One worker stays throughout. Returns when it has scored everything."""
    moments: list[Moment] = []
    with fleet_.running("worker") as first:
        with fed(fleet_, accounts):
            settled(fleet_, [first])
            with fleet_.running("worker") as second:
                moments.append(moment("joins", fleet_, [first, second]))
                second.process.terminate()
                moments.append(moment("leaves", fleet_, [first]))
            with fleet_.running("worker") as third:
                settled(fleet_, [first, third])
                third.process.kill()
                moments.append(moment("dies", fleet_, [first]))
        patience = Patience([first], _PATIENCE_S)
        while not is_scored(fleet_.place):
            patience.wait()
        first.stop()
    return moments


def moment(what: str, fleet_: Fleet, left: list[Program]) -> Moment:
    """What has just been done, once those who are left have settled."""
    at = now()
    settled(fleet_, left)
    return Moment(what, at, now())


@contextmanager
def fed(fleet_: Fleet, accounts: int) -> Iterator[None]:
    """A steady stream of facts about all accounts."""
    stop = Event()
    feeding = Thread(target=feed, args=(fleet_, accounts, stop))
    feeding.start()
    try:
        yield
    finally:
        stop.set()
        feeding.join()


def feed(fleet_: Fleet, accounts: int, stop: Event) -> None:
    producer, random, begun = open_producer(fleet_.place.address, "bench"), Random(3), monotonic()
    for turn in count():
        if stop.wait(max(0.0, begun + turn / PER_SECOND - monotonic())):
            break
        number = random.randrange(accounts)
        value, key = page(f"f{turn}", number), account_name(number).encode()
        producer.send(fleet_.place.topic, key=key, value=value, headers=list(FACT_HEADERS))
    producer.flush()
    producer.close()


def settled(fleet_: Fleet, workers: list[Program]) -> None:
    """Return when the group is these workers and all partitions have gone on for a while."""
    patience = Patience(workers, _PATIENCE_S)
    while members(fleet_) != len(workers):
        patience.wait()
    for _ in range(_TIMES):
        seen = {partition: fleet_.log.position(partition) for partition in range(fleet_.place.partitions)}
        while any(fleet_.log.position(partition) <= position for partition, position in seen.items()):
            patience.wait()


_TIMES = 20


def members(fleet_: Fleet) -> int:
    """0 while the group is not stable."""
    group = fleet_.place.address.topic_name("staffel-workers")
    with KafkaAdminClient(bootstrap_servers=list(fleet_.place.address.servers)) as admin:
        try:
            told = admin.describe_groups([group])[group]
        except KafkaError:
            return 0  # the group is not there yet
    return len(told["members"]) if told["group_state"] == "Stable" else 0


def now() -> int:
    return time_ns() // 1_000_000
