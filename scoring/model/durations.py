"""Durations of the model language (`30d`, `720h`), as whole hours."""

import re
from fractions import Fraction

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([hd])")
_HOURS_PER_UNIT = {"h": 1, "d": 24}
_MAX_HOURS = 24 * 366 * 100


def parse_hours(text: str, endless: str = "") -> int:
    """Whole hours of `30d` or `720h`, at least 1. ValueError names what was expected.

    `endless` is what to write for no end, if that can be written.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a valid duration; write hours or days, for instance 36h or 30d")
    hours = Fraction(match[1]) * _HOURS_PER_UNIT[match[2]]
    if hours.denominator != 1:
        raise ValueError(f"{text!r} is not a whole number of hours")
    return _check_range(text, int(hours), endless)


def parse_days(text: str) -> int:
    """Whole days of `90d`, at least 1. ValueError names what was expected."""
    days, rest = divmod(parse_hours(text), 24)
    if rest:
        raise ValueError(f"{text!r} is not a whole number of days")
    return days


def format_hours(hours: int) -> str:
    """The canonical text: whole days if possible, else hours."""
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"


def _check_range(text: str, hours: int, endless: str) -> int:
    if hours < 1:
        raise ValueError(f"{text!r} is too short; write at least 1h{f', or {endless}' if endless else ''}")
    if hours > _MAX_HOURS:
        raise ValueError(f"{text!r} is more than a hundred years; write {endless or format_hours(_MAX_HOURS)}")
    return hours
