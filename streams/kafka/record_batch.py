"""Record batches of Apache Kafka (format 2), as a fetch brings them, into records. Never asks a broker for anything.

kafka-python makes thirteen fields of every record; a reader that folds needs four. Whole batches are checked (CRC-32C)
and unpacked at once, the fields of a record are taken by their places.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from struct import Struct
from typing import NamedTuple

from kafka import codec
from kafka.record.util import calc_crc32c

from streams.log import Headers, LogError, Record

FORMAT = 2
_HEAD = Struct(">qiibIhiqqqhii")
_SIZE_AT = 12
"""The size of a batch counts from here."""
_CHECKED_FROM = 21
_CODEC, _TRANSACTIONAL, _CONTROL = 0x07, 0x10, 0x20
_UNPACK: Mapping[int, tuple[str, Callable[[bytes], bytes]]] = {
    1: ("gzip", codec.gzip_decode),
    2: ("snappy", codec.snappy_decode),
    3: ("lz4", codec.lz4_decode),
    4: ("zstd", codec.zstd_decode),
}
_HEADERS_KEPT = 1024


class Aborted(NamedTuple):
    """A transaction that was given up: what its producer wrote from here on is none of the log's."""

    producer: int
    first_offset: int


class Batch(NamedTuple):
    """One batch: its first offset, the offset after it, how many records, their bytes as they came."""

    first: int
    next: int
    size: int
    attributes: int
    checksum: int
    producer: int
    content: memoryview

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & _CONTROL)


def batches(fetched: bytes, aborted: Sequence[Aborted] = ()) -> Iterator[Batch]:
    """The whole batches of a fetch but for those of aborted transactions; the last one may be cut off.

    Markers of transactions come, too, so that a reader can step over them.
    """
    waiting, given_up = list(aborted), set[int]()
    for batch in _all_batches(fetched):
        while waiting and waiting[0].first_offset < batch.next:
            given_up.add(waiting.pop(0).producer)
        if batch.is_control:
            given_up.discard(batch.producer)
            yield batch
        elif not (batch.attributes & _TRANSACTIONAL and batch.producer in given_up):
            yield batch


def next_offset(fetched: bytes) -> int | None:
    """The offset after the last whole batch; None where there is none."""
    last = None
    for batch in _all_batches(fetched):
        last = batch.next
    return last


def records_of(batch: Batch, start: int, key: bytes | None = None) -> list[Record]:
    """The records from `start` on, where `key` is given those of that key. Raises `LogError` for a damaged batch."""
    if batch.is_control:
        return []
    check(batch)
    try:
        return _records(_unpacked(batch), batch, start, key)
    except IndexError:
        raise LogError(f"the batch at offset {batch.first} cannot be read: a record is longer than it is") from None


def check(batch: Batch) -> None:
    """Raises `LogError` where the batch is not what its producer sent."""
    if calc_crc32c(batch.content) != batch.checksum:
        raise LogError(f"the batch at offset {batch.first} is damaged: its checksum does not fit; restore a replica")


def _all_batches(fetched: bytes) -> Iterator[Batch]:
    view, at, end = memoryview(fetched), 0, len(fetched)
    while at + _HEAD.size <= end:
        first, size, _, format_, checksum, attributes, last, _, _, producer, _, _, count = _HEAD.unpack_from(view, at)
        stop = at + _SIZE_AT + size
        if stop > end:
            return
        if format_ != FORMAT:
            raise LogError(
                f"the batch at offset {first} has format {format_}; brokers from Kafka 4.0 on write {FORMAT}"
            )
        content = view[at + _CHECKED_FROM : stop]
        yield Batch(first, first + last + 1, count, attributes, checksum, producer, content)
        at = stop


def _unpacked(batch: Batch) -> bytes:
    packed = bytes(batch.content[_HEAD.size - _CHECKED_FROM :])
    kind = batch.attributes & _CODEC
    if not kind:
        return packed
    name, unpack = _UNPACK.get(kind, (f"codec {kind}", None))
    with suppress(TypeError, NotImplementedError):  # kafka-python's, where the library of a codec is missing
        if unpack is not None:
            return unpack(packed)
    raise LogError(
        f"the batch at offset {batch.first} is packed by {name}, which cannot be unpacked here; install "
        f"kafka-python[{name}], or let the producers of this topic use lz4"
    )


def _records(body: bytes, batch: Batch, start: int, wanted: bytes | None) -> list[Record]:
    # The hot path: lengths of one byte are read in place, and a record is left where its first byte says it ends.
    found: list[Record] = []
    at, base, known = 0, batch.first, _headers
    for _ in range(batch.size):
        size = body[at]
        at += 1
        if size > 127:
            size, at = _longer(body, at, size)
        end = at + (size >> 1)
        at += 1  # attributes: none are in use
        while body[at] > 127:  # the time, which nobody asks for
            at += 1
        at += 1
        delta = body[at]
        at += 1
        if delta > 127:
            delta, at = _longer(body, at, delta)
        size = body[at]
        at += 1
        if size > 127:
            size, at = _longer(body, at, size)
        stop = at + (size >> 1)
        key = body[at:stop]
        size = body[stop]
        at = stop + 1
        if size > 127:
            size, at = _longer(body, at, size)
        stop = at + (size >> 1)
        offset = base + (delta >> 1)
        if offset >= start and (wanted is None or key == wanted):
            headers = known.get(body[stop:end])
            if headers is None:
                headers = _learn(body[stop:end])
            found.append(Record(offset, str(key, "utf-8", "replace"), body[at:stop], headers))
        at = end
    return found


def _longer(body: bytes, at: int, first: int) -> tuple[int, int]:
    """A number of several bytes, still in zigzag, and where it ends."""
    number, shift = first & 127, 7
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


_headers: dict[bytes, Headers] = {}
"""Most records of a topic bear the same headers."""


def _learn(tail: bytes) -> Headers:
    headers = tuple(_headers_of(tail))
    if len(_headers) >= _HEADERS_KEPT:
        _headers.clear()
    _headers[tail] = headers
    return headers


def _headers_of(tail: bytes) -> Iterator[tuple[str, bytes]]:
    count, at = _number(tail, 0)
    for _ in range(count):
        name, at = _text(tail, at)
        value, at = _text(tail, at)
        yield str(name, "utf-8", "replace"), value


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    size, at = _number(body, at)
    return body[at : at + size], at + size


def _number(body: bytes, at: int) -> tuple[int, int]:
    number, at = _longer(body, at + 1, body[at]) if body[at] > 127 else (body[at], at + 1)
    return number >> 1, at
