"""Random values that are equal on every machine: only `random()`, whose sequence Python guarantees. No clock."""

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """One random stream per subject, so that a change in one file of the example does not affect the others."""

    def __init__(self, subject: str) -> None:
        self._random = random.Random(f"nordwerk/{subject}")

    def below(self, bound: int) -> int:
        return int(self._random.random() * bound)

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[self.below(len(things))]

    def chance(self, percent: float) -> bool:
        return self._random.random() * 100 < percent

    def moment(self, first: datetime, last: datetime) -> datetime:
        """A time between the two, within office hours, in whole seconds."""
        day = first + timedelta(days=self.below((last - first).days + 1))
        return day.replace(hour=self.between(6, 16), minute=self.below(60), second=self.below(60))


def token(*parts: str) -> str:
    """Twelve hexadecimal characters derived from these words."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
