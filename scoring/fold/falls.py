"""Falls while nothing happens: those that came, and when the next one comes. Never adds to a score."""

from math import inf, log2

from scoring.fold.stages import change, contacts_asked, counts_at, highest_standing, reaches, score_at, stands
from scoring.fold.state import Account, TrackState
from scoring.plan.decay import HOUR
from scoring.plan.plan import Plan, StagePlan, TrackPlan

_STEPS = 30
_FARTHEST = 1e9


def decide_falls(account: Account, track: TrackPlan, until: int, plan: Plan) -> None:
    """Decide, at their instants, the falls that come up to `until` while nothing happens."""
    state = account.tracks[track.number]
    since = account.clock
    if stands_at(account, state, track, until, plan):
        return
    while (instant := falls_at(account, track, since, plan)) is not None and instant <= until:
        score = score_at(account, track, instant // HOUR, plan)
        counts = counts_at(state, track, plan.calendar.day(instant))
        lower = highest_standing(account, state, track, state.stage, score, counts, instant)
        change(account, state, track, lower, instant, "time", score)
        since = instant


def stands_at(account: Account, state: TrackState, track: TrackPlan, instant: int, plan: Plan) -> bool:
    score = score_at(account, track, instant // HOUR, plan)
    counts = counts_at(state, track, plan.calendar.day(instant)) if track.stages[state.stage].contacts else []
    return stands(account, state, track, state.stage, score, counts, instant)


def falls_at(account: Account, track: TrackPlan, since: int, plan: Plan) -> int | None:
    """The instant after `since` at which the present stage is lost if nothing happens; None where it never is.

    While nothing happens a positive score and the breadth only fall, so the first instant is found by halving.
    """
    state = account.tracks[track.number]
    if state.stage < 0:
        return None
    stage = track.stages[state.stage]
    lapse = breadth_lapses(account, state, stage, plan)
    below = hour_below(account, track, since // HOUR, stage.leave, plan)
    first = min(inf if lapse is None else lapse, inf if below is None else below * HOUR)
    if state.stage == track.handoff and state.act_now_until is not None and state.act_now_until > since:
        first = max(first, state.act_now_until)
    return None if first == inf else int(first)


def breadth_lapses(account: Account, state: TrackState, stage: StagePlan, plan: Plan) -> int | None:
    """Local midnight after the last day on which enough contacts count."""
    if not stage.contacts:
        return None
    asked, reached = contacts_asked(account, stage), 0
    if asked <= 0:
        return None
    for day in sorted(state.days, reverse=True):
        reached += state.days[day]
        if reached >= asked:
            return plan.calendar.midnight(day + stage.days)
    return account.clock


def hour_below(account: Account, track: TrackPlan, hour: int, bound: float, plan: Plan) -> int | None:
    """The first hour after `hour` whose score no longer reaches the bound; None where it always does."""
    if not reaches(score_at(account, track, hour, plan), bound):
        return hour + 1
    slowest = slowest_fading(account, track, plan)
    if slowest is None:
        return None
    lasting = sum(account.sums[slot] for slot, k in track.slots if plan.growth.half_lives[k] is None)
    if lasting > 0 and reaches(lasting, bound):
        return None
    return first_below(account, track, hour, bound, slowest, plan)


def slowest_fading(account: Account, track: TrackPlan, plan: Plan) -> int | None:
    lives = [plan.growth.half_lives[k] for slot, k in track.slots if account.sums[slot]]
    return max((hours for hours in lives if hours is not None), default=None)


def first_below(account: Account, track: TrackPlan, low: int, bound: float, slowest: int, plan: Plan) -> int | None:
    """The first hour that does not reach the bound; `low` does. The guess only makes the search end sooner."""
    farthest = low + 1100 * slowest
    middle = min(low + 1 + hours_above(account, track, low, bound, plan), farthest + 1)
    high: int | None = None
    step = 1
    while high is None or high - low > 1:
        if not reaches(score_at(account, track, middle, plan), bound):
            high = middle
        elif middle > farthest:
            return None
        else:
            low = middle
        middle = low + step if high is None else max(high - step, (low + high) // 2)
        step *= 2
    return high


def hours_above(account: Account, track: TrackPlan, low: int, bound: float, plan: Plan) -> int:
    """About so many hours after `low` the score stays above the bound: a guess, no two machines need agree on it.

    Newton's steps in the logarithm of the score: that curve is convex, so they do not go too far.
    """
    parts = parts_at(account, track, low, plan)
    hours = 0.0
    for _ in range(_STEPS):
        score = slope = 0.0
        for part, rate in parts:
            now = part * 2.0 ** (-hours * rate)
            score += now
            slope += now * rate
        if slope <= 0.0 or score <= bound:
            break
        further = log2(score / bound) * score / slope
        if not 0.01 < further < _FARTHEST:
            break
        hours += further
    return int(hours)


def parts_at(account: Account, track: TrackPlan, hour: int, plan: Plan) -> list[tuple[float, float]]:
    """What each half-life adds to the score at a later hour, with its rate of fading: halvings per hour."""
    growth, eras, sums = plan.growth, account.eras, account.sums
    lives = growth.half_lives
    return [
        (sums[slot] / growth.factor(k, hour, eras[k]), 1.0 / half_life if (half_life := lives[k]) else 0.0)
        for slot, k in track.slots
        if sums[slot]
    ]
