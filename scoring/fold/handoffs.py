"""Decisions of sales about a handoff, as the fold takes them. Never judges who may decide."""

from schemas.scores import HandoffStep
from scoring.fold.stages import change_stage, contact_counts_at, highest_held_stage, score_now
from scoring.fold.state import Account, TrackState
from scoring.plan.conditions import is_missing
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan, TrackPlan

PREVIOUS_STATUSES = {
    "accepted": ("proposed", "expired"),
    "rejected": ("proposed",),
    "expired": ("proposed",),
    "recycled": ("accepted",),
    "converted": ("accepted",),
}
"""step -> the statuses it may follow."""
_OPEN_STATUSES = ("proposed", "accepted", "expired")


def apply_decision(account: Account, fact: DecodedFact, time: int, raw: bytes, plan: Plan) -> int:
    """A decision about a handoff; what does not fit its status changes nothing (scoring.md 26)."""
    step = fact.type.split(".")[1]
    handoff = named_handoff(account, fact, plan)
    if handoff is None:
        return 0
    track, crossing = handoff
    state = account.tracks[track.number]
    status = state.open_handoffs.get(crossing)
    if status not in PREVIOUS_STATUSES[step]:
        return 0
    record_step(account, state, track, crossing, step, fact, late=step == "accepted" and status == "expired")
    if step in ("rejected", "recycled"):
        start_cooldown(account, state, track, fact.id, time, plan)
    return 1 << track.number


def named_handoff(account: Account, fact: DecodedFact, plan: Plan) -> tuple[TrackPlan, int] | None:
    """The track and crossing that a decision names; None where it names no handoff of this account."""
    parts = fact.data.handoff.rsplit("/", 2) if fact.data is not None and isinstance(fact.data.handoff, str) else []
    if len(parts) != 3 or parts[0] != account.id or not (parts[2].isascii() and parts[2].isdigit()):
        return None
    track = next((track for track in plan.tracks if track.name == parts[1]), None)
    return (track, int(parts[2])) if track and len(parts[2]) < 10 else None


def record_step(
    account: Account, state: TrackState, track: TrackPlan, crossing: int, step: str, fact: DecodedFact, late: bool
) -> None:
    if step in _OPEN_STATUSES:
        state.open_handoffs[crossing] = step
    else:
        del state.open_handoffs[crossing]
    if account.pending_changes is None:
        return
    name = f"{account.id}/{track.name}/{crossing}"
    by, reason, opportunity = (
        text_or_none(fact.data.by),
        text_or_none(fact.data.reason),
        text_or_none(fact.data.opportunity),
    )
    account.pending_changes.steps.append(
        HandoffStep(name, track.name, crossing, account.seq, step, fact.time, fact.id, by, reason, opportunity, late)
    )


def text_or_none(value: object) -> str | None:
    return None if is_missing(value) else str(value)


def start_cooldown(account: Account, state: TrackState, track: TrackPlan, cause: str, time: int, plan: Plan) -> None:
    """Rejected or recycled (scoring.md 27): the stage goes below the handoff stage, the cool-down runs from `time`."""
    state.act_now_until = None
    state.cooling_until = time + plan.cooldown
    state.cooldown_recorded = False
    if state.stage >= track.handoff_stage:
        score = score_now(account, track)
        counts = contact_counts_at(state, track, account.today)
        lower_stage = highest_held_stage(account, state, track, track.handoff_stage, score, counts, account.clock)
        change_stage(account, state, track, lower_stage, account.clock, cause, score)
