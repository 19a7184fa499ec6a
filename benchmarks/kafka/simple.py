"""The simple work: Staffel's host, stock Faust, Quix Streams and Kafka Streams. Never counts sums that differ."""

import json
import struct
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure
from benchmarks.kafka import bulk_load as loading
from benchmarks.kafka.contenders import Contender, Place, Ran, faust, kafka_streams, ours, quix, ran
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.simple_sum import Sums, straight, total_of
from benchmarks.kafka.sizes import Sizes
from benchmarks.peers.builds import KAFKA_STREAMS, QUIX, Absent
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts

Decode = Callable[[bytes, bytes], tuple[str, tuple[int, int]]]
"""Account and total of a record of state."""
QUIX_STATE = "changelog__{topic}-quix--{topic}--default"


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    many = prepared(stage, sizes, "many", sizes.simple)
    our = summed(ours("sum"), *many, plain, outcome)
    yield our.figure("simple work, Staffel")
    few = prepared(stage, sizes, "few", sizes.simple_faust)
    yield from beside(our, "stock Faust", faust, few, of_faust, 50, outcome)
    yield from beside(our, QUIX, lambda: quix("quix_sum.py", QUIX_STATE, sizes.build_peers), many, of_quix, 3, outcome)
    yield from beside(our, KAFKA_STREAMS, lambda: kafka_streams(sizes.build_peers), many, of_java, None, outcome)


def beside(
    our: Ran,
    name: str,
    make: Callable[[], Contender],
    prepared: tuple[Place, Sums],
    decode: Decode,
    least: float | None,
    outcome: Outcome,
) -> Iterator[Figure]:
    try:
        contender = make()
    except Absent as absent:
        outcome.absent[f"simple work, {name}"] = str(absent)
        return
    other = summed(contender, *prepared, decode, outcome)
    yield other.figure(f"simple work, {name}")
    yield Figure(f"simple work, Staffel : {name}", our.rate / other.rate, "x", least)


def prepared(stage: Stage, sizes: Sizes, prefix: str, count: int) -> tuple[Place, Sums]:
    """A year of facts, or as much of its beginning, and what their sums are."""
    place = Place(stage, prefix, sizes.partitions, count + sizes.partitions)
    values = list(facts(count, max(20, sizes.simple // 50), spacing_ms=spacing_ms(sizes.simple)))
    loading.lay_down(place.address, sizes.partitions)
    loading.load(place.address, values, sizes.partitions)
    return place, straight(values)


def summed(contender: Contender, place: Place, sums: Sums, decode: Decode, outcome: Outcome) -> Ran:
    """Raises `NotRight` where the sums are not those of the facts."""
    outcome.settings[contender.name] = contender.settings
    done = ran(contender, place)
    found = dict(decode(key, value) for key, value in done.latest.values.items())
    differ = [
        account for account in sums.keys() | found if is_account(account) and found.get(account) != sums.get(account)
    ]
    if differ:
        account = min(differ)
        raise NotRight(
            f"{contender.name}: {len(differ)} sums differ; {account} has {found.get(account)}, not {sums.get(account)}"
        )
    return done


def is_account(key: str) -> bool:
    """Every partition has a `~model`, and whose sum that is differs."""
    return not key.startswith("~")


def plain(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    account = key.decode()
    return account, total_of(value) if is_account(account) else (0, 0)


def of_faust(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    """The key is JSON."""
    return json.loads(key), total_of(value)


def of_quix(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    """The key is `"account"|"total"`."""
    return json.loads(key.split(b"|")[0]), total_of(value)


def of_java(key: bytes, value: bytes) -> tuple[str, tuple[int, int]]:
    return key.decode(), struct.unpack(">qq", value)
