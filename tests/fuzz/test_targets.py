"""The targets of the fuzzer read what it begins with, and what Hypothesis makes of it, without an exception."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import seeds, targets


@pytest.mark.parametrize("name", targets())
def test_a_target_reads_its_seeds(name: str) -> None:
    for content in seeds(name):
        targets()[name](content[:4_096])


@pytest.mark.parametrize("name", targets())
@settings(max_examples=30)
@given(data=st.data())
def test_a_target_reads_damaged_seeds(name: str, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(list(seeds(name))))[:2_048])
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, 2_047), st.integers(0, 255)), max_size=8)):
        if at < len(content):
            content[at] = byte
    cut = data.draw(st.integers(0, len(content)))
    targets()[name](bytes(content[:cut]))
