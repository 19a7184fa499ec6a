"""THE fold: one fact after another changes the state of its account. Never raises, logs or reads a clock."""

from collections.abc import Callable

from scoring.fold.contributions import adjust, count
from scoring.fold.crossings import end_cooling, released, suppressed
from scoring.fold.falls import decide_falls
from scoring.fold.fit import update_profile
from scoring.fold.handoffs import decided
from scoring.fold.stages import decide
from scoring.fold.state import Account, Outcome, TrackState
from scoring.fold.visitors import claim_domain, hold_anonymous, identify
from scoring.plan.calendar import QUARTER_HOUR
from scoring.plan.decay import HOUR, Moment, move_era
from scoring.plan.fields import Fact
from scoring.plan.plan import Plan

Effect = Callable[[Account, Fact, int, bytes, Plan], int]
"""What a type of fact does beside its rules; answers the tracks that it touched, as bits."""

EFFECTS: dict[str, Effect] = {
    "account.registered": update_profile,
    "account.updated": update_profile,
    "account.domain_claimed": claim_domain,
    "account.suppressed": suppressed,
    "account.released": released,
    "contact.identified": identify,
    "score.adjusted": adjust,
    "handoff.accepted": decided,
    "handoff.rejected": decided,
    "handoff.expired": decided,
    "handoff.recycled": decided,
    "handoff.converted": decided,
}


def new_account(id: str, plan: Plan) -> Account:
    tracks = [TrackState(len(track.windows)) for track in plan.tracks]
    return Account(id, len(plan.slots), plan.growth.moment(0), tracks)


def begin(account: Account, keep_lines: bool) -> Outcome:
    """The outcome of the account since its last record."""
    outcome = account.outcome = Outcome(account.seq, keep_lines)
    return outcome


def evolve(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan, keep_lines: bool = True) -> Outcome:
    """Apply one fact that happened at `time` (milliseconds); `raw` is its record.

    The account is changed in place, the outcome gathers what happened since its last record.
    """
    outcome = account.outcome or begin(account, keep_lines)
    account.seq += 1
    if time > account.clock:
        advance(account, time, plan)
    if account.anonymous:
        hold_anonymous(account, fact, raw)
        return outcome
    kind = plan.by_version.get(fact.type) or plan.kind_of(fact.type)
    fact.type = kind.name
    effect = EFFECTS.get(kind.name)
    touched = effect(account, fact, time, raw, plan) if effect else 0
    if fact.data is None:
        fact.data = plan.fields.empty
    if fact.data.bot is not True:
        if kind.rules:
            touched |= count(account, fact, time, kind.rules, plan)
        if kind.engagement:
            touched |= end_cooling(account, time)
    if touched:
        for track in plan.tracks:
            if touched >> track.number & 1:
                decide(account, track, fact.id, plan)
    return outcome


def advance(account: Account, time: int, plan: Plan) -> None:
    """Move the account's clock on; falls that lie between are decided first, at their own instants."""
    # hours and local midnights begin on quarters of an hour, so within one nothing falls
    if time // QUARTER_HOUR != account.clock // QUARTER_HOUR:
        for track in plan.tracks:
            if account.tracks[track.number].stage >= 0:
                decide_falls(account, track, time, plan)
        set_moment(account, time, plan)
    account.clock = time


def set_moment(account: Account, time: int, plan: Plan) -> None:
    """What follows from the clock alone."""
    moment = account.moment = plan.growth.moment(time // HOUR)
    account.today = plan.calendar.day(time)
    if account.eras is not moment.eras:
        move_sums(account, moment, plan)


def move_sums(account: Account, moment: Moment, plan: Plan) -> None:
    """Tell the sums in the eras of a later moment."""
    account.sums = [
        move_era(value, moment.eras[k] - account.eras[k]) for value, k in zip(account.sums, plan.classes, strict=True)
    ]
    account.eras = moment.eras
