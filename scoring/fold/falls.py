"""Falls while nothing happens: those that came, and when the next one comes. Never adds to a score."""

from math import inf, log2

from scoring.fold.stages import (
    change_stage,
    contact_counts_at,
    highest_held_stage,
    holds_stage,
    reaches_threshold,
    required_contacts,
    score_at,
)
from scoring.fold.state import Account, TrackState
from scoring.plan.decay import HOUR
from scoring.plan.plan import Plan, StagePlan, TrackPlan

_NEWTON_STEPS = 30
_MAX_STEP_HOURS = 1e9


def apply_falls(account: Account, track: TrackPlan, until: int, plan: Plan) -> None:
    """Decide, at their instants, the falls that come up to `until` while nothing happens."""
    state = account.tracks[track.number]
    since = account.clock
    if holds_stage_at(account, state, track, until, plan):
        return
    while (instant := next_fall_at(account, track, since, plan)) is not None and instant <= until:
        score = score_at(account, track, instant // HOUR, plan)
        counts = contact_counts_at(state, track, plan.calendar.day(instant))
        lower_stage = highest_held_stage(account, state, track, state.stage, score, counts, instant)
        change_stage(account, state, track, lower_stage, instant, "time", score)
        since = instant


def holds_stage_at(account: Account, state: TrackState, track: TrackPlan, instant: int, plan: Plan) -> bool:
    score = score_at(account, track, instant // HOUR, plan)
    counts = (
        contact_counts_at(state, track, plan.calendar.day(instant))
        if track.stages[state.stage].required_contacts
        else []
    )
    return holds_stage(account, state, track, state.stage, score, counts, instant)


def next_fall_at(account: Account, track: TrackPlan, since: int, plan: Plan) -> int | None:
    """The instant after `since` at which the present stage is lost if nothing happens; None where it never is.

    While nothing happens a positive score and the breadth only fall, so the first instant is found by halving.
    """
    state = account.tracks[track.number]
    if state.stage < 0:
        return None
    stage = track.stages[state.stage]
    breadth_end = breadth_ends_at(account, state, stage, plan)
    score_end_hour = first_hour_below(account, track, since // HOUR, stage.leave, plan)
    first = min(inf if breadth_end is None else breadth_end, inf if score_end_hour is None else score_end_hour * HOUR)
    if state.stage == track.handoff_stage and state.act_now_until is not None and state.act_now_until > since:
        first = max(first, state.act_now_until)
    return None if first == inf else int(first)


def breadth_ends_at(account: Account, state: TrackState, stage: StagePlan, plan: Plan) -> int | None:
    """Local midnight after the last day on which enough contacts count."""
    if not stage.required_contacts:
        return None
    required, reached = required_contacts(account, stage), 0
    if required <= 0:
        return None
    for day in sorted(state.contacts_by_day, reverse=True):
        reached += state.contacts_by_day[day]
        if reached >= required:
            return plan.calendar.midnight(day + stage.breadth_days)
    return account.clock


def first_hour_below(account: Account, track: TrackPlan, hour: int, bound: float, plan: Plan) -> int | None:
    """The first hour after `hour` whose score no longer reaches the bound; None where it always does."""
    if not reaches_threshold(score_at(account, track, hour, plan), bound):
        return hour + 1
    slowest = slowest_half_life(account, track, plan)
    if slowest is None:
        return None
    never_fading = sum(account.sums[slot] for slot, k in track.slots if plan.growth.half_lives[k] is None)
    if never_fading > 0 and reaches_threshold(never_fading, bound):
        return None
    return search_first_hour_below(account, track, hour, bound, slowest, plan)


def slowest_half_life(account: Account, track: TrackPlan, plan: Plan) -> int | None:
    half_lives = [plan.growth.half_lives[k] for slot, k in track.slots if account.sums[slot]]
    return max((hours for hours in half_lives if hours is not None), default=None)


def search_first_hour_below(
    account: Account, track: TrackPlan, low: int, bound: float, slowest: int, plan: Plan
) -> int | None:
    """The first hour that does not reach the bound; `low` does. The guess only makes the search end sooner."""
    search_limit = low + 1100 * slowest
    middle = min(low + 1 + estimated_hours_above(account, track, low, bound, plan), search_limit + 1)
    high: int | None = None
    step = 1
    while high is None or high - low > 1:
        if not reaches_threshold(score_at(account, track, middle, plan), bound):
            high = middle
        elif middle > search_limit:
            return None
        else:
            low = middle
        middle = low + step if high is None else max(high - step, (low + high) // 2)
        step *= 2
    return high


def estimated_hours_above(account: Account, track: TrackPlan, low: int, bound: float, plan: Plan) -> int:
    """About so many hours after `low` the score stays above the bound: a guess, no two machines need agree on it.

    Newton's steps in the logarithm of the score: that curve is convex, so they do not go too far.
    """
    parts = score_parts_at(account, track, low, plan)
    hours = 0.0
    for _ in range(_NEWTON_STEPS):
        score = slope = 0.0
        for part, rate in parts:
            remaining = part * 2.0 ** (-hours * rate)
            score += remaining
            slope += remaining * rate
        if slope <= 0.0 or score <= bound:
            break
        increment = log2(score / bound) * score / slope
        if not 0.01 < increment < _MAX_STEP_HOURS:
            break
        hours += increment
    return int(hours)


def score_parts_at(account: Account, track: TrackPlan, hour: int, plan: Plan) -> list[tuple[float, float]]:
    """What each half-life adds to the score at a later hour, with its rate of fading: halvings per hour."""
    growth, eras, sums = plan.growth, account.eras, account.sums
    half_lives = growth.half_lives
    return [
        (sums[slot] / growth.factor(k, hour, eras[k]), 1.0 / half_life if (half_life := half_lives[k]) else 0.0)
        for slot, k in track.slots
        if sums[slot]
    ]
