"""A unit as one record batch of Kafka, and how large that is. Never sends it.

A batch is stored whole or not at all: what it holds of accounts and the position that belongs to it stay together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.log import Headers

_BATCH_BYTES = 61
_RECORD_BYTES = 36
"""The most that a record takes beside key and value: five numbers of varying length, attributes, no headers."""

Pair = tuple[bytes, bytes]
"""Key and value of a record."""


class Letter(NamedTuple):
    """A dead letter: the record as it came, and why it is one in its headers."""

    key: bytes | None
    value: bytes
    headers: Headers


class UnitBatch(NamedTuple):
    """Records of one partition, the checkpoint last: all that the source holds before `next` is in them or before them.

    The letters are to be acknowledged before the records are sent. `facts`: how many were folded.
    """

    next: int
    records: Sequence[Pair]
    letters: Sequence[Letter] = ()
    facts: int = 0


def size_of(records: Iterable[Pair]) -> int:
    """Bytes of the batch, at most, before it is compressed."""
    return _BATCH_BYTES + sum(len(key) + len(value) + _RECORD_BYTES for key, value in records)


def in_batches(records: Iterable[Pair], last: Pair, most: int) -> Iterator[list[Pair]]:
    """Records that need not stay together, in batches of `most` bytes where each fits, each ending with `last`."""
    fixed = size_of([last])
    batch: list[Pair] = []
    size = fixed
    for record in records:
        grown = size_of([record]) - _BATCH_BYTES
        if batch and size + grown > most:
            yield [*batch, last]
            batch, size = [], fixed
        batch.append(record)
        size += grown
    if batch:
        yield [*batch, last]
