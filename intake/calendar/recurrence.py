"""Recurrence rules: the starts of a series, without walking far where a rule names few days or none.

Format: RFC 5545, sections 3.3.10 and 3.8.5. The days of a rule come from dateutil, in the local time of DTSTART. An
end in local time (`UNTIL=20260119T100000`) is taken as local, a date as the end of that day.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from math import prod

from dateutil.rrule import rrulestr

from intake.calendar.content_lines import DateOrTime, Property, time_value

_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_RANGES = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYWEEKNO": (1, 53),
    "BYSETPOS": (1, 366),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
}
_FROM_THE_END = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
_WEEKDAYS = re.compile(r"(?:[+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:[+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU))*")
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_CHARACTERS = 1_000
_MOST_RULES = 20
_MAX_PER_DAY = 24
_MOST_DATES = 10_000
_EPOCH = datetime(1970, 1, 1)
_CYCLE_YEARS = 400


class RecurrenceError(Exception):
    """A rule that is invalid or not supported."""

    def __init__(self, line: int, why: str, code: str = "bad_recurrence") -> None:
        super().__init__(why)
        self.line, self.code = line, code


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule without its end. `until`: local time."""

    text: str
    until: datetime | None
    is_impossible: bool

    def starts(self, first: datetime, until: datetime) -> Iterator[datetime]:
        """Local starts up to `until`, inclusive.

        dateutil searches for a next start until the year 9999, where a rule has none. So the rule is searched in the
        last years that have the same calendar, and in vain for a short while.
        """
        last = min(until, self.until) if self.until else until
        if self.is_impossible or last < first:
            return
        years = _years_to_the_end(first.year, last.year)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # COUNT beside an end, which RFC 5545 forbids
            rule = rrulestr(self.text, dtstart=_later(first, years)).replace(until=_later(last, years))
        try:
            for start in rule:
                yield _later(start, -years)
        except ValueError:
            return  # dateutil passed the end by a week that reaches into the year 10000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """How an event recurs, in the local time of its first start."""

    first: datetime
    rules: tuple[Rule, ...]
    extra: tuple[datetime, ...]
    """RDATE, ascending, in local time."""
    durations: Mapping[datetime, timedelta]
    """Of those RDATEs that are periods."""
    excluded_rules: tuple[Rule, ...]
    excluded: frozenset[datetime]
    excluded_days: frozenset[date] = field(default=frozenset())

    def starts(self, until: datetime) -> Iterator[datetime]:
        """Every local start from 1970 on, up to `until`, ascending, each once; the first even if no rule names it."""
        rules = [rule.starts(self.first, until) for rule in self.rules]
        excluded = _Ascending(merge(*(rule.starts(self.first, until) for rule in self.excluded_rules)))
        previous = None
        first = [] if self._ended_before_it_began else [self.first]
        for start in merge(iter(first), iter(self.extra), *rules):
            if start > until:
                return
            if start == previous or start < _EPOCH:
                continue
            previous = start
            if start not in self.excluded and start.date() not in self.excluded_days and not excluded.has(start):
                yield start

    @property
    def _ended_before_it_began(self) -> bool:
        """Google leaves a series of which all was deleted with an UNTIL before its first start."""
        return bool(self.rules) and all(rule.until is not None and rule.until < self.first for rule in self.rules)


class _Ascending:
    """Whether ascending values stand in an ascending sequence."""

    def __init__(self, values: Iterator[datetime]) -> None:
        self._values = values
        self._next = next(values, None)

    def has(self, value: datetime) -> bool:
        while self._next is not None and self._next < value:
            self._next = next(self._values, None)
        return self._next == value


def parse_recurrence(
    properties: Mapping[str, list[Property]],
    first: DateOrTime,
    start: datetime,
    zoned: Callable[[DateOrTime, Property], datetime],
) -> Recurrence:
    """The recurrence of an event that starts at `start`; raises RecurrenceError. `zoned` gives a value its zone."""
    local = _Localizer(start, zoned)
    extra = [pair for one in properties.get("RDATE", []) for pair in local.dates(one, isinstance(first, datetime))]
    excluded = [pair for one in properties.get("EXDATE", []) for pair in local.dates(one, has_time=True)]
    rules = {name: tuple(_rule(one, local) for one in properties.get(name, [])) for name in ("RRULE", "EXRULE")}
    if sum(map(len, rules.values())) > _MOST_RULES:
        raise RecurrenceError(properties["RRULE"][0].line, f"more than {_MOST_RULES} rules", "too_complex")
    return Recurrence(
        first=start.replace(tzinfo=None),
        rules=rules["RRULE"],
        extra=tuple(sorted(moment for moment, _ in extra if isinstance(moment, datetime))),
        durations={moment: length for moment, length in extra if isinstance(moment, datetime) and length is not None},
        excluded_rules=rules["EXRULE"],
        excluded=frozenset(moment for moment, _ in excluded if isinstance(moment, datetime)),
        excluded_days=frozenset(moment for moment, _ in excluded if not isinstance(moment, datetime)),
    )


