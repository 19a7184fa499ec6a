"""How fast sales has to answer, as the model writes it: allowances and opening hours. Never reads a clock."""

import re
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_serializer, model_validator

from scoring.model.terms import Term

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_PART = re.compile(r"(\d{1,6}) *(business +)?(minutes?|m|min|hours?|h|days?|d)(?![a-z]) *")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_LONGEST = 366 * 1440


class Allowance(Term):
    """A span to answer in: plain minutes, or business days and minutes within the opening hours."""

    minutes: int = Field(default=0, ge=0, le=_LONGEST)
    days: int = Field(default=0, ge=0, le=366, description="business days; a plain day counts as 24 hours")
    business: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return _read_allowance(given) if isinstance(given, str) else given

    @property
    def text(self) -> str:
        """The canonical text, `4 business hours`."""
        kind = "business " if self.business else ""
        number, unit = (self.minutes, "minute") if self.minutes % 60 else (self.minutes // 60, "hour")
        parts = [(self.days, f"{kind}day"), (number, kind + unit)]
        return " ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count)

    @model_serializer
    def _write(self) -> str:
        return self.text


def _read_allowance(text: str) -> dict[str, Any]:
    parts = [(int(number), bool(business), unit[0]) for number, business, unit in _PART.findall(text)]
    if not parts or _PART.sub("", text.strip()) or len({business for _, business, _ in parts}) > 1:
        raise ValueError(f"{text!r} is no time to answer in; write `15 minutes`, `24h` or `4 business hours`")
    business = parts[0][1]
    days = sum(number for number, _, unit in parts if business and unit == "d")
    minutes = sum(number * _MINUTES[unit] for number, _, unit in parts if not (business and unit == "d"))
    if not days and not minutes:
        raise ValueError(f"{text!r} leaves no time to answer in")
    return {"minutes": minutes, "days": days, "business": business}


class OpenHours(Term):
    """One range of opening hours: weekdays (0 is Monday) from one minute of the local day up to another."""

    days: tuple[int, ...]
    opens: int = Field(ge=0, lt=1440)
    closes: int = Field(gt=0, le=1440)

    @property
    def text(self) -> str:
        """The canonical text, `Mon-Fri 09:00-18:00`."""
        return f"{_days_text(self.days)} {_clock(self.opens)}-{_clock(self.closes)}"

    @model_serializer
    def _write(self) -> str:
        return self.text


_RANGE = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? +(\d\d):(\d\d) *- *(\d\d):(\d\d)")


def read_hours(text: str) -> tuple[OpenHours, ...]:
    """Opening hours of `Mon-Thu 09:00-18:00, Fri 09:00-15:00`. ValueError names what was expected."""
    ranges = tuple(_read_range(part) for part in text.split(","))
    spans = sorted((day, one.opens, one.closes) for one in ranges for day in one.days)
    for (day, _, closes), (other, opens, _) in pairwise(spans):
        if day == other and opens < closes:
            raise ValueError(f"{text!r} names the same hours of {DAYS[day]} twice")
    return ranges


def _read_range(text: str) -> OpenHours:
    found = _RANGE.fullmatch(text.strip())
    if found is None or found[1] not in DAYS or (found[2] or "Mon") not in DAYS:
        raise ValueError(f"{text.strip()!r} are no opening hours; write for instance `Mon-Fri 09:00-18:00`")
    opens, closes = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if int(found[4]) > 59 or int(found[6]) > 59 or not 0 <= opens < closes <= 1440:
        raise ValueError(f"{text.strip()!r} must open before it closes, between 00:00 and 24:00")
    return OpenHours(days=_day_range(found[1], found[2] or found[1]), opens=opens, closes=closes)


def _day_range(first: str, last: str) -> tuple[int, ...]:
    start = DAYS.index(first)
    return tuple((start + step) % 7 for step in range((DAYS.index(last) - start) % 7 + 1))


def _days_text(days: tuple[int, ...]) -> str:
    return DAYS[days[0]] if len(days) == 1 else f"{DAYS[days[0]]}-{DAYS[days[-1]]}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _hours(given: Any) -> Any:
    return read_hours(given) if isinstance(given, str) else given


class ServiceLevel(Term):
    """How long sales may take to accept a handoff; business time runs within `hours`, in the model's time zone."""

    accept_within: Allowance | None = Field(
        default=None, description="for every handoff, for instance `4 business hours`"
    )
    act_now: Allowance | None = Field(
        default=None, description="for one that an act-now event opened; else as the others"
    )
    hours: Annotated[tuple[OpenHours, ...], BeforeValidator(_hours)] = Field(
        default=(), description="opening hours, for instance `Mon-Fri 09:00-18:00`; ranges stand apart by commas"
    )

    @model_serializer
    def _write(self) -> dict[str, Any]:
        allowed = {"accept_within": self.accept_within, "act_now": self.act_now}
        written = {name: allowance.text for name, allowance in allowed.items() if allowance}
        return {**written, "hours": ", ".join(one.text for one in self.hours)} if self.hours else {**written}
