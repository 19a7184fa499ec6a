"""Stages with hysteresis: entries, falls, and when the next fall comes. Never adds to a score."""

from math import inf, log2

from schemas.scores import StageChange
from schemas.times import format_time
from scoring.conditions import is_number
from scoring.counting import count_days, recount
from scoring.decay import HOUR
from scoring.fit import known_profile
from scoring.gate import cross, note_cooling
from scoring.plan import Plan, StagePlan, TrackPlan
from scoring.state import NO_STAGE, Account, TrackState

_NEAR = 1e-6


def decide(account: Account, track: TrackPlan, cause: str, plan: Plan) -> None:
    """After a fact (scoring.md 20): enter the highest stage that can be entered, else keep, else fall."""
    state = account.tracks[track.number]
    score = score_now(account, track)
    if state.counted_on != account.today:
        recount(state, track, account.today)
    present = state.stage
    entered = highest_entry(account, state, track, score, cause)
    if entered > present:
        change(account, state, track, entered, account.clock, cause, score)
        if present < track.handoff <= entered:
            cross(account, state, track, cause, score, plan)
    elif present >= 0 and not stands(account, state, track, present, score, state.counts, account.clock):
        lower = highest_standing(account, state, track, present, score, state.counts, account.clock)
        change(account, state, track, lower, account.clock, cause, score)


def highest_entry(account: Account, state: TrackState, track: TrackPlan, score: float, cause: str) -> int:
    """The highest stage above the present one that can be entered now; -1 where there is none."""
    for i in range(len(track.stages) - 1, state.stage, -1):
        if not can_enter(account, state, track, i, score):
            continue
        if track.when is not None and not track.when(known_profile(account)):
            return NO_STAGE
        if state.cooling_until is None or i < track.handoff:
            return i
        note_cooling(account, state, track, cause)
    return NO_STAGE


def can_enter(account: Account, state: TrackState, track: TrackPlan, i: int, score: float) -> bool:
    return meets(account, state, track, i, track.stages[i].enter, score, state.counts, account.clock)


def stands(
    account: Account, state: TrackState, track: TrackPlan, i: int, score: float, counts: list[int], instant: int
) -> bool:
    return meets(account, state, track, i, track.stages[i].leave, score, counts, instant)


def meets(
    account: Account,
    state: TrackState,
    track: TrackPlan,
    i: int,
    bound: float,
    score: float,
    counts: list[int],
    instant: int,
) -> bool:
    """Threshold and conditions of a stage; an act-now event waives all but fit, for the handoff stage alone."""
    stage = track.stages[i]
    if stage.grades is not None and account.grade not in stage.grades:
        return False
    if i == track.handoff and state.act_now_until is not None and instant < state.act_now_until:
        return True
    if not reaches(score, bound):
        return False
    return not stage.contacts or counts[stage.window] >= contacts_asked(account, stage)


def contacts_asked(account: Account, stage: StagePlan) -> int:
    """Fewer where the exception for small companies holds."""
    employees = account.small
    if stage.small_below is not None and isinstance(employees, int | float) and is_number(employees):
        return stage.small_contacts if employees < stage.small_below else stage.contacts
    return stage.contacts


def reaches(score: float, bound: float) -> bool:
    """Thresholds compare the score rounded to six decimals (scoring.md 16)."""
    distance = score - bound
    return distance > _NEAR or (distance > -_NEAR and round(score, 6) >= bound)


def highest_standing(
    account: Account, state: TrackState, track: TrackPlan, below: int, score: float, counts: list[int], instant: int
) -> int:
    """The highest stage below this one that can be kept; -1 for none."""
    for i in range(below - 1, -1, -1):
        if stands(account, state, track, i, score, counts, instant):
            return i
    return NO_STAGE


def change(
    account: Account, state: TrackState, track: TrackPlan, to: int, instant: int, cause: str, score: float
) -> None:
    before, after = stage_name(track, state.stage), stage_name(track, to)
    state.stage = to
    if account.outcome:
        at = format_time(instant)
        account.outcome.stages.append(StageChange(track.name, account.seq, at, before, after, cause, score))


def stage_name(track: TrackPlan, i: int) -> str | None:
    return track.stages[i].name if i >= 0 else None


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


def counts_at(state: TrackState, track: TrackPlan, day: int) -> list[int]:
    if state.counted_on == day:
        return state.counts
    return [count_days(state, day - width + 1) for width in track.windows]


def score_now(account: Account, track: TrackPlan) -> float:
    """The track's score at the account's clock."""
    factors = account.moment.factors
    sums = account.sums
    score = 0.0
    for slot, k in track.slots:
        score += sums[slot] / factors[k]
    return score


def score_at(account: Account, track: TrackPlan, hour: int, plan: Plan) -> float:
    """The track's score at a later hour, if nothing happens until then."""
    moment = plan.growth.moment(hour)
    same = moment.eras is account.eras
    score = 0.0
    for slot, k in track.slots:
        score += account.sums[slot] / (moment.factors[k] if same else plan.growth.factor(k, hour, account.eras[k]))
    return score


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
    """The first hour that does not reach the bound; `low` does. Guesses only make the search end sooner."""
    high: int | None = None
    farthest = low + 1100 * slowest
    at_low, slope = score_and_slope(account, track, low, plan)
    while high is None or high - low > 1:
        middle = guess(low, at_low, slope, high, bound)
        score, its_slope = score_and_slope(account, track, middle, plan)
        if not reaches(score, bound):
            high = middle
        elif middle > farthest:
            return None
        else:
            low, at_low, slope = middle, score, its_slope
    return high


def guess(low: int, at_low: float, slope: float, high: int | None, bound: float) -> int:
    """Newton's step in the logarithm of the score, from `low`: that curve is convex, so it rarely goes too far."""
    middle = low + 1
    if slope > 0 and at_low > bound:
        middle += int(log2(at_low / bound) * at_low / slope)
    return middle if high is None or middle < high else (low + high) // 2


def score_and_slope(account: Account, track: TrackPlan, hour: int, plan: Plan) -> tuple[float, float]:
    """The score at a later hour, and its fall per hour in units of ln 2."""
    score = slope = 0.0
    growth, eras, sums = plan.growth, account.eras, account.sums
    for slot, k in track.slots:
        part = sums[slot] / growth.factor(k, hour, eras[k])
        score += part
        half_life = growth.half_lives[k]
        if half_life is not None:
            slope += part / half_life
    return score, slope
