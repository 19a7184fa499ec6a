"""Validates VEVENTs and selects the newest version of each."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b
from math import prod
from typing import Any

from icalendar import Calendar, Event
from icalendar.timezone import tzp

from intake.calendar.components import Component, property_name
from schemas import from_datetime

_TIME_PROPERTIES = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE")
_EVENT_PROPERTIES = frozenset(
    {*_TIME_PROPERTIES, "UID", "STATUS", "SUMMARY", "SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED"}
)
_READ_PROPERTIES = _EVENT_PROPERTIES | {"ORGANIZER", "ATTENDEE", "X-STAFFEL-NO-SHOW"}
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_MAX_PER_DAY = 24
DateOrTime = datetime | date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A valid VEVENT. With a `recurrence_id` it replaces that occurrence of a series."""

    line: int
    uid: str
    recurrence_id: DateOrTime | None
    event: Event
    method: str
    zone: str | None
    revision: tuple[int, int, int]
    """SEQUENCE, DTSTAMP, line: the highest is the newest."""

    @property
    def canceled(self) -> bool:
        return self.method == "CANCEL" or is_canceled(self.event)


@dataclass(frozen=True, slots=True)
class InvalidEntry:
    """Why a VEVENT is invalid, and in which line."""

    line: int
    code: str
    why: str


def register_zones(zones: Iterable[Component]) -> None:
    """Register the VTIMEZONEs of a file with the parser, replacing those of the previous file."""
    tzp.use_default()
    for zone in zones:
        if not any("SECONDLY" in text or "MINUTELY" in text or "HOURLY" in text for _, text in zone.lines):
            _parse(Calendar, "VCALENDAR", ["BEGIN:VTIMEZONE", *(text for _, text in zone.lines), "END:VTIMEZONE"])


def parse_entry(component: Component) -> CalendarEntry | InvalidEntry:
    """Parse and validate a VEVENT; other properties than those of `_READ_PROPERTIES` are ignored."""
    event = _parse(Event, "VEVENT", [text for _, text in component.lines if property_name(text) in _READ_PROPERTIES])
    if event is None:
        return InvalidEntry(component.line, "bad_event", "this VEVENT is not valid iCalendar (RFC 5545)")
    _drop_unparsed(event)
    problem = _event_problem(event, component)
    return problem if problem else _entry(event, component)


def newest_versions(entries: Iterable[CalendarEntry]) -> list[CalendarEntry]:
    """The newest version of each UID and RECURRENCE-ID, in order of first appearance."""
    newest_by_key: dict[tuple[str, DateOrTime | None], CalendarEntry] = {}
    for entry in entries:
        key = (entry.uid, as_instant(entry.recurrence_id) if entry.recurrence_id else None)
        if key not in newest_by_key or entry.revision >= newest_by_key[key].revision:
            newest_by_key[key] = entry
    return list(newest_by_key.values())


def is_canceled(event: Event) -> bool:
    """Whether the event is canceled, by its status or by the title prefix that mail programs add."""
    title = str(event.get("SUMMARY", "")).strip().lower()
    canceled_title = title.startswith(("canceled:", "cancelled:", "abgesagt:"))
    return canceled_title or str(event.get("STATUS", "")).strip().upper() in ("CANCELLED", "CANCELED")


