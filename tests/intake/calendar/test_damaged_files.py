"""Any bytes in a calendar file are read without an exception."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.calendar import connector as calendar_file
from intake.observation import Filtered, Observation, Rejected
from schemas.times import parse_time

SAMPLES = Path(__file__).parents[2] / "samples" / "calendars"
WHOLE = [path.read_bytes() for path in sorted(SAMPLES.glob("*.ics"))]
LINES = sorted({line for whole in WHOLE for line in whole.splitlines()})
NOW = parse_time("2024-06-01T00:00:00Z")


def reads(content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.ics"
        path.write_bytes(content)
        items = list(calendar_file.read(path, frozenset({"staffel.example"}), now=NOW))
    return all(isinstance(item, Observation | Filtered | Rejected) for item in items)


@given(st.binary(max_size=2_000))
@settings(max_examples=60)
def test_any_bytes(content: bytes) -> None:
    assert reads(content)


@given(st.sampled_from(WHOLE), st.integers(0, 2_500), st.integers(0, 40), st.binary(max_size=20))
@settings(max_examples=80)
def test_a_calendar_with_a_hole(whole: bytes, start: int, length: int, patch: bytes) -> None:
    assert reads(whole[:start] + patch + whole[start + length :])


@given(st.lists(st.sampled_from(LINES), max_size=30))
@settings(max_examples=80)
def test_lines_of_calendars_in_any_order(lines: list[bytes]) -> None:
    assert reads(b"\r\n".join([b"BEGIN:VCALENDAR", b"BEGIN:VEVENT", *lines, b"END:VEVENT"]))
