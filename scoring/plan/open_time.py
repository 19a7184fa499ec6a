"""Open time: the instants whose local time lies in the opening hours of an open day (scoring.md 33).

It is found in pieces of UTC days, because local days may have gaps and repetitions: of an hour that a zone repeats
both passes are open, of one that it skips none, and a day that it skips is no day.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scoring.model.service_level import OpeningHours
from scoring.plan.calendar import DAY

_SECOND, _MINUTE, _HOUR = 1_000, 60_000, 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_THURSDAY = 3
"""The weekday of 1970-01-01, where Monday is 0."""
_FIRST_LOOKUP = (datetime(1, 1, 3, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST_LOOKUP = (datetime(9999, 12, 29, tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""Python dates end two days later in either direction; offsets beyond are those of these instants."""
_MAX_CACHED_DAYS = 20_000


class OpenPeriod(NamedTuple):
    """Open from one instant up to another, both on the same local day and the same UTC day."""

    opens: int
    closes: int
    day: int
    """The local day, as its number since 1970-01-01."""


class OpenTime:
    """Opening hours in a time zone, without closed days; with a cache of the open periods by UTC day."""

    def __init__(self, timezone: str, hours: tuple[OpeningHours, ...], closed: tuple[str, ...]) -> None:
        self._zone = ZoneInfo(timezone)
        self._spans_by_weekday = tuple(
            sorted((one.opens * _MINUTE, one.closes * _MINUTE) for one in hours if weekday in one.days)
            for weekday in range(7)
        )
        self._closed = frozenset((date.fromisoformat(day) - _EPOCH.date()).days for day in closed)
        self._periods_by_day: dict[int, tuple[OpenPeriod, ...]] = {}

    def end_after(self, start: int, duration: int, latest: int) -> int | None:
        """The instant at which `duration` of open time has passed since `start`; None if it lies after `latest`."""
        if duration <= 0:
            return start
        for period in self._periods(start, latest):
            counted_from = max(start, period.opens)
            if duration <= period.closes - counted_from:
                return counted_from + duration if counted_from + duration <= latest else None
            duration -= period.closes - counted_from
        return None

    def duration_between(self, start: int, end: int) -> int:
        """The open time from `start` to `end`."""
        periods = self._periods(start, end)
        return sum(max(0, min(end, period.closes) - max(start, period.opens)) for period in periods)

    def close_of_open_day(self, start: int, count: int, latest: int) -> int | None:
        """The close of the open day of this number after the day of `start`, which counts itself before it opens."""
        today = (start + self._offset(start)) // DAY
        for day in range(today, (latest + self._offset(latest)) // DAY + 1):
            periods = self._periods_of_local_day(day)
            if not periods or (day == today and start >= periods[0].opens):
                continue
            count -= 1
            if count == 0:
                return periods[-1].closes if periods[-1].closes <= latest else None
        return None

    def _periods(self, start: int, end: int) -> Iterator[OpenPeriod]:
        """Open periods that end after `start` and begin before `end`, in order."""
        for day in range(start // DAY, end // DAY + 1):
            yield from (period for period in self._periods_of_utc_day(day) if period.closes > start)

    def _periods_of_local_day(self, day: int) -> list[OpenPeriod]:
        # no zone is a whole day away from UTC
        near = (period for utc_day in (day - 1, day, day + 1) for period in self._periods_of_utc_day(utc_day))
        return [period for period in near if period.day == day]

    def _periods_of_utc_day(self, day: int) -> tuple[OpenPeriod, ...]:
        periods = self._periods_by_day.get(day)
        if periods is None:
            if len(self._periods_by_day) >= _MAX_CACHED_DAYS:
                self._periods_by_day.clear()
            periods = self._periods_by_day[day] = tuple(self._compute_periods(day * DAY))
        return periods

    def _compute_periods(self, midnight: int) -> Iterator[OpenPeriod]:
        for start, end, offset in self._constant_offsets(midnight, midnight + DAY):
            for day in range((start + offset) // DAY, (end - 1 + offset) // DAY + 1):
                for opens, closes in self._spans_of(day):
                    period = OpenPeriod(
                        max(start, day * DAY + opens - offset), min(end, day * DAY + closes - offset), day
                    )
                    if period.opens < period.closes:
                        yield period

    def _spans_of(self, day: int) -> list[tuple[int, int]]:
        return [] if day in self._closed else self._spans_by_weekday[(day + _THURSDAY) % 7]

    def _constant_offsets(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The pieces of a UTC day with one offset each. Looks hour by hour: no zone changes twice within one."""
        offset = self._offset(start)
        for hour in range(start, end, _HOUR):
            if self._offset(hour + _HOUR) != offset:
                change = self._change_of_offset(hour, hour + _HOUR)
                if change > start:
                    yield start, change, offset
                start, offset = change, self._offset(change)
        if start < end:
            yield start, end, offset

    def _change_of_offset(self, before: int, after: int) -> int:
        """The first second with another offset than at `before`."""
        offset = self._offset(before)
        while after - before > _SECOND:
            middle = (before + after) // (2 * _SECOND) * _SECOND
            if self._offset(middle) == offset:
                before = middle
            else:
                after = middle
        return after

    def _offset(self, instant: int) -> int:
        """Local time minus UTC, in milliseconds."""
        moment = _EPOCH + min(max(instant, _FIRST_LOOKUP), _LAST_LOOKUP) * _MILLISECOND
        local = moment.astimezone(self._zone).replace(tzinfo=UTC)
        return (local - moment) // _MILLISECOND


@lru_cache(maxsize=64)
def open_time_of(timezone: str, hours: tuple[OpeningHours, ...], closed: tuple[str, ...]) -> OpenTime:
    return OpenTime(timezone, hours, closed)
