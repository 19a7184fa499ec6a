"""The fold against the oracle: random models and logs, everything there is to say, at several instants."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scoring.fold_runner import fold_report, plan_of
from tests.scoring.oracle.account import account_after
from tests.scoring.vectors import all_differences
from tests.scoring.world_strategies import World, busy_worlds, worlds

FAR_PAST = "2020-01-01T00:00:00.000Z"
FEW_EXAMPLES = settings(max_examples=60, derandomize=True)


def time_after(time: str, hours: int) -> str:
    moment = datetime.fromisoformat(time) + timedelta(hours=hours)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def fold_differences(world: World, facts: int, instants: tuple[str, ...]) -> Iterator[str]:
    """Of the fold with the oracle, about the first facts of a world."""
    plan, first = plan_of(world.model), world.facts[:facts]
    for account in sorted({fact["subject"] for fact in first}):
        for at in instants:
            expected = account_after(world.model, first, account, at)
            yield from all_differences(expected, fold_report(plan, first, at, account))


hours = st.integers(0, 80)


@FEW_EXAMPLES
@given(worlds(), hours)
def test_any_history_means_what_the_rules_say(world: World, ahead: int) -> None:
    ats = (FAR_PAST, time_after(world.end, ahead), time_after(world.end, 40 * 24))
    assert list(fold_differences(world, len(world.facts), ats)) == []


@FEW_EXAMPLES
@given(busy_worlds(), hours)
def test_so_do_histories_of_handoffs(world: World, ahead: int) -> None:
    ats = (FAR_PAST, time_after(world.end, ahead), time_after(world.end, 40 * 24))
    assert list(fold_differences(world, len(world.facts), ats)) == []


@FEW_EXAMPLES
@given(worlds(max_facts=10) | busy_worlds(max_facts=10))
def test_every_fact_on_the_way_leaves_what_the_rules_say(world: World) -> None:
    for facts in range(1, len(world.facts) + 1):
        assert list(fold_differences(world, facts, (FAR_PAST, time_after(world.end, 30)))) == []
