"""Record batches of Apache Kafka (format 2), as a fetch brings them, into records. Never asks a broker for anything.

kafka-python makes thirteen fields of every record; a reader that folds needs four. Whole batches are checked (CRC-32C)
and unpacked at once, the fields of a record are taken by their places.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from struct import Struct
from typing import NamedTuple

from streams.kafka.protocol import DECOMPRESSORS, AbortedTransaction, crc32c
from streams.log import Headers, LogError, Record

FORMAT = 2
_BATCH_HEADER = Struct(">qiibIhiqqqhii")
_LENGTH_START = 12
"""The size of a batch counts from here."""
_CRC_START = 21
_CODEC_MASK, _TRANSACTIONAL_FLAG, _CONTROL_FLAG = 0x07, 0x10, 0x20
_MAX_CACHED_HEADERS = 1024


class RecordBatch(NamedTuple):
    """One batch: its first offset, the offset after it, how many records, their bytes as they came."""

    first_offset: int
    next: int
    record_count: int
    attributes: int
    checksum: int
    producer_id: int
    content: memoryview

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & _CONTROL_FLAG)


def committed_batches(fetched: bytes, aborted: Sequence[AbortedTransaction] = ()) -> Iterator[RecordBatch]:
    """The whole batches of a fetch but for those of aborted transactions; the last one may be cut off.

    Markers of transactions come, too, so that a reader can step over them.
    """
    pending, aborted_producers = list(aborted), set[int]()
    for batch in _all_batches(fetched):
        while pending and pending[0].first_offset < batch.next:
            aborted_producers.add(pending.pop(0).producer_id)
        if batch.is_control:
            aborted_producers.discard(batch.producer_id)
            yield batch
        elif not (batch.attributes & _TRANSACTIONAL_FLAG and batch.producer_id in aborted_producers):
            yield batch


def next_offset(fetched: bytes) -> int | None:
    """The offset after the last whole batch; None where there is none."""
    last = None
    for batch in _all_batches(fetched):
        last = batch.next
    return last


def records_of(batch: RecordBatch, start: int, key: bytes | None = None) -> list[Record]:
    """The records from `start` on, where `key` is given those of that key. Raises `LogError` for a damaged batch."""
    if batch.is_control:
        return []
    check_crc(batch)
    try:
        return _decode_records(_decompressed(batch), batch, start, key)
    except IndexError:
        raise LogError(
            f"the batch at offset {batch.first_offset} cannot be read: a record is longer than it is"
        ) from None


def check_crc(batch: RecordBatch) -> None:
    """Raises `LogError` where the batch is not what its producer sent."""
    if crc32c(batch.content) != batch.checksum:
        raise LogError(
            f"the batch at offset {batch.first_offset} is damaged: its checksum does not fit; restore a replica"
        )


def _all_batches(fetched: bytes) -> Iterator[RecordBatch]:
    view, at, end = memoryview(fetched), 0, len(fetched)
    while at + _BATCH_HEADER.size <= end:
        first, size, _, format_, checksum, attributes, last, _, _, producer, _, _, count = _BATCH_HEADER.unpack_from(
            view, at
        )
        stop = at + _LENGTH_START + size
        if stop > end:
            return
        if format_ != FORMAT:
            raise LogError(
                f"the batch at offset {first} has format {format_}; brokers from Kafka 4.0 on write {FORMAT}"
            )
        content = view[at + _CRC_START : stop]
        yield RecordBatch(first, first + last + 1, count, attributes, checksum, producer, content)
        at = stop


def _decompressed(batch: RecordBatch) -> bytes:
    compressed = bytes(batch.content[_BATCH_HEADER.size - _CRC_START :])
    codec_id = batch.attributes & _CODEC_MASK
    if not codec_id:
        return compressed
    name, decompress = DECOMPRESSORS.get(codec_id, (f"codec {codec_id}", None))
    with suppress(TypeError, NotImplementedError):  # kafka-python's, where the library of a codec is missing
        if decompress is not None:
            return decompress(compressed)
    raise LogError(
        f"the batch at offset {batch.first_offset} is packed by {name}, which cannot be unpacked here; install "
        f"kafka-python[{name}], or let the producers of this topic use lz4"
    )


def _decode_records(body: bytes, batch: RecordBatch, start: int, wanted_key: bytes | None) -> list[Record]:
    # The hot path: lengths of one byte are read in place, and a record is left where its first byte says it ends.
    found: list[Record] = []
    at, first_offset, header_cache = 0, batch.first_offset, _header_cache
    for _ in range(batch.record_count):
        size = body[at]
        at += 1
        if size > 127:
            size, at = _read_long_varint(body, at, size)
        end = at + (size >> 1)
        at += 1  # attributes: none are in use
        while body[at] > 127:  # the time, which nobody asks for
            at += 1
        at += 1
        delta = body[at]
        at += 1
        if delta > 127:
            delta, at = _read_long_varint(body, at, delta)
        size = body[at]
        at += 1
        if size > 127:
            size, at = _read_long_varint(body, at, size)
        stop = at + (size >> 1)
        key = body[at:stop]
        size = body[stop]
        at = stop + 1
        if size > 127:
            size, at = _read_long_varint(body, at, size)
        stop = at + (size >> 1)
        offset = first_offset + (delta >> 1)
        if offset >= start and (wanted_key is None or key == wanted_key):
            headers = header_cache.get(body[stop:end])
            if headers is None:
                headers = _cache_headers(body[stop:end])
            found.append(Record(offset, str(key, "utf-8", "replace"), body[at:stop], headers))
        at = end
    return found


def _read_long_varint(body: bytes, at: int, first: int) -> tuple[int, int]:
    """A number of several bytes, still in zigzag, and where it ends."""
    number, shift = first & 127, 7
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


_header_cache: dict[bytes, Headers] = {}
"""Most records of a topic bear the same headers."""


def _cache_headers(tail: bytes) -> Headers:
    headers = tuple(_headers_of(tail))
    if len(_header_cache) >= _MAX_CACHED_HEADERS:
        _header_cache.clear()
    _header_cache[tail] = headers
    return headers


def _headers_of(tail: bytes) -> Iterator[tuple[str, bytes]]:
    count, at = _read_varint(tail, 0)
    for _ in range(count):
        name, at = _read_bytes(tail, at)
        value, at = _read_bytes(tail, at)
        yield str(name, "utf-8", "replace"), value


def _read_bytes(body: bytes, at: int) -> tuple[bytes, int]:
    size, at = _read_varint(body, at)
    return body[at : at + size], at + size


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    number, at = _read_long_varint(body, at + 1, body[at]) if body[at] > 127 else (body[at], at + 1)
    return number >> 1, at
