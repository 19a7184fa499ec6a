"""Upcasters: old versions of fact data, converted to the current version when read."""

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]
Upcaster = Callable[[Fields], Fields]


def upcast(type_: str, data: Fields) -> tuple[str, Fields]:
    """The newest version of a fact's type and data; both unchanged if they are current. Never raises."""
    while (upcaster := _UPCASTERS.get(type_)) is not None:
        type_, data = upcaster[0], upcaster[1](data)
    return type_, data


def _clamp_nps_score(data: Fields) -> Fields:
    score = data.get("score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    return {**data, "score": min(10, max(0, score))} if is_number and score is not None else data


_UPCASTERS: dict[str, tuple[str, Upcaster]] = {"nps.answered.v1": ("nps.answered.v2", _clamp_nps_score)}

OUTDATED_TYPES = frozenset(_UPCASTERS)
"""The types that have a newer version."""
