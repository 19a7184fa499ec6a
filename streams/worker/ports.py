"""What a worker hosts: a kind of work, and its step for each partition. Never knows clients, nor what is folded."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from streams.log import Headers
from streams.worker.units import UnitBatch


class FetchedRecord(Protocol):
    """A record as the client brings it."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


SourceReader = Callable[[int, int], AsyncIterator[Sequence[FetchedRecord]]]
"""Records of the step's own source partition, from an offset up to another."""


class StoredState(NamedTuple):
    """What the output of a partition holds: of each key the value of the highest order."""

    values: Mapping[bytes, bytes]
    checkpoint: bytes | None


class PartitionTask(Protocol):
    """One partition as of its position. What it holds follows from the log."""

    next: int
    """The source offset to go on from."""

    async def begin(self, read: SourceReader) -> Sequence[UnitBatch]:
        """Look back at the source where memory needs it; units to write before anything is folded."""

    def fold(self, next: int, records: Sequence[FetchedRecord]) -> Iterator[UnitBatch]:
        """Units of the records that stand between the position and the offset `next`, which may hold less or none."""


class WorkerTask(Protocol):
    """Names are those of topics on the broker."""

    group: str
    source: str
    output: str
    dead_letters: str
    checkpoint_key: bytes

    def order(self, key: bytes, value: bytes) -> int:
        """Of the records of a key the one of the highest order holds. ValueError where this is none of ours."""

    def partition_task(self, partition: int, stored: StoredState) -> PartitionTask:
        """Raises LogRefused where what was found does not belong to this source."""
