"""The outlook of an account in each track: its next stage, what is missing, what gates it, and the next fall.

Computed from the state at the account's clock by the functions that the fold decides with, so that it says what the
fold will do: with what is missing the stage is entered, and the fall comes at the instant that is named.
"""

from collections.abc import Iterator

from msgspec import Struct

from schemas import format_time
from scoring.fold.breadth import counts_on
from scoring.fold.falls import ScoreCurve, next_fall_at
from scoring.fold.fit import firmographics
from scoring.fold.stages import (
    gate_reason,
    highest_held_stage,
    is_with_sales,
    reaches_threshold,
    required_contacts,
    stage_name,
)
from scoring.fold.state import Account, TrackSnapshot, TrackState
from scoring.outlook.closures import closures
from scoring.outlook.shortfall import NOTHING, Shortfall, is_waived, missing_for, more_points, snapshot_at_clock
from scoring.plan.calendar import LAST_INSTANT
from scoring.plan.decay import HOUR
from scoring.plan.plan import Plan, TrackPlan

CLOSED = "closed"
"""The track's `when` does not hold; beside the reasons of the gate, `suppressed` and `with_sales`."""


class Fall(Struct, frozen=True):
    """The next loss of a stage if nothing happens."""

    at: int
    to: str | None
    because: str


class TrackOutlook(Struct, frozen=True):
    """`stage`: the next one above, None on the highest; `because`: what stands in the way and what ends the stage."""

    track: str
    stage: str | None
    missing: Shortfall
    gated: str | None
    """closed, suppressed or with_sales."""
    cooling_until: str | None
    falls_at: str | None
    obstacles: tuple[str, ...]
    fall: str | None
    """What ends the present stage, without the time."""

    @property
    def because(self) -> str:
        return "; ".join([*self.obstacles, *([self.fall] if self.fall else [])])


def outlook_of(account: Account, plan: Plan) -> list[TrackOutlook]:
    """Per track of the plan, at the account's clock."""
    return [track_outlook(account, state, plan) for state in account.tracks]


def track_outlook(account: Account, state: TrackState, plan: Plan) -> TrackOutlook:
    snapshot = snapshot_at_clock(account, state)
    track, above = state.plan, state.stage + 1
    has_next = above < len(track.stages)
    missing = missing_for(snapshot, above) if has_next else NOTHING
    closed = closures_of(account, track, plan)
    fall = next_fall(account, state, plan)
    return TrackOutlook(
        track.name,
        track.stages[above].name if has_next else None,
        missing,
        gate_of(account, state, closed),
        _time_text(state.cooling_until),
        _time_text(fall.at if fall else None),
        tuple(obstacles(snapshot, above if has_next else None, missing, closed)),
        fall.because if fall else None,
    )


def closures_of(account: Account, track: TrackPlan, plan: Plan) -> list[str]:
    """What closes the track to the account; empty while its `when` holds."""
    profile = firmographics(account)
    if track.when is None or track.when(profile):
        return []
    return list(closures(dict(plan.model.tracks[track.name].when), profile))


def gate_of(account: Account, state: TrackState, closed: list[str]) -> str | None:
    """Why no handoff would open in this track now, whatever the score."""
    if closed:
        return CLOSED
    return gate_reason(account, state) if state.plan.handoff_stage < len(state.plan.stages) else None


def obstacles(snapshot: TrackSnapshot, above: int | None, missing: Shortfall, closed: list[str]) -> Iterator[str]:
    """In words, what stands between the account and the next stage, and between it and sales."""
    account, state, track = snapshot.account, snapshot.state, snapshot.state.plan
    if closed:
        yield f"{track.name} is closed: {', '.join(closed)}"
        return
    if above is not None:
        yield from missing_texts(snapshot, above, missing)
        if state.cooling_until is not None and above >= track.handoff_stage:
            yield cooldown_text(snapshot, above)
    reason = gate_of(account, state, closed)
    if reason == "suppressed":
        yield "the account is suppressed: no handoff opens"
    elif reason == "with_sales":
        crossing, handoff = next(each for each in state.open_handoffs.items() if is_with_sales(each[1]))
        yield f"the account is with sales: handoff {account.id}/{track.name}/{crossing} is {handoff.status}"


def missing_texts(snapshot: TrackSnapshot, above: int, missing: Shortfall) -> Iterator[str]:
    """`sqa needs 12.5 more points and 1 more contact within 90 d`, `sqa needs fit A or B, and the fit is D`."""
    stage = snapshot.state.plan.stages[above]
    needs = [more_points(missing.points)] if missing.points else []
    if missing.contacts:
        contacts = f"{missing.contacts} more engaged contact{'' if missing.contacts == 1 else 's'}"
        needs.append(f"{contacts} within {stage.breadth_days} d")
    if needs:
        yield f"{stage.name} needs {' and '.join(needs)}"
    if missing.fit is not None:
        yield f"{stage.name} needs fit {' or '.join(missing.fit)}, and the fit is {snapshot.account.grade}"
    if is_waived(snapshot, above):
        yield f"score and contacts are waived for {stage.name} after an act-now event"


def cooldown_text(snapshot: TrackSnapshot, above: int) -> str:
    until, stage = snapshot.state.cooling_until, snapshot.state.plan.stages[above].name
    is_over = until is not None and until <= snapshot.instant
    ends = "the cool-down is over with the next engagement" if is_over else "cooling down after an answer of sales"
    return f"{stage} waits: {ends}"


def next_fall(account: Account, state: TrackState, plan: Plan) -> Fall | None:
    """The next fall if nothing happens, with its cause."""
    instant = next_fall_at(account, state, account.clock, plan)
    if instant is None or instant > LAST_INSTANT:
        return None
    curve, counts = ScoreCurve(account, state.plan, plan.growth), counts_on(state, plan.calendar.day(instant))
    then = TrackSnapshot(account, state, curve.at(instant // HOUR), counts, instant)
    to = stage_name(state.plan, highest_held_stage(then, state.stage))
    return Fall(instant, to, fall_text(then, to))


def fall_text(then: TrackSnapshot, to: str | None) -> str:
    """`sqa ends when the score is below 80`, or when too few contacts are engaged, at the instant of the fall."""
    stage = then.state.plan.stages[then.state.stage]
    causes = []
    if not reaches_threshold(then.score, stage.leave):
        causes.append(f"the score is below {stage.leave:g}")
    if stage.required_contacts and then.counts[stage.window_index] < required_contacts(then.account, stage):
        causes.append(f"too few contacts were engaged within {stage.breadth_days} d")
    after = f"falls to {to}" if to else "ends"
    return f"{stage.name} {after} when {' and '.join(causes) or 'act-now no longer holds it'}"


def _time_text(milliseconds: int | None) -> str | None:
    """None also after the year 9999, the last that the format can express."""
    return None if milliseconds is None or milliseconds > LAST_INSTANT else format_time(milliseconds)
