"""Due times over changes of clocks and skipped days, as a walk through every minute finds them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import from_datetime, parse_time
from scoring.model.definition import Handoff
from scoring.plan.due_times import due_at, step_at
from scoring.plan.open_time import OpenTime
from tests.scoring.oracle.service_level import due_time

CHANGES_OF_CLOCKS = {
    "Europe/Berlin": ("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"),
    "Africa/Cairo": ("2026-04-23T22:00:00Z", "2026-10-29T21:00:00Z"),
    "America/Havana": ("2026-03-08T05:00:00Z", "2026-11-01T05:00:00Z"),
    "America/Santiago": ("2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z"),
    "America/St_Johns": ("2010-03-14T03:31:00Z", "2010-11-07T02:31:00Z", "2026-11-01T04:30:00Z"),
    "Pacific/Apia": ("2011-12-30T10:00:00Z", "2011-09-24T11:00:00Z"),
    "Asia/Kolkata": ("2026-01-01T00:00:00Z",),
}
"""Instants at which a zone changes its clocks; in St Johns a minute past midnight, in Apia by a whole day."""

_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_minutes = st.integers(0, 1440).map(lambda minute: minute if minute % 7 else minute // 30 * 30)
_spans = st.tuples(_minutes, _minutes).filter(lambda span: span[0] != span[1]).map(sorted)
_days = st.sampled_from(["Mon-Sun", "Mon-Fri", "Sat-Mon", "Sun", "Thu-Sun", "Fri"])
_hours = st.tuples(_days, _spans).map(lambda part: f"{part[0]} {_clock(part[1][0])}-{_clock(part[1][1])}")
_night_shifts = st.sampled_from(["Mon-Sun 22:00-24:00, Mon-Sun 00:00-06:00", "Sun 02:30-03:15, Sat 23:50-24:00"])
_agreed = st.tuples(st.integers(0, 3), st.integers(0, 300)).filter(any).map(
    lambda parts: f"{parts[0]} business days {parts[1]} business minutes" if all(parts)
    else f"{parts[0]} business days" if parts[0] else f"{parts[1]} business minutes"
)  # fmt: skip


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, datetime, dict[str, Any]]:
    zone = draw(st.sampled_from(list(CHANGES_OF_CLOCKS)))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES_OF_CLOCKS[zone])))
    start = change + timedelta(milliseconds=draw(st.integers(-3 * 86_400_000, 86_400_000)))
    near = [(change + timedelta(days=day)).date().isoformat() for day in range(-3, 4)]
    closed = draw(st.lists(st.sampled_from(near), max_size=2, unique=True))
    hours = draw(st.one_of(_hours, _night_shifts))
    return zone, start, {"accept_within": draw(_agreed), "hours": hours, "closed": closed}


@settings(max_examples=60)
@given(_cases())
def test_due_times_are_those_of_a_walk_through_every_minute(case: tuple[str, datetime, dict[str, Any]]) -> None:
    zone, start, level = case
    at = from_datetime(start)
    expected = due_time({"service_level": level}, None, zone, (start, start, start), act_now=False)
    handoff = Handoff.model_validate({"service_level": level})
    due = due_at(at, at, at, False, handoff, None, zone)
    assert due == (None if expected is None else from_datetime(expected))


@given(_cases(), st.integers(0, 4 * 86_400_000))
def test_the_open_time_until_an_instant_is_the_time_that_ends_there(
    case: tuple[str, datetime, dict[str, Any]], duration: int
) -> None:
    zone, start, level = case
    handoff = Handoff.model_validate({"service_level": level})
    assert handoff.service_level
    hours, at = OpenTime(zone, handoff.service_level.hours, handoff.service_level.closed), from_datetime(start)
    end = hours.end_after(at, duration, at + 800 * 86_400_000)
    assert end is None or hours.duration_between(at, end) == duration


@settings(max_examples=60)
@given(_cases(), st.integers(1, 300))
def test_a_step_comes_when_its_share_of_the_open_time_has_passed(
    case: tuple[str, datetime, dict[str, Any]], percent: int
) -> None:
    zone, start, level = case
    handoff, at = Handoff.model_validate({"service_level": level}), from_datetime(start)
    assert handoff.service_level
    due = due_at(at, at, at, False, handoff, None, zone)
    if due is None:
        return
    step = step_at(percent, at, due, False, handoff, None, zone)
    hours = OpenTime(zone, handoff.service_level.hours, handoff.service_level.closed)
    assert hours.duration_between(at, step) == hours.duration_between(at, due) * percent // 100
    assert (at < step <= due) if percent <= 100 else step > due


def test_a_day_of_23_hours_is_open_for_23() -> None:
    around_the_clock = Handoff.model_validate(
        {"service_level": {"accept_within": "1 business day", "hours": "Mon-Sun 00:00-24:00"}}
    )
    saturday = from_datetime(datetime(2026, 3, 28, 11, tzinfo=UTC))
    level = around_the_clock.service_level
    assert level
    close = due_at(saturday, saturday, saturday, False, around_the_clock, None, "Europe/Berlin")
    assert close == parse_time("2026-03-29T22:00:00Z")
    assert OpenTime("Europe/Berlin", level.hours, ()).duration_between(parse_time("2026-03-28T23:00:00Z"), close) == (
        23 * 3_600_000
    )
