"""Stages with hysteresis: entries, and falls after a fact. Never adds to a score."""

from schemas.scores import StageChange
from schemas.times import format_time
from scoring.fold.breadth import count_contacts_since, refresh_counts
from scoring.fold.crossings import record_cooldown, record_crossing
from scoring.fold.fit import firmographics
from scoring.fold.state import NO_STAGE, Account, TrackState
from scoring.plan.conditions import is_number
from scoring.plan.plan import Plan, StagePlan, TrackPlan

_ROUNDING_MARGIN = 1e-6


def update_stage(account: Account, track: TrackPlan, cause: str, plan: Plan) -> None:
    """After a fact (scoring.md 20): enter the highest stage that can be entered, else keep, else fall."""
    state = account.tracks[track.number]
    score = score_now(account, track)
    if state.counted_day != account.today:
        refresh_counts(state, track, account.today)
    current, entered = state.stage, NO_STAGE
    if score > track.entry_thresholds[current + 1] - _ROUNDING_MARGIN or state.act_now_until is not None:
        entered = highest_enterable_stage(account, state, track, score, cause)
    if entered > current:
        change_stage(account, state, track, entered, account.clock, cause, score)
        if current < track.handoff_stage <= entered:
            record_crossing(account, state, track, cause, score, plan)
    elif current >= 0 and not holds_stage(account, state, track, current, score, state.counts, account.clock):
        lower_stage = highest_held_stage(account, state, track, current, score, state.counts, account.clock)
        change_stage(account, state, track, lower_stage, account.clock, cause, score)


def highest_enterable_stage(account: Account, state: TrackState, track: TrackPlan, score: float, cause: str) -> int:
    """The highest stage above the present one that can be entered now; -1 where there is none."""
    for i in range(len(track.stages) - 1, state.stage, -1):
        if not can_enter_stage(account, state, track, i, score):
            continue
        if track.when is not None and not track.when(firmographics(account)):
            return NO_STAGE
        if state.cooling_until is None or i < track.handoff_stage:
            return i
        record_cooldown(account, state, track, cause)
    return NO_STAGE


def can_enter_stage(account: Account, state: TrackState, track: TrackPlan, i: int, score: float) -> bool:
    return meets_stage(account, state, track, i, track.stages[i].enter, score, state.counts, account.clock)


def holds_stage(
    account: Account, state: TrackState, track: TrackPlan, i: int, score: float, counts: list[int], instant: int
) -> bool:
    return meets_stage(account, state, track, i, track.stages[i].leave, score, counts, instant)


def meets_stage(
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
    if i == track.handoff_stage and state.act_now_until is not None and instant < state.act_now_until:
        return True
    if not reaches_threshold(score, bound):
        return False
    return not stage.required_contacts or counts[stage.window_index] >= required_contacts(account, stage)


def required_contacts(account: Account, stage: StagePlan) -> int:
    """Fewer where the exception for small companies holds."""
    employees = account.employees
    if stage.small_company_employees is not None and isinstance(employees, int | float) and is_number(employees):
        return stage.small_company_contacts if employees < stage.small_company_employees else stage.required_contacts
    return stage.required_contacts


def reaches_threshold(score: float, bound: float) -> bool:
    """Thresholds compare the score rounded to six decimals (scoring.md 16)."""
    distance = score - bound
    return distance > _ROUNDING_MARGIN or (distance > -_ROUNDING_MARGIN and round(score, 6) >= bound)


def highest_held_stage(
    account: Account, state: TrackState, track: TrackPlan, below: int, score: float, counts: list[int], instant: int
) -> int:
    """The highest stage below this one that can be kept; -1 for none."""
    for i in range(below - 1, -1, -1):
        if holds_stage(account, state, track, i, score, counts, instant):
            return i
    return NO_STAGE


def change_stage(
    account: Account, state: TrackState, track: TrackPlan, to: int, instant: int, cause: str, score: float
) -> None:
    before, after = stage_name(track, state.stage), stage_name(track, to)
    state.stage = to
    if account.pending_changes:
        at = format_time(instant)
        account.pending_changes.stages.append(StageChange(track.name, account.seq, at, before, after, cause, score))


def stage_name(track: TrackPlan, i: int) -> str | None:
    return track.stages[i].name if i >= 0 else None


def contact_counts_at(state: TrackState, track: TrackPlan, day: int) -> list[int]:
    if state.counted_day == day:
        return state.counts
    return [count_contacts_since(state, day - width + 1) for width in track.breadth_windows]


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
    same_eras = moment.eras is account.eras
    score = 0.0
    for slot, k in track.slots:
        score += account.sums[slot] / (moment.factors[k] if same_eras else plan.growth.factor(k, hour, account.eras[k]))
    return score
