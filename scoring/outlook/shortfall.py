"""The distance to a stage: points, engaged contacts and fit that the fold would ask for."""

from math import ceil

from msgspec import Struct

from scoring.fold.breadth import counts_on
from scoring.fold.stages import reaches_threshold, required_contacts, score_now
from scoring.fold.state import Account, TrackSnapshot, TrackState
from scoring.plan.plan import StagePlan


class Shortfall(Struct, frozen=True):
    """`points`: of the score, so already weighted by role; `fit`: grades that would do, if the account's does not."""

    points: float
    contacts: int
    fit: tuple[str, ...] | None


NOTHING = Shortfall(0.0, 0, None)


def snapshot_at_clock(account: Account, state: TrackState) -> TrackSnapshot:
    counts = counts_on(state, account.today)
    return TrackSnapshot(account, state, score_now(account, state.plan), counts, account.clock)


def missing_for(snapshot: TrackSnapshot, i: int) -> Shortfall:
    """What the account would need at this instant to enter stage `i`; gate, cool-down and `when` aside."""
    stage = snapshot.state.plan.stages[i]
    if is_waived(snapshot, i):
        return Shortfall(0.0, 0, missing_fit(snapshot.account, stage))
    reached = reaches_threshold(snapshot.score, stage.enter)
    contacts = required_contacts(snapshot.account, stage) - snapshot.counts[stage.window_index]
    return Shortfall(
        0.0 if reached else stage.enter - snapshot.score,
        max(0, contacts) if stage.required_contacts else 0,
        missing_fit(snapshot.account, stage),
    )


def is_waived(snapshot: TrackSnapshot, i: int) -> bool:
    """Act-now waives score and breadth of the handoff stage (scoring.md 22)."""
    state = snapshot.state
    return i == state.plan.handoff_stage and state.act_now_until is not None and snapshot.instant < state.act_now_until


def missing_fit(account: Account, stage: StagePlan) -> tuple[str, ...] | None:
    if stage.grades is None or account.grade in stage.grades:
        return None
    return tuple(sorted(stage.grades))


def more_points(points: float) -> str:
    """One decimal, rounded up: what is shown is enough."""
    shown = ceil(round(points * 10, 5)) / 10
    return f"{shown:g} more point{'' if shown == 1 else 's'}"
