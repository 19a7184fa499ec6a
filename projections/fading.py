"""What a ledger line is worth at an instant. Never knows a rule or a stage."""

from math import ldexp
from typing import Any

from scoring.decay import HOUR, powers_of_root

_NOTHING_LEFT = 1000


def faded(value: float, half_life: int | None, time: int, at: int) -> float:
    """Value * 2^-((hour of `at` - hour of `time`) / half-life), hours counted in UTC; times in milliseconds."""
    if half_life is None:
        return value
    hours = at // HOUR - time // HOUR
    halvings = hours // half_life
    if halvings >= _NOTHING_LEFT:
        return 0.0
    return value / ldexp(powers_of_root(half_life)[hours % half_life], halvings)


def line_value(line: Any, at: int) -> float:
    """`now` of a row with the ledger's columns: 0 where the line is cut."""
    if line.cut is not None:
        return 0.0
    return faded(line.points * line.weight, line.half_life, line.time, at)
