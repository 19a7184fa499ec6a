"""Who of a meeting is a person from outside."""

from pathlib import Path

import pytest

from intake.calendar.robots import is_nobody
from intake.observation import Filtered
from tests.intake.calendar.ics_files import calendar, event, observed, only, read, shown

OF_OURS = "ATTENDEE;PARTSTAT=DECLINED:mailto:jo@staffel.example"


@pytest.mark.parametrize(
    "attendee",
    [
        "ATTENDEE;CN=Ada Kern;MAILTO:ada@pharma.example",
        "ATTENDEE;CN=Ada Kern;PARTSTAT=ACCEPTED;ada@pharma.example",
        'ATTENDEE;CN="Ada Kern":"mailto:ada@pharma.example"',
        "ATTENDEE;CN=Ada Kern:mailto:<ada@pharma.example>",
        "ATTENDEE;CN=Ada Kern:mailto: ada@pharma.example",
        "ATTENDEE;CN=Ada Kern:SMTP:ada@pharma.example",
        "ATTENDEE;CN=Ada Kern <ada@pharma.example>:invalid:nomail",
        'ATTENDEE;CN="mailto:ada@pharma.example":invalid:nomail',
        "ATTENDEE;CN=mailto:ada@pharma.example:mailto:ada@pharma.example",
        "ATTENDEE;CN=Ada: Sales;PARTSTAT=ACCEPTED:mailto:ada@pharma.example",
        'ATTENDEE;CN="Ada "the one" Kern":mailto:ada@pharma.example',
        'ATTENDEE;CN="Ada Kern:mailto:ada@pharma.example',
        'ATTENDEE;SENT-BY="mailto:office@other.example":mailto:ada@pharma.example',
        "ATTENDEE;EMAIL=ada@pharma.example:X400:/C=DE/A= /P=PHARMA/O=EXCHANGE/S=KERN/G=ADA",
        "ATTENDEE;CN=ada@pharma.example:/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=1f-ada",
    ],
)
def test_an_address_is_found_in_a_line_that_breaks_the_rules(tmp_path: Path, attendee: str) -> None:
    assert only(read(calendar(tmp_path, event(attendee)))).email == "ada@pharma.example"


def test_an_answer_is_read_behind_an_unquoted_colon(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("ATTENDEE;CN=Ada: Sales;PARTSTAT=DECLINED:mailto:ada@pharma.example"))
    assert read(path) == [Filtered("meetings.ics:2", "no outside attendee")]


@pytest.mark.parametrize(
    "address",
    [
        "noreply@tool.example", "no-reply@tool.example", "no_reply+17@tool.example", "do-not-reply@tool.example",
        "acme-noreply@tool.example", "nicht-antworten@tool.example", "ne-pas-repondre@tool.example",
        "mailer-daemon@tool.example",
        "calendar-notification@tool.example", "notetaker@tool.example", "meeting-bot@tool.example",
        "c_188@resource.calendar.google.com", "unknownorganizer@calendar.google.com", "x@group.v.calendar.google.com",
        "nomail@mail.invalid", "invites@calendly.com", "fred@fireflies.ai", "room1@pharma.example",
        "meetingroom-2@pharma.example",
        "conf-room.berlin@pharma.example", "besprechungsraum1@pharma.example", "salle-de-reunion@pharma.example",
    ],
)  # fmt: skip
def test_robots_tools_calendars_and_rooms_are_nobody(address: str) -> None:
    assert is_nobody(address)


@pytest.mark.parametrize(
    "address",
    ["ada@pharma.example", "events@pharma.example", "roman@pharma.example", "raumer@pharma.example",
     "norply@pharma.example",
     "ada@calendly.com", "botho@pharma.example", "systema@pharma.example", "info@pharma.example"],
)  # fmt: skip
def test_people_and_mailboxes_that_people_read_are_somebody(address: str) -> None:
    assert not is_nobody(address)


def test_a_booking_tool_that_organizes_a_meeting_does_not_attend_it(tmp_path: Path) -> None:
    people = (
        "ORGANIZER;CN=Booking tool:mailto:noreply@tool.example",
        "ATTENDEE:mailto:ada@pharma.example",
        "ATTENDEE:mailto:mara@staffel.example",
    )
    item = only(read(calendar(tmp_path, event(*people))))
    assert (item.email, item.data["attendees"]) == ("ada@pharma.example", 2)


def test_who_is_informed_only_does_not_attend(tmp_path: Path) -> None:
    path = calendar(tmp_path, event("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:ada@pharma.example"))
    assert read(path) == [Filtered("meetings.ics:2", "no outside attendee")]


def test_an_organizer_who_is_a_room_as_an_attendee_stays_one(tmp_path: Path) -> None:
    people = ("ATTENDEE;CUTYPE=ROOM:mailto:blue@pharma.example", "ORGANIZER:mailto:blue@pharma.example")
    assert read(calendar(tmp_path, event(*people))) == [Filtered("meetings.ics:2", "no outside attendee")]


def test_an_invitation_from_outside_that_all_of_ours_declined_was_no_meeting(tmp_path: Path) -> None:
    path = calendar(
        tmp_path, event(OF_OURS, "ATTENDEE:mailto:ada@pharma.example", "ORGANIZER:mailto:ada@pharma.example")
    )
    assert read(path) == [Filtered("meetings.ics:2", "nobody of ours went")]


def test_an_invitation_that_one_of_ours_did_not_decline_was_a_meeting(tmp_path: Path) -> None:
    people = (OF_OURS, "ATTENDEE:mailto:mara@staffel.example", "ORGANIZER:mailto:ada@pharma.example")
    assert [kind for kind, _, _ in shown(read(calendar(tmp_path, event(*people))))] == ["meeting.held.v1"]


def test_a_meeting_of_ours_that_all_of_ours_declined_is_canceled(tmp_path: Path) -> None:
    people = (OF_OURS, "ATTENDEE:mailto:ada@pharma.example", "ORGANIZER:mailto:jo@staffel.example")
    assert only(read(calendar(tmp_path, event(*people)))).type == "meeting.canceled.v1"


def test_a_meeting_that_an_older_version_shows_as_booked_is_canceled_when_we_decline(tmp_path: Path) -> None:
    invitation = ("ATTENDEE:mailto:jo@staffel.example", "ORGANIZER:mailto:ada@pharma.example")
    declined = (OF_OURS, "ORGANIZER:mailto:ada@pharma.example", "SEQUENCE:1")
    items = read(calendar(tmp_path, event(*invitation), event(*declined)))
    assert [(item.type, item.email) for item in observed(items)] == [("meeting.canceled.v1", "ada@pharma.example")]


def test_an_occurrence_that_we_declined_of_a_series_that_we_go_to_is_canceled(tmp_path: Path) -> None:
    vendor = "ORGANIZER:mailto:ada@pharma.example"
    series = event("RRULE:FREQ=WEEKLY;COUNT=2", vendor, "ATTENDEE:mailto:jo@staffel.example")
    declined = event("RECURRENCE-ID:20240117T090000Z", "DTSTART:20240117T090000Z", vendor, OF_OURS, without="DTEND")
    kinds = [kind for kind, _, _ in shown(read(calendar(tmp_path, series, declined)))]
    assert sorted(kinds) == ["meeting.canceled.v1", "meeting.held.v1"]


def test_a_uid_without_an_address_stays_readable(tmp_path: Path) -> None:
    item = only(read(calendar(tmp_path, event("UID:4711"))))
    assert (item.personal, item.data["meeting"]) == (("id",), "4711")
