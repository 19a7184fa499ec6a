"""Crossings into the handoff stage, and the gate they must pass: suppression, open handoffs, cool-down."""

from schemas import OPEN_STATUSES, PROPOSED, Gated, HandoffOpened, format_time
from scoring.fold.fit import firmographics
from scoring.fold.state import Account, AppliedFact, TrackSnapshot, TrackState
from scoring.plan.due_times import due_at
from scoring.plan.plan import Plan


def record_crossing(snapshot: TrackSnapshot, cause: str, plan: Plan) -> None:
    """Number an entry from below to the handoff stage or above; opens a handoff unless the gate stops it."""
    account, state = snapshot.account, snapshot.state
    state.crossings += 1
    reason = gate_reason(account, state)
    if reason:
        record_gated(snapshot, state.crossings, cause, reason)
        return
    state.open_handoffs[state.crossings] = PROPOSED
    if account.pending_changes:
        account.pending_changes.handoffs.append(opened_handoff(snapshot, cause, plan))


def gate_reason(account: Account, state: TrackState) -> str | None:
    if account.suppressed:
        return "suppressed"
    return "with_sales" if any(status in OPEN_STATUSES for status in state.open_handoffs.values()) else None


def opened_handoff(snapshot: TrackSnapshot, cause: str, plan: Plan) -> HandoffOpened:
    account, state, track = snapshot.account, snapshot.state, snapshot.state.plan
    act_now = state.act_now_until is not None and account.clock < state.act_now_until
    due = due_at(account.clock, act_now, plan.model.handoff, plan.model.timezone)
    return HandoffOpened(
        f"{account.id}/{track.name}/{state.crossings}",
        track.name,
        state.crossings,
        account.seq,
        format_time(account.clock),
        cause,
        snapshot.score,
        route_of(account, plan),
        act_now,
        None if due is None else format_time(due),
    )


def route_of(account: Account, plan: Plan) -> str | None:
    profile = firmographics(account)
    return next((route.to for route in plan.routes if route.when is None or route.when(profile)), None)


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


def end_cooldown(account: Account, time: int) -> int:
    """The first engagement event at or after its end ends a cool-down; returns the touched tracks, as bits."""
    touched = 0
    for i, state in enumerate(account.tracks):
        if state.cooling_until is not None and time >= state.cooling_until:
            state.cooling_until = None
            touched |= 1 << i
    return touched


def suppress_account(account: Account, fact: AppliedFact) -> int:
    account.suppressed = True
    return 0


def release_account(account: Account, fact: AppliedFact) -> int:
    """Lift the suppression. Opens no handoff: the gate is checked at entries only."""
    account.suppressed = False
    return 0
