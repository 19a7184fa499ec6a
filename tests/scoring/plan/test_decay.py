"""Fading is exact: the same bits on every machine, over hours and over centuries."""

from fractions import Fraction
from math import inf, ldexp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import parse_time
from scoring.plan.decay import ERA_HALF_LIVES, GrowthFactors, powers_of_root, root_of_two, to_later_era
from tests.scoring import model_builders as models
from tests.scoring.fold.test_differential import time_after
from tests.scoring.fold_runner import ACME, fact, fold_facts, fold_report, plan_of
from tests.scoring.oracle.account import account_after
from tests.scoring.vectors import all_differences


@given(st.integers(1, 5000))
def test_a_root_of_two_is_exact_to_its_last_bits(n: int) -> None:
    """Its n-th power is 2, but for what some units of the last of 160 bits make in n factors."""
    root = Fraction(root_of_two(n), 1 << 160)
    assert abs(root**n - 2) < Fraction(128 * n, 1 << 160)


def test_powers_are_rounded_once_from_one_to_below_two() -> None:
    powers = powers_of_root(336)
    assert (powers[0], powers[168], len(powers)) == (1.0, 2**0.5, 336)
    assert powers == sorted(powers)
    assert powers[-1] < 2


@pytest.mark.parametrize("half_life", [1, 24, 336, 24 * 366 * 100])
def test_a_factor_doubles_with_every_half_life(half_life: int) -> None:
    growth = GrowthFactors([half_life, None])
    hour, era = 490_000, growth.moment(490_000).eras[0]
    doubled = [growth.factor(0, hour + n * half_life, era) / growth.factor(0, hour, era) for n in (0, 1, 10, -3)]
    assert (doubled, growth.factor(1, hour, era)) == ([1, 2, 1024, 0.125], 1.0)


def test_beyond_what_a_double_holds_nothing_of_an_old_sum_is_left() -> None:
    growth = GrowthFactors([1])
    assert growth.factor(0, 2_000_000, growth.moment(0).eras[0]) == inf


@given(st.floats(-1e12, 1e12), st.integers(0, 3))
def test_telling_a_sum_in_a_later_era_is_exact(value: float, eras: int) -> None:
    assert to_later_era(value, eras) == ldexp(value, -ERA_HALF_LIVES * eras)


@pytest.mark.parametrize("years", [0, 1, 5, 50, 900])
def test_a_half_life_of_one_hour_is_exact_after_years_of_silence(years: int) -> None:
    rules = (models.rule(on="email.clicked", half_life="1h"), models.rule("keep", on="email.clicked", half_life="900h"))
    model = models.content(*rules, stages=(models.stage(enter=15, leave=10, handoff=True),))
    again = time_after("2026-01-05T10:20:00.000Z", years * 8766)
    facts = [fact("f1", "2026-01-05T10:20:00Z"), fact("f2", again), fact("f3", "2026-01-06T00:00:00Z")]
    for at in (again, time_after(again, 3), time_after(again, 2000)):
        assert all_differences(account_after(model, facts, ACME, at), fold_report(plan_of(model), facts, at)) == []


def test_the_state_of_an_old_account_does_not_overflow() -> None:
    model = models.content(models.rule(on="email.clicked", half_life="1h"))
    facts = [fact(f"f{year}", f"{year}-01-05T10:00:00Z") for year in range(1970, 8990, 45)]
    account = fold_facts(plan_of(model), facts).accounts[ACME]
    assert account.clock == parse_time(facts[-1]["time"])
    assert account.sums[0] / account.moment.factors[0] == 10
