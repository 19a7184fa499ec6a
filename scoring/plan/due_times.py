"""When sales has to have answered: allowances counted in plain time or in opening hours. Never reads a clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.times import from_datetime
from scoring.model.definition import Handoff
from scoring.model.service_level import Allowance, OpenHours

_MINUTE = 60_000
_SEARCHED_DAYS = 800
"""Longer than any allowance takes with one open day a week and the shortest hours that make sense."""


def due_at(crossed_at: int, act_now: bool, handoff: Handoff, timezone: str) -> int | None:
    """Until when a handoff may be accepted in time; None where nothing is asked for. Milliseconds since 1970."""
    level = handoff.service_level
    if level is None:
        return None
    allowance = (act_now and level.act_now) or level.accept_within
    return None if allowance is None else after(crossed_at, allowance, level.hours, timezone)


def after(start: int, allowance: Allowance, hours: tuple[OpenHours, ...], timezone: str) -> int:
    """The end of an allowance that begins at `start`. Business time runs in `hours`; a business day ends at the same
    local time on the next day with opening hours. What begins outside them begins when they open.
    """
    if not allowance.business:
        return start + allowance.minutes * _MINUTE
    zone = _zone(timezone)
    for _ in range(allowance.days):
        start = _next_day(_opening(start, hours, zone), hours, zone)
    return _worked(start, allowance.minutes * _MINUTE, hours, zone)


def _worked(start: int, left: int, hours: tuple[OpenHours, ...], zone: ZoneInfo) -> int:
    """The instant at which `left` milliseconds of opening hours have passed since `start`."""
    for opens, closes in _spans(start, hours, zone):
        begun = max(start, opens)
        if left <= closes - begun:
            return begun + left
        left -= closes - begun
    return start + left


def _opening(start: int, hours: tuple[OpenHours, ...], zone: ZoneInfo) -> int:
    """`start` itself where it lies in opening hours, else the next opening."""
    return max(start, next(_spans(start, hours, zone))[0])


def _next_day(start: int, hours: tuple[OpenHours, ...], zone: ZoneInfo) -> int:
    """The same local time on the next day that has opening hours."""
    local = _local(start, zone)
    open_days = {day for one in hours for day in one.days}
    step = next(step for step in range(1, 8) if (local.weekday() + step) % 7 in open_days)
    return from_datetime((local.replace(tzinfo=None) + timedelta(days=step)).replace(tzinfo=zone))


def _spans(start: int, hours: tuple[OpenHours, ...], zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Opening hours that end after `start`, in order."""
    first = _local(start, zone).date()
    for step in range(_SEARCHED_DAYS):
        for opens, closes in _of_day(first + timedelta(days=step), hours, zone):
            if closes > start:
                yield opens, closes


def _of_day(day: date, hours: tuple[OpenHours, ...], zone: ZoneInfo) -> list[tuple[int, int]]:
    ranges = [(one.opens, one.closes) for one in hours if day.weekday() in one.days]
    return sorted((_instant(day, opens, zone), _instant(day, closes, zone)) for opens, closes in ranges)


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    midnight = datetime(day.year, day.month, day.day)
    return from_datetime((midnight + timedelta(minutes=minute)).replace(tzinfo=zone))


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(zone)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
