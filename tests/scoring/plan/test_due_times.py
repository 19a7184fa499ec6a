"""Until when sales has to answer. The four working-hour examples are published by a routing vendor."""

import pytest

from schemas.times import format_time, parse_time
from scoring.model.loading import Allowance, Handoff, ServiceLevel
from scoring.model.service_level import parse_opening_hours
from scoring.plan.due_times import allowance_end, due_at

TEN_TO_SIX = parse_opening_hours("Mon-Fri 10:00-18:00")
WEDNESDAY = "2026-01-07"


def due_time(start: str, allowance: str, hours: str = "Mon-Fri 10:00-18:00", zone: str = "UTC") -> str:
    return format_time(
        allowance_end(parse_time(start), Allowance.model_validate(allowance), parse_opening_hours(hours), zone)
    )


@pytest.mark.parametrize(
    ("start", "allowance", "end"),
    [
        ("15:00", "10 business hours", "2026-01-08T17:00:00.000Z"),
        ("15:00", "1 business day 10 business hours", "2026-01-09T17:00:00.000Z"),
        ("20:00", "10 business hours", "2026-01-09T12:00:00.000Z"),
        ("20:00", "1 business day 10 business hours", "2026-01-12T12:00:00.000Z"),
    ],
)
def test_working_hours_run_on_over_nights_and_weekends(start: str, allowance: str, end: str) -> None:
    assert due_time(f"{WEDNESDAY}T{start}:00Z", allowance) == end


def test_plain_hours_run_day_and_night() -> None:
    assert due_time("2026-01-09T17:30:00.250Z", "24h") == "2026-01-10T17:30:00.250Z"


def test_business_hours_are_those_of_the_models_zone_also_over_a_change_of_clocks() -> None:
    friday_before_summer_time = "2026-03-27T16:00:00Z"
    assert due_time(friday_before_summer_time, "4 business hours", "Mon-Fri 09:00-18:00", "Europe/Berlin") == (
        "2026-03-30T10:00:00.000Z"
    )


def test_what_fits_exactly_ends_when_the_office_closes() -> None:
    assert due_time("2026-01-07T14:00:00Z", "4 business hours") == "2026-01-07T18:00:00.000Z"


def test_a_lunch_break_does_not_count() -> None:
    hours = "Mon-Fri 13:00-17:00, Mon-Fri 09:00-12:00"
    assert due_time("2026-01-07T11:00:00Z", "2 business hours", hours) == "2026-01-07T14:00:00.000Z"


def test_an_office_open_one_short_day_a_week_still_comes_to_an_end() -> None:
    assert due_time("2026-01-07T11:00:00Z", "3 business hours", "Sun-Sun 09:00-10:00") == "2026-01-25T10:00:00.000Z"


def test_act_now_has_its_own_time_and_else_that_of_all_others() -> None:
    both = ServiceLevel.model_validate({"accept_within": "24h", "act_now": "15 minutes"})
    one = ServiceLevel.model_validate({"accept_within": "24h"})
    crossed = parse_time("2026-01-07T10:00:00Z")
    hour = 3_600_000
    assert due_at(crossed, True, Handoff(service_level=both), "UTC") == crossed + hour // 4
    assert due_at(crossed, False, Handoff(service_level=both), "UTC") == crossed + 24 * hour
    assert due_at(crossed, True, Handoff(service_level=one), "UTC") == crossed + 24 * hour


def test_without_a_service_level_nothing_is_ever_due() -> None:
    assert due_at(0, True, Handoff(), "UTC") is None
    assert due_at(0, False, Handoff(service_level=ServiceLevel(act_now=Allowance(minutes=15))), "UTC") is None


@pytest.mark.parametrize("text", ["4 business hours", "15 minutes", "36 hours", "2 business days 4 business hours"])
def test_an_allowance_is_written_as_it_was_read(text: str) -> None:
    assert Allowance.model_validate(text).text == text


@pytest.mark.parametrize("text", ["24h", "24 hours", "1 day", "1d", "1440 minutes"])
def test_one_day_is_twenty_four_hours_however_it_is_written(text: str) -> None:
    assert Allowance.model_validate(text) == Allowance(minutes=1440)


@pytest.mark.parametrize("text", ["soon", "0 minutes", "4", "4 business", "1 hour 2 business hours", "4 weeks", ""])
def test_what_is_no_allowance_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time to answer"):
        Allowance.model_validate(text)


@pytest.mark.parametrize(
    "text", ["", "Mo-Fr 09:00-18:00", "Mon-Fri 18:00-09:00", "Mon-Fri 9-18", "Mon 09:00-12:00, Mon 11:00-15:00"]
)
def test_what_are_no_opening_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_opening_hours(text)


def test_opening_hours_may_run_over_the_end_of_the_week() -> None:
    assert parse_opening_hours("Sat-Mon 09:00-18:00")[0].days == (5, 6, 0)
