"""Parses the cells of CRM exports: dates and booleans. Ambiguous dates are rejected."""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple

from schemas import from_datetime

DateOrder = Literal["auto", "dmy", "mdy"]
"""The order of day and month in dates that do not begin with the year; `auto` rejects ambiguous ones."""

_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(.+))?")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?:[ T,]+(.+))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:\s*([ap])\.?m\.?)?", re.IGNORECASE)
_EPOCH_MS = re.compile(r"1\d{12}")
_TRUE_WORDS = frozenset(
    "1 true yes y x ✓ ja wahr oui vrai sí si verdadero waar vero sì sim verdadeiro tak prawda sand kyllä はい".split()
)
_FALSE_WORDS = frozenset(
    "0 false no n nein falsch non faux falso nee onwaar não nao nie fałsz nej falsk ei いいえ".split()
)


@lru_cache(maxsize=10_000)
def time_of(text: str, order: DateOrder = "auto", zone: tzinfo = UTC) -> int:
    """Milliseconds since 1970. ISO 8601, 2016/10/20, 20.10.2016, unambiguous 10/20/2016 and 20-10-16, 1564113600000.

    `zone`: for times without one. Raises ValueError with the reason.
    """
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    try:
        moment = _parse_moment(text, order)
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        message = str(error) if "--dates" in str(error) else "not a date: write it as 2026-01-05 or 2026-01-05 09:12"
        raise ValueError(message) from None


@lru_cache(maxsize=10_000)
def date_order_of(text: str) -> Literal["dmy", "mdy", "either"] | None:
    """Which order of day and month a date shows; None if it is written in another way, or both are the same number."""
    match = _DATE.fullmatch(text)
    return _order_of(int(match[1]), int(match[3]), match[2]) if match else None


def boolean_of(text: str) -> bool | None:
    """Yes or no in the languages of CRMs; None for other texts."""
    word = text.strip().casefold()
    return True if word in _TRUE_WORDS else (False if word in _FALSE_WORDS else None)


class ExportOptions(NamedTuple):
    """How an export is read. `as_of` (milliseconds since 1970): the time of rows without a date."""

    source: str = "crm"
    zone: tzinfo = UTC
    date_order: DateOrder = "auto"
    as_of: int | None = None
    numbers: Literal["auto", ".", ","] = "auto"
    """The decimal mark, for files that do not show it."""
    keeps_reasons: bool = False
    """Whether the settings of the source allow reasons as free text."""


def _parse_moment(text: str, order: DateOrder) -> datetime:
    if match := _DATE.fullmatch(text):
        return _parse_date(match, order)
    year_first = _YEAR_FIRST.fullmatch(text)
    return _moment(*year_first.groups()) if year_first else datetime.fromisoformat(text)


def _parse_date(match: re.Match[str], order: DateOrder) -> datetime:
    first, separator, second, year, clock = match.groups()
    day, month = (second, first) if _is_month_first(int(first), int(second), separator, order) else (first, second)
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
    return _moment(str(full), month, day, clock)


def _moment(year: str, month: str, day: str, clock: str | None) -> datetime:
    hours, minutes, seconds = _parse_clock(clock) if clock else (0, 0, 0)
    return datetime(int(year), int(month), int(day), hours, minutes, seconds)


def _order_of(first: int, second: int, separator: str) -> Literal["dmy", "mdy", "either"] | None:
    if first == second or separator == ".":
        return None  # where points are written, the day comes first
    if first > 12 or second > 12:
        return "dmy" if first > 12 else "mdy"
    return "either"


def _is_month_first(first: int, second: int, separator: str, order: DateOrder) -> bool:
    if order != "auto":
        return order == "mdy"
    shown = _order_of(first, second, separator)
    if shown == "either":
        raise ValueError("ambiguous: add --dates dmy or --dates mdy")
    return shown == "mdy"


def _parse_clock(text: str) -> tuple[int, int, int]:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hours, meridiem = int(match[1]), (match[4] or "").lower()
    if meridiem:
        hours = hours % 12 + (12 if meridiem == "p" else 0)
    return hours, int(match[2]), int(match[3] or 0)
