"""`staffel project`: updates in `scores` into PostgreSQL. Never counts read models that differ from the log."""

from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.kafka import scored_log as scored
from benchmarks.kafka.contenders import Workload
from benchmarks.kafka.fleet import ProgramMonitor, StaffelCluster, staffel_cluster
from benchmarks.kafka.outcome import BenchmarkReport, WrongResultError
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.whole_fold import digests_of
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts
from projections.lag import projected_offsets
from projections.queries import open_queries
from schemas.topics import SCORES

TARGET = 15_000
_TIMEOUT_S = 240.0


class ProgressSample(NamedTuple):
    facts: int
    at: float


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    outcome.settings["PostgreSQL"] = "fsync and synchronous_commit on, 256 MB of buffers, by its socket"
    place = Workload(stage, "projected", sizes.partitions, sizes.projected + sizes.partitions)
    count = sizes.projected
    folds = scored.write_scored_log(place, facts(count, max(20, count // 50), spacing_ms=spacing_ms(count)))
    with staffel_cluster(place) as fleet_:
        first, last = first_and_last_sample(fleet_, place.facts)
        check_result(fleet_, folds, count)
        records = sum(fleet_.log.end(SCORES, p) for p in range(place.partitions))
    note = f"{last.facts - first.facts:,} facts in {last.at - first.at:.1f} s after the first transaction; "
    note += f"{records / place.facts:.2f} records of scores per fact"
    yield Figure(
        "projector into PostgreSQL", (last.facts - first.facts) / (last.at - first.at), "facts/s", TARGET, note=note
    )


def first_and_last_sample(cluster: StaffelCluster, total: int) -> tuple[ProgressSample, ProgressSample]:
    """What is visible after the first transaction, and at the end."""
    started = sample_progress(cluster)
    first: ProgressSample | None = None
    with cluster.running("project") as program:
        monitor = ProgramMonitor([program], _TIMEOUT_S)
        while (now := sample_progress(cluster)).facts < total:
            first = first or (now if now.facts > started.facts else None)
            monitor.wait()
        program.stop()
    return first or started, now


def sample_progress(cluster: StaffelCluster) -> ProgressSample:
    return ProgressSample(sum(projected_offsets(cluster.engine, cluster.log).values()), perf_counter())


def check_result(cluster: StaffelCluster, folds: scored.Folds, count: int) -> None:
    """Raises `NotRight` where accounts do not stand as the fold left them, or lines are missing."""
    expected = digests_of(folds.values())
    with open_queries(cluster.engine) as queries:
        accounts, ledger = queries.models.accounts, queries.models.ledger
        found = {
            row.account: row.digest for row in queries.connection.execute(select(accounts.c.account, accounts.c.digest))
        }
        seqs = queries.connection.execute(select(func.sum(accounts.c.seq))).scalar_one()
        lines = queries.connection.execute(select(func.count()).select_from(ledger)).scalar_one()
    if found != expected or seqs != count or not lines:
        raise WrongResultError(
            f"{len(found)} of {len(expected)} accounts in PostgreSQL, {seqs} of {count} facts, {lines} lines"
        )
