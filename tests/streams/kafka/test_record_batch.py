"""Decoding of batches: every codec; truncated, damaged and aborted ones. kafka-python encodes them; no broker."""

from collections.abc import Sequence

import pytest
from kafka.record import MemoryRecordsBuilder
from kafka.record.util import calc_crc32c

from streams.kafka.protocol import AbortedTransaction
from streams.kafka.record_batch import committed_batches, next_offset, records_of
from streams.log import LogError, Record

CODECS = {"none": 0, "gzip": 1, "lz4": 3}
MARKER = {"abort": b"\x00\x00\x00\x00", "commit": b"\x00\x00\x00\x01"}
CONTROL = 0x20


def encode_batch(
    first: int, values: Sequence[bytes], codec: int = 0, producer: int = -1, key: bytes = b"acme.com"
) -> bytes:
    """One batch; with a producer it belongs to a transaction."""
    state = {"transactional": True, "producer_id": producer, "producer_epoch": 0, "base_sequence": 0}
    builder = MemoryRecordsBuilder(2, codec, 1 << 24, **(state if producer >= 0 else {}))
    for n, value in enumerate(values):
        builder.append(1_700_000_000_000 + 1000 * n, key, value, [("n", b"%d" % n)])
    builder.close()
    return first.to_bytes(8, "big") + bytes(builder.buffer())[8:]


def transaction_marker(first: int, producer: int, kind: str) -> bytes:
    """The end of a transaction. Its checksum is not verified, because a marker has no records."""
    batch = bytearray(encode_batch(first, [b"\x00" * 6], producer=producer, key=MARKER[kind]))
    batch[22] |= CONTROL
    return bytes(batch)


def read_records(
    data: bytes, start: int = 0, aborted: Sequence[AbortedTransaction] = (), key: bytes | None = None
) -> list[Record]:
    return [record for batch in committed_batches(data, aborted) for record in records_of(batch, start, key)]


def offsets(records: Sequence[Record]) -> list[int]:
    return [record.offset for record in records]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
def test_records_come_back_whatever_packed_them(codec: int) -> None:
    values = [b"", b"x" * 63, b"x" * 64, b"y" * 8191, b"y" * 8192, bytes(range(256)) * 9000]
    headers = [(("n", b"%d" % n),) for n in range(6)]
    expected = [Record(40 + n, "acme.com", value, headers[n]) for n, value in enumerate(values)]
    assert read_records(encode_batch(40, values, codec)) == expected


def test_a_batch_of_thousands_keeps_its_offsets() -> None:
    assert offsets(read_records(encode_batch(2**40, [b"v"] * 20_000))) == list(range(2**40, 2**40 + 20_000))


def test_records_before_the_start_are_left_out() -> None:
    assert offsets(read_records(encode_batch(0, [b"a"] * 5) + encode_batch(5, [b"b"] * 5), start=3)) == [
        3,
        4,
        5,
        6,
        7,
        8,
        9,
    ]


def test_records_of_one_key_are_picked_out() -> None:
    fetched = encode_batch(0, [b"a"]) + encode_batch(1, [b"b"], key=b"other.example") + encode_batch(2, [b"c"])
    assert offsets(read_records(fetched, key=b"acme.com")) == [0, 2]


def test_a_batch_that_was_cut_off_is_left_for_the_next_fetch() -> None:
    fetched = encode_batch(0, [b"a"]) + encode_batch(1, [b"b"])[:-1]
    assert offsets(read_records(fetched)) == [0]
    assert next_offset(fetched) == 1
    assert next_offset(b"") is None


def test_a_key_that_is_no_text_and_a_record_without_key_or_value_are_read_all_the_same() -> None:
    assert read_records(encode_batch(0, [b"v"], key=b"\xff\x00"))[0].key == "\ufffd\0"
    builder = MemoryRecordsBuilder(2, 0, 1 << 20)
    builder.append(1, None, None, [])
    builder.close()
    assert read_records(bytes(builder.buffer())) == [Record(0, "", b"", ())]


@pytest.mark.parametrize("at", [21, 40, 61, 70, -1])
def test_a_damaged_batch_is_an_error_that_names_its_place(at: int) -> None:
    batch = bytearray(encode_batch(17, [b"value" * 10]))
    batch[at] ^= 1
    with pytest.raises(LogError, match="the batch at offset 17 is damaged: its checksum does not match"):
        read_records(bytes(batch))


def test_a_batch_of_an_old_format_is_refused() -> None:
    batch = bytearray(encode_batch(3, [b"v"]))
    batch[16] = 1
    with pytest.raises(LogError, match="the batch at offset 3 has format 1"):
        read_records(bytes(batch))


def test_a_codec_that_nobody_here_knows_is_named() -> None:
    batch = bytearray(encode_batch(5, [b"v" * 2000], codec=CODECS["lz4"]))
    batch[22] = batch[22] & ~7 | 6
    batch[17:21] = calc_crc32c(bytes(batch[21:])).to_bytes(4, "big")
    with pytest.raises(LogError, match="the batch at offset 5 is compressed with codec 6, which is not supported here"):
        read_records(bytes(batch))


def test_what_an_aborted_transaction_wrote_is_none_of_the_logs() -> None:
    fetched = (
        encode_batch(0, [b"a"], producer=7)
        + encode_batch(1, [b"b"], producer=8)
        + encode_batch(2, [b"c"])
        + transaction_marker(3, 7, "abort")
        + encode_batch(4, [b"d"], producer=7)
        + transaction_marker(5, 7, "commit")
        + transaction_marker(6, 8, "commit")
    )
    assert offsets(read_records(fetched, aborted=[AbortedTransaction(7, 0)])) == [1, 2, 4]
    assert next_offset(fetched) == 7


def test_a_transaction_that_began_before_the_fetch_is_given_up_as_well() -> None:
    fetched = (
        encode_batch(10, [b"a"], producer=7) + transaction_marker(11, 7, "abort") + encode_batch(12, [b"b"], producer=7)
    )
    assert offsets(read_records(fetched, aborted=[AbortedTransaction(7, 3)])) == [12]
