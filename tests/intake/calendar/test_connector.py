"""Meetings in a calendar become observations, or are filtered or rejected."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from intake.calendar import connector as calendar_file
from intake.observation import Filtered, Item, Observation, Rejected
from schemas.times import parse_time
from tests.intake.calendar.ics_files import HELD, NOW, OURS, SAMPLES, calendar, event, only, problems, read, shown


def titles(items: list[Item]) -> list[str]:
    return [item.data["title"] for item in items if isinstance(item, Observation)]


def test_a_meeting_that_has_ended_was_held_with_the_person_from_outside(tmp_path: Path) -> None:
    assert read(calendar(tmp_path, event())) == [HELD]


def test_a_future_meeting_was_booked_when_it_was_created(tmp_path: Path) -> None:
    path = calendar(tmp_path, event())
    booked = replace(
        HELD,
        id="one@staffel.example/-/ada@pharma.example/booked",
        former_id="one@staffel.example/-/5b27c87efe92ce5f/booked",
        type="meeting.booked.v1",
        time=parse_time("2024-01-01T08:00:00Z"),
    )
    assert read(path, now=parse_time("2024-01-05T00:00:00Z")) == [booked]


def test_a_booking_is_never_in_the_future(tmp_path: Path) -> None:
    now = parse_time("2024-01-05T00:00:00Z")
    item = only(read(calendar(tmp_path, event("CREATED:20250101T000000Z")), now=now))
    assert item.time == now


@pytest.mark.parametrize(
    "sign", ["STATUS:CANCELLED", "SUMMARY:Canceled: Demo", "SUMMARY:Abgesagt: Demo"], ids=["status", "title", "German"]
)
def test_a_canceled_meeting(tmp_path: Path, sign: str) -> None:
    item = only(read(calendar(tmp_path, event(sign, "LAST-MODIFIED:20240109T120000Z"))))
    assert (item.type, item.time, item.data["title"]) == (
        "meeting.canceled.v1",
        parse_time("2024-01-09T12:00:00Z"),
        "Demo",
    )


def test_a_cancelation_message_overrides_the_earlier_invitation(tmp_path: Path) -> None:
    path = calendar(tmp_path, event(), ("END:VCALENDAR", "BEGIN:VCALENDAR", "METHOD:CANCEL"), event("SEQUENCE:1"))
    assert [kind for kind, _, _ in shown(read(path))] == ["meeting.canceled.v1"]


def test_the_version_with_the_highest_sequence_then_the_latest_stamp_applies(tmp_path: Path) -> None:
    first = event("SEQUENCE:2", "SUMMARY:New")
    later = event("SEQUENCE:1", "DTSTAMP:20240109T000000Z", "SUMMARY:Old")
    stamped = event("SEQUENCE:2", "DTSTAMP:20240103T000000Z", "SUMMARY:Newest")
    assert titles(read(calendar(tmp_path, first, later))) == ["New"]
    assert titles(read(calendar(tmp_path, stamped, first))) == ["Newest"]


def test_an_older_version_is_counted_as_filtered(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("SUMMARY:Old"), event("SEQUENCE:1"))
    assert [item for item in read(path) if isinstance(item, Filtered)] == [
        Filtered("meetings.ics:2", "an older version")
    ]


@pytest.mark.parametrize("sign", ["X-STAFFEL-NO-SHOW:TRUE", "SUMMARY:No-show: Demo"])
def test_a_meeting_that_nobody_came_to_is_marked_by_hand(tmp_path: Path, sign: str) -> None:
    item = only(read(calendar(tmp_path, event(sign))))
    assert (item.type, item.data["title"]) == ("meeting.missed.v1", "Demo")


@pytest.mark.parametrize(
    "attendee",
    [
        "ATTENDEE:mailto:jo@staffel.example",
        "ATTENDEE:mailto:jo@eu.staffel.example",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@pharma.example",
        "ATTENDEE;CUTYPE=ROOM:mailto:room@pharma.example",
        "ATTENDEE;CUTYPE=RESOURCE:mailto:beamer@pharma.example",
        "ATTENDEE:mailto:c_1@group.calendar.google.com",
        "ATTENDEE;CN=Ada Kern:invalid:nomail",
    ],
)
def test_a_meeting_without_anybody_from_outside_is_not_engagement(tmp_path: Path, attendee: str) -> None:
    assert read(calendar(tmp_path, event(attendee))) == [Filtered("meetings.ics:2", "no outside attendee")]


@pytest.mark.parametrize(
    "attendee",
    [
        "ATTENDEE:MAILTO:Ada@Pharma.example",
        "ATTENDEE:ada@pharma.example",
        "ATTENDEE;CN=ada@pharma.example:urn:uuid:1",
        'ATTENDEE;CN="Kern, Ada";EMAIL=ada@pharma.example:/principals/ada',
        "ATTENDEE;CUTYPE=UNKNOWN:mailto:ada%40pharma.example",
    ],
)
def test_an_address_is_found_where_calendars_put_it(tmp_path: Path, attendee: str) -> None:
    assert only(read(calendar(tmp_path, event(attendee)))).email == "ada@pharma.example"


def test_every_person_from_outside_counts_once(tmp_path: Path) -> None:
    more = (
        "ATTENDEE:mailto:ada@pharma.example",
        "ATTENDEE:mailto:ADA@pharma.example",
        "ATTENDEE:mailto:eve@lab.example",
        "ATTENDEE:mailto:mara@staffel.example",
    )
    items = read(calendar(tmp_path, event(*more)))
    assert [(item.email, item.data["attendees"]) for item in items if isinstance(item, Observation)] == [
        ("ada@pharma.example", 3),
        ("eve@lab.example", 3),
    ]


def test_an_organizer_from_outside_is_an_attendee(tmp_path: Path) -> None:
    items = read(calendar(tmp_path, event("ORGANIZER:mailto:eve@lab.example")))
    assert [item.email for item in items if isinstance(item, Observation)] == ["ada@pharma.example", "eve@lab.example"]


def test_a_series_with_a_moved_a_canceled_and_a_missing_occurrence() -> None:
    assert shown(read(SAMPLES / "outlook_series.ics")) == [
        ("meeting.held.v1", "2024-03-11T09:00", "2024-03-11T09:00"),
        ("meeting.held.v1", "2024-03-26T14:00", "2024-03-26T14:00"),
        ("meeting.canceled.v1", "2024-03-29T08:00", "2024-04-01T08:00"),
        ("meeting.held.v1", "2024-04-08T08:00", "2024-04-08T08:00"),
    ]


def test_a_moved_occurrence_keeps_its_identity() -> None:
    ids = [item.id for item in read(SAMPLES / "outlook_series.ics") if isinstance(item, Observation)]
    assert ids[1].startswith("weekly-1@staffel.example/2024-03-25T09:00:00.000Z/")


def test_a_series_is_booked_once(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("RRULE:FREQ=WEEKLY"))
    assert shown(read(path, now=parse_time("2024-01-18T00:00:00Z"))) == [
        ("meeting.booked.v1", "2024-01-01T08:00", "2024-01-24T09:00"),
        ("meeting.held.v1", "2024-01-10T09:00", "2024-01-10T09:00"),
        ("meeting.held.v1", "2024-01-17T09:00", "2024-01-17T09:00"),
    ]


def test_a_canceled_series_is_one_cancelation(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("RRULE:FREQ=WEEKLY", "STATUS:CANCELLED"))
    assert shown(read(path)) == [("meeting.canceled.v1", "2024-01-02T08:00", "2024-01-10T09:00")]


def test_extra_dates_of_a_series_count(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("RDATE:20240112T100000Z"))
    assert [start for _, _, start in shown(read(path))] == ["2024-01-10T09:00", "2024-01-12T10:00"]


def test_a_series_without_end_stops_at_its_limit(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("DTSTART:19800110T090000Z", "DTEND:19800110T093000Z", "RRULE:FREQ=DAILY"))
    items = read(path)
    assert (len(items), problems(items)) == (5_001, [("meetings.ics:2", "too_complex")])


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;BYMINUTE=0,10,20,30,40;BYHOUR=1,2,3,4,5", "INTERVAL=2"]
)
def test_an_unsupported_recurrence_rule_is_rejected(tmp_path: Path, rule: str) -> None:
    [item] = read(calendar(tmp_path, event(f"RRULE:{rule}")))
    assert isinstance(item, Rejected)
    assert (item.where, item.code) == ("meetings.ics:11", "bad_recurrence")


def test_all_day_entries_and_tasks_are_not_meetings(tmp_path: Path) -> None:
    path = calendar(
        tmp_path, event("DTSTART;VALUE=DATE:20240110", without="DTEND"), ("BEGIN:VTODO", "UID:t", "END:VTODO")
    )
    assert read(path) == [
        Filtered("meetings.ics:11", "not a meeting"),
        Filtered("meetings.ics:2", "an all-day entry"),
    ]


def test_an_answer_to_an_invitation_is_not_a_meeting(tmp_path: Path) -> None:
    path = calendar(tmp_path, event(), head=("METHOD:REPLY",))
    assert read(path) == [Filtered("meetings.ics:3", "an answer to an invitation")]


@pytest.mark.parametrize(
    ("head", "start"),
    [
        ((), "2024-01-10T14:00"),
        (("X-WR-TIMEZONE:Europe/Berlin",), "2024-01-10T08:00"),
        (("X-WR-TIMEZONE:Nowhere",), "2024-01-10T14:00"),
    ],
)
def test_a_floating_time_is_in_the_zone_of_the_calendar_else_in_the_given_one(
    tmp_path: Path, head: tuple[str, ...], start: str
) -> None:
    path = calendar(tmp_path, event("DTSTART:20240110T090000", "DURATION:PT1H", without="DTEND"), head=head)
    items = list(calendar_file.read(path, OURS, now=NOW, zone=ZoneInfo("America/New_York")))
    assert [when for _, _, when in shown(items)] == [start]


def test_damaged_events_are_rejected_by_line_and_the_valid_ones_are_read() -> None:
    items = read(SAMPLES / "broken.ics")
    assert [(item.where, item.code) for item in items if isinstance(item, Rejected)] == [
        ("broken.ics:10", "bad_component"),
        ("broken.ics:15", "bad_time"),
        ("broken.ics:18", "bad_time"),
        ("broken.ics:24", "unknown_zone"),
        ("broken.ics:29", "bad_time"),
        ("broken.ics:34", "bad_recurrence"),
        ("broken.ics:39", "bad_recurrence"),
        ("broken.ics:41", "bad_component"),
        ("broken.ics:51", "bad_component"),
    ]
    assert [(item.where, item.data["minutes"]) for item in items if isinstance(item, Observation)] == [
        ("broken.ics:3", 30),
        ("broken.ics:42", 60),
    ]


def test_a_zone_defined_by_a_file_applies_only_to_that_file(tmp_path: Path) -> None:
    zone = (
        "BEGIN:VTIMEZONE",
        "TZID:Our Time",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
    meeting = event("DTSTART;TZID=Our Time:20240110T090000", without="DTEND")
    assert [when for _, _, when in shown(read(calendar(tmp_path, meeting, zone)))] == ["2024-01-10T06:00"]
    [item] = read(calendar(tmp_path, meeting))
    assert isinstance(item, Rejected)
    assert item.code == "unknown_zone"


def test_a_file_that_is_not_a_calendar_is_rejected_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.ics"
    path.write_text("buy milk\n", encoding="utf-8")
    [item] = read(path)
    assert isinstance(item, Rejected)
    assert (item.where, item.code, item.whole) == ("notes.ics", "no_calendar", True)
    [missing] = read(tmp_path / "gone.ics")
    assert isinstance(missing, Rejected)
    assert (missing.code, missing.whole) == ("unreadable", True)


def test_an_event_without_uid_is_identified_by_its_content(tmp_path: Path) -> None:
    first, again = read(calendar(tmp_path, event(without="UID"))), read(calendar(tmp_path, event(without="UID")))
    assert first == again
    assert only(first).id.startswith("content:")
