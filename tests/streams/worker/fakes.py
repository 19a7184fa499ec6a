"""A broker in memory behind the worker's own ports, and a simple sum as its work. Never starts a process."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import msgspec

from streams.worker.assignments import Assignments, Delivery
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import FetchedRecord, SourceReader, StoredState
from streams.worker.recovery import ReadChunk, RecoveryReader
from streams.worker.units import DeadLetter, KeyValue, UnitBatch

CHECKPOINT = b"~checkpoint"
SOURCE, OUTPUT = "numbers", "sums"


class Got(NamedTuple):
    """A record as a client would bring it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Ended(BaseException):
    """The process would have ended."""


def end(why: str, error: BaseException | None = None) -> NoReturn:
    raise Ended(why)


class Quiet:
    """A logger that keeps what it was told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **said: Any) -> None:
        self.lines.append((event, said))

    warning = critical = info


def got(numbers: Sequence[tuple[int, int]], key: bytes = b"a") -> list[Got]:
    """Records of (offset, number)."""
    return [Got(offset, key, b"%d" % number) for offset, number in numbers]


def total(seq: int, sum: int) -> bytes:
    return msgspec.json.encode({"seq": seq, "sum": sum})


def checkpoint(next: int) -> KeyValue:
    return CHECKPOINT, msgspec.json.encode({"seq": next})


class Summing:
    """Adds numbers per key, `most` of them in a unit. A number that is none is a dead letter."""

    group, source, output, dead_letters, checkpoint_key = "summing", SOURCE, OUTPUT, "letters", CHECKPOINT

    def __init__(self, most: int = 1_000) -> None:
        self._most = most

    def order(self, key: bytes, value: bytes) -> int:
        return int(msgspec.json.decode(value)["seq"])

    def partition_task(self, partition: int, stored: StoredState) -> "SumStep":
        return SumStep(stored, self._most)


class SumStep:
    """`seen` is what it looked at again."""

    def __init__(self, found: StoredState, most: int) -> None:
        self._most = most
        self.next = 0 if found.checkpoint is None else msgspec.json.decode(found.checkpoint)["seq"]
        self.totals = {key: msgspec.json.decode(value) for key, value in found.values.items()}
        self.seen: list[int] = []

    async def begin(self, read: SourceReader) -> Sequence[UnitBatch]:
        async for records in read(0, self.next):
            self.seen += [record.offset for record in records]
        return []

    def fold(self, next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
        for begun in range(0, len(records) or 1, self._most):
            part = records[begun : begun + self._most]
            yield self._unit(next if begun + self._most >= len(records) else part[-1].offset + 1, part)

    def _unit(self, next: int, records: Sequence[FetchedRecord]) -> UnitBatch:
        touched: dict[bytes, bytes] = {}
        letters = []
        for record in records:
            key, value = record.key or b"", record.value or b""
            if not value.isdigit():
                letters.append(DeadLetter(key, value, ()))
                continue
            seq, sum = self.totals.get(key, {"seq": 0, "sum": 0}).values()
            self.totals[key] = {"seq": seq + 1, "sum": sum + int(value)}
            touched[key] = total(seq + 1, sum + int(value))
        self.next = next
        return UnitBatch(next, [*touched.items(), checkpoint(next)], letters, len(records) - len(letters))


@dataclass
class Broker:
    """What stands in one partition of each topic; a unit is acknowledged at once, or when `acknowledge` is called."""

    topics: dict[str, list[Got]] = field(default_factory=lambda: {SOURCE: [], OUTPUT: []})
    begins: dict[str, int] = field(default_factory=dict)
    source_end: int | None = None
    at_once: bool = True
    chunk: int = 2
    letters_sent: list[DeadLetter] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    waiting: list["asyncio.Future[int]"] = field(default_factory=list)
    gate: asyncio.Event | None = None
    unit_gate: asyncio.Event | None = None
    most_numbers: int = 1_000

    def end_of(self, topic: str) -> int:
        if topic == SOURCE and self.source_end is not None:
            return self.source_end
        records = self.topics[topic]
        return records[-1].offset + 1 if records else 0

    def holds(self, *pairs: KeyValue) -> None:
        """Records that others wrote to the output."""
        self.topics[OUTPUT] += [Got(self.end_of(OUTPUT) + n, key, value) for n, (key, value) in enumerate(pairs)]

    def output(self) -> list[KeyValue]:
        return [(record.key or b"", record.value or b"") for record in self.topics[OUTPUT]]

    async def send_unit(self, partition: int, records: Sequence[KeyValue]) -> "asyncio.Future[int]":
        self.events.append("unit")
        if self.unit_gate is not None:
            await self.unit_gate.wait()
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        begin = self.end_of(OUTPUT)
        self.holds(*records)
        if self.at_once:
            future.set_result(begin)
        self.waiting.append(future)
        return future

    async def send_dead_letters(self, partition: int, dead_letters: Sequence[DeadLetter]) -> None:
        self.events.append("letters")
        self.letters_sent += dead_letters

    @asynccontextmanager
    async def reading(self, partition: int) -> AsyncIterator[RecoveryReader]:
        yield self

    async def bounds(self, topic: str) -> tuple[int, int]:
        return self.begins.get(topic, 0), self.end_of(topic)

    async def read(self, topic: str, start: int, end: int) -> AsyncIterator[ReadChunk]:
        """In chunks that may reach beyond the end, as those of a client do."""
        self.reads.append(topic)
        records = [record for record in self.topics[topic] if record.offset >= start]
        while records and records[0].offset < end:
            if self.gate is not None:
                await self.gate.wait()
            chunk, records = records[: self.chunk], records[self.chunk :]
            yield chunk, chunk[-1].offset + 1


def worker_on(broker: Broker, check: Any = lambda: None, log: Any = None) -> Assignments:
    return Assignments(
        Summing(broker.most_numbers),
        broker,
        broker.reading,
        WorkerOptions(),
        WorkerCounters(),
        log=log or Quiet(),
        check=check,
        abort=end,
    )


async def owner(broker: Broker, check: Any = lambda: None) -> Assignments:
    """A worker that has recovered partition 0."""
    worker = worker_on(broker, check)
    await worker.recover([0])
    return worker


def fetched(worker: Assignments, start: int, next: int, numbers: Sequence[tuple[int, int]] = ()) -> Delivery:
    """What a fetch between two positions brought."""
    delivery = worker.bind_fetch(0, start, next, got(numbers))
    assert delivery is not None
    return delivery


async def acknowledged() -> None:
    """Let the loop tell what is durable."""
    for _ in range(3):
        await asyncio.sleep(0)