class _Localizer:
    """Puts dates and times into the local time of the first start."""

    def __init__(self, start: datetime, zoned: Callable[[DateOrTime, Property], datetime]) -> None:
        self._start, self._zoned = start, zoned

    def local(self, value: DateOrTime, one: Property) -> datetime:
        return self._zoned(value, one).astimezone(self._start.tzinfo).replace(tzinfo=None)

    def dates(self, one: Property, has_time: bool) -> Iterator[tuple[DateOrTime, timedelta | None]]:
        """The dates and times of RDATE and EXDATE, with the duration of a period. An empty list is no error."""
        words = [word for word in one.value.split(",", _MOST_DATES + 1) if word.strip()]
        if len(words) > _MOST_DATES:
            raise RecurrenceError(one.line, f"{one.name}: more than {_MOST_DATES:,} dates", "too_complex")
        for word in words:
            yield self._date(word, one, has_time)

    def _date(self, word: str, one: Property, has_time: bool) -> tuple[DateOrTime, timedelta | None]:
        value = time_value(word)
        begin, length = (value[0], self._length(value, one)) if isinstance(value, tuple) else (value, None)
        if not isinstance(begin, date) or not 1900 <= begin.year <= 9000:
            raise RecurrenceError(
                one.line, f"{one.name}: {word.strip()[:40]!r} is not a date-time like 20240131T090000Z"
            )
        if isinstance(begin, datetime):
            return self.local(begin, one), length
        if one.name == "EXDATE":
            return begin, None
        return datetime.combine(begin, self._start.time() if has_time else time()), None

    def _length(self, period: tuple[datetime, datetime | timedelta], one: Property) -> timedelta:
        begin, end = period
        length = end if isinstance(end, timedelta) else self._zoned(end, one) - self._zoned(begin, one)
        return max(length, timedelta(0))


def _rule(one: Property, local: _Localizer) -> Rule:
    parts = _parts(one)
    until = _until(parts.pop("UNTIL", ""), one, local)
    if _count(parts) == 0:
        del parts["COUNT"]  # written by programs that mean "without end"
    _check(parts, one)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rrulestr(text, dtstart=_EPOCH)
    except (ValueError, OverflowError, TypeError, AttributeError, KeyError) as error:
        raise RecurrenceError(one.line, f"{one.name}: {str(error)[:200]}") from None
    return Rule(text=text, until=until, is_impossible=_is_impossible(parts))


@lru_cache(maxsize=10_000)
def _years_to_the_end(first: int, last: int) -> int:
    """How many years later the calendar is the same, as near to 9999 as these years fit.

    It repeats every 28 years between two centuries that are no leap years, and every 400 years in any case.
    """
    weekday = date(first, 1, 1).weekday()
    if first > 1901 and last < 2100:
        for years in range((9_999 - last) // 4 * 4, 9_902 - first - 1, -4):
            if date(first + years, 1, 1).weekday() == weekday:
                return years
    return (9_999 - last) // _CYCLE_YEARS * _CYCLE_YEARS


def _later(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)


def _parts(one: Property) -> dict[str, str]:
    if len(one.value) > _MOST_CHARACTERS:
        why = f"{one.name} is longer than {_MOST_CHARACTERS:,} characters"
        raise RecurrenceError(one.line, why, "too_complex")
    pairs = (part.partition("=") for part in "".join(one.value.upper().split()).split(";"))
    known = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *_RANGES}
    found = {name: value for name, _, value in pairs if value}
    if found.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise RecurrenceError(one.line, f"{one.name}: the calendar of RSCALE is not supported")
    return {name: value for name, value in found.items() if name in known}


def _until(text: str, one: Property, local: _Localizer) -> datetime | None:
    if not text:
        return None
    value = time_value(text)
    if not isinstance(value, date):
        raise RecurrenceError(one.line, f"{one.name}: UNTIL is not a date or a date-time like 20240131T090000Z")
    if not 1900 <= value.year <= 9000:
        return None if value.year > 9000 else datetime(1900, 1, 1)
    return local.local(value, one) if isinstance(value, datetime) else datetime.combine(value, time.max)


def _count(parts: Mapping[str, str]) -> int | None:
    text = parts.get("COUNT")
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0 if text.startswith("-") else 10**9


def _check(parts: Mapping[str, str], one: Property) -> None:
    """Refuses what would expand without end, and what no date can fulfil."""
    why = _problem(parts)
    if why:
        raise RecurrenceError(one.line, f"{one.name} {why}")


def _problem(parts: Mapping[str, str]) -> str | None:
    if parts.get("FREQ") not in _FREQUENCIES:
        return "recurs hourly or faster, or has no FREQ; supported are DAILY, WEEKLY, MONTHLY and YEARLY"
    interval = parts.get("INTERVAL", "1")
    if not (interval.isascii() and interval.isdigit() and int(interval[:9]) >= 1):
        return "has an INTERVAL below 1"
    bad = next((name for name in _RANGES if name in parts and not _numbers(name, parts[name])), None)
    if bad:
        return f"has a {bad} out of range"
    if "BYDAY" in parts and not _WEEKDAYS.fullmatch(parts["BYDAY"]):
        return "has a BYDAY that is no weekday like MO or -1SU"
    if (
        prod(max(1, len(_numbers(name, parts.get(name, "")))) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        > _MAX_PER_DAY
    ):
        return f"recurs more than {_MAX_PER_DAY} times a day"
    return None


def _numbers(name: str, text: str) -> set[int]:
    """The numbers of a list; empty if one of them is out of range."""
    low, high = _RANGES[name]
    found = set()
    for word in text.split(","):
        if not re.fullmatch(r"[+-]?\d{1,3}", word, re.ASCII):
            return set()
        size = abs(int(word)) if name in _FROM_THE_END else int(word)
        if not low <= size <= high:
            return set()
        found.add(int(word))
    return found


def _is_impossible(parts: Mapping[str, str]) -> bool:
    """Whether no month of the rule is long enough for one of its days (30 February)."""
    if "BYMONTH" not in parts or "BYMONTHDAY" not in parts:
        return False
    longest = max(_LONGEST_MONTHS[month - 1] for month in _numbers("BYMONTH", parts["BYMONTH"]))
    return all(abs(day) > longest for day in _numbers("BYMONTHDAY", parts["BYMONTHDAY"]))
