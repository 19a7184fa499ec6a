"""Fading: growth factors from exact integer roots of two, the same bits on every machine. Never asks libm.

Contributions are kept in forward form (Cormode et al., "Forward decay", 2009): p is stored as
p * 2^((hour - landmark) / h) and divided by the same factor when it is read, so a sum is touched only when
something is added, and a late contribution is added as if it had come in time. The landmark is the start of
an *era* of 256 half-lives, so that moving it multiplies by an exact power of two and no double overflows.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import inf, ldexp

HOUR = 3_600_000
ERA_HALF_LIVES = 256
_ONE = 1 << 160
_LN2 = 0xB17217F7D1CF79ABC9E3B39803F2F6AF40F34326  # floor(ln 2 * 2^160)
_MAX_CACHED_MOMENTS = 50_000

Eras = tuple[int, ...]


class Moment:
    """One hour: per class its era and its growth factor within it."""

    __slots__ = ("eras", "factors", "hour")

    def __init__(self, hour: int, eras: Eras, factors: list[float]) -> None:
        self.hour = hour
        self.eras = eras
        self.factors = factors


class GrowthFactors:
    """Growth factors of a model's half-life classes; hours count from 1970, class None never fades."""

    def __init__(self, half_lives: Sequence[int | None]) -> None:
        self.half_lives = tuple(half_lives)
        self._tables = [powers_of_root(hours) if hours else [1.0] for hours in self.half_lives]
        self._moments: dict[int, Moment] = {}
        self._eras: dict[Eras, Eras] = {}

    def moment(self, hour: int) -> Moment:
        moment = self._moments.get(hour)
        if moment is None:
            if len(self._moments) >= _MAX_CACHED_MOMENTS:
                self._moments.clear()
            eras = tuple(era_of(hour, hours) for hours in self.half_lives)
            factors = [self.factor(k, hour, era) for k, era in enumerate(eras)]
            moment = self._moments[hour] = Moment(hour, self.intern_eras(eras), factors)
        return moment

    def intern_eras(self, eras: Eras) -> Eras:
        """One tuple object per value, so that `is` compares eras."""
        return self._eras.setdefault(eras, eras)

    def factor(self, growth_class: int, hour: int, era: int) -> float:
        """2^((hour - landmark of the era) / half-life); infinite where nothing of a sum of that era is left."""
        half_life = self.half_lives[growth_class]
        if half_life is None:
            return 1.0
        halvings = hour // half_life - era * ERA_HALF_LIVES
        return ldexp(self._tables[growth_class][hour % half_life], halvings) if halvings < 1000 else inf


def era_of(hour: int, half_life: int | None) -> int:
    return hour // (ERA_HALF_LIVES * half_life) if half_life else 0


def to_later_era(value: float, eras_passed: int) -> float:
    """The same value, told in a later era: exact, down to nothing."""
    return ldexp(value, max(-ERA_HALF_LIVES * eras_passed, -100_000))


@lru_cache(maxsize=64)
def powers_of_root(n: int) -> list[float]:
    """2^(0/n), 2^(1/n) … 2^((n-1)/n), each correctly rounded."""
    root = root_of_two(n)
    power, powers = _ONE, []
    for _ in range(n):
        powers.append(power / _ONE)
        power = power * root >> 160
    return powers


def root_of_two(n: int) -> int:
    """2^(1/n) in fixed point with 160 bits: the exponential series of ln 2 / n."""
    x = _LN2 // n
    term, total, i = _ONE, 0, 0
    while term:
        total += term
        i += 1
        term = (term * x >> 160) // i
    return total
