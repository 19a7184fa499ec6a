"""What always holds of the fold, for random models and logs."""

from collections.abc import Iterator
from math import fsum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.explain import line_of_fold
from schemas.times import format_time, parse_time
from scoring.fold.stages import update_stage
from scoring.fold.state import ANONYMOUS_PREFIX, Account, AppliedFact
from scoring.fold.valuation import account_copy_at, track_scores
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan
from streams.scorer.embedded import load_nothing
from streams.scorer.partition_fold import PartitionFold
from tests.scoring.fold.test_differential import time_after
from tests.scoring.fold_runner import Json, account_report, all_changes, fold_facts, plan_of, records_of, without_keys
from tests.scoring.vectors import all_differences
from tests.scoring.world_strategies import World, busy_worlds, worlds
from tests.streams.scorer.memory_partition import MemoryPartition

FEW_EXAMPLES = settings(max_examples=60, derandomize=True)
ANY_WORLD = worlds() | busy_worlds()
PUNCTUAL_WORLD = worlds(late=False) | busy_worlds(late=False)
HOUR = 3_600_000
HALF_A_YEAR = 183 * 24 * HOUR
hours = st.lists(st.integers(0, 3000), min_size=1, max_size=3)


def uncapped(world: World) -> World:
    """The same without caps."""
    tracks = {
        name: {**track, "limits": [], "rules": [without_cap(rule) for rule in track["rules"]]}
        for name, track in world.model["tracks"].items()
    }
    return World({**world.model, "tracks": tracks}, world.facts)


def without_cap(rule: Json) -> Json:
    return {name: value for name, value in rule.items() if name != "at_most"}


def without_second_joins(facts: list[Json]) -> list[Json]:
    """Without what identifies a visitor that another fact identifies: of those the first in the log holds."""
    seen: set[Any] = set()
    kept = []
    for fact in facts:
        visitor = fact.get("data", {}).get("visitor")
        if visitor is None or (fact["subject"], visitor) not in seen:
            kept.append(fact)
        seen.add((fact["subject"], visitor))
    return kept


def scores_at(account: Account, at: int, plan: Plan) -> dict[str, float]:
    return {name: track.score for name, track in track_scores(account_copy_at(account, at, plan), plan).items()}


def account_after_each_fact(world: World, plan: Plan) -> Iterator[Account]:
    """The account of every fact, after the fact."""
    fold = PartitionFold(0, load_nothing, plan=plan)
    for record in records_of(world.facts):
        fold.apply(record)
        yield fold.accounts[record.key]


