"""Connector for iCalendar files: meetings with people from outside. Reads no descriptions, locations or attachments.

Format: RFC 5545 and 5546, and the habits of Google, Microsoft and Apple. A file is read as a whole, because the newest
version of an entry may be anywhere. Observations are sorted by time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any

from intake.calendar.attendees import Attendee, attendees, external_attendees
from intake.calendar.components import BrokenComponent, Component, read_components
from intake.calendar.events import (
    CalendarEntry,
    InvalidEntry,
    first_timestamp,
    newest_versions,
    parse_entry,
    register_zones,
)
from intake.calendar.recurrence import Occurrence, occurrences
from intake.observation import Filtered, Item, Observation, Rejected
from schemas import format_time, from_datetime

_NO_SHOW_PREFIXES = ("no-show:", "no show:", "noshow:")
_CANCELED_PREFIXES = ("canceled:", "cancelled:", "abgesagt:")
_REPLY_METHODS = frozenset({"REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER"})


def read(
    path: Path,
    own_domains: frozenset[str] = frozenset(),
    *,
    now: int,
    horizon_days: int = 366,
    zone: tzinfo = UTC,
    source: str | None = None,
) -> Iterator[Item]:
    """Rejections in file order, then everything else by time. No content of the file raises an exception.

    `own_domains`: their people are not from outside. `now`: milliseconds since 1970; a meeting that has ended by then
    was held, a later one is booked if it starts within the horizon. `zone`: for times and calendars without one.
    """
    options = _ReadOptions(path.name, frozenset(map(str.lower, own_domains)), now, source or f"calendar/{path.stem}")
    entries, items = _entries(path, options)
    yield from items
    until = datetime.fromtimestamp(now / 1000, UTC) + timedelta(days=horizon_days)
    dated = [pair for group in _grouped_by_uid(entries) for pair in _items_of_uid(group, until, zone, options)]
    yield from (item for _, item in sorted(dated, key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class _ReadOptions:
    file: str
    own_domains: frozenset[str]
    now: int
    source: str

    def where(self, line: int) -> str:
        return f"{self.file}:{line}"


_Dated = tuple[int, Item]


def _entries(path: Path, options: _ReadOptions) -> tuple[list[CalendarEntry], list[Item]]:
    """The valid events, and the items of everything else."""
    components = list(read_components(path))
    register_zones(item for item in components if isinstance(item, Component) and item.kind == "VTIMEZONE")
    entries: list[CalendarEntry] = []
    items: list[Item] = []
    for component in components:
        outcome = _parsed(component, options)
        if isinstance(outcome, CalendarEntry):
            entries.append(outcome)
        elif outcome is not None:
            items.append(outcome)
    return entries, items


def _parsed(component: Component | BrokenComponent, options: _ReadOptions) -> CalendarEntry | Item | None:
    where = options.where(component.line)
    if isinstance(component, BrokenComponent):
        return Rejected(where, component.code, component.why)
    if component.kind != "VEVENT":
        return None if component.kind == "VTIMEZONE" else Filtered(where, f"not a meeting ({component.kind})")
    if component.calendar.method in _REPLY_METHODS:
        return Filtered(where, f"an answer to an invitation (METHOD:{component.calendar.method})")
    entry = parse_entry(component)
    return Rejected(options.where(entry.line), entry.code, entry.why) if isinstance(entry, InvalidEntry) else entry


def _grouped_by_uid(entries: list[CalendarEntry]) -> Iterable[list[CalendarEntry]]:
    groups: dict[str, list[CalendarEntry]] = defaultdict(list)
    for entry in newest_versions(entries):
        groups[entry.uid].append(entry)
    return groups.values()


def _items_of_uid(group: list[CalendarEntry], until: datetime, zone: tzinfo, options: _ReadOptions) -> Iterator[_Dated]:
    """Items of the occurrences that have ended or were canceled, and of the next one: the booking of the series."""
    booked = False
    for occurrence in occurrences(group, until, zone):
        if isinstance(occurrence, InvalidEntry):
            yield options.now, Rejected(options.where(occurrence.line), occurrence.code, occurrence.why)
        elif occurrence.canceled or from_datetime(occurrence.end) <= options.now:
            yield from _items_of_occurrence(occurrence, options)
        elif not booked:
            booked = True
            yield from _items_of_occurrence(occurrence, options)


def _items_of_occurrence(occurrence: Occurrence, options: _ReadOptions) -> Iterator[_Dated]:
    where, start = options.where(occurrence.entry.line), from_datetime(occurrence.start)
    if occurrence.all_day or start < 0:
        yield start, Filtered(where, "an all-day entry" if occurrence.all_day else "before 1970")
        return
    invited = external_attendees(occurrence.event, options.own_domains)
    if not invited:
        yield start, Filtered(where, "no outside attendee")
        return
    kind, time, planned = _classify(occurrence, options.now)
    for attendee in invited:
        yield time, _observation(occurrence, attendee, kind, time, f"{occurrence.entry.uid}/{planned}", options)


def _classify(occurrence: Occurrence, now: int) -> tuple[str, int, str]:
    """Kind, time and planned start of the event. A booking has `-` as planned start: one per UID, even if it moves."""
    event, start, planned = occurrence.event, from_datetime(occurrence.start), _formatted(occurrence.planned)
    if occurrence.canceled:
        return "canceled", min(_change_time(occurrence, "LAST-MODIFIED", "DTSTAMP", "CREATED") or start, now), planned
    if from_datetime(occurrence.end) > now:
        booked = _change_time(occurrence, "CREATED", "DTSTAMP", "LAST-MODIFIED")
        return "booked", min(now if booked is None else booked, now), "-"
    return ("missed" if _is_no_show(event) else "held"), start, planned


def _change_time(occurrence: Occurrence, *names: str) -> int | None:
    stamp = first_timestamp(occurrence.event, *names)
    return stamp if stamp is not None and stamp >= 0 else None


def _is_no_show(event: Any) -> bool:
    marked = str(event.get("X-STAFFEL-NO-SHOW", "")).strip().upper() in ("TRUE", "YES", "1")
    return marked or str(event.get("SUMMARY", "")).strip().lower().startswith(_NO_SHOW_PREFIXES)


def _observation(
    occurrence: Occurrence, attendee: Attendee, kind: str, time: int, meeting: str, options: _ReadOptions
) -> Observation:
    attending = [one for one in attendees(occurrence.event) if not one.declined]
    fields = {
        "meeting": occurrence.entry.uid,
        "title": _title(occurrence.event),
        "starts_at": _formatted(occurrence.start),
        "minutes": int((occurrence.end - occurrence.start).total_seconds() // 60),
        "attendees": len(attending),
    }
    return Observation(
        where=options.where(occurrence.entry.line),
        source=options.source,
        id=f"{meeting}/{_hash(attendee.email or '')}/{kind}",
        type=f"meeting.{kind}.v1",
        time=time,
        data={name: value for name, value in fields.items() if value is not None},
        email=attendee.email,
        name=attendee.name,
    )


def _title(event: Any) -> str | None:
    """The title in one line, without prefixes such as `Canceled:` or `No-show:`."""
    title = " ".join(str(event.get("SUMMARY", "")).split())
    prefixes = (*_NO_SHOW_PREFIXES, *_CANCELED_PREFIXES)
    prefix = next((prefix for prefix in prefixes if title.lower().startswith(prefix)), "")
    return title[len(prefix) :].strip()[:300] or None


def _formatted(moment: datetime) -> str:
    return format_time(from_datetime(moment))


def _hash(email: str) -> str:
    return blake2b(email.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
