"""Due times of handoffs: service levels counted in plain time or in opening hours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas import from_datetime
from scoring.model.definition import Handoff
from scoring.model.service_level import Allowance, OpeningHours

_MINUTE = 60_000
_MAX_SEARCH_DAYS = 800
"""Enough for every allowance with one open day a week, unless opening hours are unreasonably short."""


def due_at(crossed_at: int, act_now: bool, handoff: Handoff, timezone: str) -> int | None:
    """Until when sales must accept a handoff; None if the model has no service level. Milliseconds since 1970."""
    level = handoff.service_level
    if level is None:
        return None
    allowance = (act_now and level.act_now) or level.accept_within
    return None if allowance is None else allowance_end(crossed_at, allowance, level.hours, timezone)


def allowance_end(start: int, allowance: Allowance, hours: tuple[OpeningHours, ...], timezone: str) -> int:
    """The end of an allowance that begins at `start`. Business time runs in `hours`; a business day ends at the same
    local time on the next day with opening hours. What begins outside them begins when they open.
    """
    if not allowance.business:
        return start + allowance.minutes * _MINUTE
    zone = _zone(timezone)
    for _ in range(allowance.days):
        start = _next_business_day(_next_opening(start, hours, zone), hours, zone)
    return _after_open_time(start, allowance.minutes * _MINUTE, hours, zone)


def _after_open_time(start: int, remaining: int, hours: tuple[OpeningHours, ...], zone: ZoneInfo) -> int:
    """The instant at which `remaining` milliseconds of opening hours have passed since `start`."""
    for opens, closes in _opening_periods(start, hours, zone):
        counted_from = max(start, opens)
        if remaining <= closes - counted_from:
            return counted_from + remaining
        remaining -= closes - counted_from
    return start + remaining


def _next_opening(start: int, hours: tuple[OpeningHours, ...], zone: ZoneInfo) -> int:
    """`start` itself if it is within opening hours, else the next opening."""
    return max(start, next(_opening_periods(start, hours, zone))[0])


def _next_business_day(start: int, hours: tuple[OpeningHours, ...], zone: ZoneInfo) -> int:
    """The same local time on the next day that has opening hours."""
    local = _local_time(start, zone)
    open_days = {day for one in hours for day in one.days}
    step = next(step for step in range(1, 8) if (local.weekday() + step) % 7 in open_days)
    return from_datetime((local.replace(tzinfo=None) + timedelta(days=step)).replace(tzinfo=zone))


def _opening_periods(start: int, hours: tuple[OpeningHours, ...], zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Opening hours that end after `start`, in order."""
    first = _local_time(start, zone).date()
    for step in range(_MAX_SEARCH_DAYS):
        for opens, closes in _periods_of_day(first + timedelta(days=step), hours, zone):
            if closes > start:
                yield opens, closes


def _periods_of_day(day: date, hours: tuple[OpeningHours, ...], zone: ZoneInfo) -> list[tuple[int, int]]:
    ranges = [(one.opens, one.closes) for one in hours if day.weekday() in one.days]
    return sorted((_instant_of(day, opens, zone), _instant_of(day, closes, zone)) for opens, closes in ranges)


def _instant_of(day: date, minute: int, zone: ZoneInfo) -> int:
    midnight = datetime(day.year, day.month, day.day)
    return from_datetime((midnight + timedelta(minutes=minute)).replace(tzinfo=zone))


def _local_time(instant: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(zone)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
