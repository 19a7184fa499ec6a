"""Local days, weeks, months and quarters of a time zone, as integers.

A day is its number since 1970-01-01 in local time; instants are milliseconds since 1970 in UTC.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400_000
QUARTER_HOUR = 900_000
LAST_INSTANT = 253_402_300_799_999
"""The last instant of the year 9999."""
_EPOCH_DATE = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MONDAY = 4  # 1970-01-05
_MAX_CACHED_DAYS = 200_000
_LAST_DAY = (date(9999, 12, 29) - _EPOCH_DATE).days
_LAST_MIDNIGHT = _LAST_DAY * DAY
"""The last day and midnight that Python dates can express; later instants are treated as these."""


class Window(NamedTuple):
    """A calendar window: its number within its kind, and the instant at which it ends (None for `ever`)."""

    number: int
    end: int | None


def _day_number(day: date) -> int:
    return (day - _EPOCH_DATE).days


def date_text(day: int) -> str:
    """`2026-01-05` of a local day."""
    return (_EPOCH_DATE + timedelta(days=day)).isoformat()


def _week_number(day: date) -> int:
    return (_day_number(day) - _FIRST_MONDAY) // 7


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _quarter_number(day: date) -> int:
    return _month_number(day) // 3


def _month_start(number: int) -> int:
    return _day_number(date(number // 12, number % 12 + 1, 1)) if number < 120_000 else _LAST_DAY


_WINDOW_NUMBERS: dict[str, Callable[[date], int]] = {
    "day": _day_number,
    "week": _week_number,
    "month": _month_number,
    "quarter": _quarter_number,
}
_WINDOW_STARTS: dict[str, Callable[[int], int]] = {
    "day": lambda number: number,
    "week": lambda number: number * 7 + _FIRST_MONDAY,
    "month": _month_start,
    "quarter": lambda number: _month_start(number * 3),
}
_EVER_WINDOW = Window(0, None)


class WindowsByDay(dict[int, Window]):
    """local day -> its window of one kind; a missing one is computed and stored."""

    __slots__ = ("_calendar", "_kind")

    def __init__(self, kind: str, calendar: "Calendar") -> None:
        super().__init__()
        self._kind = kind
        self._calendar = calendar

    def __missing__(self, day: int) -> Window:
        window = self[day] = self._calendar.window(self._kind, day)
        return window


class Calendar:
    """The calendar of one time zone, with caches of days and midnights."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._days: dict[int, int] = {}
        self._midnights: dict[int, int] = {}

    def day(self, instant: int) -> int:
        """The local day of an instant. Cached per quarter of an hour, except for quarters that days share."""
        local_day = self._days.get(instant // QUARTER_HOUR)
        return self._look_up_day(instant) if local_day is None else local_day

    def midnight(self, day: int) -> int:
        """The instant at which a local day begins."""
        instant = self._midnights.get(day)
        if instant is None:
            instant = self._midnights[day] = self._compute_midnight(day)
        return instant

    def window(self, kind: str, day: int) -> Window:
        """The window of this kind (day, week, month, quarter, ever) that contains a local day."""
        if kind == "ever":
            return _EVER_WINDOW
        number = _WINDOW_NUMBERS[kind](_EPOCH_DATE + timedelta(days=day))
        return Window(number, self.window_end(kind, number))

    def window_end(self, kind: str, number: int) -> int | None:
        """The instant at which the window of this number ends."""
        return None if kind == "ever" else self.midnight(_WINDOW_STARTS[kind](number + 1))

    def _look_up_day(self, instant: int) -> int:
        """Nearly all clocks change, and all days begin, on quarters; in St. John's they changed a minute past midnight
        until 2011, and Kiribati's offsets were once no quarters.
        """
        quarter = instant // QUARTER_HOUR
        first, last = (self._compute_day(quarter * QUARTER_HOUR + after) for after in (0, QUARTER_HOUR - 1))
        if first != last:
            return self._compute_day(instant)
        if len(self._days) >= _MAX_CACHED_DAYS:
            self._days.clear()
        self._days[quarter] = first
        return first

    def _compute_day(self, instant: int) -> int:
        return _day_number((_EPOCH + timedelta(milliseconds=min(instant, _LAST_MIDNIGHT))).astimezone(self.zone).date())

    def _compute_midnight(self, day: int) -> int:
        local_date = _EPOCH_DATE + timedelta(days=min(day, _LAST_DAY))
        # fold=0: if a day begins twice, its first beginning; if midnight is skipped, the instant of the skip
        local = datetime(local_date.year, local_date.month, local_date.day, tzinfo=self.zone)
        return (local.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


@lru_cache(maxsize=32)
def calendar_of(timezone: str) -> Calendar:
    return Calendar(timezone)
