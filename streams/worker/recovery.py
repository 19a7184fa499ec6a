"""How a worker comes by a partition: its output is read once, and nothing else is believed. Never folds or writes.

Of each key the record of the highest order holds, whatever came after it: a worker that had lost the partition without
knowing may have written an older one.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from streams.log import LogRefused
from streams.worker.ports import FetchedRecord, PartitionTask, StoredState, WorkerTask
from streams.worker.units import UnitBatch, split_batches

ReadChunk = tuple[Sequence[FetchedRecord], int]
"""Records, and the position after them."""


class RecoveryReader(Protocol):
    """Reads one partition of any topic."""

    async def bounds(self, topic: str) -> tuple[int, int]:
        """Its first offset and its readable end."""

    def read(self, topic: str, start: int, end: int) -> AsyncIterator[ReadChunk]:
        """From `start` on until the position is `end` or beyond it."""


OpenReader = Callable[[int], AbstractAsyncContextManager[RecoveryReader]]


class RecoverySuperseded(Exception):
    """The partitions were taken away while they were recovered."""


class RecoveryProgress(Protocol):
    """Whom a recovery tells how far it is."""

    def expect(self, records: int) -> None:
        """So many offsets are to be read."""

    def read(self, records: int) -> None:
        """So many records were read. Raises `Superseded` where the rest is of no use."""


class RecoveredPartition(NamedTuple):
    """`end`: the offset that the next record of the output gets; `units`: to be written before anything is folded."""

    task: PartitionTask
    output_end: int
    units: Sequence[UnitBatch]
    repaired_keys: int


class LatestByKey:
    """Of each key the record of the highest order; `stale` are the keys whose last record is another one."""

    def __init__(self, task: WorkerTask) -> None:
        self.values: dict[bytes, bytes] = {}
        self.stale_keys: set[bytes] = set()
        self._orders: dict[bytes, int] = {}
        self._task = task

    def add(self, records: Iterable[FetchedRecord]) -> None:
        """Raises LogRefused for a record that no worker wrote."""
        orders, values, stale = self._orders, self.values, self.stale_keys
        for record in records:
            key, value = record.key, record.value
            if key is None or value is None:
                raise self._foreign_record_error(record)
            try:
                order = self._task.order(key, value)
            except ValueError:
                raise self._foreign_record_error(record) from None
            if order >= orders.get(key, -1):
                orders[key], values[key] = order, value
                if stale:
                    stale.discard(key)
            else:
                stale.add(key)

    def _foreign_record_error(self, record: FetchedRecord) -> LogRefused:
        return LogRefused(
            f"the record at offset {record.offset} of {self._task.output} is none of a worker's, and only workers may "
            "write there: find out who does, and create all topics anew together"
        )


async def recover_partition(
    partition: int, task: WorkerTask, reader: RecoveryReader, progress: RecoveryProgress, max_bytes: int
) -> RecoveredPartition:
    """The partition as its output tells. `most`: bytes of a unit.

    Raises LogRefused where output and source do not belong together, and `Superseded`.
    """
    latest = LatestByKey(task)
    start, until = await reader.bounds(task.output)
    end = start
    progress.expect(until - start)
    async for records, position in reader.read(task.output, start, until):
        latest.add(records)
        end = position
        progress.read(len(records))
    stored = stored_state_of(latest, partition, task)
    partition_task = task.partition_task(partition, stored)
    await check_position(partition, partition_task.next, task, reader)
    units = repair_units(latest, partition_task.next, task, max_bytes)
    units += await partition_task.begin(lambda first, to: read_span(reader, task.source, (first, to), progress))
    return RecoveredPartition(partition_task, end, units, len(latest.stale_keys))


def stored_state_of(latest: LatestByKey, partition: int, task: WorkerTask) -> StoredState:
    checkpoint = latest.values.get(task.checkpoint_key)
    if checkpoint is None and latest.values:
        raise LogRefused(f"partition {partition} of {task.output} holds records and no checkpoint; it was not written "
                         "by workers, or cut off")  # fmt: skip
    return StoredState({k: value for k, value in latest.values.items() if k != task.checkpoint_key}, checkpoint)


async def check_position(partition: int, position: int, task: WorkerTask, reader: RecoveryReader) -> None:
    """The source's end is asked for after its position was read, or a live writer would seem to be behind it."""
    begin, end = await reader.bounds(task.source)
    if begin <= position <= end:
        return
    raise LogRefused(
        f"{task.output} stands at offset {position} of partition {partition} of {task.source}, which holds offsets "
        f"{begin} to {end}: the log was recreated or cut off. Restore it, or create all topics anew together"
    )


def repair_units(latest: LatestByKey, position: int, task: WorkerTask, max_bytes: int) -> list[UnitBatch]:
    """The newest records once more, where older ones stand behind them: compaction would keep those."""
    if not latest.stale_keys:
        return []
    checkpoint = (task.checkpoint_key, latest.values[task.checkpoint_key])
    pairs = [(key, latest.values[key]) for key in sorted(latest.stale_keys - {task.checkpoint_key})]
    return [UnitBatch(position, batch) for batch in split_batches(pairs, checkpoint, max_bytes)] or [
        UnitBatch(position, [checkpoint])
    ]


async def read_span(
    reader: RecoveryReader, topic: str, span: tuple[int, int], progress: RecoveryProgress
) -> AsyncIterator[Sequence[FetchedRecord]]:
    """Records of the span alone: what a fetch brought beyond it was not folded yet."""
    first, to = span
    progress.expect(to - first)
    async for records, _ in reader.read(topic, first, to):
        progress.read(len(records))
        yield [record for record in records if record.offset < to]
