"""The simple work: Staffel's host, stock Faust, Quix Streams and Kafka Streams. Never counts sums that differ."""

import json
import struct
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure
from benchmarks.kafka import bulk_load as loading
from benchmarks.kafka.contenders import (
    Contender,
    RunResult,
    Workload,
    kafka_streams,
    quix_streams,
    run_contender,
    staffel_worker,
    stock_faust,
)
from benchmarks.kafka.outcome import BenchmarkReport, WrongResultError
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.simple_sum import Sums, expected_sums, total_of
from benchmarks.kafka.sizes import Sizes
from benchmarks.peers.builds import KAFKA_STREAMS, QUIX, PeerUnavailableError
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts

Decode = Callable[[bytes, bytes], tuple[str, tuple[int, int]]]
"""Account and total of a record of state."""
QUIX_STATE = "changelog__{topic}-quix--{topic}--default"


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    many = load_simple_workload(stage, sizes, "many", sizes.simple)
    own_run = run_and_compare(staffel_worker("sum"), *many, decode_staffel, outcome)
    yield own_run.figure("simple work, Staffel")
    few = load_simple_workload(stage, sizes, "few", sizes.simple_faust)
    yield from peer_figures(own_run, "stock Faust", stock_faust, few, decode_faust, 50, outcome)
    yield from peer_figures(
        own_run, QUIX, lambda: quix_streams("quix_sum.py", QUIX_STATE, sizes.build_peers), many, decode_quix, 3, outcome
    )
    yield from peer_figures(
        own_run, KAFKA_STREAMS, lambda: kafka_streams(sizes.build_peers), many, decode_java, None, outcome
    )


def peer_figures(
    own_run: RunResult,
    name: str,
    build_contender: Callable[[], Contender],
    loaded: tuple[Workload, Sums],
    decode: Decode,
    target: float | None,
    outcome: BenchmarkReport,
) -> Iterator[Figure]:
    try:
        contender = build_contender()
    except PeerUnavailableError as absent:
        outcome.absent[f"simple work, {name}"] = str(absent)
        return
    other = run_and_compare(contender, *loaded, decode, outcome)
    yield other.figure(f"simple work, {name}")
    yield Figure(f"simple work, Staffel : {name}", own_run.rate / other.rate, "x", target)


def load_simple_workload(stage: BenchmarkServers, sizes: Sizes, prefix: str, count: int) -> tuple[Workload, Sums]:
    """A year of facts, or as much of its beginning, and what their sums are."""
    place = Workload(stage, prefix, sizes.partitions, count + sizes.partitions)
    values = list(facts(count, max(20, sizes.simple // 50), spacing_ms=spacing_ms(sizes.simple)))
    loading.create_log(place.address, sizes.partitions)
    loading.load_facts(place.address, values, sizes.partitions)
    return place, expected_sums(values)


def run_and_compare(
    contender: Contender, place: Workload, sums: Sums, decode: Decode, outcome: BenchmarkReport
) -> RunResult:
    """Raises `NotRight` where the sums are not those of the facts."""
    outcome.settings[contender.name] = contender.settings
    result = run_contender(contender, place)
    found = dict(decode(key, value) for key, value in result.latest.values.items())
    differ = [
        account for account in sums.keys() | found if is_account(account) and found.get(account) != sums.get(account)
    ]
    if differ:
        account = min(differ)
        raise WrongResultError(
            f"{contender.name}: {len(differ)} sums differ; {account} has {found.get(account)}, not {sums.get(account)}"
        )
    return result


def is_account(key: str) -> bool:
    """Every partition has a `~model`, and whose sum that is differs."""
    return not key.startswith("~")


def decode_staffel(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    account = key.decode()
    return account, total_of(value) if is_account(account) else (0, 0)


def decode_faust(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    """The key is JSON."""
    return json.loads(key), total_of(value)


def decode_quix(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    """The key is `"account"|"total"`."""
    return json.loads(key.split(b"|")[0]), total_of(value)


def decode_java(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    return key.decode(), struct.unpack(">qq", value)
