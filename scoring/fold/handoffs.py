"""Decisions of sales about handoffs, and what an opportunity makes of them: the steps, the cool-down, the deal."""

from schemas import (
    ACCEPTED,
    ASSIGNABLE_STATUSES,
    CONTINUABLE_STATUSES,
    CONVERTED,
    COOLDOWN_STATUSES,
    RECYCLED,
    Assignment,
    is_late,
    may_follow,
)
from scoring.fold.breadth import counts_on
from scoring.fold.fit import tell
from scoring.fold.stages import change_stage, handoff_step, highest_held_stage, score_now, text_or_none
from scoring.fold.state import CONCLUDED, OPENED, Account, AppliedFact, Handoff, TrackSnapshot, TrackState


def apply_decision(account: Account, fact: AppliedFact) -> int:
    """A decision about a handoff; one that does not fit the handoff's status changes nothing (scoring.md 26)."""
    step = fact.type.split(".")[1]
    state, crossing, handoff = named_handoff(account, fact)
    if state is None or handoff is None:
        return 0
    later = (other.status for number, other in state.open_handoffs.items() if number > crossing)
    return take_step(account, state, crossing, step, fact) if may_follow(step, handoff.status, later) else 0


def take_step(account: Account, state: TrackState, crossing: int, step: str, fact: AppliedFact) -> int:
    """The handoff takes a step that its status allows; returns the touched track, as a bit."""
    handoff = state.open_handoffs[crossing]
    if account.pending_changes:
        late = is_late(step, handoff.status, fact.time, handoff.due_at)
        account.pending_changes.steps.append(handoff_step(account, state, crossing, step, fact, late))
    handoff.status = step
    if step == ACCEPTED:
        handoff.accepted_at = fact.time
    if step == CONVERTED:
        handoff.opportunity = opportunity_of(fact)
        handoff.deal_closed = bool(account.opportunities.get(handoff.opportunity, 0) & CONCLUDED)
    if step not in CONTINUABLE_STATUSES:
        del state.open_handoffs[crossing]
    if step in COOLDOWN_STATUSES:
        start_cooldown(account, state, fact)
    return 1 << state.plan.number


def named_handoff(account: Account, fact: AppliedFact) -> tuple[TrackState | None, int, Handoff | None]:
    """Track, crossing and state of the handoff that a fact names; None where that is none of this account."""
    name = fact.data.handoff
    parts = name.rsplit("/", 2) if isinstance(name, str) else []
    if len(parts) != 3 or parts[0] != account.id or not (parts[2].isascii() and parts[2].isdigit()):
        return None, 0, None
    state = next((state for state in account.tracks if state.plan.name == parts[1]), None)
    if state is None or len(parts[2]) >= 10:
        return None, 0, None
    return state, int(parts[2]), state.open_handoffs.get(int(parts[2]))


def apply_assignment(account: Account, fact: AppliedFact) -> int:
    """Of several assignments the newest (`time`, id) holds; they change nothing else (scoring.md 26)."""
    state, crossing, handoff = named_handoff(account, fact)
    data, decoded = fact.data, fact.decoded
    stamp = (fact.time, decoded.id)
    if state is None or handoff is None or handoff.status not in ASSIGNABLE_STATUSES or not isinstance(data.to, str):
        return 0
    if handoff.assigned_at is not None and stamp <= handoff.assigned_at:
        return 0
    handoff.assigned_at = stamp
    if account.pending_changes:
        recorded, by, track = decoded.recordedtime or decoded.time, text_or_none(data.by), state.plan.name
        name = f"{account.id}/{track}/{crossing}"
        account.pending_changes.assignments.append(
            Assignment(name, track, crossing, account.seq, decoded.time, recorded, decoded.id, by, data.to)
        )
    return 0


def apply_opportunity(account: Account, fact: AppliedFact) -> int:
    """An opportunity is opened, won or lost (scoring.md 34, 37): it converts a handoff, ends its stay with sales, and
    a won one makes a customer."""
    word, opportunity = fact.type.split(".")[1], opportunity_of(fact)
    known = account.opportunities.get(opportunity, 0)
    touched = 0
    if word == "opened" or (word == "won" and not known & OPENED):
        touched |= convert_accepted(account, fact)
    if word == "opened":
        account.opportunities[opportunity] = OPENED
        return touched
    account.opportunities[opportunity] = known | CONCLUDED
    for state, crossing, handoff in open_handoffs(account, CONVERTED):
        if handoff.opportunity == opportunity and not handoff.deal_closed:
            handoff.deal_closed = True
            touched |= take_step(account, state, crossing, RECYCLED, fact) if word == "lost" else 0
    return touched | (tell(account, {"customer": True}, fact) if word == "won" else 0)


def opportunity_of(fact: AppliedFact) -> str:
    """What the fact names; facts that name none speak of the same one."""
    return text_or_none(fact.data.opportunity) or ""


def open_handoffs(account: Account, status: str) -> list[tuple[TrackState, int, Handoff]]:
    """Those of all tracks that are in this status."""
    return [
        (state, crossing, handoff)
        for state in account.tracks
        for crossing, handoff in state.open_handoffs.items()
        if handoff.status == status
    ]


def convert_accepted(account: Account, fact: AppliedFact) -> int:
    """Convert the accepted handoff that the fact names, else the only one; none that was accepted after the fact."""
    candidates = open_handoffs(account, ACCEPTED)
    if text_or_none(fact.data.handoff) is not None:
        named = named_handoff(account, fact)
        candidates = [each for each in candidates if each == named]
    if len(candidates) != 1:
        return 0
    state, crossing, handoff = candidates[0]
    if handoff.accepted_at is not None and handoff.accepted_at > fact.time:
        return 0
    return take_step(account, state, crossing, CONVERTED, fact)


def start_cooldown(account: Account, state: TrackState, fact: AppliedFact) -> None:
    """After a rejection or recycling (scoring.md 27): fall below the handoff stage, cool down from the fact's time; of
    two cool-downs the later end holds."""
    until = fact.time + fact.plan.cooldown
    state.act_now_until = None
    if state.cooling_until is None or until > state.cooling_until:
        state.cooling_until = until
    state.cooldown_recorded = False
    track = state.plan
    if state.stage >= track.handoff_stage:
        counts = counts_on(state, account.today)
        now = TrackSnapshot(account, state, score_now(account, track), counts, account.clock)
        change_stage(now, highest_held_stage(now, track.handoff_stage), fact.decoded.id)
