"""Recovery of a partition from its output, which is read once.

Of each key, the record of the highest order is valid, even if another one follows it: a worker that had lost the
partition without knowing may have written an older one later.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, NamedTuple, Protocol

from streams.log import LogRefused
from streams.worker.options import RecoveryCounters, WorkerCounters
from streams.worker.ports import FetchedRecord, PartitionTask, StoredState, WorkerTask
from streams.worker.units import UnitBatch, split_batches

_PROGRESS_INTERVAL_S = 5.0
ReadChunk = tuple[Sequence[FetchedRecord], int]
"""Records, and the position after them."""


class RecoveryReader(Protocol):
    """Reads one partition of any topic."""

    async def bounds(self, topic: str) -> tuple[int, int]:
        """Its first offset and its readable end."""

    def read(self, topic: str, start: int, end: int) -> AsyncIterator[ReadChunk]:
        """Read from `start` on, until the position reaches `end`."""


OpenReader = Callable[[int], AbstractAsyncContextManager[RecoveryReader]]


class RecoverySuperseded(Exception):
    """The partitions were revoked while they were recovered."""


class RecoveryProgress:
    """What a recovery has read, as counters and, if it takes long, as log lines."""

    def __init__(self, counters: WorkerCounters, is_current: Callable[[], bool], log: Any) -> None:
        self._counters, self._is_current, self._log = counters, is_current, log
        self._started_at = self._logged_at = monotonic()
        self._recovery = counters.recovery = RecoveryCounters()

    def expect(self, records: int) -> None:
        self._recovery.to_read += max(0, records)

    def read(self, records: int) -> None:
        """Raises RecoverySuperseded if the partitions were revoked in the meantime."""
        if not self._is_current():
            raise RecoverySuperseded
        self._recovery.read += records
        self._recovery.last_read_at = monotonic()
        self._counters.recovered_records += records
        if self._recovery.last_read_at > self._logged_at + _PROGRESS_INTERVAL_S:
            self._logged_at = self._recovery.last_read_at
            self._log.info("recovering", read=self._recovery.read, of=self._recovery.to_read)

    def finish(self, positions: Mapping[int, int]) -> None:
        seconds = monotonic() - self._started_at
        self._counters.recoveries += 1
        self._log.info("recovered", positions=positions, read=self._recovery.read, seconds=round(seconds, 3))


class RecoveredPartition(NamedTuple):
    """`output_end`: the offset of the next record of the output; `units`: to be written before anything is folded."""

    task: PartitionTask
    output_end: int
    units: Sequence[UnitBatch]
    repaired_keys: int


class LatestByKey:
    """Of each key the record of the highest order; `stale_keys` have an older record after it."""

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
            f"the record at offset {record.offset} of {self._task.output} was not written by a worker, and only "
            "workers may write there: find its producer, and create all topics again together"
        )


async def recover_partition(
    partition: int, task: WorkerTask, reader: RecoveryReader, progress: RecoveryProgress, max_bytes: int
) -> RecoveredPartition:
    """The partition as of its output. `max_bytes`: of a unit.

    Raises LogRefused if output and source do not belong together, and RecoverySuperseded.
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
        raise LogRefused(f"partition {partition} of {task.output} has records but no checkpoint; it was not written "
                         "by workers, or it was truncated")  # fmt: skip
    return StoredState({k: value for k, value in latest.values.items() if k != task.checkpoint_key}, checkpoint)


async def check_position(partition: int, position: int, task: WorkerTask, reader: RecoveryReader) -> None:
    """Raises LogRefused if the source does not have the position.

    The end of the source is read after the position, because a live writer may move both.
    """
    begin, end = await reader.bounds(task.source)
    if begin <= position <= end:
        return
    raise LogRefused(
        f"{task.output} is at offset {position} of partition {partition} of {task.source}, which has offsets "
        f"{begin} to {end}: the log was recreated or truncated. Restore it, or create all topics again together"
    )


def repair_units(latest: LatestByKey, position: int, task: WorkerTask, max_bytes: int) -> list[UnitBatch]:
    """Write the valid records of stale keys again, because compaction would keep the older ones."""
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
    """The records of a span, without those that a fetch returned beyond it."""
    first, to = span
    progress.expect(to - first)
    async for records, _ in reader.read(topic, first, to):
        progress.read(len(records))
        yield [record for record in records if record.offset < to]
