"""The partitions of one process: recovered, folded, written, given up. Never knows who assigns or fetches them.

Whatever is not as expected ends the process: the next one recovers from the log.
"""

import asyncio
import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, NoReturn, Protocol

from streams.worker.options import RecoveryCounters, WorkerCounters, WorkerOptions
from streams.worker.ports import FetchedRecord, PartitionTask, WorkerTask
from streams.worker.recovery import (
    OpenReader,
    RecoveredPartition,
    RecoveryReader,
    RecoverySuperseded,
    check_position,
    recover_partition,
)
from streams.worker.units import DeadLetter, KeyValue, UnitBatch

_PROGRESS_INTERVAL_S = 5.0


class Appender(Protocol):
    """Writes to the broker, acknowledged by all replicas, each batch once."""

    async def send_unit(self, partition: int, records: Sequence[KeyValue]) -> "asyncio.Future[int]":
        """One batch on its way to the output; the future tells the offset of its first record once it is durable."""

    async def send_dead_letters(self, partition: int, dead_letters: Sequence[DeadLetter]) -> None:
        """Dead letters; returns when they are durable."""


class Assignment:
    """All that one assignment of one partition owns. A new assignment is a new object."""

    def __init__(self, partition: int, task: PartitionTask, output_end: int) -> None:
        self.partition = partition
        self.task = task
        self.fetch_position = task.next
        """The source offset that the next fetch begins at."""
        self.acked_position = task.next
        """The source offset before which everything is known to be durable."""
        self.output_end = output_end
        """The offset that our next record of the output gets."""
        self.is_closed = False
        self.lock = asyncio.Lock()
        self.pending_writes: set[asyncio.Future[int]] = set()


class Delivery(NamedTuple):
    """Records of one fetch, bound to the assignment they were fetched for; `start` and `next` are the consumer's
    positions before and after it: what lies between and is not here are marks of transactions, or taken back."""

    assignment: Assignment
    start: int
    next: int
    records: Sequence[FetchedRecord]


class Assignments:
    """`check` is called before anything is sent; `end` ends the process without unwinding."""

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
        """Partition -> what is folded now."""
        self.epoch = 0
        """Raised whenever partitions are taken away: Faust's own number moves only when they are given."""
        self.counters = counters
        self._task, self._appender, self._open_reader, self._options = task, appender, open_reader, options
        self._log, self._check, self._abort = log, check, abort
        self._open: list[Assignment] = []
        self._cached: dict[int, Assignment] = {}
        """Partition -> what was given up last, as it stands in the output: others may never have had it."""

    async def recover(self, assigned: Iterable[int]) -> None:
        """Recover these partitions and fold them from now on, unless they are taken away meanwhile.

        Raises LogRefused where the log is not what it was.
        """
        epoch, partitions = self.epoch, sorted(assigned)
        progress = CountedProgress(self.counters, lambda: self.epoch == epoch, self._log)
        try:
            assignments = await self._recover_all(partitions, progress)
        except RecoverySuperseded:
            self._log.info("recovery_superseded", partitions=partitions)
            return
        finally:
            self.counters.recovery = None
        if self.epoch == epoch:
            gc.freeze()  # what was recovered stays: nobody has to look through it for cycles
            self.active, self._cached = {assignment.partition: assignment for assignment in assignments}, {}
            self.counters.positions = {part.partition: part.acked_position for part in assignments}
            self.counters.assignments += 1
            self.counters.is_assigned = True
            progress.finish(self.counters.positions)

    async def _recover_all(self, partitions: Sequence[int], progress: "CountedProgress") -> list[Assignment]:
        """Side by side; the first trouble ends all of them."""
        slots = asyncio.Semaphore(self._options.recovery_concurrency)
        tasks = [asyncio.create_task(self._recover_one(partition, slots, progress)) for partition in partitions]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _recover_one(self, partition: int, slots: asyncio.Semaphore, progress: "CountedProgress") -> Assignment:
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
        """What we had before, where nobody wrote to the partition since."""
        cached = self._cached.pop(partition, None)
        if cached is None or (await reader.bounds(self._task.output))[1] != cached.output_end:
            return None
        await check_position(partition, cached.task.next, self._task, reader)
        self.counters.reused_partitions += 1
        return RecoveredPartition(cached.task, cached.output_end, [], 0)

    async def _write_repairs(self, assignment: Assignment, recovered: RecoveredPartition) -> None:
        """What was written in a wrong order or folded again, before anything else."""
        async with assignment.lock:
            for unit in recovered.units:
                if not assignment.is_closed:
                    await self._send(assignment, unit)
            if assignment.pending_writes:
                await asyncio.wait(assignment.pending_writes)
        self.counters.repaired_keys += recovered.repaired_keys

    def bind_fetch(self, partition: int, start: int, next: int, records: Sequence[FetchedRecord]) -> Delivery | None:
        """What a fetch brought between two positions, for the assignment it belongs to; None where there is none."""
        assignment = self.active.get(partition)
        if assignment is None or assignment.is_closed or next == start:
            return None
        if start != assignment.fetch_position:
            self._abort(
                f"hole: partition {partition} was fetched up to {assignment.fetch_position}, and goes on at {start}",
                None,
            )
        assignment.fetch_position = next
        return Delivery(assignment, start, next, records)

    async def process(self, delivery: Delivery) -> None:
        """Fold what was delivered and send it; nothing happens where the partition was given up since."""
        assignment = delivery.assignment
        async with assignment.lock:
            if assignment.is_closed:
                return
            if delivery.start != assignment.task.next:
                where = f"{assignment.task.next} of partition {assignment.partition}"
                self._abort(f"hole: the fold stands at {where}, records start at {delivery.start}", None)
            for unit in assignment.task.fold(delivery.next, delivery.records):
                if assignment.is_closed:
                    return
                await self._send(assignment, unit)
                self.counters.facts += unit.fact_count

    async def revoke(self) -> None:
        """Finish what is being written and forget the rest: who comes next reads a log that stands still."""
        self.epoch += 1
        revoked, self._open, self.active = self._open, [], {}
        self.counters.is_assigned, self.counters.positions, self.counters.ends = False, {}, {}
        for assignment in revoked:
            assignment.is_closed = True
        await asyncio.gather(*map(_await_writes, revoked))
        self._cached |= {part.partition: part for part in revoked if part.task.next == part.acked_position}

    def close(self) -> None:
        """Fold nothing more."""
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


class CountedProgress:
    """What a recovery read so far, told in counters and, where it takes long, in lines."""

    def __init__(self, counters: WorkerCounters, is_current: Callable[[], bool], log: Any) -> None:
        self._counters, self._is_current, self._log = counters, is_current, log
        self._started_at = self._logged_at = monotonic()
        self._recovery = counters.recovery = RecoveryCounters()

    def expect(self, records: int) -> None:
        self._recovery.to_read += max(0, records)

    def read(self, records: int) -> None:
        """Raises `Superseded` where the partitions were taken away meanwhile."""
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
