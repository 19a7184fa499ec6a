"""Instants on the wire: read as ISO 8601 says, whatever was read before, and written in one canonical form."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import format_time, parse_time

MILLISECONDS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
"""The years 1 to 9999."""


@given(st.lists(MILLISECONDS, min_size=1, max_size=8))
def test_what_is_written_is_read_again(instants: list[int]) -> None:
    assert [parse_time(format_time(each)) for each in instants] == instants


@given(st.datetimes(timezones=st.sampled_from([UTC])), st.integers(0, 2_000))
def test_instants_of_one_day_are_apart_by_what_lies_between_them(moment: datetime, minutes: int) -> None:
    first, later = moment.replace(microsecond=0, year=2028), timedelta(minutes=minutes)
    texts = [f"{each.replace(tzinfo=None).isoformat()}.000Z" for each in (first, first + later)]
    assert parse_time(texts[1]) - parse_time(texts[0]) == minutes * 60_000


@pytest.mark.parametrize(
    "text",
    ["2026-02-30T09:12:00.000Z", "2026-02-28T24:01:00.000Z", "2026-02-28T09:60:00.000Z", "2026-02-28T09:12:60.000Z"],
)
def test_parts_that_were_read_before_make_no_instant_that_there_is_not(text: str) -> None:
    for known in ("2026-02-28T09:12:00.000Z", "2026-01-30T09:12:00.000Z"):
        parse_time(known)
    with pytest.raises(ValueError):
        parse_time(text)


def test_an_instant_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="a time needs a time zone"):
        parse_time("2026-01-05T09:12:00")
