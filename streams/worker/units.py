"""A unit as one record batch of Kafka, and how large that is. Never sends it.

A batch is stored whole or not at all: what it holds of accounts and the position that belongs to it stay together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.log import Headers

_BATCH_OVERHEAD_BYTES = 61
_RECORD_OVERHEAD_BYTES = 36
"""The most that a record takes beside key and value: five numbers of varying length, attributes, no headers."""

KeyValue = tuple[bytes, bytes]
"""Key and value of a record."""


class DeadLetter(NamedTuple):
    """A dead letter: the record as it came, and why it is one in its headers."""

    key: bytes | None
    value: bytes
    headers: Headers


class UnitBatch(NamedTuple):
    """Records of one partition, the checkpoint last: all that the source holds before `next` is in them or before them.

    The letters are to be acknowledged before the records are sent. `facts`: how many were folded.
    """

    next: int
    records: Sequence[KeyValue]
    dead_letters: Sequence[DeadLetter] = ()
    fact_count: int = 0


def size_of(records: Iterable[KeyValue]) -> int:
    """Bytes of the batch, at most, before it is compressed."""
    return _BATCH_OVERHEAD_BYTES + sum(len(key) + len(value) + _RECORD_OVERHEAD_BYTES for key, value in records)


def split_batches(records: Iterable[KeyValue], checkpoint: KeyValue, max_bytes: int) -> Iterator[list[KeyValue]]:
    """Records that need not stay together, in batches of `most` bytes where each fits, each ending with `last`."""
    overhead = size_of([checkpoint])
    batch: list[KeyValue] = []
    size = overhead
    for record in records:
        record_size = size_of([record]) - _BATCH_OVERHEAD_BYTES
        if batch and size + record_size > max_bytes:
            yield [*batch, checkpoint]
            batch, size = [], overhead
        batch.append(record)
        size += record_size
    if batch:
        yield [*batch, checkpoint]