@FEW_EXAMPLES
@given(ANY_WORLD, st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_how_facts_are_grouped_into_units_does_not_matter(world: World, sizes: list[int]) -> None:
    one, many = MemoryPartition(plan_of(world.model)), MemoryPartition(plan_of(world.model))
    facts = records_of(world.facts)
    one.score(facts)
    while facts:
        size = sizes[len(facts) % len(sizes)]
        many.recover().score(facts[:size])
        facts = facts[size:]
    assert many.digests() == one.digests()
    assert many.changes_by_account() == one.changes_by_account()


@FEW_EXAMPLES
@given(ANY_WORLD, hours)
def test_the_ledger_sums_to_the_score_at_any_time(world: World, ahead: list[int]) -> None:
    plan = plan_of(world.model)
    for account in fold_facts(plan, world.facts).accounts.values():
        assert account.pending_changes is not None
        for at in [account.clock + each * HOUR for each in ahead]:
            lines = [line_of_fold(line, at) for line in account.pending_changes.lines or []]
            for track, score in scores_at(account, at, plan).items():
                assert abs(score - fsum(line["now"] for line in lines if line["track"] == track)) < 1e-6


@FEW_EXAMPLES
@given(ANY_WORLD, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_no_score_where_no_cap_cuts(world: World, chance: Any) -> None:
    world = uncapped(World(world.model, without_second_joins(world.facts)))
    plan, end = plan_of(world.model), parse_time(world.end)
    shuffled = chance.sample(world.facts, len(world.facts))
    scores, other = fold_facts(plan, world.facts).accounts, fold_facts(plan, shuffled).accounts
    assert [
        all_differences(scores_at(account, end, plan), scores_at(other[id], end, plan))
        for id, account in scores.items()
        if not id.startswith(ANONYMOUS_PREFIX)
    ] == [[] for id in scores if not id.startswith(ANONYMOUS_PREFIX)]


@FEW_EXAMPLES
@given(PUNCTUAL_WORLD, st.lists(st.tuples(st.integers(0, 40), st.integers(-500, 2000)), max_size=8))
def test_reviews_change_no_history_where_facts_come_in_time_order(world: World, reviews: list[tuple[int, int]]) -> None:
    world = world.without("review.due")
    facts = list({fact["id"]: fact for fact in world.facts}.values())
    plan, at = plan_of(world.model), time_after(world.end, 24 * 100)
    reviewed = with_reviews(facts, reviews)
    for account in world.accounts:
        assert all_differences(*[report_without_seq(plan, log, at, account) for log in (facts, reviewed)]) == []


def with_reviews(facts: list[Json], reviews: list[tuple[int, int]]) -> list[Json]:
    """Each comes after some fact, early, late or twice: at any time that had come when the next fact did."""
    reviewed: list[Json] = []
    for number, fact in enumerate(facts):
        here = [hours for place, hours in reviews if place % len(facts) == number]
        last = parse_time(facts[number + 1]["time"]) if number + 1 < len(facts) else 1 << 50
        times = [min(parse_time(fact["time"]) + each * HOUR, last) for each in here]
        reviewed += [fact, *(review_of(fact, number, time, i) for i, time in enumerate(times))]
    return reviewed


def review_of(fact: Json, number: int, time: int, i: int) -> Json:
    id, at = f"review {number} {i}", format_time(time)
    return {"id": id, "source": "timers", "type": "review.due.v1", "subject": fact["subject"], "time": at}


def report_without_seq(plan: Plan, facts: list[Json], at: str, id: str) -> Json:
    account = fold_facts(plan, facts).accounts[id]
    assert account.pending_changes is not None
    return without_keys(account_report(account, [all_changes(account.pending_changes)], at, plan), "seq")


@FEW_EXAMPLES
@given(ANY_WORLD)
def test_deciding_again_changes_nothing(world: World) -> None:
    plan = plan_of(world.model)
    for account in account_after_each_fact(world, plan):
        if account.id.startswith(ANONYMOUS_PREFIX) or account.pending_changes is None:
            continue
        before = outcome_counts(account)
        review = applied_review(account, plan)
        for state in account.tracks:
            update_stage(account, state, review)
        assert outcome_counts(account) == before


def applied_review(account: Account, plan: Plan) -> AppliedFact:
    """A fact at the account's clock that tells of nothing."""
    time = format_time(account.clock)
    decoded = DecodedFact("again", "test", "review.due.v1", account.id, time, time)
    type_plan, data = plan.type_plan(decoded.type), plan.fact_reader.empty_data
    return AppliedFact(decoded, data, type_plan, account.clock, account.today, account.moment.factors, b"{}", plan)


def outcome_counts(account: Account) -> tuple[int, ...]:
    outcome = account.pending_changes
    assert outcome is not None
    return len(outcome.stages), len(outcome.handoffs), len(outcome.gated), len(outcome.steps)


@FEW_EXAMPLES
@given(ANY_WORLD, hours)
def test_a_positive_score_never_rises_while_nothing_happens(world: World, ahead: list[int]) -> None:
    plan = plan_of(world.model)
    for account in account_after_each_fact(world, plan):
        instants = sorted(account.clock + each * HOUR for each in ahead)
        for at, after in zip([account.clock, *instants], instants, strict=False):
            now, then = scores_at(account, at, plan), scores_at(account, after, plan)
            assert all(then[track] <= max(score, 0) + 1e-9 for track, score in now.items())


@FEW_EXAMPLES
@given(ANY_WORLD, st.integers(0, 400))
def test_a_stage_falls_at_the_first_instant_at_which_it_is_lost(world: World, after: int) -> None:
    plan = plan_of(world.model)
    for account in fold_facts(plan, world.facts).accounts.values():
        shown = account_copy_at(account, account.clock + after * HOUR, plan)
        for name, track in track_scores(shown, plan).items():
            first = first_fall_by_search(shown, name, plan)
            assert first is None or track.falls_at == format_time(first)
            assert first is not None or track.falls_at is None or parse_time(track.falls_at) > shown.clock + HALF_A_YEAR


def first_fall_by_search(account: Account, track: str, plan: Plan) -> int | None:
    """By trying every quarter of an hour of half a year."""
    quarter = 900_000
    stage = track_scores(account, plan)[track].stage
    start = account.clock // quarter * quarter + quarter
    if stage is None:
        return None
    instants = range(start, start + HALF_A_YEAR + 2 * quarter, quarter)
    low, high = 0, len(instants) - 1
    if stage_at(account, track, instants[high], plan) == stage:
        return None
    while low < high:  # a stage that was lost does not come back while nothing happens
        middle = (low + high) // 2
        if stage_at(account, track, instants[middle], plan) == stage:
            low = middle + 1
        else:
            high = middle
    return instants[low]


def stage_at(account: Account, track: str, at: int, plan: Plan) -> str | None:
    return track_scores(account_copy_at(account, at, plan), plan)[track].stage
