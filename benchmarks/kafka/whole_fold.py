"""The whole fold with its lines: Staffel's worker, and Quix Streams calling the same scoring package.

Never counts accounts whose digests differ from those of a straight fold.
"""

from collections.abc import Iterable, Iterator, Mapping

from audit.replay import digest
from benchmarks.figures import Figure
from benchmarks.fold import as_records, fold_replay
from benchmarks.kafka import bulk_load as loading
from benchmarks.kafka.contenders import Contender, RunResult, Workload, quix_streams, run_contender, staffel_worker
from benchmarks.kafka.outcome import BenchmarkReport, WrongResultError
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.topic_reader import Latest
from benchmarks.peers.builds import QUIX, PeerUnavailableError
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts
from schemas.scores import CHECKPOINT_KEY, decode_account_scored
from streams.scorer.partition_fold import PartitionFold

Digests = Mapping[str, str]
TARGET, TARGET_RATIO = 30_000, 2
QUIX_UPDATES = "{topic}-quix-updates"


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    """Busy days, where few accounts take all facts, and a whole year of many accounts."""
    yield from world_figures("busy days", 300, 400, stage, sizes, outcome)
    yield from world_figures("a whole year", max(20, sizes.fold // 50), spacing_ms(sizes.fold), stage, sizes, outcome)


def world_figures(
    world: str, accounts: int, spacing: int, stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport
) -> Iterator[Figure]:
    name = world.replace(" ", "-")
    many = load_workload(Workload(stage, name, sizes.partitions, sizes.fold + sizes.partitions), accounts, spacing)
    own_run = run_and_compare(staffel_worker("fold"), *many, outcome)
    yield own_run.figure(f"whole fold of {world}, Staffel", TARGET)
    try:
        contender = quix_streams("quix_fold.py", QUIX_UPDATES, sizes.build_peers)
    except PeerUnavailableError as absent:
        outcome.absent[f"whole fold, {QUIX}"] = str(absent)
        return
    few = load_workload(
        Workload(stage, f"{name}-few", sizes.partitions, sizes.fold_quix + sizes.partitions), accounts, spacing
    )
    other = run_and_compare(contender, *few, outcome)
    yield other.figure(f"whole fold of {world}, {QUIX}")
    yield Figure(f"whole fold of {world}, Staffel : {QUIX}", own_run.rate / other.rate, "x", TARGET_RATIO)


def load_workload(workload: Workload, accounts: int, spacing: int) -> tuple[Workload, Digests]:
    """The facts in their topic, and the digests that a straight fold comes to."""
    values = list(facts(workload.facts - workload.partitions, accounts, spacing_ms=spacing))
    loading.create_log(workload.address, workload.partitions)
    loading.load_facts(workload.address, values, workload.partitions)
    fold = fold_replay(as_records(values))
    return workload, digests_of([fold])


def run_and_compare(contender: Contender, workload: Workload, digests: Digests, outcome: BenchmarkReport) -> RunResult:
    """Raises `NotRight` where an account does not stand as in the straight fold."""
    outcome.settings.setdefault(contender.name, contender.settings)
    result = run_contender(contender, workload)
    compare_digests(contender.name, result.latest, digests)
    return result


def compare_digests(name: str, latest: Latest, digests: Digests) -> None:
    """Raises `NotRight` where an account does not stand as in the straight fold."""
    found = {
        key.decode(): decode_account_scored(value).digest for key, value in latest.values.items() if is_account(key)
    }
    if found != digests:
        differ = [account for account in digests.keys() | found if found.get(account) != digests.get(account)]
        raise WrongResultError(f"{name}: {len(differ)} of {len(digests)} accounts differ, {min(differ)} among them")


def digests_of(folds: Iterable[PartitionFold]) -> Digests:
    return {account.id: digest(account) for fold in folds for account in fold.accounts.values()}


def is_account(key: bytes) -> bool:
    return b"/" not in key and key != CHECKPOINT_KEY.encode()
