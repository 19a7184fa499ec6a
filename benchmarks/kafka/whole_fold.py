"""The whole fold with its lines: Staffel's worker, and Quix Streams calling the same scoring package.

Never counts accounts whose digests differ from those of a straight fold.
"""

from collections.abc import Iterable, Iterator, Mapping

from audit.replay import digest
from benchmarks.figures import Figure
from benchmarks.fold import as_records, folded_again
from benchmarks.kafka import bulk_load as loading
from benchmarks.kafka.contenders import Contender, Place, Ran, ours, quix, ran
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.topic_reader import Latest
from benchmarks.peers.builds import QUIX, Absent
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts
from schemas.scores import CHECKPOINT_KEY, decode_account_scored
from streams.scorer.partition_fold import PartitionFold

Digests = Mapping[str, str]
LEAST, LEAST_BESIDE = 30_000, 2
QUIX_UPDATES = "{topic}-quix-updates"


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    """Busy days, where few accounts take all facts, and a whole year of many accounts."""
    yield from measured_in("busy days", 300, 400, stage, sizes, outcome)
    yield from measured_in("a whole year", max(20, sizes.fold // 50), spacing_ms(sizes.fold), stage, sizes, outcome)


def measured_in(
    world: str, accounts: int, spacing: int, stage: Stage, sizes: Sizes, outcome: Outcome
) -> Iterator[Figure]:
    name = world.replace(" ", "-")
    many = prepared(Place(stage, name, sizes.partitions, sizes.fold + sizes.partitions), accounts, spacing)
    our = folded(ours("fold"), *many, outcome)
    yield our.figure(f"whole fold of {world}, Staffel", LEAST)
    try:
        contender = quix("quix_fold.py", QUIX_UPDATES, sizes.build_peers)
    except Absent as absent:
        outcome.absent[f"whole fold, {QUIX}"] = str(absent)
        return
    few = prepared(Place(stage, f"{name}-few", sizes.partitions, sizes.fold_quix + sizes.partitions), accounts, spacing)
    other = folded(contender, *few, outcome)
    yield other.figure(f"whole fold of {world}, {QUIX}")
    yield Figure(f"whole fold of {world}, Staffel : {QUIX}", our.rate / other.rate, "x", LEAST_BESIDE)


def prepared(place: Place, accounts: int, spacing: int) -> tuple[Place, Digests]:
    """The facts in their topic, and the digests that a straight fold comes to."""
    values = list(facts(place.facts - place.partitions, accounts, spacing_ms=spacing))
    loading.lay_down(place.address, place.partitions)
    loading.load(place.address, values, place.partitions)
    fold = folded_again(as_records(values))
    return place, digests_of([fold])


def folded(contender: Contender, place: Place, digests: Digests, outcome: Outcome) -> Ran:
    """Raises `NotRight` where an account does not stand as in the straight fold."""
    outcome.settings.setdefault(contender.name, contender.settings)
    done = ran(contender, place)
    compare(contender.name, done.latest, digests)
    return done


def compare(name: str, latest: Latest, digests: Digests) -> None:
    """Raises `NotRight` where an account does not stand as in the straight fold."""
    found = {
        key.decode(): decode_account_scored(value).digest for key, value in latest.values.items() if is_account(key)
    }
    if found != digests:
        differ = [account for account in digests.keys() | found if found.get(account) != digests.get(account)]
        raise NotRight(f"{name}: {len(differ)} of {len(digests)} accounts differ, {min(differ)} among them")


def digests_of(folds: Iterable[PartitionFold]) -> Digests:
    return {account.id: digest(account) for fold in folds for account in fold.accounts.values()}


def is_account(key: bytes) -> bool:
    return b"/" not in key and key != CHECKPOINT_KEY.encode()
