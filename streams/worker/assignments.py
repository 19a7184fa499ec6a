"""The partitions assigned to a process: it recovers, folds, writes and releases them.

Anything unexpected ends the process; the next one recovers from the log.
"""

import asyncio
import gc
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn, Protocol

from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import FetchedRecord, PartitionTask, WorkerTask
from streams.worker.recovery import (
    OpenReader,
    RecoveredPartition,
    RecoveryProgress,
    RecoveryReader,
    RecoverySuperseded,
    check_position,
    recover_partition,
)
from streams.worker.units import DeadLetter, KeyValue, UnitBatch


class Appender(Protocol):
    """Writes to the broker, acknowledged by all replicas, each batch once."""

    async def send_unit(self, partition: int, records: Sequence[KeyValue]) -> "asyncio.Future[int]":
        """Send one batch to the output; the future has the offset of its first record once it is durable."""

    async def send_dead_letters(self, partition: int, dead_letters: Sequence[DeadLetter]) -> None:
        """Write dead letters; returns when they are durable."""


class Assignment:
    """The state of one assignment of one partition. A new assignment is a new object."""

    def __init__(self, partition: int, task: PartitionTask, output_end: int) -> None:
        self.partition = partition
        self.task = task
        self.fetch_position = task.next
        """The source offset at which the next fetch has to begin."""
        self.acked_position = task.next
        """The source offset up to which everything is durable."""
        self.output_end = output_end
        """The output offset of our next record."""
        self.is_closed = False
        self.lock = asyncio.Lock()
        self.pending_writes: set[asyncio.Future[int]] = set()


class Delivery(NamedTuple):
    """Records of one fetch, bound to the assignment they were fetched for.

    `start` and `next` are the consumer's positions before and after the fetch. Offsets between them without a record
    are transaction markers or aborted records.
    """

    assignment: Assignment
    start: int
    next: int
    records: Sequence[FetchedRecord]


