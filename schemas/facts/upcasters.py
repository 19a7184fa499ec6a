"""Old versions of facts in today's shape. Never changes a record; only what is read from it."""

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]
Upcaster = Callable[[Fields], Fields]


def upcast(type_: str, data: Fields) -> tuple[str, Fields]:
    """The newest version of a fact's type and data; both unchanged where they are the newest. Never raises."""
    while (step := _STEPS.get(type_)) is not None:
        type_, data = step[0], step[1](data)
    return type_, data


def _nps_within_ten(data: Fields) -> Fields:
    score = data.get("score")
    known = isinstance(score, int | float) and not isinstance(score, bool)
    return {**data, "score": min(10, max(0, score))} if known and score is not None else data


_STEPS: dict[str, tuple[str, Upcaster]] = {"nps.answered.v1": ("nps.answered.v2", _nps_within_ten)}

OLD_TYPES = frozenset(_STEPS)
"""The types that have a newer version."""
