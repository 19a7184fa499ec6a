"""Reading partitions in order, with prefetching and bounded buffers.

A read that starts where an earlier one ended continues its cursor; any other read creates one. The buffers of all
cursors together are bounded: the cursor that was not used for the longest time is dropped first.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from streams.kafka.fetcher import FETCH_BYTES, PartitionFetcher
from streams.kafka.protocol import FetchResult
from streams.kafka.record_batch import RecordBatch, committed_batches, next_offset, records_of
from streams.log import LogUnavailable, Record

READ_BYTES = 32 * 1024 * 1024
"""Bytes of values that one read returns at most, approximately."""
MAX_BUFFERED_BYTES = 64 * 1024 * 1024
"""Bytes that all cursors buffer at most, approximately."""
STALL_TIMEOUT_S = 30.0
_MIN_SEQUENTIAL_RECORDS = 100
"""A read of fewer records is not expected to continue, so nothing is prefetched."""
_POINT_READ_BYTES = 64 * 1024


class Prefetcher:
    """The batches of a partition from an offset on; the next fetch is in flight while one is processed."""

    def __init__(
        self, fetcher: PartitionFetcher, topic: str, partition: int, start: int, prefetch: bool = True
    ) -> None:
        self.next = start
        self.is_at_end = False
        """Whether the last fetch reached the end of the partition."""
        self.first_fetch: FetchResult | None = None
        """The first fetch, if it has been made already."""
        self._fetcher, self._topic, self._partition = fetcher, topic, partition
        self._prefetches = prefetch
        self._limit = FETCH_BYTES if prefetch else _POINT_READ_BYTES
        self._pending: Any = None

    @property
    def is_prefetching(self) -> bool:
        return self._pending is not None

    def next_fetch(self) -> tuple[FetchResult, list[RecordBatch]]:
        """The next fetch and its batches; no batches at the end of the partition."""
        fetched, self.first_fetch = self.first_fetch or self._await_fetch(), None
        after = next_offset(fetched.content)
        self.is_at_end = after is None or after >= fetched.end
        if after is None:
            return fetched, []
        self.next = max(after, self.next)
        if self._prefetches and after < fetched.end:
            self._pending = self._fetcher.start_fetch(self._topic, self._partition, after, self._limit)
        return fetched, list(committed_batches(fetched.content, fetched.aborted))

    def _await_fetch(self) -> FetchResult:
        place = (self._topic, self._partition, self.next)
        future, self._pending = self._pending, None
        if future is None:
            future = self._fetcher.start_fetch(*place, self._limit)
        return self._fetcher.await_fetch(*place, future, self._limit)


class Stall(NamedTuple):
    """A partition that grows while no record beyond `offset` can be read."""

    offset: int
    high_watermark: int
    since: float


class StallDetector:
    """Detects partitions that grow while their readers make no progress."""

    def __init__(self, timeout_s: float = STALL_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._stalls: dict[tuple[str, int], Stall] = {}

    def on_progress(self, topic: str, partition: int) -> None:
        self._stalls.pop((topic, partition), None)

    def on_no_progress(self, topic: str, partition: int, offset: int, fetched: FetchResult) -> None:
        """Raises `LogUnavailable` once this has lasted for the timeout while the partition grew."""
        if fetched.high_watermark <= offset:
            return self.on_progress(topic, partition)
        stall = Stall(offset, fetched.high_watermark, monotonic())
        known = self._stalls.setdefault((topic, partition), stall)
        if known.offset != offset:
            self._stalls[topic, partition] = stall
            return None
        has_grown = fetched.high_watermark > known.high_watermark
        if has_grown and monotonic() - known.since > self._timeout_s:
            raise LogUnavailable(
                f"partition {partition} of topic {topic} grows, but nothing beyond offset {offset} can be read for "
                f"{self._timeout_s:.0f} s: a transaction of another producer was left open; "
                "find and abort it with kafka-transactions.sh"
            )
        return None


class Cursor:
    """A sequential read of a partition. Used by one thread at a time."""

    def __init__(
        self,
        fetcher: PartitionFetcher,
        stall_detector: StallDetector,
        topic: str,
        partition: int,
        start: int,
        prefetch: bool,
    ) -> None:
        self.next = start
        self._prefetcher = Prefetcher(fetcher, topic, partition, start, prefetch)
        self._stall_detector, self._topic_partition = stall_detector, (topic, partition)
        self._buffer: list[Record] = []
        self._consumed = 0
        self._buffer_size = 0
        """Bytes of the values in `_buffer`."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes buffered or in flight; 0 if a new cursor would do as well."""
        left = len(self._buffer) - self._consumed
        size = self._buffer_size * left // len(self._buffer) if left else 0
        return size + (FETCH_BYTES if self._prefetcher.is_prefetching else 0)

    def take(self, limit: int) -> list[Record]:
        """The next records, up to `limit` and `READ_BYTES`; none at the end."""
        found: list[Record] = []
        size = 0
        while len(found) < limit and size < READ_BYTES and (self._consumed < len(self._buffer) or self._refill(found)):
            part = self._buffer[self._consumed : self._consumed + limit - len(found)]
            self._consumed += len(part)
            size += self._buffer_size * len(part) // len(self._buffer)
            found += part
        if found:
            self.next = found[-1].offset + 1
        return found

    def preload(self, fetched: FetchResult) -> None:
        """Use this result as the first fetch."""
        self._prefetcher.first_fetch = fetched

    def _refill(self, found: Sequence[Record]) -> bool:
        """Once a read has records, it does not wait for more at the end of the partition."""
        return not (found and self._prefetcher.is_at_end) and self._fill()

    def _fill(self) -> bool:
        while True:
            fetched, batches = self._prefetcher.next_fetch()
            if not batches and not fetched.content:
                self._stall_detector.on_no_progress(*self._topic_partition, self._prefetcher.next, fetched)
                return False
            self._stall_detector.on_progress(*self._topic_partition)
            self._buffer = [record for batch in batches for record in records_of(batch, self.next)]
            self._consumed, self._buffer_size = 0, sum(len(record.value) for record in self._buffer)
            if self._buffer:
                return True


