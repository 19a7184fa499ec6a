"""The simple work: per account the number of facts and the sum of their seconds; and the same straight from the facts.

Here as a step of the worker, so that Staffel's host can be compared with others at work that is not its own.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from schemas.scores import CHECKPOINT, CHECKPOINT_KEY, Checkpoint, decode_checkpoint, encode_score
from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES
from streams.kafka.address import KafkaAddress
from streams.worker.ports import FetchedRecord, SourceReader, StoredState
from streams.worker.units import UnitBatch

_KEY = CHECKPOINT_KEY.encode()
Sums = dict[str, tuple[int, int]]
"""account -> number of facts, sum of their seconds."""


class _Content(msgspec.Struct):
    duration_s: int = 0


class _Fact(msgspec.Struct):
    subject: str
    data: _Content


class Total(msgspec.Struct):
    count: int
    sum: int


_fact = msgspec.json.Decoder(_Fact).decode
_total = msgspec.json.Decoder(Total).decode
_encode = msgspec.json.Encoder().encode


def expected_sums(values: Iterable[bytes]) -> Sums:
    """What everybody has to come to."""
    sums: Sums = {}
    for value in values:
        fact = _fact(value)
        count, total = sums.get(fact.subject, (0, 0))
        sums[fact.subject] = (count + 1, total + fact.data.duration_s)
    return sums


def total_of(value: bytes) -> tuple[int, int]:
    """`{"count":…,"sum":…}`"""
    total = _total(value)
    return total.count, total.sum


class SumTask:
    """The work (`streams.worker.ports.Work`)."""

    checkpoint_key = _KEY

    def __init__(self, address: KafkaAddress) -> None:
        self.group = address.topic_name("sums")
        self.source, self.output = address.topic_name(ENGAGEMENT), address.topic_name(SCORES)
        self.dead_letters = address.topic_name(DEAD_LETTERS)

    def order(self, key: bytes, value: bytes) -> int:
        return decode_checkpoint(value).next if key == _KEY else _total(value).count

    def partition_task(self, partition: int, stored: StoredState) -> "SumPartitionTask":
        return SumPartitionTask(stored)


class SumPartitionTask:
    """One partition. Totals are kept decoded; those that a unit touched are in its records."""

    def __init__(self, stored: StoredState) -> None:
        self.next = 0 if stored.checkpoint is None else decode_checkpoint(stored.checkpoint).next
        self._totals = {key: _total(value) for key, value in stored.values.items()}

    async def begin(self, read: SourceReader) -> Sequence[UnitBatch]:
        return []

    def fold(self, next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
        totals, changed = self._totals, {}
        for record in records:
            key = record.key or b""
            total = totals.get(key)
            if total is None:
                total = totals[key] = Total(0, 0)
            total.count += 1
            total.sum += _fact(record.value or b"").data.duration_s
            changed[key] = total
        self.next = next
        pairs = [(key, _encode(total)) for key, total in changed.items()]
        checkpoint = encode_score(Checkpoint(CHECKPOINT, ENGAGEMENT, next, None))
        yield UnitBatch(next, [*pairs, (_KEY, checkpoint)], fact_count=len(records))
