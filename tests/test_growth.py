"""What may grow within a file costs work in proportion: ten times the size, at most 25 times the steps.

Counted are calls of functions, so that the result is the same on every machine. `python -m benchmarks.growth` measures
processor time, which also shows what happens inside a call.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.growing_inputs import GROWING_INPUTS
from benchmarks.growth import FACTOR, MOST, read_file


def calls_of(run: Callable[[], object]) -> int:
    count = 0

    def count_call(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", GROWING_INPUTS)
def test_ten_times_the_size_takes_at_most_25_times_the_steps(name: str, tmp_path: Path) -> None:
    grown = GROWING_INPUTS[name]
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_text(grown.content(grown.size), encoding="utf-8", newline="")
    large.write_text(grown.content(FACTOR * grown.size), encoding="utf-8", newline="")
    read_file(grown, small)
    assert calls_of(lambda: read_file(grown, large)) <= MOST * calls_of(lambda: read_file(grown, small))


@pytest.mark.parametrize("name", GROWING_INPUTS)
def test_every_growing_input_is_read(name: str, tmp_path: Path) -> None:
    grown = GROWING_INPUTS[name]
    path = tmp_path / "input"
    path.write_text(grown.content(grown.size), encoding="utf-8", newline="")
    assert read_file(grown, path) > 0