def as_instant(moment: DateOrTime, zone: tzinfo = UTC) -> datetime:
    """The time with a zone, so that times are comparable: a date at midnight, a floating time in `zone`."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), zone)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def property_time(event: Event, name: str) -> DateOrTime | None:
    """The date or date-time of a property; None if it is missing, repeated or of another type."""
    moment = getattr(event.get(name), "dt", None)
    return moment if isinstance(moment, date) else None


def first_timestamp(event: Event, *names: str) -> int | None:
    """Milliseconds since 1970 of the first of these properties that has a valid time."""
    for name in names:
        moment = property_time(event, name)
        if moment is not None:
            return from_datetime(as_instant(moment))
    return None


def duration_of(event: Event) -> timedelta:
    """By DTEND, else DURATION, else one day for a date and zero for a time. Negative if DTEND is before DTSTART."""
    start, end = property_time(event, "DTSTART"), property_time(event, "DTEND")
    if start is not None and end is not None:
        return as_instant(end) - as_instant(start)
    duration = getattr(event.get("DURATION"), "dt", None)
    if isinstance(duration, timedelta):
        return duration
    return timedelta(0) if isinstance(start, datetime) else timedelta(days=1)


def _parse(kind: type[Any], name: str, lines: list[str]) -> Any:
    text = "\r\n".join((f"BEGIN:{name}", *lines, f"END:{name}", ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind.from_ical(text)
        except Exception:
            return None


def _drop_unparsed(event: Event) -> None:
    for name, _ in event.errors:
        if name is not None and name.upper() not in _TIME_PROPERTIES:
            event.pop(name, None)


def _event_problem(event: Event, component: Component) -> InvalidEntry | None:
    for name, why in event.errors:
        if name is not None and name.upper() in _TIME_PROPERTIES:
            code = "bad_recurrence" if name.upper() in ("RRULE", "RDATE", "EXDATE") else "bad_time"
            return InvalidEntry(component.line_of(name.upper()), code, f"{name}: {str(why)[:200]}")
    return _time_problem(event, component) or _recurrence_problem(event, component)


def _time_problem(event: Event, component: Component) -> InvalidEntry | None:
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        moment, value = property_time(event, name), event.get(name)
        if moment is None and (value is not None or name == "DTSTART"):
            return InvalidEntry(
                component.line_of(name),
                "bad_time",
                f"{name} is missing, repeated, or not a date-time like 20240131T090000Z",
            )
        zone = getattr(value, "params", {}).get("TZID")
        if zone and isinstance(moment, datetime) and moment.tzinfo is None:
            return InvalidEntry(
                component.line_of(name),
                "unknown_zone",
                f"{name}: unknown TZID {zone!r}; add its VTIMEZONE",
            )
        if moment is not None and not 1900 <= moment.year <= 9000:
            return InvalidEntry(component.line_of(name), "bad_time", f"{name}: implausible year {moment.year}")
    if duration_of(event) < timedelta(0):
        return InvalidEntry(component.line_of("DTEND"), "bad_time", "the event ends before it starts")
    return None


def _recurrence_problem(event: Event, component: Component) -> InvalidEntry | None:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        why = _frequency_problem(rule)
        if why:
            return InvalidEntry(component.line_of("RRULE"), "bad_recurrence", f"RRULE {why}")
    return None


def _frequency_problem(rule: Any) -> str | None:
    """Why the rule would expand into too many occurrences, if it would."""
    if not set(map(str, rule.get("FREQ", ["?"]))) <= _FREQUENCIES:
        return "recurs hourly or faster, or has no FREQ; supported are DAILY, WEEKLY, MONTHLY and YEARLY"
    if any(not isinstance(interval, int) or interval < 1 for interval in rule.get("INTERVAL", ())):
        return "has an INTERVAL below 1"
    if prod(max(1, len(rule.get(part, ()))) for part in ("BYHOUR", "BYMINUTE", "BYSECOND")) > _MAX_PER_DAY:
        return f"recurs more than {_MAX_PER_DAY} times a day"
    return None


def _entry(event: Event, component: Component) -> CalendarEntry:
    sequence = event.get("SEQUENCE", 0)
    return CalendarEntry(
        line=component.line,
        uid=_uid(event, component),
        recurrence_id=property_time(event, "RECURRENCE-ID"),
        event=event,
        method=component.calendar.method,
        zone=component.calendar.zone,
        revision=(sequence if isinstance(sequence, int) else 0, first_timestamp(event, "DTSTAMP") or 0, component.line),
    )


def _uid(event: Event, component: Component) -> str:
    """The UID without spaces; a hash of the content if it is missing, a hash of the UID if it is too long."""
    uid = "".join(str(event.get("UID", "")).split())
    if 0 < len(uid) <= 300:
        return uid
    content = uid or "\n".join(text for _, text in component.lines)
    return f"content:{blake2b(content.encode('utf-8', 'surrogatepass'), digest_size=10).hexdigest()}"
