"""Hostile texts: redaction takes time proportional to their length."""

import time
from collections.abc import Callable

import pytest

from intake.recorder.redaction import redacted_text, redacted_url

MOST_GROWTH = 25
"""For ten times as much; a quadratic step would take a hundred times as long."""
PIECES = ["a@", "a", '"', "(", "[at]", "1:", "1.", "1-", "%25", "%40", "&#64;", " @", "Ab1/", "/a1", "/;a=1", "&a=1"]
PIECES += [
    "12345678-1234-",
    "eyJaaaaaa.",
    "token= ",
    " at a",
    " at a dot ",
    "a1",
    "\\u0040",
    "Ｆ",
    "deadbeef",
    "utm_a=1&",
]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("redact", [redacted_text, redacted_url])
def test_a_text_ten_times_as_long_takes_a_proportional_time(redact: Callable[[str], object], piece: str) -> None:
    short, long = text_of(piece, 1_600), text_of(piece, 16_000)
    assert best_of_three(redact, long) <= MOST_GROWTH * max(best_of_three(redact, short), 50_000)


def text_of(piece: str, size: int) -> str:
    """A text that no cache has, since it is longer than those that are cached."""
    return (piece * size)[:size] + "§"


def best_of_three(redact: Callable[[str], object], text: str) -> int:
    """Nanoseconds of processor time; caches that texts of this length would fill are not used."""
    times = []
    for attempt in range(3):
        varied = text + str(attempt)
        start = time.process_time_ns()
        redact(varied)
        times.append(time.process_time_ns() - start)
    return min(times)
