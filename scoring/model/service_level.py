"""The service level of handoffs: how fast sales must answer, and the opening hours of business time."""

import re
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_serializer, model_validator

from scoring.model.terms import Term

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_ALLOWANCE_PART = re.compile(r"(\d{1,6}) *(business +)?(minutes?|m|min|hours?|h|days?|d)(?![a-z]) *")
_MINUTES_PER_UNIT = {"m": 1, "h": 60, "d": 1440}
_MAX_MINUTES = 366 * 1440


class Allowance(Term):
    """The time that sales has to answer: plain minutes, or business days and minutes within the opening hours."""

    minutes: int = Field(default=0, ge=0, le=_MAX_MINUTES)
    days: int = Field(default=0, ge=0, le=366, description="business days; a plain day counts as 24 hours")
    business: bool = False

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        return _parse_allowance(value) if isinstance(value, str) else value

    @property
    def text(self) -> str:
        """The canonical text, `4 business hours`."""
        kind = "business " if self.business else ""
        number, unit = (self.minutes, "minute") if self.minutes % 60 else (self.minutes // 60, "hour")
        parts = [(self.days, f"{kind}day"), (number, kind + unit)]
        return " ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count)

    @model_serializer
    def _serialize(self) -> str:
        return self.text


def _parse_allowance(text: str) -> dict[str, Any]:
    parts = [(int(number), bool(business), unit[0]) for number, business, unit in _ALLOWANCE_PART.findall(text)]
    if not parts or _ALLOWANCE_PART.sub("", text.strip()) or len({business for _, business, _ in parts}) > 1:
        raise ValueError(f"{text!r} is not a valid time to answer; write `15 minutes`, `24h` or `4 business hours`")
    business = parts[0][1]
    days = sum(number for number, _, unit in parts if business and unit == "d")
    minutes = sum(number * _MINUTES_PER_UNIT[unit] for number, _, unit in parts if not (business and unit == "d"))
    if not days and not minutes:
        raise ValueError(f"{text!r} leaves no time to answer; write at least 1 minute")
    return {"minutes": minutes, "days": days, "business": business}


class OpeningHours(Term):
    """One range of opening hours: weekdays (0 is Monday) from one minute of the local day up to another."""

    days: tuple[int, ...]
    opens: int = Field(ge=0, lt=1440)
    closes: int = Field(gt=0, le=1440)

    @property
    def text(self) -> str:
        """The canonical text, `Mon-Fri 09:00-18:00`."""
        return f"{_days_text(self.days)} {_clock_text(self.opens)}-{_clock_text(self.closes)}"

    @model_serializer
    def _serialize(self) -> str:
        return self.text


_RANGE = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? +(\d\d):(\d\d) *- *(\d\d):(\d\d)")


def parse_opening_hours(text: str) -> tuple[OpeningHours, ...]:
    """Opening hours of `Mon-Thu 09:00-18:00, Fri 09:00-15:00`. ValueError names what was expected."""
    ranges = tuple(_parse_range(part) for part in text.split(","))
    spans = sorted((day, one.opens, one.closes) for one in ranges for day in one.days)
    for (day, _, closes), (other, opens, _) in pairwise(spans):
        if day == other and opens < closes:
            raise ValueError(f"{text!r} has overlapping hours on {WEEKDAYS[day]}")
    return ranges


def _parse_range(text: str) -> OpeningHours:
    match = _RANGE.fullmatch(text.strip())
    if match is None or match[1] not in WEEKDAYS or (match[2] or "Mon") not in WEEKDAYS:
        raise ValueError(
            f"{text.strip()!r} is not a valid range of opening hours; write for instance `Mon-Fri 09:00-18:00`"
        )
    opens, closes = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
    if int(match[4]) > 59 or int(match[6]) > 59 or not 0 <= opens < closes <= 1440:
        raise ValueError(f"{text.strip()!r} must open before it closes, between 00:00 and 24:00")
    return OpeningHours(days=_day_range(match[1], match[2] or match[1]), opens=opens, closes=closes)


def _day_range(first: str, last: str) -> tuple[int, ...]:
    start = WEEKDAYS.index(first)
    return tuple((start + step) % 7 for step in range((WEEKDAYS.index(last) - start) % 7 + 1))


def _days_text(days: tuple[int, ...]) -> str:
    return WEEKDAYS[days[0]] if len(days) == 1 else f"{WEEKDAYS[days[0]]}-{WEEKDAYS[days[-1]]}"


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _as_opening_hours(value: Any) -> Any:
    return parse_opening_hours(value) if isinstance(value, str) else value


class ServiceLevel(Term):
    """How long sales may take to accept a handoff; business time runs within `hours`, in the model's time zone."""

    accept_within: Allowance | None = Field(
        default=None, description="for every handoff, for instance `4 business hours`"
    )
    act_now: Allowance | None = Field(
        default=None, description="for handoffs that an act-now event opened; else as the others"
    )
    hours: Annotated[tuple[OpeningHours, ...], BeforeValidator(_as_opening_hours)] = Field(
        default=(), description="opening hours, for instance `Mon-Fri 09:00-18:00`; separate ranges by commas"
    )

    @model_serializer
    def _serialize(self) -> dict[str, Any]:
        allowances = {"accept_within": self.accept_within, "act_now": self.act_now}
        content = {name: allowance.text for name, allowance in allowances.items() if allowance}
        return {**content, "hours": ", ".join(one.text for one in self.hours)} if self.hours else {**content}
