"""THE fold: one fact after another changes the state of its account. Never raises, logs or reads a clock."""

from collections.abc import Callable

from scoring.fold.contributions import apply_adjustment, apply_rules
from scoring.fold.crossings import end_cooldown, release_account, suppress_account
from scoring.fold.falls import apply_falls
from scoring.fold.fit import update_profile
from scoring.fold.handoffs import apply_decision
from scoring.fold.stages import update_stage
from scoring.fold.state import Account, PendingChanges, TrackState
from scoring.fold.visitors import apply_to_anonymous, claim_domain, identify_contact
from scoring.plan.calendar import QUARTER_HOUR
from scoring.plan.decay import HOUR, Moment, to_later_era
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan

Effect = Callable[[Account, DecodedFact, int, bytes, Plan], int]
"""What a type of fact does beside its rules; answers the tracks that it touched, as bits."""

EFFECTS: dict[str, Effect] = {
    "account.registered": update_profile,
    "account.updated": update_profile,
    "account.domain_claimed": claim_domain,
    "account.suppressed": suppress_account,
    "account.released": release_account,
    "contact.identified": identify_contact,
    "score.adjusted": apply_adjustment,
    "handoff.accepted": apply_decision,
    "handoff.rejected": apply_decision,
    "handoff.expired": apply_decision,
    "handoff.recycled": apply_decision,
    "handoff.converted": apply_decision,
}


def new_account(id: str, plan: Plan) -> Account:
    tracks = [TrackState(len(track.breadth_windows)) for track in plan.tracks]
    return Account(id, len(plan.slots), plan.growth.moment(0), tracks)


def start_changes(account: Account, keep_lines: bool) -> PendingChanges:
    """The outcome of the account since its last record."""
    pending = account.pending_changes = PendingChanges(account.seq, keep_lines)
    return pending


def evolve(
    account: Account, fact: DecodedFact, time: int, raw: bytes, plan: Plan, keep_lines: bool = True
) -> PendingChanges:
    """Apply one fact that happened at `time` (milliseconds); `raw` is its record.

    The account is changed in place, the outcome gathers what happened since its last record.
    """
    pending = account.pending_changes or start_changes(account, keep_lines)
    account.seq += 1
    if time > account.clock:
        advance(account, time, plan)
    if account.anonymous:
        apply_to_anonymous(account, fact, raw)
        return pending
    type_plan = plan.type_plans.get(fact.type) or plan.compile_type(fact.type)
    fact.type = type_plan.name
    effect = EFFECTS.get(type_plan.name)
    touched = effect(account, fact, time, raw, plan) if effect else 0
    if fact.data is None:
        fact.data = plan.fact_reader.empty_data
    if fact.data.bot is not True:
        if type_plan.rules:
            touched |= apply_rules(account, fact, time, type_plan.rules, plan)
        if type_plan.engagement:
            touched |= end_cooldown(account, time)
    if touched:
        for track in plan.tracks:
            if touched >> track.number & 1:
                update_stage(account, track, fact.id, plan)
    return pending


def advance(account: Account, time: int, plan: Plan) -> None:
    """Move the account's clock on; falls that lie between are decided first, at their own instants."""
    # hours and local midnights begin on quarters of an hour, so within one nothing falls
    if time // QUARTER_HOUR != account.clock // QUARTER_HOUR:
        for track in plan.tracks:
            if account.tracks[track.number].stage >= 0:
                apply_falls(account, track, time, plan)
        set_moment(account, time, plan)
    account.clock = time


def set_moment(account: Account, time: int, plan: Plan) -> None:
    """What follows from the clock alone."""
    moment = account.moment = plan.growth.moment(time // HOUR)
    account.today = plan.calendar.day(time)
    if account.eras is not moment.eras:
        rescale_sums(account, moment, plan)


def rescale_sums(account: Account, moment: Moment, plan: Plan) -> None:
    """Tell the sums in the eras of a later moment."""
    account.sums = [
        to_later_era(value, moment.eras[k] - account.eras[k])
        for value, k in zip(account.sums, plan.growth_classes, strict=True)
    ]
    account.eras = moment.eras
