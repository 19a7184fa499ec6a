"""A broker in memory behind the worker's ports, and a simple sum as its task."""

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


class FakeRecord(NamedTuple):
    """A record as a client returns it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class ProcessEndedError(BaseException):
    """The process would have ended."""


def abort(reason: str, error: BaseException | None = None) -> NoReturn:
    raise ProcessEndedError(reason)


class FakeLogger:
    """A logger that collects its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    warning = critical = info


def fake_records(numbers: Sequence[tuple[int, int]], key: bytes = b"a") -> list[FakeRecord]:
    """Records of (offset, number)."""
    return [FakeRecord(offset, key, b"%d" % number) for offset, number in numbers]


def encoded_total(seq: int, sum: int) -> bytes:
    return msgspec.json.encode({"seq": seq, "sum": sum})


def checkpoint_record(next: int) -> KeyValue:
    return CHECKPOINT, msgspec.json.encode({"seq": next})


class SumTask:
    """Adds numbers per key, `max_unit_size` of them in a unit. A value that is not a number is a dead letter."""

    group, source, output, dead_letters, checkpoint_key = "summing", SOURCE, OUTPUT, "letters", CHECKPOINT

    def __init__(self, max_unit_size: int = 1_000) -> None:
        self._max_unit_size = max_unit_size

    def order(self, key: bytes, value: bytes) -> int:
        return int(msgspec.json.decode(value)["seq"])

    def partition_task(self, partition: int, stored: StoredState) -> "SumPartitionTask":
        return SumPartitionTask(stored, self._max_unit_size)


class SumPartitionTask:
    """`reread_offsets`: what it read again when it began."""

    def __init__(self, stored: StoredState, max_unit_size: int) -> None:
        self._max_unit_size = max_unit_size
        self.next = 0 if stored.checkpoint is None else msgspec.json.decode(stored.checkpoint)["seq"]
        self.totals = {key: msgspec.json.decode(value) for key, value in stored.values.items()}
        self.reread_offsets: list[int] = []

    async def begin(self, read: SourceReader) -> Sequence[UnitBatch]:
        async for records in read(0, self.next):
            self.reread_offsets += [record.offset for record in records]
        return []

    def fold(self, next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
        for start in range(0, len(records) or 1, self._max_unit_size):
            part = records[start : start + self._max_unit_size]
            yield self._unit(next if start + self._max_unit_size >= len(records) else part[-1].offset + 1, part)

    def _unit(self, next: int, records: Sequence[FetchedRecord]) -> UnitBatch:
        changed: dict[bytes, bytes] = {}
        dead_letters = []
        for record in records:
            key, value = record.key or b"", record.value or b""
            if not value.isdigit():
                dead_letters.append(DeadLetter(key, value, ()))
                continue
            seq, sum = self.totals.get(key, {"seq": 0, "sum": 0}).values()
            self.totals[key] = {"seq": seq + 1, "sum": sum + int(value)}
            changed[key] = encoded_total(seq + 1, sum + int(value))
        self.next = next
        return UnitBatch(
            next, [*changed.items(), checkpoint_record(next)], dead_letters, len(records) - len(dead_letters)
        )


@dataclass
class FakeBroker:
    """One partition of each topic; a unit is acknowledged at once, or when `acknowledge` is called."""

    topics: dict[str, list[FakeRecord]] = field(default_factory=lambda: {SOURCE: [], OUTPUT: []})
    beginning_offsets: dict[str, int] = field(default_factory=dict)
    source_end: int | None = None
    acknowledges_at_once: bool = True
    chunk: int = 2
    dead_letters: list[DeadLetter] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    pending: list["asyncio.Future[int]"] = field(default_factory=list)
    gate: asyncio.Event | None = None
    unit_gate: asyncio.Event | None = None
    max_unit_size: int = 1_000

    def end_of(self, topic: str) -> int:
        if topic == SOURCE and self.source_end is not None:
            return self.source_end
        records = self.topics[topic]
        return records[-1].offset + 1 if records else 0

    def add_output(self, *pairs: KeyValue) -> None:
        """Records that other workers wrote to the output."""
        self.topics[OUTPUT] += [FakeRecord(self.end_of(OUTPUT) + n, key, value) for n, (key, value) in enumerate(pairs)]

    def output(self) -> list[KeyValue]:
        return [(record.key or b"", record.value or b"") for record in self.topics[OUTPUT]]

    async def send_unit(self, partition: int, records: Sequence[KeyValue]) -> "asyncio.Future[int]":
        self.events.append("unit")
        if self.unit_gate is not None:
            await self.unit_gate.wait()
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        begin = self.end_of(OUTPUT)
        self.add_output(*records)
        if self.acknowledges_at_once:
            future.set_result(begin)
        self.pending.append(future)
        return future

    async def send_dead_letters(self, partition: int, dead_letters: Sequence[DeadLetter]) -> None:
        self.events.append("letters")
        self.dead_letters += dead_letters

    @asynccontextmanager
    async def open_reader(self, partition: int) -> AsyncIterator[RecoveryReader]:
        yield self

    async def bounds(self, topic: str) -> tuple[int, int]:
        return self.beginning_offsets.get(topic, 0), self.end_of(topic)

    async def read(self, topic: str, start: int, end: int) -> AsyncIterator[ReadChunk]:
        """Yield chunks that may exceed the end, as a client does."""
        self.reads.append(topic)
        records = [record for record in self.topics[topic] if record.offset >= start]
        while records and records[0].offset < end:
            if self.gate is not None:
                await self.gate.wait()
            chunk, records = records[: self.chunk], records[self.chunk :]
            yield chunk, chunk[-1].offset + 1


def assignments_on(broker: FakeBroker, check: Any = lambda: None, log: Any = None) -> Assignments:
    return Assignments(
        SumTask(broker.max_unit_size),
        broker,
        broker.open_reader,
        WorkerOptions(),
        WorkerCounters(),
        log=log or FakeLogger(),
        check=check,
        abort=abort,
    )


async def assignments_with_partition(broker: FakeBroker, check: Any = lambda: None) -> Assignments:
    """A worker that has recovered partition 0."""
    assignments = assignments_on(broker, check)
    await assignments.recover([0])
    return assignments


def fetch_delivery(
    assignments: Assignments, start: int, next: int, numbers: Sequence[tuple[int, int]] = ()
) -> Delivery:
    """The result of a fetch between two positions."""
    delivery = assignments.bind_fetch(0, start, next, fake_records(numbers))
    assert delivery is not None
    return delivery


async def run_callbacks() -> None:
    """Let the event loop run callbacks of writes."""
    for _ in range(3):
        await asyncio.sleep(0)
