"""Decisions of sales about handoffs: the step each one makes, and the cool-down after a rejection or recycling."""

from schemas import CONTINUABLE_STATUSES, COOLDOWN_STATUSES, PREVIOUS_STATUSES, HandoffStep, is_late
from scoring.fold.breadth import counts_on
from scoring.fold.stages import change_stage, highest_held_stage, score_now
from scoring.fold.state import Account, AppliedFact, TrackSnapshot, TrackState
from scoring.plan.conditions import is_missing


def apply_decision(account: Account, fact: AppliedFact) -> int:
    """A decision about a handoff; one that does not fit the handoff's status changes nothing (scoring.md 26)."""
    step = fact.type.split(".")[1]
    handoff = named_handoff(account, fact)
    if handoff is None:
        return 0
    state, crossing = handoff
    status = state.open_handoffs.get(crossing)
    if status not in PREVIOUS_STATUSES[step]:
        return 0
    if step in CONTINUABLE_STATUSES:
        state.open_handoffs[crossing] = step
    else:
        del state.open_handoffs[crossing]
    if account.pending_changes:
        late = is_late(status, step)
        account.pending_changes.steps.append(handoff_step(account, fact, (state, crossing), late))
    if step in COOLDOWN_STATUSES:
        start_cooldown(account, state, fact)
    return 1 << state.plan.number


def named_handoff(account: Account, fact: AppliedFact) -> tuple[TrackState, int] | None:
    """The track and crossing that a decision names; None if it names no handoff of this account."""
    name = fact.data.handoff
    parts = name.rsplit("/", 2) if isinstance(name, str) else []
    if len(parts) != 3 or parts[0] != account.id or not (parts[2].isascii() and parts[2].isdigit()):
        return None
    state = next((state for state in account.tracks if state.plan.name == parts[1]), None)
    return (state, int(parts[2])) if state and len(parts[2]) < 10 else None


def handoff_step(account: Account, fact: AppliedFact, handoff: tuple[TrackState, int], late: bool) -> HandoffStep:
    (state, crossing), data, decoded = handoff, fact.data, fact.decoded
    return HandoffStep(
        f"{account.id}/{state.plan.name}/{crossing}",
        state.plan.name,
        crossing,
        account.seq,
        fact.type.split(".")[1],
        decoded.time,
        decoded.id,
        text_or_none(data.by),
        text_or_none(data.reason),
        text_or_none(data.opportunity),
        late,
    )


def text_or_none(value: object) -> str | None:
    return None if is_missing(value) else str(value)


def start_cooldown(account: Account, state: TrackState, fact: AppliedFact) -> None:
    """After a rejection or recycling (scoring.md 27): fall below the handoff stage, cool down from the fact's time."""
    state.act_now_until = None
    state.cooling_until = fact.time + fact.plan.cooldown
    state.cooldown_recorded = False
    track = state.plan
    if state.stage >= track.handoff_stage:
        counts = counts_on(state, account.today)
        now = TrackSnapshot(account, state, score_now(account, track), counts, account.clock)
        change_stage(now, highest_held_stage(now, track.handoff_stage), fact.decoded.id)
