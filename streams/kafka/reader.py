"""Reading partitions of Apache Kafka in order, ahead of who reads, within bounds. Never commits a position.

A cursor reads on where it stands; a read from elsewhere begins a new one. What cursors hold ready is bounded, and the
one unused for the longest time goes first.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from streams.kafka.fetcher import CHUNK, Fetched, Fetching
from streams.kafka.record_batch import Batch, batches, next_offset, records_of
from streams.log import LogUnavailable, Record

AT_ONCE = 32 * 1024 * 1024
"""Bytes of the values that one read answers, about."""
HELD = 64 * 1024 * 1024
"""Bytes that all cursors hold ready, about."""
STALLED_S = 30.0
_SEQUENTIAL = 100
"""Who asks for fewer records at once is not expected to read on."""
_POINT = 64 * 1024


class Chunks:
    """The batches of a partition from an offset on; while one fetch is worked on, the next is on its way."""

    def __init__(self, fetching: Fetching, topic: str, partition: int, start: int, ahead: bool = True) -> None:
        self.next = start
        self.at_end = False
        """Whether the last fetch brought all that there was."""
        self.begun: Fetched | None = None
        """The first fetch, where it was made already."""
        self._fetching, self._topic, self._partition = fetching, topic, partition
        self._ahead = ahead
        self._limit = CHUNK if ahead else _POINT
        self._asked: Any = None

    @property
    def is_ahead(self) -> bool:
        return self._asked is not None

    def more(self) -> tuple[Fetched, list[Batch]]:
        """The next fetch and its batches; without any at the end as the broker knows it."""
        fetched, self.begun = self.begun or self._fetched(), None
        after = next_offset(fetched.content)
        self.at_end = after is None or after >= fetched.end
        if after is None:
            return fetched, []
        self.next = max(after, self.next)
        if self._ahead and after < fetched.end:
            self._asked = self._fetching.fetch_soon(self._topic, self._partition, after, self._limit)
        return fetched, list(batches(fetched.content, fetched.aborted))

    def _fetched(self) -> Fetched:
        place = (self._topic, self._partition, self.next)
        asked, self._asked = self._asked, None
        if asked is None:
            asked = self._fetching.fetch_soon(*place, self._limit)
        return self._fetching.arrived(*place, asked, self._limit)


class Stalled(NamedTuple):
    """Since when a partition grows without letting anybody read on."""

    at: int
    high_watermark: int
    since: float


class Watch:
    """Notices partitions that grow while their readers stand still."""

    def __init__(self, patience: float = STALLED_S) -> None:
        self._patience = patience
        self._stalled: dict[tuple[str, int], Stalled] = {}

    def moves(self, topic: str, partition: int) -> None:
        self._stalled.pop((topic, partition), None)

    def stands(self, topic: str, partition: int, at: int, fetched: Fetched) -> None:
        """Raises `LogUnavailable` where this lasts while the log grows."""
        if fetched.high_watermark <= at:
            return self.moves(topic, partition)
        first = Stalled(at, fetched.high_watermark, monotonic())
        since = self._stalled.setdefault((topic, partition), first)
        if since.at != at:
            self._stalled[topic, partition] = first
            return None
        grown = fetched.high_watermark > since.high_watermark
        if grown and monotonic() - since.since > self._patience:
            raise LogUnavailable(
                f"partition {partition} of topic {topic} grows, yet nothing beyond offset {at} can be read for "
                f"{self._patience:.0f} s: a transaction of another producer was left open; "
                "find and abort it by kafka-transactions.sh"
            )
        return None


class Cursor:
    """One sequential read of a partition. Belongs to one thread at a time."""

    def __init__(self, fetching: Fetching, watch: Watch, topic: str, partition: int, start: int, ahead: bool) -> None:
        self.next = start
        self._chunks = Chunks(fetching, topic, partition, start, ahead)
        self._watch, self._place = watch, (topic, partition)
        self._ready: list[Record] = []
        self._taken = 0
        self._size = 0
        """Bytes of the values in `_ready`."""

    @property
    def held(self) -> int:
        """Bytes it keeps ready; 0 where it is as good as a new one."""
        left = len(self._ready) - self._taken
        size = self._size * left // len(self._ready) if left else 0
        return size + (CHUNK if self._chunks.is_ahead else 0)

    def take(self, limit: int) -> list[Record]:
        """The next records, up to `limit` and to a number of bytes; none at the end."""
        found: list[Record] = []
        size = 0
        while len(found) < limit and size < AT_ONCE and (self._taken < len(self._ready) or self._goes_on(found)):
            part = self._ready[self._taken : self._taken + limit - len(found)]
            self._taken += len(part)
            size += self._size * len(part) // len(self._ready)
            found += part
        if found:
            self.next = found[-1].offset + 1
        return found

    def begin(self, fetched: Fetched) -> None:
        """What it would fetch first is here already."""
        self._chunks.begun = fetched

    def _goes_on(self, found: Sequence[Record]) -> bool:
        """Where the end was reached there is more only for the next one who asks."""
        return not (found and self._chunks.at_end) and self._fill()

    def _fill(self) -> bool:
        while True:
            fetched, brought = self._chunks.more()
            if not brought and not fetched.content:
                self._watch.stands(*self._place, self._chunks.next, fetched)
                return False
            self._watch.moves(*self._place)
            self._ready = [record for batch in brought for record in records_of(batch, self.next)]
            self._taken, self._size = 0, sum(len(record.value) for record in self._ready)
            if self._ready:
                return True


class Reader:
    """Reads from anywhere; who reads on where a read ended is served from what was fetched ahead. Thread-safe."""

    def __init__(self, fetching: Fetching, watch: Watch) -> None:
        self._fetching, self._watch = fetching, watch
        self._cursors: OrderedDict[tuple[str, int, int], Cursor] = OrderedDict()
        self._lock = Lock()

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        return self._taken(self._cursor(topic, partition, start, limit), topic, partition, limit)

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> dict[int, list[Record]]:
        """Several partitions at once, `limit` records of each: who reads on in all of them asks the broker once."""
        cursors = {partition: self._cursor(topic, partition, start, limit) for partition, start in starts.items()}
        missing = {partition: cursor.next for partition, cursor in cursors.items() if not cursor.held}
        for partition, fetched in self._fetching.fetch_each(topic, missing).items():
            cursors[partition].begin(fetched)
        return {partition: self._taken(cursor, topic, partition, limit) for partition, cursor in cursors.items()}

    def _cursor(self, topic: str, partition: int, start: int, limit: int) -> Cursor:
        with self._lock:
            cursor = self._cursors.pop((topic, partition, start), None)
        return cursor or Cursor(self._fetching, self._watch, topic, partition, start, limit >= _SEQUENTIAL)

    def _taken(self, cursor: Cursor, topic: str, partition: int, limit: int) -> list[Record]:
        found = cursor.take(limit)
        if cursor.held:
            self._keep((topic, partition, cursor.next), cursor)
        return found

    def of_key(self, topic: str, partition: int, start: int, end: int, key: bytes) -> Iterator[list[Record]]:
        """The records of one key from `start` to `end`, fetch by fetch; others are not even decoded."""
        chunks = Chunks(self._fetching, topic, partition, start)
        while chunks.next < end:
            fetched, brought = chunks.more()
            if not brought and not fetched.content:
                return
            found = [record for batch in brought for record in records_of(batch, start, key)]
            yield [record for record in found if record.offset < end]

    @property
    def held(self) -> int:
        """Bytes that are ready for who reads on, about."""
        with self._lock:
            return sum(cursor.held for cursor in self._cursors.values())

    def _keep(self, place: tuple[str, int, int], cursor: Cursor) -> None:
        with self._lock:
            self._cursors[place] = cursor
            while sum(each.held for each in self._cursors.values()) > HELD:
                self._cursors.popitem(last=False)
