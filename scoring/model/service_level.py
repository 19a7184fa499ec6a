"""The service level of handoffs: how fast sales must answer, and the opening hours of business time."""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StrictStr,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from scoring.model.durations import format_hours
from scoring.model.terms import Hours, Term, Text

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
    days = _day_range(match[1], match[2] or match[1])
    opens, closes = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
    if int(match[4]) > 59 or int(match[6]) > 59 or opens >= 1440 or closes > 1440 or opens == closes:
        raise ValueError(f"{text.strip()!r} must open before it closes, between 00:00 and 24:00")
    if closes < opens:
        raise ValueError(f"{text.strip()!r} runs across midnight; write `{_cut_at_midnight(days, opens, closes)}`")
    return OpeningHours(days=days, opens=opens, closes=closes)


def _cut_at_midnight(days: tuple[int, ...], opens: int, closes: int) -> str:
    """The range as one of each local day that it touches."""
    evening = OpeningHours(days=days, opens=opens, closes=1440)
    next_days = tuple((day + 1) % 7 for day in days)
    morning = [OpeningHours(days=next_days, opens=0, closes=closes)] if closes else []
    return opening_hours_text((evening, *morning))


def _day_range(first: str, last: str) -> tuple[int, ...]:
    start = WEEKDAYS.index(first)
    return tuple((start + step) % 7 for step in range((WEEKDAYS.index(last) - start) % 7 + 1))


def _days_text(days: tuple[int, ...]) -> str:
    return WEEKDAYS[days[0]] if len(days) == 1 else f"{WEEKDAYS[days[0]]}-{WEEKDAYS[days[-1]]}"


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def opening_hours_text(hours: tuple[OpeningHours, ...]) -> str:
    """The canonical text of all ranges, `Mon-Thu 09:00-18:00, Fri 09:00-15:00`."""
    return ", ".join(one.text for one in hours)


def _as_opening_hours(value: Any) -> Any:
    if isinstance(value, str):
        return parse_opening_hours(value)
    if isinstance(value, tuple):
        return value
    raise ValueError("must be one text, for instance `Mon-Thu 09:00-18:00, Fri 09:00-15:00`")


WeeklyHours = Annotated[
    tuple[OpeningHours, ...], BeforeValidator(_as_opening_hours), PlainSerializer(opening_hours_text)
]
"""Opening hours, written `Mon-Thu 09:00-18:00, Fri 09:00-15:00`."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _check_date(text: str) -> str:
    try:
        date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write for instance `2026-12-25`") from None
    return text


def _in_order(days: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(days)))


ClosedDay = Annotated[StrictStr, AfterValidator(_check_date)]
ClosedDays = Annotated[tuple[ClosedDay, ...], AfterValidator(_in_order)]
"""Local days without opening hours, in order and each once, however they are written."""

_PERCENT = re.compile(r"(\d{1,4}) *%", re.ASCII)


def _as_percent(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value.strip())
        if match is None:
            raise ValueError(f"{value!r} is not a share of the time to answer; write for instance `80 %`")
        return int(match[1])
    if info.context and isinstance(value, int | float):
        raise ValueError(f"{value!r} has no unit; write `{value:g} %`")
    return value


Percent = Annotated[
    int, BeforeValidator(_as_percent), Field(ge=1, le=1000), PlainSerializer(lambda percent: f"{percent} %")
]
"""A share of the open time between the start of a service level and the due time, written `80 %`."""


class ServiceStep(Term):
    """Whom alerts tell when a share of the time to answer has passed; any answer of sales cancels it."""

    at: Percent = Field(description="share of the open time, `80 %`; at `100 %` the handoff is due")
    alert: Literal["reminder"] | None = Field(default=None, description="tells the handoff's own route once more")
    to: Text | None = Field(default=None, description="tells this route")

    @model_validator(mode="after")
    def _require_receiver(self) -> "ServiceStep":
        if self.alert is None and self.to is None:
            raise ValueError("tells nobody; write `alert: reminder` or `to: ROUTE`")
        return self


HISTORY_HOURS = 168
"""Seven days in hours: how late a record may come and still start a service level."""


class ServiceLevel(Term):
    """How long sales may take to accept a handoff; business time runs within `hours`, in the model's time zone."""

    accept_within: Allowance | None = Field(
        default=None, description="for every handoff, for instance `4 business hours`"
    )
    act_now: Allowance | None = Field(
        default=None, description="for handoffs that an act-now event opened; else as the others"
    )
    hours: WeeklyHours = Field(
        default=(), description="opening hours, for instance `Mon-Fri 09:00-18:00`; separate ranges by commas"
    )
    closed: ClosedDays = Field(
        default=(), description="days without opening hours; `staffel closed-days REGION YEAR` writes the holidays"
    )
    history: Hours = Field(
        default=HISTORY_HOURS, description="what is recorded later than this after it happened has no due time"
    )
    steps: tuple[ServiceStep, ...] = Field(default=(), description="reminders and further receivers")

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: format_hours(part) if key == "history" else part for key, part in inner(self).items()}
