"""The partitions of one process: recovered, folded, written, given up. Never knows who assigns or fetches them.

Whatever is not as expected ends the process: the next one recovers from the log.
"""

import asyncio
import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, NoReturn, Protocol

from streams.worker.options import Recovery, WorkerCounters, WorkerOptions
from streams.worker.ports import Fetched, PartitionStep, Work
from streams.worker.recovery import Reader, Readers, Recovered, Superseded, recover, refuse_outside
from streams.worker.units import Letter, Pair, UnitBatch

_SAY_EVERY_S = 5.0


class Appender(Protocol):
    """Writes to the broker, acknowledged by all replicas, each batch once."""

    async def unit(self, partition: int, records: Sequence[Pair]) -> "asyncio.Future[int]":
        """One batch on its way to the output; the future tells the offset of its first record once it is durable."""

    async def letters(self, partition: int, letters: Sequence[Letter]) -> None:
        """Dead letters; returns when they are durable."""


class Assigned:
    """All that one assignment of one partition owns. A new assignment is a new object."""

    def __init__(self, number: int, step: PartitionStep, end: int) -> None:
        self.number = number
        self.step = step
        self.fetched = step.next
        """The source offset that the next fetch begins at."""
        self.acked = step.next
        """The source offset before which everything is known to be durable."""
        self.end = end
        """The offset that our next record of the output gets."""
        self.closed = False
        self.busy = asyncio.Lock()
        self.writing: set[asyncio.Future[int]] = set()


class Delivery(NamedTuple):
    """Records of one fetch, bound to the assignment they were fetched for; `start` and `next` are the consumer's
    positions before and after it: what lies between and is not here are marks of transactions, or taken back."""

    part: Assigned
    start: int
    next: int
    records: Sequence[Fetched]


