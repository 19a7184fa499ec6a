"""The log port: append-only topics with partitions. Never knows what a record means."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from schemas.topics import ENGAGEMENT

Headers = tuple[tuple[str, bytes], ...]


class NewRecord(NamedTuple):
    """A record to append. Where `id` is given the topic holds at most one record with it, for ever."""

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
    """What the scorer writes at once: its records, and the move of its position from `start` to `next`."""

    partition: int
    start: int
    next: int
    scores: Sequence[NewRecord]
    dead_letters: Sequence[NewRecord]


class Appended(NamedTuple):
    """Where a record stands; `duplicate` where one with this id stood there already."""

    partition: int
    offset: int
    duplicate: bool


class Log(Protocol):
    """Durable once a call returns. Offsets of a partition rise; they need not be dense."""

    unique_ids: bool
    """Whether a record id stands in a topic once for ever, so that no reader needs to remember ids."""

    def generation(self, topic: str) -> str:
        """Told apart from any other topic that ever had this name here: offsets of one mean nothing in another."""

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""

    def partition_of(self, topic: str, key: str) -> int:
        """The partition of a key: Kafka's default partitioner (murmur2)."""

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        """Append in order, to the partition of each key or to the one given; answers stand in the same order."""

    def position(self, partition: int) -> int:
        """The next engagement offset the scorer of this partition has to read."""

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        """Up to `limit` records from offset `start` on."""

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        """The same of several partitions (partition -> start), `limit` of each, in as few questions as it takes."""

    def end(self, topic: str, partition: int) -> int:
        """One past the offset of the last record."""

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        """The last record of a key within one partition."""

    def history(self, account: str) -> Iterator[Record]:
        """All engagement records of one account, in log order."""

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        """Block until a partition of the topic ends beyond `seen` or the time is up; True where one does."""

    def close(self) -> None:
        """Release what is held."""


class KeyedLog(Log, Protocol):
    """A log that finds records by their keys and takes a scorer's units: what the embedded host stands on."""

    def append_unit(self, unit: Unit) -> None:
        """Write a scorer's unit atomically. Raises `PositionMoved` where the position is not `unit.start`."""

    def latest(self, topic: str, keys: Sequence[str]) -> Mapping[str, Record]:
        """The last record of each of these keys that has one."""

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
    """The log could not do what was asked."""


class LogUnavailable(LogError):
    """The log cannot be reached, or does not acknowledge; what was not answered may be appended again."""


class LogRefused(LogError):
    """The log stands there with other settings, or is another one than before."""


class PositionConflict(LogError):
    """Another scorer writes this partition; stop."""
