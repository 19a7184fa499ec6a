"""Stages with hysteresis: which stage a track enters, keeps or falls to after a fact; crossings into the handoff
stage, and the gate they must pass (suppression, open handoffs, cool-down)."""

from schemas import (
    CONVERTED,
    OPEN_STATUSES,
    PREVIOUS_STATUSES,
    PROPOSED,
    WITHDRAWN,
    Gated,
    HandoffOpened,
    HandoffStep,
    StageChange,
    SuppressionSignal,
    format_time,
    parse_time,
)
from scoring.fold.breadth import counts_on, refresh_counts
from scoring.fold.fit import firmographics
from scoring.fold.state import NO_STAGE, Account, AppliedFact, Handoff, TrackSnapshot, TrackState
from scoring.model.definition import Route
from scoring.plan.conditions import is_missing, is_number
from scoring.plan.due_times import due_at
from scoring.plan.plan import Plan, StagePlan, TrackPlan

_ROUNDING_MARGIN = 1e-6


def update_stage(account: Account, state: TrackState, fact: AppliedFact) -> None:
    """After a fact (scoring.md 20): enter the highest stage that is open, else keep the stage, else fall."""
    if state.closed:
        leave_track(account, state, fact)
        return
    track, current, cause = state.plan, state.stage, fact.decoded.id
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
            record_crossing(now, fact)
    elif current >= 0 and not holds_stage(now, current):
        change_stage(now, highest_held_stage(now, current), cause)


def highest_enterable_stage(now: TrackSnapshot, cause: str) -> int:
    """The highest stage above the current one that can be entered; -1 if there is none."""
    state, track = now.state, now.state.plan
    for i in range(len(track.stages) - 1, state.stage, -1):
        if not meets_stage(now, i, track.stages[i].enter):
            continue
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
        last = pending.stages[-1] if pending.stages else None
        if last and (last.track, last.seq, last.at, last.cause) == (track.name, account.seq, at, cause):
            # A fact changes a stage once: what a rejection began, the points of the same fact may continue.
            before = last.from_
            pending.stages.pop()
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


def leave_track(account: Account, state: TrackState, fact: AppliedFact) -> None:
    """Where its `when` ceases (scoring.md 8): to no stage at once, and what sales has not accepted is withdrawn."""
    if state.stage > NO_STAGE:
        score = score_now(account, state.plan)
        now = TrackSnapshot(account, state, score, counts_on(state, account.today), account.clock)
        change_stage(now, NO_STAGE, fact.decoded.id)
    for crossing, handoff in list(state.open_handoffs.items()):
        if handoff.status in PREVIOUS_STATUSES[WITHDRAWN]:
            del state.open_handoffs[crossing]
            if account.pending_changes:
                step = handoff_step(account, state, crossing, WITHDRAWN, fact)
                account.pending_changes.steps.append(step)


def handoff_step(
    account: Account, state: TrackState, crossing: int, status: str, fact: AppliedFact, late: bool = False
) -> HandoffStep:
    """A step that a fact makes: a decision at its own `time`, a withdrawal at the account's clock (scoring.md 23)."""
    data, decoded = fact.data, fact.decoded
    return HandoffStep(
        f"{account.id}/{state.plan.name}/{crossing}",
        state.plan.name,
        crossing,
        account.seq,
        status,
        format_time(account.clock) if status == WITHDRAWN else decoded.time,
        decoded.recordedtime or decoded.time,
        decoded.id,
        text_or_none(data.by),
        text_or_none(data.reason),
        text_or_none(data.note),
        text_or_none(data.opportunity),
        late,
    )


def text_or_none(value: object) -> str | None:
    return None if is_missing(value) else str(value)


def record_crossing(snapshot: TrackSnapshot, fact: AppliedFact) -> None:
    """Number an entry from below to the handoff stage or above; opens a handoff unless the gate stops it."""
    account, state = snapshot.account, snapshot.state
    state.crossings += 1
    reason = gate_reason(account, state)
    if reason:
        record_gated(snapshot, state.crossings, fact.decoded.id, reason)
        return
    opened, due = opened_handoff(snapshot, fact)
    state.open_handoffs[state.crossings] = Handoff(PROPOSED, due)
    if account.pending_changes:
        account.pending_changes.handoffs.append(opened)


def gate_reason(account: Account, state: TrackState) -> str | None:
    if account.suppressed:
        return "suppressed"
    return "with_sales" if any(is_with_sales(handoff) for handoff in state.open_handoffs.values()) else None


def is_with_sales(handoff: Handoff) -> bool:
    """Proposed, accepted, or converted while its opportunity is open."""
    return handoff.status in OPEN_STATUSES or (handoff.status == CONVERTED and not handoff.deal_closed)


def opened_handoff(snapshot: TrackSnapshot, fact: AppliedFact) -> tuple[HandoffOpened, int | None]:
    """What is told of an opening, and its due time (scoring.md 32)."""
    account, state, track = snapshot.account, snapshot.state, snapshot.state.plan
    decoded, plan = fact.decoded, fact.plan
    act_now = state.act_now_until is not None and account.clock < state.act_now_until
    route, model = route_of(account, plan), plan.model
    due = due_at(account.clock, fact.time, recorded_at(fact), act_now, model.handoff, route, model.timezone)
    opened = HandoffOpened(
        f"{account.id}/{track.name}/{state.crossings}",
        track.name,
        state.crossings,
        account.seq,
        format_time(account.clock),
        decoded.id,
        fact.type,
        decoded.time,
        decoded.recordedtime or decoded.time,
        snapshot.score,
        route.to if route else None,
        act_now,
        None if due is None else format_time(due),
        model.handoff.suppress,
    )
    return opened, due


def recorded_at(fact: AppliedFact) -> int:
    """When the fact was recorded, in milliseconds; when it happened, where that cannot be read."""
    try:
        return fact.time if fact.decoded.recordedtime is None else parse_time(fact.decoded.recordedtime)
    except ValueError:
        return fact.time


def route_of(account: Account, plan: Plan) -> Route | None:
    profile = firmographics(account)
    return next((each.route for each in plan.routes if each.when is None or each.when(profile)), None)


def record_gated(snapshot: TrackSnapshot, crossing: int | None, cause: str, reason: str) -> None:
    account, track = snapshot.account, snapshot.state.plan
    if account.pending_changes:
        at = format_time(account.clock)
        account.pending_changes.gated.append(Gated(track.name, account.seq, crossing, at, cause, reason))


def record_cooldown(snapshot: TrackSnapshot, cause: str) -> None:
    """Record once per cool-down that it stopped an entry."""
    if not snapshot.state.cooldown_recorded:
        snapshot.state.cooldown_recorded = True
        record_gated(snapshot, None, cause, "cooling_down")


def end_cooldown(account: Account, fact: AppliedFact) -> int:
    """The first engagement event at or after its end ends a cool-down; returns the touched tracks, as bits."""
    touched = 0
    for i, state in enumerate(account.tracks):
        if state.cooling_until is not None and fact.time >= state.cooling_until:
            state.cooling_until = None
            touched |= 1 << i
            if account.pending_changes:
                told = account.seq, "cooled_down", fact.decoded.time, fact.decoded.id, fact.type
                account.pending_changes.signals.append(SuppressionSignal(*told, track=state.plan.name))
    return touched


def suppress_account(account: Account, fact: AppliedFact) -> int:
    account.suppressed = True
    return 0


def release_account(account: Account, fact: AppliedFact) -> int:
    """Lift the suppression. Opens no handoff: the gate is checked at entries only."""
    account.suppressed = False
    return 0