class Worker:
    """`check` is called before anything is sent; `end` ends the process without unwinding."""

    def __init__(
        self,
        work: Work,
        appender: Appender,
        readers: Readers,
        options: WorkerOptions,
        counters: WorkerCounters,
        *,
        log: Any,
        check: Callable[[], None],
        end: Callable[[str, BaseException | None], NoReturn],
    ) -> None:
        self.parts: dict[int, Assigned] = {}
        """Partition -> what is folded now."""
        self.epoch = 0
        """Raised whenever partitions are taken away: Faust's own number moves only when they are given."""
        self.counters = counters
        self._work, self._appender, self._readers, self._options = work, appender, readers, options
        self._log, self._check, self._end = log, check, end
        self._open: list[Assigned] = []
        self._kept: dict[int, Assigned] = {}
        """Partition -> what was given up last, as it stands in the output: others may never have had it."""

    async def take_over(self, numbers: Iterable[int]) -> None:
        """Recover these partitions and fold them from now on, unless they are taken away meanwhile.

        Raises LogRefused where the log is not what it was.
        """
        epoch, partitions = self.epoch, sorted(numbers)
        progress = Progress(self.counters, lambda: self.epoch == epoch, self._log)
        try:
            parts = await self._recovered(partitions, progress)
        except Superseded:
            self._log.info("recovery_superseded", partitions=partitions)
            return
        finally:
            self.counters.recovering = None
        if self.epoch == epoch:
            gc.freeze()  # what was recovered stays: nobody has to look through it for cycles
            self.parts, self._kept = {part.number: part for part in parts}, {}
            self.counters.positions = {part.number: part.acked for part in parts}
            self.counters.assignments += 1
            self.counters.working = True
            progress.done(self.counters.positions)

    async def _recovered(self, partitions: Sequence[int], progress: "Progress") -> list[Assigned]:
        """Side by side; the first trouble ends all of them."""
        places = asyncio.Semaphore(self._options.recover_at_once)
        tasks = [asyncio.create_task(self._recover(partition, places, progress)) for partition in partitions]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _recover(self, partition: int, places: asyncio.Semaphore, progress: "Progress") -> Assigned:
        async with places, self._readers(partition) as reader:
            found = await self._kept_found(partition, reader)
            if found is None:
                found = await recover(partition, self._work, reader, progress, self._options.unit_bytes)
        progress.read(0)
        part = Assigned(partition, found.step, found.end)
        self._open.append(part)
        await self._write_first(part, found)
        return part

    async def _kept_found(self, partition: int, reader: Reader) -> Recovered | None:
        """What we had before, where nobody wrote to the partition since."""
        kept = self._kept.pop(partition, None)
        if kept is None or (await reader.bounds(self._work.output))[1] != kept.end:
            return None
        await refuse_outside(partition, kept.step.next, self._work, reader)
        self.counters.kept += 1
        return Recovered(kept.step, kept.end, [], 0)

    async def _write_first(self, part: Assigned, found: Recovered) -> None:
        """What was written in a wrong order or folded again, before anything else."""
        async with part.busy:
            for unit in found.units:
                if not part.closed:
                    await self._send(part, unit)
            if part.writing:
                await asyncio.wait(part.writing)
        self.counters.repaired += found.repaired

    def bound(self, partition: int, start: int, next: int, records: Sequence[Fetched]) -> Delivery | None:
        """What a fetch brought between two positions, for the assignment it belongs to; None where there is none."""
        part = self.parts.get(partition)
        if part is None or part.closed or next == start:
            return None
        if start != part.fetched:
            self._end(f"hole: partition {partition} was fetched up to {part.fetched}, and goes on at {start}", None)
        part.fetched = next
        return Delivery(part, start, next, records)

    async def fold(self, delivery: Delivery) -> None:
        """Fold what was delivered and send it; nothing happens where the partition was given up since."""
        part = delivery.part
        async with part.busy:
            if part.closed:
                return
            if delivery.start != part.step.next:
                where = f"{part.step.next} of partition {part.number}"
                self._end(f"hole: the fold stands at {where}, records start at {delivery.start}", None)
            for unit in part.step.fold(delivery.next, delivery.records):
                if part.closed:
                    return
                await self._send(part, unit)
                self.counters.facts += unit.facts

    async def give_up(self) -> None:
        """Finish what is being written and forget the rest: who comes next reads a log that stands still."""
        self.epoch += 1
        parts, self._open, self.parts = self._open, [], {}
        self.counters.working, self.counters.positions, self.counters.ends = False, {}, {}
        for part in parts:
            part.closed = True
        await asyncio.gather(*map(_settled, parts))
        self._kept |= {part.number: part for part in parts if part.step.next == part.acked}

    def close(self) -> None:
        """Fold nothing more."""
        for part in self._open:
            part.closed = True

    async def _send(self, part: Assigned, unit: UnitBatch) -> None:
        self._check()
        if unit.letters:
            await self._appender.letters(part.number, unit.letters)
            self.counters.dead_letters += len(unit.letters)
            self._check()
        future = await self._appender.unit(part.number, unit.records)
        part.writing.add(future)
        future.add_done_callback(partial(self._acknowledged, part, unit))

    def _acknowledged(self, part: Assigned, unit: UnitBatch, future: "asyncio.Future[int]") -> None:
        part.writing.discard(future)
        name = f"{self._work.output}/{part.number}"
        try:
            begin = future.result()
        except BaseException as error:
            self._end(f"a unit could not be written to {name}", error)
        if begin != part.end:
            self._end(f"foreign write: a unit for offset {part.end} of {name} got offset {begin}", None)
        part.end = begin + len(unit.records)
        part.acked = unit.next
        if not part.closed:
            self.counters.positions[part.number] = unit.next
        self.counters.units += 1
        self.counters.records += len(unit.records)


async def _settled(part: Assigned) -> None:
    async with part.busy:
        if part.writing:
            await asyncio.wait(part.writing)


class Progress:
    """What a recovery read so far, told in counters and, where it takes long, in lines."""

    def __init__(self, counters: WorkerCounters, wanted: Callable[[], bool], log: Any) -> None:
        self._counters, self._wanted, self._log = counters, wanted, log
        self._begun = self._said = monotonic()
        self._state = counters.recovering = Recovery()

    def expect(self, records: int) -> None:
        self._state.to_read += max(0, records)

    def read(self, records: int) -> None:
        """Raises `Superseded` where the partitions were taken away meanwhile."""
        if not self._wanted():
            raise Superseded
        self._state.read += records
        self._state.moved_at = monotonic()
        self._counters.recovered_records += records
        if self._state.moved_at > self._said + _SAY_EVERY_S:
            self._said = self._state.moved_at
            self._log.info("recovering", read=self._state.read, of=self._state.to_read)

    def done(self, positions: Mapping[int, int]) -> None:
        seconds = monotonic() - self._begun
        self._counters.recoveries += 1
        self._log.info("recovered", positions=positions, read=self._state.read, seconds=round(seconds, 3))
