"""Records as rows: the offsets of new ones, ids and headers as stored, and checksums."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from zlib import crc32

import msgspec

from schemas import MAX_CONTACT_KEY_LENGTH, MAX_KEY_LENGTH
from streams.log import Appended, Headers, LogError, NewRecord, Record

PartitionOffset = tuple[int, int]
"""Partition and offset."""
Row = tuple[int, int, str, bytes | None, bytes, bytes | None, int]
"""Partition, offset, key, record id, value, headers, checksum: the columns of a topic's table."""

_MAX_ID_BYTES = 200
_DIGEST_BYTES = 32
_KEY_RULE = f"a key has at most {MAX_KEY_LENGTH} characters, none of them a NUL or half of a surrogate pair"
_encode_headers = msgspec.msgpack.Encoder().encode
_decode_headers = msgspec.msgpack.Decoder(Headers).decode


class InvalidKeyError(LogError):
    """A key that cannot be stored."""


class DamagedRecordError(LogError):
    """A stored record that cannot be read."""


class PlacedRecords(NamedTuple):
    """The rows to insert, a result for each record in order, and the new ends of the partitions."""

    rows: list[Row]
    appended: list[Appended]
    ends: dict[int, int]


def assign_offsets(
    records: Iterable[tuple[int, bytes | None, NewRecord]],
    ends: Mapping[int, int],
    existing: Mapping[bytes, PartitionOffset],
) -> PlacedRecords:
    """Give each (partition, stored id, record) an offset, except those whose id exists or came earlier in the batch."""
    rows: list[Row] = []
    appended: list[Appended] = []
    new_ends, known = dict(ends), dict(existing)
    for partition, own_id, record in records:
        if own_id is not None and own_id in known:
            appended.append(Appended(*known[own_id], duplicate=True))
            continue
        offset = new_ends[partition]
        new_ends[partition] = offset + 1
        if own_id is not None:
            known[own_id] = (partition, offset)
        rows.append(_row(partition, offset, own_id, record))
        appended.append(Appended(partition, offset, duplicate=False))
    return PlacedRecords(rows, appended, {p: end for p, end in new_ends.items() if end != ends[p]})


def stored_ids(records: Sequence[NewRecord]) -> list[bytes | None]:
    """Ids as stored: UTF-8; if that is too long for an index, its beginning and a digest."""
    return [None if record.id is None else stored_id(record.id) for record in records]


def stored_id(id: str) -> bytes:
    """The id as stored, see `stored_ids`."""
    raw = id.encode(errors="surrogatepass")
    if len(raw) < _MAX_ID_BYTES:
        return raw
    return raw[: _MAX_ID_BYTES - _DIGEST_BYTES] + blake2b(raw, digest_size=_DIGEST_BYTES).digest()


def record_of(offset: int, key: str, value: bytes, headers: bytes | None) -> Record:
    """Raises `DamagedRecordError` if the headers cannot be decoded."""
    try:
        return Record(offset, key, value, () if headers is None else _decoded_headers(headers))
    except msgspec.MsgspecError:
        raise DamagedRecordError(
            f"the record of {key!r} at offset {offset} is damaged: its headers cannot be read; restore a backup"
        ) from None


def is_damaged(key: str, value: bytes, headers: bytes | None, checksum: int) -> bool:
    return crc32(value, crc32(headers or b"", _key_checksum(key))) != checksum


def _row(partition: int, offset: int, own_id: bytes | None, record: NewRecord) -> Row:
    key, value, _, headers = record
    encoded = _encoded_headers(headers) if headers else None
    checksum = crc32(value, crc32(encoded or b"", _checked_key_checksum(key)))
    return partition, offset, key, own_id, value, encoded, checksum


def _checked_key_checksum(key: str) -> int:
    if "\0" in key or len(key) > (MAX_CONTACT_KEY_LENGTH if "/" in key else MAX_KEY_LENGTH):
        raise InvalidKeyError(f"the key {key[:60]!r} cannot be stored: {_KEY_RULE}")
    try:
        return _key_checksum(key)
    except UnicodeEncodeError:
        raise InvalidKeyError(f"the key {key[:60]!r} cannot be stored: {_KEY_RULE}") from None


def _key_checksum(key: str) -> int:
    return crc32(key.encode())


_encoded_headers = lru_cache(maxsize=256)(_encode_headers)
_decoded_headers = lru_cache(maxsize=256)(_decode_headers)
