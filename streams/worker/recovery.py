"""How a worker comes by a partition: its output is read once, and nothing else is believed. Never folds or writes.

Of each key the record of the highest order holds, whatever came after it: a worker that had lost the partition without
knowing may have written an older one.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from streams.log import LogRefused
from streams.worker.ports import Fetched, Found, PartitionStep, Work
from streams.worker.units import UnitBatch, in_batches

Chunk = tuple[Sequence[Fetched], int]
"""Records, and the position after them."""


class Reader(Protocol):
    """Reads one partition of any topic."""

    async def bounds(self, topic: str) -> tuple[int, int]:
        """Its first offset and its readable end."""

    def read(self, topic: str, start: int, end: int) -> AsyncIterator[Chunk]:
        """From `start` on until the position is `end` or beyond it."""


Readers = Callable[[int], AbstractAsyncContextManager[Reader]]


class Superseded(Exception):
    """The partitions were taken away while they were recovered."""


class Watcher(Protocol):
    """Whom a recovery tells how far it is."""

    def expect(self, records: int) -> None:
        """So many offsets are to be read."""

    def read(self, records: int) -> None:
        """So many records were read. Raises `Superseded` where the rest is of no use."""


class Recovered(NamedTuple):
    """`end`: the offset that the next record of the output gets; `units`: to be written before anything is folded."""

    step: PartitionStep
    end: int
    units: Sequence[UnitBatch]
    repaired: int


class Newest:
    """Of each key the record of the highest order; `stale` are the keys whose last record is another one."""

    def __init__(self, work: Work) -> None:
        self.values: dict[bytes, bytes] = {}
        self.stale: set[bytes] = set()
        self._orders: dict[bytes, int] = {}
        self._work = work

    def take(self, records: Iterable[Fetched]) -> None:
        """Raises LogRefused for a record that no worker wrote."""
        orders, values, stale = self._orders, self.values, self.stale
        for record in records:
            key, value = record.key, record.value
            if key is None or value is None:
                raise self._foreign(record)
            try:
                order = self._work.order(key, value)
            except ValueError:
                raise self._foreign(record) from None
            if order >= orders.get(key, -1):
                orders[key], values[key] = order, value
                if stale:
                    stale.discard(key)
            else:
                stale.add(key)

    def _foreign(self, record: Fetched) -> LogRefused:
        return LogRefused(
            f"the record at offset {record.offset} of {self._work.output} is none of a worker's, and only workers may "
            "write there: find out who does, and create all topics anew together"
        )


async def recover(partition: int, work: Work, reader: Reader, watcher: Watcher, most: int) -> Recovered:
    """The partition as its output tells. `most`: bytes of a unit.

    Raises LogRefused where output and source do not belong together, and `Superseded`.
    """
    newest = Newest(work)
    start, until = await reader.bounds(work.output)
    end = start
    watcher.expect(until - start)
    async for records, position in reader.read(work.output, start, until):
        newest.take(records)
        end = position
        watcher.read(len(records))
    found = found_in(newest, partition, work)
    step = work.step(partition, found)
    await refuse_outside(partition, step.next, work, reader)
    units = repairs(newest, step.next, work, most)
    units += await step.begin(lambda first, to: looking_back(reader, work.source, (first, to), watcher))
    return Recovered(step, end, units, len(newest.stale))


def found_in(newest: Newest, partition: int, work: Work) -> Found:
    checkpoint = newest.values.get(work.checkpoint_key)
    if checkpoint is None and newest.values:
        raise LogRefused(f"partition {partition} of {work.output} holds records and no checkpoint; it was not written "
                         "by workers, or cut off")  # fmt: skip
    return Found({k: value for k, value in newest.values.items() if k != work.checkpoint_key}, checkpoint)


async def refuse_outside(partition: int, position: int, work: Work, reader: Reader) -> None:
    """The source's end is asked for after its position was read, or a live writer would seem to be behind it."""
    begin, end = await reader.bounds(work.source)
    if begin <= position <= end:
        return
    raise LogRefused(
        f"{work.output} stands at offset {position} of partition {partition} of {work.source}, which holds offsets "
        f"{begin} to {end}: the log was recreated or cut off. Restore it, or create all topics anew together"
    )


def repairs(newest: Newest, position: int, work: Work, most: int) -> list[UnitBatch]:
    """The newest records once more, where older ones stand behind them: compaction would keep those."""
    if not newest.stale:
        return []
    checkpoint = (work.checkpoint_key, newest.values[work.checkpoint_key])
    pairs = [(key, newest.values[key]) for key in sorted(newest.stale - {work.checkpoint_key})]
    return [UnitBatch(position, batch) for batch in in_batches(pairs, checkpoint, most)] or [
        UnitBatch(position, [checkpoint])
    ]


async def looking_back(
    reader: Reader, topic: str, span: tuple[int, int], watcher: Watcher
) -> AsyncIterator[Sequence[Fetched]]:
    """Records of the span alone: what a fetch brought beyond it was not folded yet."""
    first, to = span
    watcher.expect(to - first)
    async for records, _ in reader.read(topic, first, to):
        watcher.read(len(records))
        yield [record for record in records if record.offset < to]
