"""Until when sales has to answer: business hours and days, act-now, routes, and what comes too late to be promised."""

from typing import Any

import pytest

from schemas import format_time, parse_time
from scoring.model.definition import Handoff
from scoring.plan.due_times import applied_route, due_at, step_at

WEEK = "Mon-Fri 09:00-18:00"
ROUTED = Handoff.model_validate(
    {
        "service_level": {
            "accept_within": "4 business hours",
            "act_now": "15 minutes",
            "hours": "Mon-Fri 09:00-18:00, Sun 02:30-03:15",
            "closed": ["2026-04-03", "2026-04-06"],
        },
        "routes": [
            {
                "when": {"segment": "apac"},
                "to": "apac",
                "hours": "Mon-Fri 09:00-17:00",
                "zone": "Asia/Kolkata",
                "closed": ["2026-11-13"],
            },
            {"to": "sdr"},
        ],
    }
)
APAC, SDR = ROUTED.routes
DAYS = {
    "accept_within": "1 business day 2 business hours",
    "act_now": "15 business minutes",
    "hours": "Mon-Thu 09:00-18:00, Fri 09:00-15:00",
    "closed": ["2026-01-06"],
}


def due_time(start: str, accept_within: str, zone: str = "UTC", **level: Any) -> str | None:
    return due_of({"accept_within": accept_within, "hours": "Mon-Fri 10:00-18:00", **level}, start, zone)


def due_of(level: Any, start: str, zone: str = "Europe/Berlin", *, act_now: bool = False) -> str | None:
    return text_of_due(Handoff.model_validate({"service_level": level}), None, start, zone, act_now=act_now)


def text_of_due(handoff: Handoff, route: Any, start: str, zone: str, *, act_now: bool = False) -> str | None:
    at = parse_time(start)
    due = due_at(at, at, at, act_now, handoff, route, zone)
    return None if due is None else format_time(due).removesuffix(".000Z")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-01-07T15:00:00Z", "2026-01-08T17:00:00"),
        ("2026-01-07T20:00:00Z", "2026-01-09T12:00:00"),
        ("2026-01-09T17:00:00Z", "2026-01-13T11:00:00"),
    ],
)
def test_business_hours_run_on_over_nights_and_weekends(start: str, due: str) -> None:
    assert due_time(start, "10 business hours") == due


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-27T16:30:00Z", "2026-03-30T10:15:00"),
        ("2026-04-02T15:00:00Z", "2026-04-07T09:15:00"),
        ("2026-10-23T15:30:00Z", "2026-10-26T10:15:00"),
        ("2026-11-09T07:30:00Z", "2026-11-09T12:00:00"),
    ],
)
def test_a_skipped_half_hour_is_not_open_a_repeated_one_twice_and_closed_days_not_at_all(start: str, due: str) -> None:
    assert text_of_due(ROUTED, SDR, start, "Europe/Berlin") == due


def test_a_route_has_its_own_zone_hours_and_closed_days() -> None:
    thursday = "2026-11-12T10:00:00Z"
    assert text_of_due(ROUTED, APAC, thursday, "Europe/Berlin") == "2026-11-16T06:00:00"
    assert text_of_due(ROUTED, SDR, thursday, "Europe/Berlin") == "2026-11-12T14:00:00"


def test_a_route_takes_from_the_model_what_it_does_not_say() -> None:
    hours = APAC.model_copy(update={"zone": None, "closed": None})
    nothing_closed = SDR.model_copy(update={"closed": ()})
    assert text_of_due(ROUTED, hours, "2026-04-02T14:00:00Z", "Europe/Berlin") == "2026-04-07T10:00:00"
    assert text_of_due(ROUTED, nothing_closed, "2026-04-02T15:00:00Z", "Europe/Berlin") == "2026-04-03T10:00:00"


def test_plain_minutes_run_at_night_too() -> None:
    night = "2026-11-14T20:00:00Z"
    assert text_of_due(ROUTED, APAC, night, "Europe/Berlin", act_now=True) == "2026-11-14T20:15:00"
    assert due_time("2026-01-09T17:30:00.250Z", "24h") == "2026-01-10T17:30:00.250Z"


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-01-01T16:00:00Z", "2026-01-05T10:00:00"),
        ("2026-01-03T10:00:00Z", "2026-01-07T10:00:00"),
        ("2026-01-12T07:59:59.999Z", "2026-01-13T10:00:00"),
        ("2026-01-19T08:00:00Z", "2026-01-21T10:00:00"),
    ],
)
def test_a_business_day_ends_with_the_close_of_the_next_open_day_or_of_one_not_yet_opened(start: str, due: str) -> None:
    assert due_of(DAYS, start) == due


@pytest.mark.parametrize(
    ("start", "due"),
    [("2026-01-20T01:00:00Z", "2026-01-20T08:15:00"), ("2026-01-23T13:50:00Z", "2026-01-26T08:05:00")],
)
def test_business_minutes_wait_for_the_opening(start: str, due: str) -> None:
    assert due_of(DAYS, start, act_now=True) == due


def test_two_business_days_from_thursday_over_a_short_friday_end_with_mondays_close() -> None:
    level = {"accept_within": "2 business days", "hours": DAYS["hours"]}
    assert due_of(level, "2026-01-08T16:00:00Z") == "2026-01-12T17:00:00"


def test_what_fits_exactly_ends_when_the_office_closes() -> None:
    assert due_time("2026-01-07T14:00:00Z", "4 business hours") == "2026-01-07T18:00:00"


def test_a_lunch_break_does_not_count() -> None:
    hours = "Mon-Fri 13:00-17:00, Mon-Fri 09:00-12:00"
    assert due_time("2026-01-07T11:00:00Z", "2 business hours", hours=hours) == "2026-01-07T14:00:00"


