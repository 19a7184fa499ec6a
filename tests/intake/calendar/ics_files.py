"""Builds calendar files of one meeting and its changes, and shows what is read from them."""

from pathlib import Path

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.calendar import connector as calendar_file
from intake.observation import Item, Observation, Rejected
from schemas.times import format_time, parse_time

SAMPLES = Path(__file__).parents[2] / "samples" / "calendars"
OURS = frozenset({"staffel.example"})
NOW = parse_time("2024-06-01T00:00:00Z")
MEETING = (
    "UID:one@staffel.example",
    "DTSTAMP:20240102T080000Z",
    "CREATED:20240101T080000Z",
    "DTSTART:20240110T090000Z",
    "DTEND:20240110T093000Z",
    "SUMMARY:Demo",
    "ORGANIZER:mailto:mara@staffel.example",
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ada Kern:mailto:ada@pharma.example",
)
HELD = Observation(
    where="meetings.ics:2",
    source="calendar/meetings",
    id="one@staffel.example/2024-01-10T09:00:00.000Z/ada@pharma.example/held",
    personal=("id", "meeting"),
    former_id="one@staffel.example/2024-01-10T09:00:00.000Z/5b27c87efe92ce5f/held",
    type="meeting.held.v1",
    time=parse_time("2024-01-10T09:00:00Z"),
    data={
        "meeting": "one@staffel.example",
        "title": "Demo",
        "starts_at": "2024-01-10T09:00:00.000Z",
        "minutes": 30,
        "attendees": 2,
    },
    email="ada@pharma.example",
    name="Ada Kern",
)


def event(*changes: str, without: str = "-") -> tuple[str, ...]:
    """MEETING with properties replaced (by name) or added."""
    names = {line.replace(":", ";").split(";")[0] for line in changes} | {without}
    unchanged = (line for line in MEETING if line.replace(":", ";").split(";")[0] not in names)
    return ("BEGIN:VEVENT", *unchanged, *changes, "END:VEVENT")


def calendar(folder: Path, *events: tuple[str, ...], head: tuple[str, ...] = ()) -> Path:
    path = folder / "meetings.ics"
    lines = ["BEGIN:VCALENDAR", *head, *(line for one in events for line in one), "END:VCALENDAR", ""]
    path.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    return path


def read(path: Path, ours: frozenset[str] = OURS, now: int = NOW, budgets: Budgets = DEFAULT_BUDGETS) -> list[Item]:
    return list(calendar_file.read(path, ours, now=now, budgets=budgets))


def shown(items: list[Item]) -> list[tuple[str, str, str]]:
    """(kind, time, start) of the observations."""
    return [
        (item.type, format_time(item.time)[:16], item.data["starts_at"][:16])
        for item in items
        if isinstance(item, Observation)
    ]


def only(items: list[Item]) -> Observation:
    [item] = items
    assert isinstance(item, Observation)
    return item


def observed(items: list[Item]) -> list[Observation]:
    return [item for item in items if isinstance(item, Observation)]


def problems(items: list[Item]) -> list[tuple[str, str]]:
    """(where, code) of the rejections."""
    return [(item.where, item.code) for item in items if isinstance(item, Rejected)]