class TopicReader:
    """Reads from any offset; a read that continues another one is served from its cursor. Thread-safe."""

    def __init__(self, fetcher: PartitionFetcher, stall_detector: StallDetector) -> None:
        self._fetcher, self._stall_detector = fetcher, stall_detector
        self._cursors: OrderedDict[tuple[str, int, int], Cursor] = OrderedDict()
        self._lock = Lock()

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        return self._take(self._cursor_at(topic, partition, start, limit), topic, partition, limit)

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> dict[int, list[Record]]:
        """Several partitions (partition -> start), `limit` records of each, by one request to each broker."""
        cursors = {partition: self._cursor_at(topic, partition, start, limit) for partition, start in starts.items()}
        missing = {partition: cursor.next for partition, cursor in cursors.items() if not cursor.buffered_bytes}
        for partition, fetched in self._fetcher.fetch_each(topic, missing).items():
            cursors[partition].preload(fetched)
        return {partition: self._take(cursor, topic, partition, limit) for partition, cursor in cursors.items()}

    def _cursor_at(self, topic: str, partition: int, start: int, limit: int) -> Cursor:
        with self._lock:
            cursor = self._cursors.pop((topic, partition, start), None)
        return cursor or Cursor(
            self._fetcher, self._stall_detector, topic, partition, start, limit >= _MIN_SEQUENTIAL_RECORDS
        )

    def _take(self, cursor: Cursor, topic: str, partition: int, limit: int) -> list[Record]:
        found = cursor.take(limit)
        if cursor.buffered_bytes:
            self._cache_cursor((topic, partition, cursor.next), cursor)
        return found

    def read_key(self, topic: str, partition: int, start: int, end: int, key: bytes) -> Iterator[list[Record]]:
        """The records of one key from `start` to `end`, fetch by fetch; other records are not decoded."""
        prefetcher = Prefetcher(self._fetcher, topic, partition, start)
        while prefetcher.next < end:
            fetched, batches = prefetcher.next_fetch()
            if not batches and not fetched.content:
                return
            found = [record for batch in batches for record in records_of(batch, start, key)]
            yield [record for record in found if record.offset < end]

    @property
    def buffered_bytes(self) -> int:
        """Bytes buffered by all cursors, approximately."""
        with self._lock:
            return sum(cursor.buffered_bytes for cursor in self._cursors.values())

    def _cache_cursor(self, position: tuple[str, int, int], cursor: Cursor) -> None:
        with self._lock:
            self._cursors[position] = cursor
            while sum(each.buffered_bytes for each in self._cursors.values()) > MAX_BUFFERED_BYTES:
                self._cursors.popitem(last=False)
