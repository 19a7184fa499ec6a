"""The person at the screen: instants in their time zone, dated from the instant that the output is valued at."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas import parse_time
from staffel.application import Application

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English whatever the locale is, as all other words of the output."""

Instant = int | str
"""Milliseconds since 1970, or a canonical timestamp."""


class Viewer(NamedTuple):
    """Shows instants in the zone of a person. What is printed for machines stays in UTC."""

    zone_name: str
    as_of: int
    """The instant of the head of the output; the years of others are shown where they differ from its year."""

    def instant(self, time: Instant | None) -> str | None:
        """`Mon 5 Jan 10:12`, `Mon 5 Jan 2026 10:12` in another year; None stays None."""
        if time is None:
            return None
        local = self.local(time)
        year = "" if local.year == self.local(self.as_of).year else f" {local.year}"
        return f"{_day_text(local)}{year} {_clock_text(local)}"

    @property
    def head(self) -> str:
        """The instant of the head and the zone of everything below: `Mon 5 Jan 2026 10:12 (Europe/Berlin)`."""
        local = self.local(self.as_of)
        return f"{_day_text(local)} {local.year} {_clock_text(local)} ({self.zone_name})"

    def day(self, time: Instant | None) -> str | None:
        """`Mon 5 Jan`, with the year where it differs from that of the head."""
        if time is None:
            return None
        local = self.local(time)
        return _day_text(local) + ("" if local.year == self.local(self.as_of).year else f" {local.year}")

    def local(self, time: Instant) -> datetime:
        """The instant on the clock of the viewer."""
        milliseconds = parse_time(time) if isinstance(time, str) else time
        return datetime.fromtimestamp(milliseconds // 1000, UTC).astimezone(ZoneInfo(self.zone_name))


def viewer_of(application: Application, as_of: int | None = None) -> Viewer:
    """In the zone of STAFFEL_ZONE, else of the active model; `as_of` is by default the present."""
    zone_name = application.settings.zone or application.plan.model.timezone
    return Viewer(zone_name, application.clock() if as_of is None else as_of)


def _day_text(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def _clock_text(local: datetime) -> str:
    """`10:12`; in the hour that comes twice when clocks go back, with the offset from UTC: `02:30+01:00`."""
    other = local.replace(fold=1 - local.fold)
    comes_twice = other.utcoffset() != local.utcoffset() and _is_real(local) and _is_real(other)
    return f"{local:%H:%M}" + (_offset_text(local) if comes_twice else "")


def _is_real(local: datetime) -> bool:
    """Whether a clock showed this time; in the hour that is skipped, none did."""
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)


def _offset_text(local: datetime) -> str:
    offset = f"{local:%z}"
    return f"{offset[:3]}:{offset[3:5]}"
