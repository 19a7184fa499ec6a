"""The scoring task on one partition in memory: facts in, units out; it can be recovered at any time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from audit.replay import digest
from benchmarks.worlds import MODEL, facts
from schemas.scores import AccountScored, decode_account_scored
from streams.activation import activation_content, activation_record
from streams.kafka.address import KafkaAddress
from streams.scorer.embedded import load_nothing
from streams.scorer.partition_fold import PartitionFold
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import FetchedRecord, StoredState
from streams.worker.scoring import PartitionScoringTask, ScoringTask, as_record
from streams.worker.units import UnitBatch
from tests.streams.worker.fakes import FakeRecord

ADDRESS = KafkaAddress(("localhost:9092",), {}, "a-")
LOG = "log-1"
OPTIONS = WorkerOptions()


def fact_records(count: int, accounts: int = 30, **options: Any) -> list[FakeRecord]:
    """The records of a partition: the activation of a model, then facts."""
    return [
        activation_fake(),
        *(as_fake_record(value, offset) for offset, value in enumerate(facts(count, accounts, **options), 1)),
    ]


def activation_fake(offset: int = 0, model: str = MODEL) -> FakeRecord:
    record = activation_record(activation_content(model, "model"), 0, 0, 1)
    return FakeRecord(offset, record.key.encode(), record.value, record.headers)


def as_fake_record(value: bytes, offset: int) -> FakeRecord:
    return FakeRecord(offset, msgspec.json.decode(value)["subject"].encode(), value)


class ScoringPartition:
    """One partition of both topics; `units`: everything written, in order."""

    def __init__(self, source: Sequence[FakeRecord], log_id: str = LOG, **options: Any) -> None:
        self.source = source
        self.units: list[UnitBatch] = []
        self.latest: dict[bytes, bytes] = {}
        self.counters = WorkerCounters()
        self.log_id = log_id
        self.options = replace(OPTIONS, **options)
        self.task = self.recover()

    def recover(self, lost: Iterable[bytes] = ()) -> PartitionScoringTask:
        """A new task that knows only what was written; `lost`: keys of which only foreign records are left."""
        worker_task = ScoringTask(ADDRESS, self.log_id, self.options, self.counters)
        values = {key: value for key, value in self.latest.items() if key != worker_task.checkpoint_key}
        stored = StoredState(values, self.latest.get(worker_task.checkpoint_key), frozenset(lost))
        self.task = worker_task.partition_task(0, stored)
        self.write_units(asyncio.run(self.task.begin(self.read)))
        return self.task

    async def read(self, start: int, end: int) -> AsyncIterator[Sequence[FetchedRecord]]:
        yield [record for record in self.source if start <= record.offset < end]

    def fold(self, until: int | None = None, batch_size: int = 500) -> "ScoringPartition":
        """Everything from the position on, up to an offset."""
        end = self.source[-1].offset + 1 if until is None else until
        while self.task.next < end:
            records = [record for record in self.source if self.task.next <= record.offset < end][:batch_size]
            self.write_units(self.task.fold(records[-1].offset + 1 if records else end, records))
        return self

    def write_units(self, units: Iterable[UnitBatch]) -> None:
        for unit in units:
            self.units.append(unit)
            self.latest.update(unit.records)

    def digests(self) -> dict[str, str]:
        return {
            key.decode(): decode_account_scored(value).digest for key, value in self.latest.items() if is_account(key)
        }

    def updates(self) -> list[AccountScored]:
        return [decode_account_scored(value) for unit in self.units for key, value in unit.records if is_account(key)]


def is_account(key: bytes) -> bool:
    return b"/" not in key and not key.startswith(b"~")


def straight_fold_digests(source: Sequence[FakeRecord]) -> dict[str, str]:
    """Digests of all accounts after one fold of the whole."""
    fold = PartitionFold(0, load_nothing, keep_lines=False)
    for record in source:
        fold.apply(as_record(record))
    return {id: digest(account) for id, account in fold.accounts.items()}
