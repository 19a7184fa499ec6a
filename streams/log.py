"""The log port: append-only topics with partitions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from schemas import ENGAGEMENT

Headers = tuple[tuple[str, bytes], ...]


class NewRecord(NamedTuple):
    """A record to append. With an `id`, the topic stores at most one record of that id."""

    key: str
    value: bytes
    id: str | None = None
    headers: Headers = ()


class Record(NamedTuple):
    offset: int
    key: str
    value: bytes
    headers: Headers = ()


class Unit(NamedTuple):
    """What the scorer writes atomically: its records, and its position, moved from `start` to `next`."""

    partition: int
    start: int
    next: int
    scores: Sequence[NewRecord]
    dead_letters: Sequence[NewRecord]


class Appended(NamedTuple):
    """Where a record is; `duplicate`: the topic already had a record with this id, and this is its place."""

    partition: int
    offset: int
    duplicate: bool


class Log(Protocol):
    """Durable once a call returns. Offsets of a partition rise; they need not be dense."""

    unique_ids: bool
    """Whether a topic stores each record id once, so that readers need not detect duplicates."""

    def generation(self, topic: str) -> str:
        """An id of this topic. A topic deleted and created again has another one, and its own offsets."""

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""

    def partition_of(self, topic: str, key: str) -> int:
        """The partition of a key: Kafka's default partitioner (murmur2)."""

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        """Append in order, to the partition of each key or to the one given; one result for each record."""

    def position(self, partition: int) -> int:
        """The next offset of `engagement` that the scorer of this partition has to read."""

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        """Up to `limit` records from offset `start` on."""

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        """Several partitions (partition -> start), up to `limit` records of each, in as few requests as possible."""

    def end(self, topic: str, partition: int) -> int:
        """One past the offset of the last record."""

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        """The last record of a key within one partition."""

    def history(self, account: str) -> Iterator[Record]:
        """All engagement records of one account, in log order."""

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        """Block until a partition ends beyond `seen` (partition -> end) or the time is up; True if one does."""

    def close(self) -> None:
        """Release connections."""


class KeyedLog(Log, Protocol):
    """A log that finds records by key and writes units atomically; the embedded host needs one."""

    def append_unit(self, unit: Unit) -> None:
        """Write a unit atomically. Raises `PositionConflict` if the position is not `unit.start`."""

    def latest(self, topic: str, keys: Sequence[str]) -> Mapping[str, Record]:
        """The last record of each of these keys, if there is one."""

    def latest_below(self, topic: str, key: str) -> Sequence[Record]:
        """The last record of this key and of every key `KEY/…`."""


def scan(
    log: Log, topic: str, partition: int, start: int = 0, end: int | None = None, batch: int = 5_000
) -> Iterator[Record]:
    """The records of a partition from `start` on, read `batch` at a time: those below `end`, or up to an empty read."""
    while (end is None or start < end) and (records := log.read(topic, partition, start, batch)):
        start = records[-1].offset + 1
        if end is None or start <= end:
            yield from records
        else:
            yield from (record for record in records if record.offset < end)


class LogError(Exception):
    """The log could not perform the operation."""


class LogUnavailable(LogError):
    """The log is unreachable or does not acknowledge. An append without a result may be repeated."""


class LogRefused(LogError):
    """The log has different settings, rejects us, or is not the log that it was before."""


class PositionConflict(LogError):
    """Another scorer writes this partition, so this one has to stop."""
