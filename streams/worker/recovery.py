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
_LOGGED_OFFSETS = 20
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

    def warn_of_foreign(self, topic: str, partition: int, offsets: Sequence[int]) -> None:
        """Only workers may write to their output; what others wrote is ignored."""
        if offsets:
            first = list(offsets[:_LOGGED_OFFSETS])
            self._log.warning("foreign_records", topic=topic, partition=partition, offsets=first, count=len(offsets))

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
    """Of each key the record of the highest order; `stale_keys` have an older record after it.

    Records that no worker wrote are ignored: `foreign_offsets` are where they are, `foreign_keys` whose they would be.
    """

    def __init__(self, task: WorkerTask) -> None:
        self.values: dict[bytes, bytes] = {}
        self.stale_keys: set[bytes] = set()
        self.foreign_keys: set[bytes] = set()
        self.foreign_offsets: list[int] = []
        self._orders: dict[bytes, int] = {}
        self._task = task

    def add(self, records: Iterable[FetchedRecord]) -> None:
        orders, values, stale = self._orders, self.values, self.stale_keys
        for record in records:
            key, value = record.key, record.value
            if key is None or value is None or (order := self._order_or_none(key, value)) is None:
                self._add_foreign(record)
                continue
            if order >= orders.get(key, -1):
                orders[key], values[key] = order, value
                if stale or self.foreign_keys:
                    stale.discard(key)
                    self.foreign_keys.discard(key)
            else:
                stale.add(key)

    def _order_or_none(self, key: bytes, value: bytes) -> int | None:
        try:
            return self._task.order(key, value)
        except ValueError:
            return None

    def _add_foreign(self, record: FetchedRecord) -> None:
        self.foreign_offsets.append(record.offset)
        if record.key is not None:
            self.foreign_keys.add(record.key)


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
    progress.warn_of_foreign(task.output, partition, latest.foreign_offsets)
    stored = stored_state_of(latest, partition, task)
    partition_task = task.partition_task(partition, stored)
    await check_position(partition, partition_task.next, task, reader)
    units = repair_units(latest, partition_task.next, task, max_bytes)
    units += await partition_task.begin(lambda first, to: read_span(reader, task.source, (first, to), progress))
    return RecoveredPartition(partition_task, end, units, len(keys_to_repair(latest)))


def stored_state_of(latest: LatestByKey, partition: int, task: WorkerTask) -> StoredState:
    checkpoint = latest.values.get(task.checkpoint_key)
    if checkpoint is None and latest.values:
        raise LogRefused(
            f"partition {partition} of {task.output} has records but no checkpoint: it was truncated, or something "
            f"else than a worker wrote there. Delete the topic {task.output}, create it again with `staffel topics "
            f"create`, and run `staffel rebuild main`; everything in it is computed again from {task.source}"
        )
    values = {key: value for key, value in latest.values.items() if key != task.checkpoint_key}
    return StoredState(values, checkpoint, frozenset(latest.foreign_keys - latest.values.keys()))


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


def keys_to_repair(latest: LatestByKey) -> set[bytes]:
    """Keys whose last record is older than the valid one, or no worker's: compaction would keep it."""
    return latest.stale_keys | latest.foreign_keys & latest.values.keys()


def repair_units(latest: LatestByKey, position: int, task: WorkerTask, max_bytes: int) -> list[UnitBatch]:
    """Write the valid records of those keys again."""
    keys = keys_to_repair(latest)
    if not keys:
        return []
    checkpoint = (task.checkpoint_key, latest.values[task.checkpoint_key])
    pairs = [(key, latest.values[key]) for key in sorted(keys - {task.checkpoint_key})]
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
