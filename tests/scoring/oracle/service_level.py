"""Due times for the oracle (scoring rules 32 and 33): walks through time minute by minute. Reads no clock.

A model's `handoff` is taken as it is written in YAML. Offsets of zones are whole minutes since 1972.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.scoring.oracle.calendar import DAY, HOUR, local_day, read_duration

MINUTE = timedelta(minutes=1)
LONGEST = 800 * DAY
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PART = re.compile(r"(\d+) *(business )? *(minute|hour|day|m|h|d)")
_SIZES = {"m": MINUTE, "h": HOUR, "d": DAY}


@dataclass(frozen=True)
class Office:
    """When somebody is there."""

    zone: ZoneInfo
    hours: str
    closed: frozenset[str]

    def is_open(self, moment: datetime) -> bool:
        """Looks at the wall clock, and at nothing else."""
        local = moment.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        spans = spans_of(self.hours, local.weekday())
        return any(opens <= minute < closes for opens, closes in spans) and local.date().isoformat() not in self.closed

    def is_open_minute(self, moment: datetime) -> bool:
        return self.is_open(moment.replace(second=0, microsecond=0))


def due_time(
    handoff: Mapping[str, Any],
    route: Mapping[str, Any] | None,
    timezone: str,
    times: tuple[datetime, datetime, datetime],
    *,
    act_now: bool,
) -> datetime | None:
    """Of a crossing. `times` are `crossed_at`, and `time` and `recordedtime` of the record that caused it."""
    crossed, caused, recorded = times
    level, own = handoff.get("service_level") or {}, route or {}
    agreed = (level.get("act_now") if act_now else None) or level.get("accept_within")
    if agreed is None or recorded - caused > read_duration(level.get("history", "7d")):
        return None
    office = Office(
        ZoneInfo(own.get("zone", timezone)),
        own.get("hours", level.get("hours", "")),
        frozenset(own.get("closed", level.get("closed", []))),
    )
    return end_of(agreed, max(crossed, recorded), office)


def end_of(agreed: str, start: datetime, office: Office) -> datetime | None:
    parts = [(int(count), business, unit) for count, business, unit in _PART.findall(agreed)]
    if not parts[0][1]:
        return start + sum((count * _SIZES[unit[0]] for count, _, unit in parts), timedelta())
    days = sum(count for count, _, unit in parts if unit[0] == "d")
    open_time = sum((count * _SIZES[unit[0]] for count, _, unit in parts if unit[0] != "d"), timedelta())
    close = _close(days, start, office) if days else start
    return None if close is None else _after_open_time(open_time, close, start + LONGEST, office)


def _after_open_time(left: timedelta, moment: datetime, latest: datetime, office: Office) -> datetime | None:
    """Walks to the end of each minute, and counts those in which the office is open."""
    while left > timedelta():
        if moment >= latest:
            return None
        walked = moment.replace(second=0, microsecond=0) + MINUTE - moment
        if office.is_open_minute(moment):
            walked = min(walked, left)
            left -= walked
        moment += walked
    return moment if moment <= latest else None


def _close(count: int, start: datetime, office: Office) -> datetime | None:
    """The end of the last open minute of the day that is counted last."""
    today = local_day(start, office.zone)
    for ahead in range((LONGEST // DAY) + 1):
        opened = open_minutes(today + ahead * DAY, office)
        if opened and (ahead > 0 or start < opened[0]):
            count -= 1
            if count == 0:
                close = opened[-1] + MINUTE
                return close if close <= start + LONGEST else None
    return None


def open_minutes(day: date, office: Office) -> list[datetime]:
    """All open minutes that the zone's wall calendar gives to a day, found by looking at three days of UTC."""
    if not spans_of(office.hours, day.weekday()):
        return []
    from_utc = datetime.fromisoformat(f"{day}T00:00:00+00:00") - DAY
    minutes = (from_utc + minute * MINUTE for minute in range(3 * DAY // MINUTE))
    return [each for each in minutes if local_day(each, office.zone) == day and office.is_open(each)]


@cache
def spans_of(hours: str, weekday: int) -> list[tuple[int, int]]:
    """Minutes of the day from which and up to which it is open."""
    parts = [part.split() for part in hours.split(", ") if part]
    return [_minutes(times) for days, times in parts if weekday in _weekdays(days)]


def _weekdays(days: str) -> tuple[int, ...]:
    first, last = (_WEEKDAYS.index(name) for name in (days.split("-") * 2)[:2])
    return tuple((first + step) % 7 for step in range((last - first) % 7 + 1))


def _minutes(times: str) -> tuple[int, int]:
    opens, closes = (int(clock[:2]) * 60 + int(clock[3:]) for clock in times.split("-"))
    return opens, closes
