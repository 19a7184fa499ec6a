"""Stages with hysteresis: which stage a track enters, keeps or falls to after a fact."""

from schemas import StageChange, format_time
from scoring.fold.breadth import refresh_counts
from scoring.fold.crossings import record_cooldown, record_crossing
from scoring.fold.fit import firmographics
from scoring.fold.state import NO_STAGE, Account, TrackSnapshot, TrackState
from scoring.plan.conditions import is_number
from scoring.plan.plan import Plan, StagePlan, TrackPlan

_ROUNDING_MARGIN = 1e-6


def update_stage(account: Account, state: TrackState, cause: str, plan: Plan) -> None:
    """After a fact (scoring.md 20): enter the highest stage that is open, else keep the stage, else fall."""
    track, current = state.plan, state.stage
    score = score_now(account, track)
    if state.counted_day != account.today:
        refresh_counts(state, account.today)
    may_enter = score > track.entry_thresholds[current + 1] - _ROUNDING_MARGIN or state.act_now_until is not None
    if current < 0 and not may_enter:
        return
    now = TrackSnapshot(account, state, score, state.counts, account.clock)
    entered = highest_enterable_stage(now, cause) if may_enter else NO_STAGE
    if entered > current:
        change_stage(now, entered, cause)
        if current < track.handoff_stage <= entered:
            record_crossing(now, cause, plan)
    elif current >= 0 and not holds_stage(now, current):
        change_stage(now, highest_held_stage(now, current), cause)


def highest_enterable_stage(now: TrackSnapshot, cause: str) -> int:
    """The highest stage above the current one that can be entered; -1 if there is none."""
    state, track = now.state, now.state.plan
    for i in range(len(track.stages) - 1, state.stage, -1):
        if not meets_stage(now, i, track.stages[i].enter):
            continue
        if track.when is not None and not track.when(firmographics(now.account)):
            return NO_STAGE
        if state.cooling_until is None or i < track.handoff_stage:
            return i
        record_cooldown(now, cause)
    return NO_STAGE


def highest_held_stage(snapshot: TrackSnapshot, below: int) -> int:
    """The highest stage below this one that can be kept; -1 if there is none."""
    for i in range(below - 1, -1, -1):
        if holds_stage(snapshot, i):
            return i
    return NO_STAGE


def holds_stage(snapshot: TrackSnapshot, i: int) -> bool:
    return meets_stage(snapshot, i, snapshot.state.plan.stages[i].leave)


def meets_stage(snapshot: TrackSnapshot, i: int, bound: float) -> bool:
    """Threshold and conditions of a stage; act-now waives all but fit, for the handoff stage only."""
    account, state = snapshot.account, snapshot.state
    track = state.plan
    stage = track.stages[i]
    if stage.grades is not None and account.grade not in stage.grades:
        return False
    if i == track.handoff_stage and state.act_now_until is not None and snapshot.instant < state.act_now_until:
        return True
    if not reaches_threshold(snapshot.score, bound):
        return False
    return not stage.required_contacts or snapshot.counts[stage.window_index] >= required_contacts(account, stage)


def required_contacts(account: Account, stage: StagePlan) -> int:
    """The breadth that a stage requires; a small company needs fewer contacts if the model says so."""
    employees = account.employees
    if stage.small_company_employees is not None and isinstance(employees, int | float) and is_number(employees):
        return stage.small_company_contacts if employees < stage.small_company_employees else stage.required_contacts
    return stage.required_contacts


def reaches_threshold(score: float, bound: float) -> bool:
    """Thresholds are compared with the score rounded to six decimals (scoring.md 16)."""
    distance = score - bound
    return distance > _ROUNDING_MARGIN or (distance > -_ROUNDING_MARGIN and round(score, 6) >= bound)


def change_stage(snapshot: TrackSnapshot, to: int, cause: str) -> None:
    account, state = snapshot.account, snapshot.state
    track = state.plan
    before, after = stage_name(track, state.stage), stage_name(track, to)
    state.stage = to
    pending = account.pending_changes
    if pending:
        at = format_time(snapshot.instant)
        pending.stages.append(StageChange(track.name, account.seq, at, before, after, cause, snapshot.score))


def stage_name(track: TrackPlan, i: int) -> str | None:
    return track.stages[i].name if i >= 0 else None


def score_now(account: Account, track: TrackPlan) -> float:
    """The track's score at the account's clock."""
    factors = account.moment.factors
    sums = account.sums
    score = 0.0
    for slot, k in track.slots:
        score += sums[slot] / factors[k]
    return score
