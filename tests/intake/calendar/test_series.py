"""Series: changes of one occurrence or of all later ones, ends in local time, exceptions."""

from pathlib import Path

import pytest

from intake.observation import Filtered
from tests.intake.calendar.ics_files import calendar, event, observed, only, problems, read, shown

WEEKLY = ("DTSTART;TZID=Europe/Berlin:20240110T100000", "DTEND;TZID=Europe/Berlin:20240110T110000")


def starts(path: Path) -> list[str]:
    return [start for _, _, start in shown(read(path))]


def test_a_change_of_this_and_the_future_moves_all_later_occurrences(tmp_path: Path) -> None:
    change = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240117T100000",
        "DTSTART;TZID=Europe/Berlin:20240118T143000",
        "DTEND;TZID=Europe/Berlin:20240118T150000",
        "SUMMARY:Demo, moved",
    )
    items = read(calendar(tmp_path, event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4"), change))
    assert [(item.data["starts_at"][:16], item.data["minutes"], item.data["title"]) for item in observed(items)] == [
        ("2024-01-10T09:00", 60, "Demo"),
        ("2024-01-18T13:30", 30, "Demo, moved"),
        ("2024-01-25T13:30", 30, "Demo, moved"),
        ("2024-02-01T13:30", 30, "Demo, moved"),
    ]


def test_moved_occurrences_of_the_future_keep_their_identity(tmp_path: Path) -> None:
    change = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20240117T090000Z", "DTSTART:20240118T090000Z", without="DTEND")
    items = read(calendar(tmp_path, event("RRULE:FREQ=WEEKLY;COUNT=3"), change))
    assert [item.id.split("/")[1][:10] for item in observed(items)] == ["2024-01-10", "2024-01-17", "2024-01-24"]


def test_an_own_change_comes_before_that_of_the_future(tmp_path: Path) -> None:
    lasting = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20240117T090000Z", "DTSTART:20240117T110000Z", without="DTEND")
    own = event("RECURRENCE-ID:20240124T090000Z", "DTSTART:20240125T080000Z", without="DTEND")
    path = calendar(tmp_path, event("RRULE:FREQ=WEEKLY;COUNT=4"), lasting, own)
    assert starts(path) == ["2024-01-10T09:00", "2024-01-17T11:00", "2024-01-25T08:00", "2024-01-31T11:00"]


def test_a_series_whose_rest_is_canceled_is_one_cancelation_more(tmp_path: Path) -> None:
    rest = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20240117T090000Z", "STATUS:CANCELLED", "DTSTART:20240117T090000Z",
                 "LAST-MODIFIED:20240111T080000Z", without="DTEND")  # fmt: skip
    assert shown(read(calendar(tmp_path, event("RRULE:FREQ=WEEKLY"), rest))) == [
        ("meeting.held.v1", "2024-01-10T09:00", "2024-01-10T09:00"),
        ("meeting.canceled.v1", "2024-01-11T08:00", "2024-01-17T09:00"),
    ]


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20240124T100000", 3),
        ("20240124T095959", 2),
        ("20240124", 3),
        ("20240124T090000Z", 3),
        ("20240124T085959Z", 2),
        ("20240109T225959Z", 0),
    ],
)
def test_an_end_is_local_a_day_or_universal(tmp_path: Path, until: str, count: int) -> None:
    assert len(starts(calendar(tmp_path, event(*WEEKLY, f"RRULE:FREQ=WEEKLY;UNTIL={until}")))) == count


