"""Keys go to the partitions that Kafka's own producers choose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.partitioner import murmur2, partition_of

# The vectors of Kafka's own test of this hash, as signed numbers.
VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("content", "signed"), VECTORS.items())
def test_the_hash_is_that_of_kafka(content: bytes, signed: int) -> None:
    assert murmur2(content) == signed % 2**32


def test_a_negative_hash_loses_its_sign_before_it_chooses() -> None:
    assert partition_of("foobar", 1000) == (-790332482 & 0x7FFFFFFF) % 1000


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 64))
def test_every_key_has_one_of_the_partitions_and_keeps_it(key: str, partitions: int) -> None:
    partition = partition_of(key, partitions)
    assert 0 <= partition < partitions
    assert partition_of(key, partitions) == partition


def test_a_log_of_one_partition_has_all_keys_in_it() -> None:
    assert {partition_of(key, 1) for key in ("acme.com", "b.example", "")} == {0}
