"""Those who do the same work, one process each, on the same topic; how fast they were and what they came to.

Seconds count from the fact that a process takes first in hand, by its own clock, to the last record of its durable
state, as the broker stamped it: work that is not yet durable is not done. Start-up, joining and the commit of offsets
that may follow are left out for everybody.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from os import environ
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from benchmarks.figures import Figure
from benchmarks.kafka.programs import ROOT, ProgramOutput, run_program
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.topic_reader import Latest, latest_of
from benchmarks.peers.builds import kafka_streams_classpath, pinned, quix_python
from schemas.topics import ENGAGEMENT, SCORES
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog

PEERS = ROOT / "benchmarks" / "peers"


class Workload(NamedTuple):
    """The facts to work on. `facts` counts the activations, too."""

    stage: BenchmarkServers
    prefix: str
    partitions: int
    facts: int

    @property
    def address(self) -> KafkaAddress:
        return self.stage.address(self.prefix)

    @property
    def topic(self) -> str:
        return self.address.topic_name(ENGAGEMENT)

    def arguments(self, folder: Path) -> list[str]:
        """What every peer is told."""
        return [*self.address.servers, self.topic, str(self.partitions), str(self.facts), str(folder)]


class Contender(NamedTuple):
    """`command` of a place and a folder; `state`: the topic that ends up holding its state; `done` where it does not
    end by itself."""

    name: str
    settings: str
    command: Callable[[Workload, Path], Sequence[str]]
    state: Callable[[Workload], str]
    is_done: Callable[[Workload], bool] = lambda _: False


class RunResult(NamedTuple):
    facts: int
    seconds: float
    output: ProgramOutput
    latest: Latest

    @property
    def rate(self) -> float:
        return self.facts / self.seconds

    def figure(self, name: str, target: float | None = None) -> Figure:
        per_fact = self.latest.records / self.facts
        note = f"{self.facts:,} facts in {self.seconds:.1f} s; {self.output.cpu / self.facts * 1e6:.0f} us of processor"
        note += f" time and {per_fact:.2f} records of state per fact"
        more = {"facts": self.facts, "seconds": self.seconds, "cpu": self.output.cpu, "records": self.latest.records}
        return Figure(name, self.rate, "facts/s", target, note=note, more=more)


def run_contender(contender: Contender, workload: Workload) -> RunResult:
    """Raises `Broken`."""
    folder = workload.stage.fresh_folder(contender.name)
    full_environment = {**environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    output = run_program(
        contender.command(workload, folder), folder, full_environment, lambda: contender.is_done(workload)
    )
    latest = latest_of(workload.address.servers, contender.state(workload))
    return RunResult(workload.facts, (latest.last - output.number("first")) / 1000, output, latest)


def staffel_worker(kind: str) -> Contender:
    return Contender(
        "Staffel",
        "units of up to 5,000 facts or 4 MB: state, output and position in one record batch, acks=all, idempotent, "
        "not compressed; session 10 s",
        lambda place, folder: python("-m", "benchmarks.kafka.our_worker", place.stage.url(place.prefix), kind, folder),
        lambda place: place.address.topic_name(SCORES),
        is_scored,
    )


def stock_faust() -> Contender:
    import faust as library

    return Contender(
        "stock Faust",
        f"faust-streaming {library.__version__}: Table in memory with its changelog, at_least_once, all else as it "
        "comes",
        lambda place, folder: python(PEERS / "faust_sum.py", *place.arguments(folder)),
        lambda place: f"{place.topic}-faust-totals-changelog",
        lambda place: is_committed(place, f"{place.topic}-faust"),
    )


def quix_streams(program: str, state: str, build: bool) -> Contender:
    """`state`: what follows the name of the topic. Raises `Absent`."""
    interpreter = quix_python(build)
    return Contender(
        "Quix Streams",
        f"quixstreams {pinned('quixstreams')}: state in RocksDB with its changelog, at-least-once, commits every "
        "second, all else as it comes",
        lambda place, folder: [str(interpreter), str(PEERS / program), *place.arguments(folder)],
        lambda place: state.format(topic=place.topic),
    )


def kafka_streams(build: bool) -> Contender:
    """Raises `Absent`."""
    jars = kafka_streams_classpath(build)
    return Contender(
        "Kafka Streams",
        f"kafka-streams {pinned('kafka-streams')}: one thread, RocksDB with its changelog, cache as it comes (10 MB), "
        "at_least_once, commits every second, acks=all",
        lambda place, folder: ["java", "-Xmx1g", "-cp", jars, "Sum", *place.arguments(folder)],
        lambda place: f"{place.topic}-streams-totals-changelog",
    )


def python(*arguments: str | Path) -> list[str]:
    return [sys.executable, *map(str, arguments)]


def is_scored(workload: Workload) -> bool:
    """Whether the checkpoints stand at the ends."""
    with closing(KafkaLog(workload.address, client="bench")) as log:
        return all(log.position(p) >= log.end(ENGAGEMENT, p) for p in range(workload.partitions))


def is_committed(workload: Workload, group: str) -> bool:
    """Whether the group's offsets do."""
    with KafkaAdminClient(bootstrap_servers=list(workload.address.servers)) as admin:
        try:
            offsets = admin.list_group_offsets(group)[group]
        except KafkaError:
            return False  # the group is not there yet
        return bool(sum(each.offset for each in offsets.values()) >= workload.facts)
