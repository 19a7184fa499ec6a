"""The calendar of our sales people: meetings held, missed and canceled, a monthly review, an internal round.

Entries contain no notes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from examples.medtech.dice import token
from examples.medtech.story import Person, Scene, Story

OPENING = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Nordwerk Medizintechnik//SYNTHETIC EXAMPLE//EN
X-WR-CALNAME:Meetings (every one invented)
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    uid: str
    lines: tuple[str, ...]


def calendar_file(story: Story) -> str:
    """One VCALENDAR, entries by time, lines folded at 75 octets and ended with CRLF as RFC 5545 requires."""
    entries = sorted([*_meetings(story), *_review(story), *_internal(story)], key=lambda entry: (entry.at, entry.uid))
    lines = [*OPENING.splitlines(), *(line for entry in entries for line in entry.lines), "END:VCALENDAR"]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _meetings(story: Story) -> Iterator[Entry]:
    for scene in story.scenes("meets", "misses", "cancels meeting"):
        minutes, title = scene.what.split(" min, ")
        title = f"No-show: {title}" if scene.does == "misses" else title
        status = "CANCELLED" if scene.does == "cancels meeting" else "CONFIRMED"
        yield _single(story, scene, int(minutes), title, status)


def _single(story: Story, scene: Scene, minutes: int, title: str, status: str) -> Entry:
    uid = f"{token('meeting', scene.account, str(scene.at))}@{story.domain}"
    body = [
        f"DTSTART:{_utc(scene.at)}",
        f"DTEND:{_utc(scene.at + timedelta(minutes=minutes))}",
        f"SUMMARY:{title}",
        f"STATUS:{status}",
        f"SEQUENCE:{1 if status == 'CANCELLED' else 0}",
        *_attendees(story, scene.people),
    ]
    return _entry(scene.at, uid, body)


def _review(story: Story) -> Iterator[Entry]:
    """The monthly review with the group: every second Wednesday but in August and October; December's was canceled."""
    people = tuple(p for p in story.people() if p.who in ("nadia.rossi", "sven.odermatt"))
    at, uid = datetime.fromisoformat("2025-11-12 13:00+00:00"), f"monthly-review@{story.domain}"
    body = [
        "DTSTART;TZID=Europe/Berlin:20251112T140000",
        "DURATION:PT45M",
        "RRULE:FREQ=MONTHLY;BYDAY=2WE;COUNT=12",
        "EXDATE;TZID=Europe/Berlin:20260812T140000,20261014T140000",
        "SUMMARY:Monthly review",
        *_attendees(story, people),
    ]
    yield _entry(at, uid, body)
    december = [
        "RECURRENCE-ID;TZID=Europe/Berlin:20251210T140000",
        "DTSTART;TZID=Europe/Berlin:20251210T140000",
        "DURATION:PT45M",
        "SUMMARY:Monthly review",
        "STATUS:CANCELLED",
        "SEQUENCE:1",
        *_attendees(story, people),
    ]
    yield _entry(at + timedelta(days=28), uid, december)


def _internal(story: Story) -> Iterator[Entry]:
    """The internal meeting of marketing and sales about the scores, without outside attendees."""
    at = datetime.fromisoformat("2025-11-28 08:00+00:00")
    body = [
        "DTSTART;TZID=Europe/Berlin:20251128T090000",
        "DURATION:PT60M",
        "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=12",
        "SUMMARY:Scores: marketing and sales",
        f"ATTENDEE;CN=Ben Ostertag;PARTSTAT=ACCEPTED:mailto:ben.ostertag@{story.domain}",
    ]
    yield _entry(at, f"scores@{story.domain}", body)


def _entry(at: datetime, uid: str, body: list[str]) -> Entry:
    lines = ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{_utc(at - timedelta(days=7))}", *body, "END:VEVENT"]
    return Entry(at, uid, tuple(lines))


def _attendees(story: Story, people: tuple[Person, ...]) -> list[str]:
    ours = f"ORGANIZER;CN=Jana Voss:mailto:jana.voss@{story.domain}"
    return [ours, *(f"ATTENDEE;CN={p.name};ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:{p.mail}" for p in people)]


def _utc(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> str:
    """Folds after at most 75 octets, between characters."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > 74:
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])
