"""Facts with the updates that workers would have written for them, made here, for those who only read them.

Faster than a worker, for nothing waits; and the same whoever is measured.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice

from benchmarks.fold import key_of
from benchmarks.kafka.bulk_load import PartitionedRecord, create_log, load_facts, send_records
from benchmarks.kafka.contenders import Workload
from schemas.topics import ENGAGEMENT, SCORES
from streams.kafka.log import KafkaLog
from streams.log import Record
from streams.partitioner import partition_of
from streams.scorer.embedded import build_unit, load_nothing
from streams.scorer.gc_tuning import gc_frozen
from streams.scorer.partition_fold import PartitionFold

_UNIT = 2_000
_HIGH_OFFSET = 1 << 40
Folds = Mapping[int, PartitionFold]
"""Partition -> accounts as they stand after all facts."""


def write_scored_log(place: Workload, values: Iterable[bytes]) -> Folds:
    """Lay down the topics and fill `engagement` and `scores`."""
    create_log(place.address, place.partitions)
    folds = {partition: PartitionFold(partition, load_nothing) for partition in range(place.partitions)}
    with closing(KafkaLog(place.address, client="bench")) as log:
        for partition, fold in folds.items():
            fold.apply(*log.read(ENGAGEMENT, partition, 0, 1))
    fact_values = list(values)
    load_facts(place.address, fact_values, place.partitions)
    with gc_frozen():
        send_records(place.address, SCORES, score_records(fact_values, folds))
    return folds


def score_records(values: Iterable[bytes], folds: Folds) -> Iterator[PartitionedRecord]:
    """Units of every partition in turn; the facts stand from offset 1 on."""
    pending: dict[int, list[Record]] = defaultdict(list)
    ends = dict.fromkeys(folds, 1)
    remaining = iter(values)
    while batch := list(islice(remaining, _UNIT)):
        for value in batch:
            key = key_of(value)
            partition = partition_of(key, len(folds))
            pending[partition].append(Record(ends[partition], key, value))
            ends[partition] += 1
        for partition, records in pending.items():
            for new in build_unit(folds[partition], records, records[0].offset).scores:
                yield partition, new
        pending.clear()


def fold_more(folds: Folds, values: Iterable[bytes]) -> None:
    """Fold more facts, writing nothing."""
    for offset, value in enumerate(values):
        key = key_of(value)
        folds[partition_of(key, len(folds))].apply(Record(_HIGH_OFFSET + offset, key, value))
