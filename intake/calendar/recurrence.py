"""Says when an entry of a calendar took and takes place, once or in a series; never reads a clock."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from recurring_ical_events import of

from intake.calendar.events import Entry, Faulty, Moment, as_instant, is_canceled, length_of, moment_of

MOST_OCCURRENCES = 5_000
"""Per series; what comes after is not read and the series is named in a rejection."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=366)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One meeting in time. `planned` is when it stood in the series at first: with the UID its identity."""

    entry: Entry
    event: Event
    start: datetime
    end: datetime
    planned: datetime
    all_day: bool
    canceled: bool


def occurrences(entries: list[Entry], until: datetime, zone: tzinfo) -> Iterator[Occurrence | Faulty]:
    """Every occurrence of one UID that starts before `until`, by start; a series called off as a whole gives one.

    `entries`: the newest versions, the series and its moved occurrences. `zone`: for times without one.
    """
    series = next((entry for entry in entries if entry.instance is None), None)
    if series is not None and (series.canceled or (len(entries) == 1 and not _recurs(series.event))):
        yield from takewhile(lambda one: one.start < until, [_once(series, zone)])
    elif series is None:
        yield from sorted((_once(entry, zone) for entry in entries), key=lambda one: one.start)
    else:
        yield from _expanded(series, entries, until, zone)


def zone_named(name: str | None) -> tzinfo | None:
    """The zone, or None where no zone is called so."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def _once(entry: Entry, zone: tzinfo) -> Occurrence:
    return _occurrence(entry, entry.event, zone)


def _occurrence(entry: Entry, event: Event, zone: tzinfo) -> Occurrence:
    zone = zone_named(entry.zone) or zone
    first, planned = _start(event), moment_of(event, "RECURRENCE-ID")
    start = as_instant(first, zone)
    return Occurrence(
        entry=entry,
        event=event,
        start=start,
        end=start + length_of(event),
        planned=as_instant(planned, zone) if planned else start,
        all_day=not isinstance(first, datetime),
        canceled=entry.canceled or is_canceled(event),
    )


def _expanded(series: Entry, entries: list[Entry], until: datetime, zone: tzinfo) -> Iterator[Occurrence | Faulty]:
    zone = zone_named(series.zone) or zone
    by_instance = {as_instant(entry.instance, zone): entry for entry in entries if entry.instance is not None}
    count = 0
    try:
        for event in _events(entries, until, zone):
            count += 1
            if count > MOST_OCCURRENCES:
                why = f"more than {MOST_OCCURRENCES:,} occurrences; the later ones are not read"
                yield Faulty(series.line, "too_many_occurrences", why)
                return
            planned = moment_of(event, "RECURRENCE-ID") or _start(event)
            yield _occurrence(by_instance.get(as_instant(planned, zone), series), event, zone)
    except Exception as error:
        yield Faulty(series.line, "bad_recurrence", f"the recurrence cannot be followed: {str(error)[:200]}")


def _events(entries: list[Entry], until: datetime, zone: tzinfo) -> Iterator[Event]:
    """The occurrences in pieces of a year, so that an endless rule costs no more than what is taken."""
    query = _query(entries)
    begin = max(min(as_instant(_start(entry.event), zone) for entry in entries) - _DAY, _EARLIEST)
    seen: set[tuple[Moment, Moment | None]] = set()
    while begin < until:
        end = min(begin + _YEAR, until)
        for event in sorted(query.between(begin, end), key=lambda event: as_instant(_start(event), zone)):
            key = (_start(event), moment_of(event, "RECURRENCE-ID"))
            if key not in seen:
                seen.add(key)
                yield event
        begin = end


def _query(entries: list[Entry]) -> Any:
    calendar = Calendar()
    calendar.subcomponents = [entry.event for entry in entries]
    if zone_named(entries[0].zone):
        calendar.add("X-WR-TIMEZONE", entries[0].zone)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return of(calendar)


def _start(event: Event) -> Moment:
    """Checked when the entry was made: it is there."""
    return moment_of(event, "DTSTART") or _EARLIEST


def _recurs(event: Event) -> bool:
    return "RRULE" in event or "RDATE" in event
