"""A worker that takes over a partition with all its records. Never counts one that goes on to other digests."""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import islice

from benchmarks.figures import Figure
from benchmarks.kafka import scored_log as scored
from benchmarks.kafka.bulk_load import load_facts
from benchmarks.kafka.contenders import Workload, run_contender, staffel_worker
from benchmarks.kafka.outcome import BenchmarkReport, WrongResultError
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.whole_fold import compare_digests, digests_of
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts
from schemas.topics import SCORES
from streams.kafka.log import KafkaLog

TARGET = 150_000
RECORDS_PER_FACT = 1.7
_FACTS_AFTER_RECOVERY = 2_000
"""Facts that the worker folds once it has recovered: they show what it knows."""


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    count = int(sizes.recovered / RECORDS_PER_FACT)
    place = Workload(stage, "recovered", 1, 1 + count + _FACTS_AFTER_RECOVERY)
    fact_stream = facts(count + _FACTS_AFTER_RECOVERY, max(20, count // 50), spacing_ms=spacing_ms(count))
    folds = scored.write_scored_log(place, islice(fact_stream, count))
    worker = staffel_worker("fold")
    outcome.settings.setdefault(worker.name, worker.settings)
    with closing(KafkaLog(place.address, client="bench")) as log:
        records = log.end(SCORES, 0)
    later_facts = list(fact_stream)
    load_facts(place.address, later_facts, 1)
    result = run_contender(worker, place)
    scored.fold_more(folds, later_facts)
    compare_digests(worker.name, result.latest, digests_of(folds.values()))
    seconds = recovery_seconds(result.output.text)
    note = f"{records:,} records in {seconds:.1f} s, {len(result.latest.values):,} keys, duplicate window included"
    yield Figure("recovery of one partition", records / seconds, "records/s", TARGET, note=note)


def recovery_seconds(output: str) -> float:
    """Seconds by the worker's own line: the partition read and decoded, the duplicate window rebuilt."""
    lines = [line for line in output.splitlines() if line.startswith("recovered ")]
    if len(lines) != 1:
        raise WrongResultError(f"a worker recovered {len(lines)} times: {output[-800:]}")
    return float(json.loads(lines[0].removeprefix("recovered "))["seconds"])
