"""Decisions of sales about a handoff, as the fold takes them. Never judges who may decide."""

from schemas.scores import HandoffStep
from scoring.fold.stages import change, counts_at, highest_standing, score_now
from scoring.fold.state import Account, TrackState
from scoring.plan.conditions import missing
from scoring.plan.fields import Fact
from scoring.plan.plan import Plan, TrackPlan

FROM = {
    "accepted": ("proposed", "expired"),
    "rejected": ("proposed",),
    "expired": ("proposed",),
    "recycled": ("accepted",),
    "converted": ("accepted",),
}
"""step -> the statuses it may follow."""
_OPEN = ("proposed", "accepted", "expired")


def decided(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    """A decision about a handoff; what does not fit its status changes nothing (scoring.md 26)."""
    step = fact.type.split(".")[1]
    found = named(account, fact, plan)
    if found is None:
        return 0
    track, crossing = found
    state = account.tracks[track.number]
    status = state.open.get(crossing)
    if status not in FROM[step]:
        return 0
    take_step(account, state, track, crossing, step, fact, late=step == "accepted" and status == "expired")
    if step in ("rejected", "recycled"):
        send_back(account, state, track, fact.id, time, plan)
    return 1 << track.number


def named(account: Account, fact: Fact, plan: Plan) -> tuple[TrackPlan, int] | None:
    """The track and crossing that a decision names; None where it names no handoff of this account."""
    parts = fact.data.handoff.rsplit("/", 2) if fact.data is not None and isinstance(fact.data.handoff, str) else []
    if len(parts) != 3 or parts[0] != account.id or not (parts[2].isascii() and parts[2].isdigit()):
        return None
    track = next((track for track in plan.tracks if track.name == parts[1]), None)
    return (track, int(parts[2])) if track and len(parts[2]) < 10 else None


def take_step(
    account: Account, state: TrackState, track: TrackPlan, crossing: int, step: str, fact: Fact, late: bool
) -> None:
    if step in _OPEN:
        state.open[crossing] = step
    else:
        del state.open[crossing]
    if account.outcome is None:
        return
    name = f"{account.id}/{track.name}/{crossing}"
    by, reason, opportunity = text(fact.data.by), text(fact.data.reason), text(fact.data.opportunity)
    account.outcome.steps.append(
        HandoffStep(name, track.name, crossing, account.seq, step, fact.time, fact.id, by, reason, opportunity, late)
    )


def text(value: object) -> str | None:
    return None if missing(value) else str(value)


def send_back(account: Account, state: TrackState, track: TrackPlan, cause: str, time: int, plan: Plan) -> None:
    """Rejected or recycled (scoring.md 27): the stage goes below the handoff stage, the cool-down runs from `time`."""
    state.act_now_until = None
    state.cooling_until = time + plan.cooldown
    state.cooling_noted = False
    if state.stage >= track.handoff:
        score = score_now(account, track)
        counts = counts_at(state, track, account.today)
        lower = highest_standing(account, state, track, track.handoff, score, counts, account.clock)
        change(account, state, track, lower, account.clock, cause, score)