class Assignments:
    """All assignments of the process. `check` is called before every write; `abort` ends the process at once."""

    def __init__(
        self,
        task: WorkerTask,
        appender: Appender,
        open_reader: OpenReader,
        options: WorkerOptions,
        counters: WorkerCounters,
        *,
        log: Any,
        check: Callable[[], None],
        abort: Callable[[str, BaseException | None], NoReturn],
    ) -> None:
        self.active: dict[int, Assignment] = {}
        """Partition -> the assignment that is folded now."""
        self.epoch = 0
        """Incremented when partitions are revoked; Faust's own generation changes only when they are assigned."""
        self.counters = counters
        self._task, self._appender, self._open_reader, self._options = task, appender, open_reader, options
        self._log, self._check, self._abort = log, check, abort
        self._open: list[Assignment] = []
        self._cached: dict[int, Assignment] = {}
        """Partition -> the assignment revoked last; it is valid if no other worker has written since."""

    async def recover(self, assigned: Iterable[int]) -> None:
        """Recover these partitions and fold them from now on, unless they are revoked in the meantime.

        Raises LogRefused if the log is not the one it was.
        """
        epoch, partitions = self.epoch, sorted(assigned)
        progress = RecoveryProgress(self.counters, lambda: self.epoch == epoch, self._log)
        try:
            assignments = await self._recover_all(partitions, progress)
        except RecoverySuperseded:
            self._log.info("recovery_superseded", partitions=partitions)
            return
        finally:
            self.counters.recovery = None
        if self.epoch == epoch:
            gc.freeze()  # the recovered state stays; the collector need not search it for cycles
            self.active, self._cached = {assignment.partition: assignment for assignment in assignments}, {}
            self.counters.positions = {part.partition: part.acked_position for part in assignments}
            self.counters.assignments += 1
            self.counters.is_assigned = True
            progress.finish(self.counters.positions)

    async def _recover_all(self, partitions: Sequence[int], progress: RecoveryProgress) -> list[Assignment]:
        """Recover partitions concurrently; the first error cancels all."""
        slots = asyncio.Semaphore(self._options.recovery_concurrency)
        tasks = [asyncio.create_task(self._recover_one(partition, slots, progress)) for partition in partitions]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _recover_one(self, partition: int, slots: asyncio.Semaphore, progress: RecoveryProgress) -> Assignment:
        async with slots, self._open_reader(partition) as reader:
            recovered = await self._reuse_cached(partition, reader)
            if recovered is None:
                recovered = await recover_partition(partition, self._task, reader, progress, self._options.unit_bytes)
        progress.read(0)
        assignment = Assignment(partition, recovered.task, recovered.output_end)
        self._open.append(assignment)
        await self._write_repairs(assignment, recovered)
        return assignment

    async def _reuse_cached(self, partition: int, reader: RecoveryReader) -> RecoveredPartition | None:
        """The state from before the last revocation, if nobody has written to the output since."""
        cached = self._cached.pop(partition, None)
        if cached is None or (await reader.bounds(self._task.output))[1] != cached.output_end:
            return None
        await check_position(partition, cached.task.next, self._task, reader)
        self.counters.reused_partitions += 1
        return RecoveredPartition(cached.task, cached.output_end, [], 0)

    async def _write_repairs(self, assignment: Assignment, recovered: RecoveredPartition) -> None:
        """Write repaired and refolded records before anything is folded."""
        async with assignment.lock:
            for unit in recovered.units:
                if not assignment.is_closed:
                    await self._send(assignment, unit)
            if assignment.pending_writes:
                await asyncio.wait(assignment.pending_writes)
        self.counters.repaired_keys += recovered.repaired_keys

    def bind_fetch(self, partition: int, start: int, next: int, records: Sequence[FetchedRecord]) -> Delivery | None:
        """Bind a fetch to its assignment; None if the partition is not assigned or nothing was fetched."""
        assignment = self.active.get(partition)
        if assignment is None or assignment.is_closed or next == start:
            return None
        if start != assignment.fetch_position:
            self._abort(
                f"gap: partition {partition} was fetched up to {assignment.fetch_position} and continues at {start}",
                None,
            )
        assignment.fetch_position = next
        return Delivery(assignment, start, next, records)

    async def process(self, delivery: Delivery) -> None:
        """Fold the records and send their units; does nothing if the partition has been revoked."""
        assignment = delivery.assignment
        async with assignment.lock:
            if assignment.is_closed:
                return
            if delivery.start != assignment.task.next:
                where = f"{assignment.task.next} of partition {assignment.partition}"
                self._abort(f"gap: the fold is at {where}, the records start at {delivery.start}", None)
            for unit in assignment.task.fold(delivery.next, delivery.records):
                if assignment.is_closed:
                    return
                await self._send(assignment, unit)
                self.counters.facts += unit.fact_count

    async def revoke(self) -> None:
        """Wait for pending writes and drop the rest, so that the next owner recovers from a stable log."""
        self.epoch += 1
        revoked, self._open, self.active = self._open, [], {}
        self.counters.is_assigned, self.counters.positions, self.counters.ends = False, {}, {}
        for assignment in revoked:
            assignment.is_closed = True
        await asyncio.gather(*map(_await_writes, revoked))
        self._cached |= {part.partition: part for part in revoked if part.task.next == part.acked_position}

    def close(self) -> None:
        """Stop folding."""
        for assignment in self._open:
            assignment.is_closed = True

    async def _send(self, assignment: Assignment, unit: UnitBatch) -> None:
        self._check()
        if unit.dead_letters:
            await self._appender.send_dead_letters(assignment.partition, unit.dead_letters)
            self.counters.dead_letters += len(unit.dead_letters)
            self._check()
        future = await self._appender.send_unit(assignment.partition, unit.records)
        assignment.pending_writes.add(future)
        future.add_done_callback(partial(self._on_written, assignment, unit))

    def _on_written(self, assignment: Assignment, unit: UnitBatch, future: "asyncio.Future[int]") -> None:
        assignment.pending_writes.discard(future)
        name = f"{self._task.output}/{assignment.partition}"
        try:
            first_offset = future.result()
        except BaseException as error:
            self._abort(f"a unit could not be written to {name}", error)
        if first_offset != assignment.output_end:
            self._abort(
                f"foreign write: a unit for offset {assignment.output_end} of {name} got offset {first_offset}", None
            )
        assignment.output_end = first_offset + len(unit.records)
        assignment.acked_position = unit.next
        if not assignment.is_closed:
            self.counters.positions[assignment.partition] = unit.next
        self.counters.units += 1
        self.counters.records += len(unit.records)


async def _await_writes(assignment: Assignment) -> None:
    async with assignment.lock:
        if assignment.pending_writes:
            await asyncio.wait(assignment.pending_writes)