def test_a_night_shift_of_two_ranges_counts_through_midnight() -> None:
    hours = "Mon-Fri 22:00-24:00, Tue-Sat 00:00-06:00"
    assert due_time("2026-01-07T21:00:00Z", "4 business hours", hours=hours) == "2026-01-08T02:00:00"


def test_an_office_open_one_short_day_a_week_still_comes_to_an_end() -> None:
    assert due_time("2026-01-07T11:00:00Z", "3 business hours", hours="Sun 09:00-10:00") == "2026-01-25T10:00:00"


@pytest.mark.parametrize(
    ("agreed", "due"), [("114 business hours", "2028-03-12T10:00:00"), ("115 business hours", None)]
)
def test_what_does_not_end_within_800_days_has_no_due_time(agreed: str, due: str | None) -> None:
    assert due_time("2026-01-07T11:00:00Z", agreed, hours="Sun 09:00-10:00") == due
    assert due_time("2026-01-07T11:00:00Z", agreed.replace("hour", "day"), hours="Sun 09:00-10:00") == due


def test_the_day_that_apia_skipped_is_no_open_day() -> None:
    assert due_time("2011-12-29T22:00:00Z", "2 business days", "Pacific/Apia", hours="Mon-Sun 10:00-18:00") == (
        "2012-01-01T04:00:00"
    )


def test_the_end_of_time_is_no_due_time() -> None:
    assert due_time("9999-12-31T20:00:00Z", "24h") is None
    assert due_time("9999-12-31T20:00:00Z", "1 business day") is None


def test_the_clock_starts_when_the_crossing_was_recorded_if_that_is_later() -> None:
    handoff = Handoff.model_validate({"service_level": {"accept_within": "1h"}})
    crossed, recorded, hour = parse_time("2026-11-07T10:00:00Z"), parse_time("2026-11-09T07:30:00Z"), 3_600_000
    assert due_at(crossed, crossed, recorded, False, handoff, None, "UTC") == recorded + hour
    assert due_at(recorded, crossed, crossed, False, handoff, None, "UTC") == recorded + hour


@pytest.mark.parametrize(("history", "days"), [({}, 7), ({"history": "2d"}, 2)])
def test_what_was_recorded_long_after_it_happened_has_no_due_time(history: Any, days: int) -> None:
    handoff = Handoff.model_validate({"service_level": {"accept_within": "1h", **history}})
    recorded = parse_time("2026-11-09T07:30:00Z")
    at_most = recorded - days * 86_400_000
    assert due_at(recorded, at_most, recorded, False, handoff, None, "UTC") == recorded + 3_600_000
    assert due_at(recorded, at_most - 1, recorded, False, handoff, None, "UTC") is None
    clock_ahead = recorded + 30 * 86_400_000
    assert due_at(clock_ahead, recorded, recorded, False, handoff, None, "UTC") == clock_ahead + 3_600_000


def test_act_now_has_its_own_time_and_else_that_of_all_others() -> None:
    both, one = {"accept_within": "24h", "act_now": "15 minutes"}, {"accept_within": "24h"}
    crossed = "2026-01-07T10:00:00Z"
    assert due_of(both, crossed, act_now=True) == "2026-01-07T10:15:00"
    assert due_of(both, crossed) == "2026-01-08T10:00:00"
    assert due_of(one, crossed, act_now=True) == "2026-01-08T10:00:00"


def test_without_a_service_level_nothing_is_ever_due() -> None:
    assert due_of(None, "2026-01-07T10:00:00Z", act_now=True) is None
    assert due_of({"act_now": "15 minutes"}, "2026-01-07T10:00:00Z") is None


def step_text(percent: int, start: str, level: Any) -> str:
    handoff = Handoff.model_validate({"service_level": level})
    starts_at = parse_time(start)
    due = due_at(starts_at, starts_at, starts_at, False, handoff, None, "UTC")
    assert due is not None
    return format_time(step_at(percent, starts_at, due, False, handoff, None, "UTC")).removesuffix(".000Z")


@pytest.mark.parametrize(
    ("percent", "at"),
    [(25, "2026-01-09T18:00:00"), (50, "2026-01-12T10:00:00"), (80, "2026-01-12T11:12:00"),
     (100, "2026-01-12T12:00:00"), (150, "2026-01-12T14:00:00")],
)  # fmt: skip
def test_a_step_comes_when_its_share_of_the_open_time_has_passed(percent: int, at: str) -> None:
    level = {"accept_within": "4 business hours", "hours": WEEK}
    assert step_text(percent, "2026-01-09T17:00:00Z", level) == at


def test_a_step_within_business_days_counts_their_open_time() -> None:
    level = {"accept_within": "1 business day", "hours": WEEK}
    assert step_text(80, "2026-01-09T17:00:00Z", level) == "2026-01-12T16:00:00"


def test_a_step_within_plain_time_comes_at_night_too() -> None:
    assert step_text(80, "2026-01-09T20:00:00Z", {"accept_within": "10h", "hours": WEEK}) == "2026-01-10T04:00:00"


def test_of_two_routes_to_one_receiver_the_due_time_tells_which_applied() -> None:
    routes = [{"when": {"country": "US"}, "to": "sdr", "zone": "America/New_York"}, {"to": "sdr"}]
    handoff = Handoff.model_validate(
        {"service_level": {"accept_within": "1 business hour", "hours": WEEK}, "routes": routes}
    )
    start = parse_time("2026-01-07T10:00:00Z")
    found = [
        applied_route("sdr", start, due_at(start, start, start, False, handoff, route, "UTC"), False, handoff, "UTC")
        for route in handoff.routes
    ]
    assert found == list(handoff.routes)
    assert applied_route("nobody", start, None, False, handoff, "UTC") is None
