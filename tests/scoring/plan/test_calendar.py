"""Local days and windows, against the slow calendar of the oracle, in zones with odd clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import from_datetime
from scoring.plan.calendar import DAY, LAST_INSTANT, Calendar, date_text
from tests.scoring.oracle.calendar import end_of_window, local_day, start_of_day, window_of

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/Santiago",
    "Pacific/Chatham",
    "Pacific/Apia",
    "America/Havana",
)
moments = st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
zones = st.sampled_from(ZONES)


@given(zones, moments)
def test_the_local_day_of_an_instant(zone: str, moment: datetime) -> None:
    assert date_text(Calendar(zone).day(from_datetime(moment))) == str(local_day(moment, ZoneInfo(zone)))


@given(zones, moments)
def test_a_day_begins_at_the_first_instant_that_belongs_to_it(zone: str, moment: datetime) -> None:
    calendar = Calendar(zone)
    begins = from_datetime(start_of_day(local_day(moment, ZoneInfo(zone)), ZoneInfo(zone)))
    assert calendar.midnight(calendar.day(from_datetime(moment))) == begins


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/St_Johns", "2010-11-07T02:31:00Z"),
        ("America/St_Johns", "2010-03-14T03:31:00Z"),
        ("America/Goose_Bay", "2010-11-07T03:01:00Z"),
        ("Pacific/Kiritimati", "1979-10-01T10:40:00Z"),
        ("Pacific/Kiritimati", "1979-09-15T10:40:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Africa/Monrovia", "1972-01-07T00:44:30Z"),
    ],
)
def test_every_half_minute_has_its_day_also_where_clocks_change_past_midnight(zone: str, change: str) -> None:
    calendar, around = Calendar(zone), datetime.fromisoformat(change)
    moments = [around + timedelta(seconds=30 * step) for step in range(-240, 240)]
    wrong = [
        str(each)
        for each in moments
        if date_text(calendar.day(from_datetime(each))) != str(local_day(each, ZoneInfo(zone)))
    ]
    assert wrong == []


@given(zones, moments, st.sampled_from(["day", "week", "month", "quarter", "ever"]))
def test_a_window_ends_where_the_next_one_begins(zone: str, moment: datetime, kind: str) -> None:
    calendar = Calendar(zone)
    window = calendar.window(kind, calendar.day(from_datetime(moment)))
    slow = window_of(moment, kind, ZoneInfo(zone))
    assert window.end == (None if slow is None else from_datetime(end_of_window(slow, ZoneInfo(zone))))
    assert calendar.window_end(kind, window.number) == window.end


@given(zones, moments, st.integers(0, 100), st.sampled_from(["day", "week", "month", "quarter"]))
def test_days_of_one_window_share_its_number(zone: str, moment: datetime, days: int, kind: str) -> None:
    calendar = Calendar(zone)
    other = moment + timedelta(days=days)
    numbers = {calendar.window(kind, calendar.day(from_datetime(each))).number for each in (moment, other)}
    slow = {window_of(each, kind, ZoneInfo(zone)) for each in (moment, other)}
    assert len(numbers) == len(slow)


@pytest.mark.parametrize("zone", ZONES)
def test_the_end_of_time_has_a_day_a_midnight_and_windows(zone: str) -> None:
    calendar = Calendar(zone)
    last = calendar.day(LAST_INSTANT)
    assert calendar.midnight(last + 40_000) <= LAST_INSTANT
    assert [calendar.window(kind, last).end is None for kind in ("day", "week", "month", "quarter")] == [False] * 4
    assert calendar.day(LAST_INSTANT - 40 * DAY) < last
