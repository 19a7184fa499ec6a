"""The handoff gate: crossings, cool-down and suppression. Never publishes anything."""

from schemas.scores import Gated, HandoffOpened
from schemas.times import format_time
from scoring.fold.fit import firmographics
from scoring.fold.state import Account, TrackState
from scoring.plan.due_times import due_at
from scoring.plan.fields import Fact
from scoring.plan.plan import Plan, TrackPlan

WITH_SALES = ("proposed", "accepted")


def cross(account: Account, state: TrackState, track: TrackPlan, cause: str, score: float, plan: Plan) -> None:
    """Entry from below to the handoff stage or above: it takes a number, and opens a handoff unless gated."""
    state.crossings += 1
    why = gated_by(account, state)
    if why:
        note(account, track, state.crossings, cause, why)
        return
    state.open[state.crossings] = "proposed"
    if account.outcome:
        account.outcome.handoffs.append(handoff(account, state, track, cause, score, plan))


def gated_by(account: Account, state: TrackState) -> str | None:
    if account.suppressed:
        return "suppressed"
    return "with_sales" if any(status in WITH_SALES for status in state.open.values()) else None


def handoff(
    account: Account, state: TrackState, track: TrackPlan, cause: str, score: float, plan: Plan
) -> HandoffOpened:
    act_now = state.act_now_until is not None and account.clock < state.act_now_until
    due = due_at(account.clock, act_now, plan.model.handoff, plan.model.timezone)
    return HandoffOpened(
        f"{account.id}/{track.name}/{state.crossings}",
        track.name,
        state.crossings,
        account.seq,
        format_time(account.clock),
        cause,
        score,
        route_of(account, plan),
        act_now,
        None if due is None else format_time(due),
    )


def route_of(account: Account, plan: Plan) -> str | None:
    profile = firmographics(account)
    return next((route.to for route in plan.routes if route.when is None or route.when(profile)), None)


def note(account: Account, track: TrackPlan, crossing: int | None, cause: str, why: str) -> None:
    if account.outcome:
        at = format_time(account.clock)
        account.outcome.gated.append(Gated(track.name, account.seq, crossing, at, cause, why))


def note_cooling(account: Account, state: TrackState, track: TrackPlan, cause: str) -> None:
    """Noted once per cool-down."""
    if not state.cooling_noted:
        state.cooling_noted = True
        note(account, track, None, cause, "cooling_down")


def end_cooling(account: Account, time: int) -> int:
    """The first engagement event at or after its end ends a cool-down; answers the tracks, as bits."""
    touched = 0
    for i, state in enumerate(account.tracks):
        if state.cooling_until is not None and time >= state.cooling_until:
            state.cooling_until = None
            touched |= 1 << i
    return touched


def suppressed(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    account.suppressed = True
    return 0


def released(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    """Opens nothing by itself: the gate is asked at entry only."""
    account.suppressed = False
    return 0
