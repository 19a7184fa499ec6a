"""A worker that takes over a partition with all its records. Never counts one that goes on to other digests."""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import islice

from benchmarks.figures import Figure
from benchmarks.kafka import scored_log as scored
from benchmarks.kafka.bulk_load import load
from benchmarks.kafka.contenders import Place, ours, ran
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.whole_fold import compare, digests_of
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts
from schemas.topics import SCORES
from streams.kafka.log import KafkaLog

LEAST = 150_000
RECORDS_PER_FACT = 1.7
_AFTERWARDS = 2_000
"""Facts that the worker folds once it has recovered: they show what it knows."""


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    count = int(sizes.recovered / RECORDS_PER_FACT)
    place = Place(stage, "recovered", 1, 1 + count + _AFTERWARDS)
    coming = facts(count + _AFTERWARDS, max(20, count // 50), spacing_ms=spacing_ms(count))
    folds = scored.write(place, islice(coming, count))
    worker = ours("fold")
    outcome.settings.setdefault(worker.name, worker.settings)
    with closing(KafkaLog(place.address, client="bench")) as log:
        records = log.end(SCORES, 0)
    afterwards = list(coming)
    load(place.address, afterwards, 1)
    done = ran(worker, place)
    scored.go_on(folds, afterwards)
    compare(worker.name, done.latest, digests_of(folds.values()))
    seconds = recovered(done.told.text)
    note = f"{records:,} records in {seconds:.1f} s, {len(done.latest.values):,} keys, duplicate window included"
    yield Figure("recovery of one partition", records / seconds, "records/s", LEAST, note=note)


def recovered(said: str) -> float:
    """Seconds by the worker's own line: the partition read and decoded, the duplicate window rebuilt."""
    lines = [line for line in said.splitlines() if line.startswith("recovered ")]
    if len(lines) != 1:
        raise NotRight(f"a worker recovered {len(lines)} times: {said[-800:]}")
    return float(json.loads(lines[0].removeprefix("recovered "))["seconds"])