def test_a_series_keeps_its_local_time_when_the_clock_changes(tmp_path: Path) -> None:
    spring = ("DTSTART;TZID=Europe/Berlin:20240327T100000", "DTEND;TZID=Europe/Berlin:20240327T110000")
    path = calendar(tmp_path, event(*spring, "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert starts(path) == ["2024-03-27T09:00", "2024-04-03T08:00"]


@pytest.mark.parametrize(
    "exception",
    ["EXDATE;TZID=Europe/Berlin:20240117T100000", "EXDATE:20240117T100000", "EXDATE:20240117T090000Z",
     "EXDATE;VALUE=DATE:20240117",
     "EXRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;COUNT=9"],
)  # fmt: skip
def test_an_exception_is_a_time_a_day_or_a_rule(tmp_path: Path, exception: str) -> None:
    excluded = "2024-01-10T09:00" if exception.startswith("EXRULE") else "2024-01-17T09:00"
    every = {"2024-01-10T09:00", "2024-01-17T09:00", "2024-01-24T09:00"}
    found = starts(calendar(tmp_path, event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3", exception)))
    assert set(found) == every - {excluded, *(["2024-01-24T09:00"] if exception.startswith("EXRULE") else [])}


def test_an_extra_period_has_its_own_length(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("RDATE;VALUE=PERIOD:20240112T100000Z/PT2H,20240113T100000Z/20240113T101500Z"))
    assert [item.data["minutes"] for item in observed(read(path))] == [30, 120, 15]


def test_a_change_may_name_its_occurrence_by_the_day(tmp_path: Path) -> None:
    change = event("RECURRENCE-ID;VALUE=DATE:20240117", "DTSTART:20240118T090000Z", without="DTEND")
    path = calendar(tmp_path, event("RRULE:FREQ=WEEKLY;COUNT=2"), change)
    assert starts(path) == ["2024-01-10T09:00", "2024-01-18T09:00"]


def test_a_change_of_an_occurrence_that_is_not_planned_is_a_meeting(tmp_path: Path) -> None:
    change = event("RECURRENCE-ID:20240119T090000Z", "DTSTART:20240119T090000Z", without="DTEND")
    path = calendar(tmp_path, event("RRULE:FREQ=WEEKLY;COUNT=2"), change)
    assert starts(path) == ["2024-01-10T09:00", "2024-01-17T09:00", "2024-01-19T09:00"]


def test_an_occurrence_that_its_guest_declined_is_filtered(tmp_path: Path) -> None:
    declined = event("RECURRENCE-ID:20240117T090000Z", "DTSTART:20240117T090000Z",
                     "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@pharma.example", without="DTEND")  # fmt: skip
    items = read(calendar(tmp_path, event("RRULE:FREQ=WEEKLY;COUNT=3"), declined))
    assert ([type(item) for item in items].count(Filtered), len(observed(items))) == (1, 2)


def test_a_series_of_which_nothing_is_left_is_filtered(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("RRULE:FREQ=WEEKLY;UNTIL=20240101T000000Z"))
    assert read(path) == [Filtered("meetings.ics:2", "no occurrence within the horizon")]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=MONTHLY;BYMONTH=13", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;UNTIL=someday",
     "FREQ=DAILY;BYHOUR=24", "RSCALE=HEBREW;FREQ=YEARLY"],
)  # fmt: skip
def test_a_rule_that_no_calendar_can_mean_is_rejected(tmp_path: Path, rule: str) -> None:
    assert problems(read(calendar(tmp_path, event(f"RRULE:{rule}")))) == [("meetings.ics:11", "bad_recurrence")]


@pytest.mark.parametrize(
    "flag", ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "TRANSP:TRANSPARENT"]
)
def test_midnight_to_midnight_with_a_flag_is_all_day(tmp_path: Path, flag: str) -> None:
    path = calendar(tmp_path, event("DTSTART:20240110T000000", "DTEND:20240111T000000", flag))
    assert read(path) == [Filtered("meetings.ics:2", "an all-day entry")]


def test_midnight_is_that_of_the_calendar_too(tmp_path: Path) -> None:
    times = ("DTSTART:20240109T230000Z", "DTEND:20240110T230000Z", "TRANSP:TRANSPARENT")
    path = calendar(tmp_path, event(*times), head=("X-WR-TIMEZONE:Europe/Berlin",))
    assert read(path) == [Filtered("meetings.ics:3", "an all-day entry")]


def test_a_meeting_that_outlook_does_not_mark_as_all_day_is_none(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("X-MICROSOFT-CDO-ALLDAYEVENT:FALSE", "TRANSP:TRANSPARENT"))
    assert only(read(path)).type == "meeting.held.v1"


def test_two_calendars_of_one_meeting_give_it_one_identity(tmp_path: Path) -> None:
    ids = []
    for person in ("anna", "ben"):
        (tmp_path / person).mkdir()
        ids.append(only(read(calendar(tmp_path / person, event()))).id)
    assert ids[0] == ids[1]
