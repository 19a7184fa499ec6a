"""Records as rows: where new ones are placed, what is stored beside them, and how damage shows. Never runs SQL."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from zlib import crc32

import msgspec

from streams.log import Appended, Headers, LogError, NewRecord, Record

Place = tuple[int, int]
"""Partition and offset."""
Row = tuple[int, int, str, bytes | None, bytes, bytes | None, int]
"""Partition, offset, key, record id, value, headers, checksum: the columns of a topic's table."""

_LONGEST_ID = 200
_LONGEST_KEY = 1000
_DIGEST = 32
_FIT_KEY = f"a key has at most {_LONGEST_KEY} characters, none of them a NUL or half of a surrogate pair"
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Headers).decode


class UnfitRecord(LogError):
    """A key that no table can hold."""


class DamagedRecord(LogError):
    """A stored record that cannot be read."""


class Placed(NamedTuple):
    """The rows to insert, the answers in the order of the records, and the partitions' new ends."""

    rows: list[Row]
    appended: list[Appended]
    ends: dict[int, int]


def place(
    records: Iterable[tuple[int, bytes | None, NewRecord]], ends: Mapping[int, int], standing: Mapping[bytes, Place]
) -> Placed:
    """Give each (partition, stored id, record) its offset, but for those whose id stands already or came before."""
    rows: list[Row] = []
    appended: list[Appended] = []
    moved, known = dict(ends), dict(standing)
    for partition, stored_id, record in records:
        if stored_id is not None and stored_id in known:
            appended.append(Appended(*known[stored_id], duplicate=True))
            continue
        offset = moved[partition]
        moved[partition] = offset + 1
        if stored_id is not None:
            known[stored_id] = (partition, offset)
        rows.append(_row(partition, offset, stored_id, record))
        appended.append(Appended(partition, offset, duplicate=False))
    return Placed(rows, appended, {p: end for p, end in moved.items() if end != ends[p]})


def stored_ids(records: Sequence[NewRecord]) -> list[bytes | None]:
    """Ids as they are stored: their UTF-8, and where that is too long for an index, its beginning and a digest."""
    return [None if record.id is None else _stored_id(record.id) for record in records]


def record_of(offset: int, key: str, value: bytes, headers: bytes | None) -> Record:
    """Raises `DamagedRecord` where the headers are not what was written."""
    try:
        return Record(offset, key, value, () if headers is None else _unpacked(headers))
    except msgspec.MsgspecError:
        raise DamagedRecord(
            f"the record of {key!r} at offset {offset} is damaged, its headers cannot be read; restore a backup"
        ) from None


def is_damaged(key: str, value: bytes, headers: bytes | None, checksum: int) -> bool:
    return crc32(value, crc32(headers or b"", _key_checksum(key))) != checksum


def _row(partition: int, offset: int, stored_id: bytes | None, record: NewRecord) -> Row:
    key, value, _, headers = record
    packed = _packed(headers) if headers else None
    checksum = crc32(value, crc32(packed or b"", _checked_key(key)))
    return partition, offset, key, stored_id, value, packed, checksum


def _stored_id(text: str) -> bytes:
    raw = text.encode(errors="surrogatepass")
    if len(raw) < _LONGEST_ID:
        return raw
    return raw[: _LONGEST_ID - _DIGEST] + blake2b(raw, digest_size=_DIGEST).digest()


def _checked_key(key: str) -> int:
    if "\0" in key or len(key) > _LONGEST_KEY:
        raise UnfitRecord(f"the key {key[:60]!r} cannot be stored: {_FIT_KEY}")
    try:
        return _key_checksum(key)
    except UnicodeEncodeError:
        raise UnfitRecord(f"the key {key[:60]!r} cannot be stored: {_FIT_KEY}") from None


def _key_checksum(key: str) -> int:
    return crc32(key.encode())


_packed = lru_cache(maxsize=256)(_pack)
_unpacked = lru_cache(maxsize=256)(_unpack)
