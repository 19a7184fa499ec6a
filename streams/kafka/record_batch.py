"""Decoding of record batches (format 2) into records.

kafka-python decodes thirteen fields of every record; a fold needs four. A batch is checked (CRC-32C) and decompressed
as a whole, then only the needed fields of each record are decoded, in place.
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
"""The length field of a batch counts from here."""
_CRC_START = 21
_CODEC_MASK, _TRANSACTIONAL_FLAG, _CONTROL_FLAG = 0x07, 0x10, 0x20
_MAX_CACHED_HEADERS = 1024


class RecordBatch(NamedTuple):
    """A batch: its first offset, the offset after it, the number of records and their encoded bytes."""

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
    """The complete batches of a fetch, without those of aborted transactions; the last batch may be cut off.

    Transaction markers are included, so that a reader moves past them.
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
    """The offset after the last complete batch; None without one."""
    last = None
    for batch in _all_batches(fetched):
        last = batch.next
    return last


def records_of(batch: RecordBatch, start: int, key: bytes | None = None) -> list[Record]:
    """The records from `start` on, only those of `key` if given. Raises `LogError` for a damaged batch."""
    if batch.is_control:
        return []
    check_crc(batch)
    try:
        return _decode_records(_decompressed(batch), batch, start, key)
    except IndexError:
        raise LogError(f"the batch at offset {batch.first_offset} cannot be read: a record exceeds the batch") from None


def check_crc(batch: RecordBatch) -> None:
    """Raises `LogError` if the checksum does not match."""
    if crc32c(batch.content) != batch.checksum:
        raise LogError(
            f"the batch at offset {batch.first_offset} is damaged: its checksum does not match; restore a replica"
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
    with suppress(TypeError, NotImplementedError):  # raised by kafka-python if the library of a codec is missing
        if decompress is not None:
            return decompress(compressed)
    raise LogError(
        f"the batch at offset {batch.first_offset} is compressed with {name}, which is not supported here; install "
        f"kafka-python[{name}], or configure the producers of this topic to use lz4"
    )


def _decode_records(body: bytes, batch: RecordBatch, start: int, wanted_key: bytes | None) -> list[Record]:
    # The hot path: lengths of one byte are read in place; the length of a record says where the next one begins.
    found: list[Record] = []
    at, first_offset, header_cache = 0, batch.first_offset, _header_cache
    for _ in range(batch.record_count):
        size = body[at]
        at += 1
        if size > 127:
            size, at = _read_long_varint(body, at, size)
        end = at + (size >> 1)
        at += 1  # attributes: unused
        while body[at] > 127:  # skip the timestamp
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
    """A varint of several bytes, still zigzag-encoded, and the offset after it."""
    number, shift = first & 127, 7
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


_header_cache: dict[bytes, Headers] = {}
"""Encoded headers -> headers: most records of a topic have the same ones."""


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
