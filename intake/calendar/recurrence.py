"""Expands calendar entries into occurrences, single or recurring."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from recurring_ical_events import of

from intake.calendar.events import (
    CalendarEntry,
    DateOrTime,
    InvalidEntry,
    as_instant,
    duration_of,
    is_canceled,
    property_time,
)

MAX_OCCURRENCES = 5_000
"""Per series. A longer series is reported as rejected after this many occurrences."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=366)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One occurrence of a meeting. `planned` is its original start in the series; with the UID it identifies it."""

    entry: CalendarEntry
    event: Event
    start: datetime
    end: datetime
    planned: datetime
    all_day: bool
    canceled: bool


def occurrences(entries: list[CalendarEntry], until: datetime, zone: tzinfo) -> Iterator[Occurrence | InvalidEntry]:
    """Every occurrence of one UID that starts before `until`, by start. A canceled series yields one occurrence.

    `entries`: the newest versions, the series and its moved occurrences. `zone`: for times without one.
    """
    series = next((entry for entry in entries if entry.recurrence_id is None), None)
    if series is not None and (series.canceled or (len(entries) == 1 and not _is_recurring(series.event))):
        yield from takewhile(lambda one: one.start < until, [_single_occurrence(series, zone)])
    elif series is None:
        yield from sorted((_single_occurrence(entry, zone) for entry in entries), key=lambda one: one.start)
    else:
        yield from _expand(series, entries, until, zone)


def zone_named(name: str | None) -> tzinfo | None:
    """The zone with this name, if any."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def _single_occurrence(entry: CalendarEntry, zone: tzinfo) -> Occurrence:
    return _occurrence(entry, entry.event, zone)


def _occurrence(entry: CalendarEntry, event: Event, zone: tzinfo) -> Occurrence:
    zone = zone_named(entry.zone) or zone
    first, planned = _start_of(event), property_time(event, "RECURRENCE-ID")
    start = as_instant(first, zone)
    return Occurrence(
        entry=entry,
        event=event,
        start=start,
        end=start + duration_of(event),
        planned=as_instant(planned, zone) if planned else start,
        all_day=not isinstance(first, datetime),
        canceled=entry.canceled or is_canceled(event),
    )


def _expand(
    series: CalendarEntry, entries: list[CalendarEntry], until: datetime, zone: tzinfo
) -> Iterator[Occurrence | InvalidEntry]:
    zone = zone_named(series.zone) or zone
    moved_entries = {as_instant(entry.recurrence_id, zone): entry for entry in entries if entry.recurrence_id}
    count = 0
    try:
        for event in _events(entries, until, zone):
            count += 1
            if count > MAX_OCCURRENCES:
                why = f"more than {MAX_OCCURRENCES:,} occurrences; the later ones are ignored"
                yield InvalidEntry(series.line, "too_many_occurrences", why)
                return
            planned = property_time(event, "RECURRENCE-ID") or _start_of(event)
            yield _occurrence(moved_entries.get(as_instant(planned, zone), series), event, zone)
    except Exception as error:
        yield InvalidEntry(series.line, "bad_recurrence", f"cannot expand the recurrence: {str(error)[:200]}")


def _events(entries: list[CalendarEntry], until: datetime, zone: tzinfo) -> Iterator[Event]:
    """The occurrences, expanded year by year, so that an endless rule costs only what is consumed."""
    query = _recurrence_query(entries)
    begin = max(min(as_instant(_start_of(entry.event), zone) for entry in entries) - _DAY, _EPOCH)
    seen: set[tuple[DateOrTime, DateOrTime | None]] = set()
    while begin < until:
        end = min(begin + _YEAR, until)
        for event in sorted(query.between(begin, end), key=lambda event: as_instant(_start_of(event), zone)):
            key = (_start_of(event), property_time(event, "RECURRENCE-ID"))
            if key not in seen:
                seen.add(key)
                yield event
        begin = end


def _recurrence_query(entries: list[CalendarEntry]) -> Any:
    calendar = Calendar()
    calendar.subcomponents = [entry.event for entry in entries]
    if zone_named(entries[0].zone):
        calendar.add("X-WR-TIMEZONE", entries[0].zone)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return of(calendar)


def _start_of(event: Event) -> DateOrTime:
    """DTSTART, which `parse_entry` has checked."""
    return property_time(event, "DTSTART") or _EPOCH


def _is_recurring(event: Event) -> bool:
    return "RRULE" in event or "RDATE" in event
