"""Nothing in a calendar costs more than its budget, and what stands beside it is read."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from intake.budgets import DEFAULT_BUDGETS
from tests.intake.calendar.ics_files import HELD, calendar, event, observed, problems, read

NEXT_TO_IT = event("UID:two@staffel.example")


def crowd(size: int) -> list[str]:
    return [f"ATTENDEE;CN=P {number}:mailto:p{number}@pharma.example" for number in range(size)]


def test_a_meeting_of_too_many_attendees_is_rejected_at_the_first_one_too_many(tmp_path: Path) -> None:
    items = read(calendar(tmp_path, event(*crowd(4)), NEXT_TO_IT), budgets=replace(DEFAULT_BUDGETS, attendees=3))
    assert (problems(items), len(observed(items))) == ([("meetings.ics:13", "too_complex")], 1)


def test_every_attendee_of_a_large_meeting_tells_the_same_number(tmp_path: Path) -> None:
    items = observed(read(calendar(tmp_path, event(*crowd(2_000)))))
    assert {item.data["attendees"] for item in items} == {2_001}


@pytest.mark.parametrize("budget", ["occurrences_per_series", "occurrences_per_organizer", "occurrences"])
def test_occurrences_have_a_budget_per_series_organizer_and_file(tmp_path: Path, budget: str) -> None:
    path = calendar(tmp_path, event("RRULE:FREQ=DAILY;COUNT=9"), NEXT_TO_IT)
    items = read(path, budgets=replace(DEFAULT_BUDGETS, **{budget: 4}))
    assert (problems(items), len(observed(items))) == ([("meetings.ics:2", "too_complex")], 5)


def test_an_occurrence_counts_once_for_each_attendee_from_outside(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("RRULE:FREQ=DAILY;COUNT=9", *crowd(10)))
    items = read(path, budgets=replace(DEFAULT_BUDGETS, occurrences=35))
    assert (problems(items), len(observed(items))) == ([("meetings.ics:2", "too_complex")], 30)


def test_one_organizer_does_not_use_up_what_another_needs(tmp_path: Path) -> None:
    greedy = event("RRULE:FREQ=DAILY;COUNT=9", "ORGANIZER:mailto:eve@staffel.example")
    modest = event("RRULE:FREQ=DAILY;COUNT=3", "UID:two@staffel.example")
    items = read(calendar(tmp_path, greedy, modest), budgets=replace(DEFAULT_BUDGETS, occurrences_per_organizer=4))
    assert (problems(items), len(observed(items))) == ([("meetings.ics:2", "too_complex")], 7)


def test_meetings_that_do_not_recur_need_no_budget(tmp_path: Path) -> None:
    assert read(calendar(tmp_path, event()), budgets=replace(DEFAULT_BUDGETS, occurrences=0, seconds=0)) == [HELD]


@pytest.mark.parametrize("budget", ["seconds_per_organizer", "seconds"])
def test_the_time_of_series_is_bounded(tmp_path: Path, budget: str) -> None:
    path = calendar(tmp_path, event("RRULE:FREQ=DAILY;COUNT=9"), NEXT_TO_IT)
    items = read(path, budgets=replace(DEFAULT_BUDGETS, **{budget: 0.0}))
    assert (problems(items), len(observed(items))) == ([("meetings.ics:2", "too_complex")], 1)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2,4;BYMONTHDAY=31",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    ],
)
def test_a_rule_that_names_no_day_leaves_the_first_start(tmp_path: Path, rule: str) -> None:
    [item] = read(calendar(tmp_path, event(f"RRULE:{rule}")))
    assert item == HELD


def test_rules_that_name_no_day_are_searched_for_a_short_while(tmp_path: Path) -> None:
    """A hundred of them took five minutes of processor time when each was searched until the year 9999."""
    events = [event(f"UID:{number}", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30") for number in range(100)]
    assert len(observed(read(calendar(tmp_path, *events), budgets=replace(DEFAULT_BUDGETS, seconds=20)))) == 100


@pytest.mark.parametrize("part", ["BYSETPOS=1,", "BYDAY=MO,", "BYMONTHDAY=1,"])
def test_a_rule_of_thousands_of_values_is_too_complex(tmp_path: Path, part: str) -> None:
    name, _, value = part.partition("=")
    rule = f"RRULE:FREQ=MONTHLY;{name}={(value * 5_000).strip(',')}"
    assert problems(read(calendar(tmp_path, event(rule)))) == [("meetings.ics:11", "too_complex")]


def test_a_line_over_its_budget_is_skipped_where_it_is_not_read(tmp_path: Path) -> None:
    budgets = replace(DEFAULT_BUDGETS, line_bytes=1_000)
    attachment = event("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 5_000)
    assert read(calendar(tmp_path, attachment), budgets=budgets) == [HELD]


@pytest.mark.parametrize("fold", ["", "\r\n "])
def test_a_line_over_its_budget_rejects_the_entry_that_it_belongs_to(tmp_path: Path, fold: str) -> None:
    long = event("SUMMARY:" + f"{'x' * 70}{fold}" * 100)
    items = read(calendar(tmp_path, long, NEXT_TO_IT), budgets=replace(DEFAULT_BUDGETS, line_bytes=1_000))
    assert (problems(items), len(observed(items))) == ([("meetings.ics:10", "too_large")], 1)


def test_a_line_without_end_in_no_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ics.gz"
    path.write_bytes(gzip.compress(b"BEGIN:VCALENDAR\r\n" + b"x" * (8 << 20)))
    assert problems(read(path)) == [("bomb.ics.gz:2", "too_large")]


def test_a_file_is_read_up_to_its_budget(tmp_path: Path) -> None:
    events = [event(f"UID:{number}") for number in range(20)]
    items = read(calendar(tmp_path, *events), budgets=replace(DEFAULT_BUDGETS, document_bytes=2_000))
    assert [code for _, code in problems(items)] == ["too_large"]
    assert 5 < len(observed(items)) < 10


def test_zeros_are_no_calendar(tmp_path: Path) -> None:
    path = tmp_path / "zeros.ics"
    path.write_bytes(bytes(5_000))
    assert problems(read(path)) == [("zeros.ics", "not_text")]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.ics").touch()
    assert read(tmp_path / "empty.ics") == []


def test_utf_16_is_read(tmp_path: Path) -> None:
    path = calendar(tmp_path, event())
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16", newline="")
    assert read(path) == [HELD]
