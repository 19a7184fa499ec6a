"""Decay of contributions by their half-life, in forward form (Cormode et al., "Forward decay", 2009).

Instead of shrinking every sum as time passes, points grow with the time of their fact: p points at an hour are added
to a sum as p * 2^((hour - landmark) / half-life), and a sum is read by dividing it by the same factor for the current
hour. So a sum changes only when points are added, all contributions with one half-life share one sum, and a late
contribution is added just as if it had come in time. Such a factor would overflow a double after 1024 half-lives;
therefore time is divided into eras of 256 half-lives, and the landmark is the start of the current era. When an
account's clock enters a new era, its sums are multiplied by 2^-256 per era passed, which is exact for doubles.

All factors are products of an exact power of two and a root of two that is computed in integers and rounded once, so
that every machine computes the same bits; the functions of libm may differ between platforms.
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
    """An hour: per half-life class its era, and its growth factor relative to the landmark of that era."""

    __slots__ = ("eras", "factors", "hour")

    def __init__(self, hour: int, eras: Eras, factors: list[float]) -> None:
        self.hour = hour
        self.eras = eras
        self.factors = factors


class GrowthFactors:
    """Growth factors of a model's half-life classes; hours count from 1970, the half-life None means no decay."""

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

    def factors(self, hour: int, eras: Eras) -> list[float]:
        """Per class, the factor at this hour relative to the landmarks of these eras."""
        moment = self.moment(hour)
        if moment.eras is eras:
            return moment.factors
        return [self.factor(k, hour, era) for k, era in enumerate(eras)]

    def factor(self, growth_class: int, hour: int, era: int) -> float:
        """2^((hour - landmark of the era) / half-life); infinite when nothing of a sum of that era is left."""
        half_life = self.half_lives[growth_class]
        if half_life is None:
            return 1.0
        halvings = hour // half_life - era * ERA_HALF_LIVES
        return ldexp(self._tables[growth_class][hour % half_life], halvings) if halvings < 1000 else inf


def era_of(hour: int, half_life: int | None) -> int:
    return hour // (ERA_HALF_LIVES * half_life) if half_life else 0


def to_later_era(value: float, eras_passed: int) -> float:
    """The same value relative to the landmark of a later era; exact, until it underflows to 0."""
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
