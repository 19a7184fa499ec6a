"""Parses the cells of CRM exports: dates, numbers, booleans. Ambiguous dates are rejected."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Literal, NamedTuple

from schemas import from_datetime

DateOrder = Literal["auto", "dmy", "mdy"]
"""The order of day and month in dates that do not begin with the year; `auto` rejects ambiguous ones."""

_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(.+))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:\s*([ap])\.?m\.?)?", re.IGNORECASE)
_EPOCH_MS = re.compile(r"1\d{12}")
_CURRENCY = re.compile(r"[\s'’]|^[A-Z]{3}|[A-Z]{3}$|[€$£¥]")
_NUMBER = re.compile(r"[+-]?\d[\d.,]{0,30}")
_RANGE = re.compile(r"(\d[\d.,]*)\s*(?:[-–]\s*\d[\d.,]*|\+)")
_TRUE_WORDS = frozenset({"1", "true", "yes", "y", "x", "ja", "wahr", "oui", "vrai"})
_FALSE_WORDS = frozenset({"0", "false", "no", "n", "nein", "falsch", "non", "faux"})


def time_of(text: str, order: DateOrder = "auto", zone: tzinfo = UTC) -> int:
    """Milliseconds since 1970. ISO 8601, 20-10-16, 20.10.2016, 10/20/2016 if unambiguous, 1564113600000.

    `zone`: for times without one. Raises ValueError with the reason.
    """
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    match = _DATE.fullmatch(text)
    try:
        moment = _parse_date(match, order) if match else datetime.fromisoformat(text)
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        message = str(error) if "--dates" in str(error) else "not a date: write it as 2026-01-05 or 2026-01-05 09:12"
        raise ValueError(message) from None


def number_of(text: str, *, decimal_comma: bool = False) -> int | float:
    """`1100.04`, `1,100.04`, `1.100,04`, `€ 1 100`; `1,100` alone is 1100, unless `decimal_comma`.

    Raises ValueError with the reason.
    """
    digits = _CURRENCY.sub("", text.strip())
    if not _NUMBER.fullmatch(digits):
        raise ValueError("not a number: write it as 1100.04")
    value = float(_with_decimal_point(digits, decimal_comma))
    return int(value) if value.is_integer() else value


def headcount_of(text: str, *, decimal_comma: bool = False) -> int | float:
    """A number of people; the lower end of a range (`201-500`, `10,001+`). Raises ValueError with the reason."""
    span = _RANGE.fullmatch(text.strip())
    return number_of(span[1] if span else text, decimal_comma=decimal_comma)


def boolean_of(text: str) -> bool | None:
    """Yes or no in English, German or French; None for other texts."""
    word = text.strip().casefold()
    return True if word in _TRUE_WORDS else (False if word in _FALSE_WORDS else None)


class ExportOptions(NamedTuple):
    """How an export is read. `as_of` (milliseconds since 1970): the time of rows without a date."""

    source: str = "crm"
    zone: tzinfo = UTC
    date_order: DateOrder = "auto"
    as_of: int | None = None


def _parse_date(match: re.Match[str], order: DateOrder) -> datetime:
    first, separator, second, year, clock = match.groups()
    day, month = (second, first) if _is_month_first(int(first), int(second), separator, order) else (first, second)
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
    hours, minutes, seconds = _parse_clock(clock) if clock else (0, 0, 0)
    return datetime(full, int(month), int(day), hours, minutes, seconds)


def _is_month_first(first: int, second: int, separator: str, order: DateOrder) -> bool:
    if order != "auto":
        return order == "mdy"
    if separator != "/" or first > 12 or first == second:
        return False
    if second <= 12:
        raise ValueError("ambiguous: add --dates dmy or --dates mdy")
    return True


def _parse_clock(text: str) -> tuple[int, int, int]:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hours, meridiem = int(match[1]), (match[4] or "").lower()
    if meridiem:
        hours = hours % 12 + (12 if meridiem == "p" else 0)
    return hours, int(match[2]), int(match[3] or 0)


def _with_decimal_point(digits: str, decimal_comma: bool) -> str:
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands, decimal = (",", ".") if point > comma else (".", ",")
        return digits.replace(thousands, "").replace(decimal, ".")
    mark = "," if comma >= 0 else "."
    grouped = digits.count(mark) > 1 or (len(digits) - digits.rfind(mark) == 4 and decimal_comma == (mark == "."))
    return digits.replace(mark, "" if grouped else ".")
