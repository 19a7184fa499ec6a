"""A unit as one record batch of Kafka, and its size.

The broker stores a batch completely or not at all, so the states of accounts and the position that belongs to them are
written together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.log import Headers

_BATCH_OVERHEAD_BYTES = 61
_RECORD_OVERHEAD_BYTES = 36
"""The most that a record takes beside key and value: five varints and attributes, no headers."""

KeyValue = tuple[bytes, bytes]
"""Key and value of a record."""


class DeadLetter(NamedTuple):
    """A reference to a record that could not be kept, with the reason in its headers."""

    key: bytes | None
    value: bytes
    headers: Headers


class UnitBatch(NamedTuple):
    """Records of one partition, the checkpoint last; with them everything before `next` is in the output.

    Dead letters have to be acknowledged before the records are sent. `fact_count`: facts that were folded.
    """

    next: int
    records: Sequence[KeyValue]
    dead_letters: Sequence[DeadLetter] = ()
    fact_count: int = 0


def size_of(records: Iterable[KeyValue]) -> int:
    """The most bytes that the batch takes before compression."""
    return _BATCH_OVERHEAD_BYTES + sum(len(key) + len(value) + _RECORD_OVERHEAD_BYTES for key, value in records)


def split_batches(records: Iterable[KeyValue], checkpoint: KeyValue, max_bytes: int) -> Iterator[list[KeyValue]]:
    """Independent records in batches of `max_bytes` (a larger record has its own), each with the checkpoint last."""
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
