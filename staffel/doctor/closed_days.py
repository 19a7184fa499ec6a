"""Check of the active model's closed days: whether they reach into this year and, from November on, into the next."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scoring.model import ScoringModel

Json = dict[str, Any]
_FIRST_MONTH_OF_NOTICE = 11
_ADVICE = (
    "due times count holidays without a date as open; `staffel closed-days REGION YEAR --model FILE` writes the dates "
    "into a model file"
)


def check_closed_days(model: ScoringModel, now: int) -> list[Json]:
    """One row where closed days are in use. A missing next year is no problem yet, and told with what to do."""
    today = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)).astimezone(ZoneInfo(model.timezone))
    lists = list(_lists_in_use(model))
    if not lists:
        return []
    this_year = _without_dates(lists, today.year)
    next_year = _without_dates(lists, today.year + 1) if today.month >= _FIRST_MONTH_OF_NOTICE else []
    missing = [*this_year, *next_year]
    found = f"no dates of {', '.join(missing)}" if missing else "dates of all years that are near"
    return [
        {"check": "closed days", "ok": not this_year, "found": found, "advice": _ADVICE if missing else ""},
    ]


def _lists_in_use(model: ScoringModel) -> Iterator[tuple[str, tuple[str, ...]]]:
    level = model.handoff.service_level
    if level and level.closed:
        yield "", level.closed
    yield from ((f" for {route.to}", route.closed) for route in model.handoff.routes if route.closed)


def _without_dates(lists: list[tuple[str, tuple[str, ...]]], year: int) -> list[str]:
    return [f"{year}{whose}" for whose, days in lists if not any(day.startswith(f"{year}-") for day in days)]
