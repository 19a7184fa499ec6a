"""The ports of a worker: the task that it hosts, and the task's part for each partition."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from streams.log import Headers
from streams.worker.units import UnitBatch


class FetchedRecord(Protocol):
    """A record as the client returns it."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


SourceReader = Callable[[int, int], AsyncIterator[Sequence[FetchedRecord]]]
"""Reads records of the task's own source partition, from one offset up to another."""


class StoredState(NamedTuple):
    """The output of a partition: for each key the value of the highest order.

    `lost_keys`: keys of which only records that no worker wrote are left.
    """

    values: Mapping[bytes, bytes]
    checkpoint: bytes | None
    lost_keys: frozenset[bytes] = frozenset()


class PartitionTask(Protocol):
    """One partition as of its position. Its state can be rebuilt from the log."""

    next: int
    """The next source offset to process."""

    async def begin(self, read: SourceReader) -> Sequence[UnitBatch]:
        """Read what the state needs from the source; returns units to write before anything is folded."""

    def fold(self, next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
        """Units for the records between the position and `next`; there may be gaps, or no records at all."""


class WorkerTask(Protocol):
    """What a worker computes. Topics are named as on the broker."""

    group: str
    source: str
    output: str
    dead_letters: str
    checkpoint_key: bytes

    def order(self, key: bytes, value: bytes) -> int:
        """Of the records of a key, the one of the highest order is valid. Raises ValueError if no worker wrote it."""

    def partition_task(self, partition: int, stored: StoredState) -> PartitionTask:
        """Raises LogRefused if the stored state does not belong to this source."""
