"""The fold: each fact changes the state of its account, in order. Pure and total: every decoded fact can be applied."""

from collections.abc import Callable

from scoring.fold.contributions import apply_adjustment, apply_rules
from scoring.fold.falls import apply_falls
from scoring.fold.fit import update_profile
from scoring.fold.handoffs import apply_assignment, apply_decision, apply_opportunity
from scoring.fold.stages import end_cooldown, release_account, suppress_account, update_stage
from scoring.fold.state import Account, AppliedFact, PendingChanges, TrackState
from scoring.fold.visitors import add_alias, apply_to_anonymous, claim_domain, identify_contact, register_contact
from scoring.plan.calendar import QUARTER_HOUR
from scoring.plan.decay import HOUR, Moment, to_later_era
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan

Effect = Callable[[Account, AppliedFact], int]
"""What a type of fact does besides earning points; returns the tracks it touched, as bits."""

EFFECTS: dict[str, Effect] = {
    "account.registered": update_profile,
    "account.updated": update_profile,
    "account.domain_claimed": claim_domain,
    "account.alias_added": add_alias,
    "account.suppressed": suppress_account,
    "account.released": release_account,
    "contact.registered": register_contact,
    "contact.identified": identify_contact,
    "score.adjusted": apply_adjustment,
    "handoff.accepted": apply_decision,
    "handoff.rejected": apply_decision,
    "handoff.expired": apply_decision,
    "handoff.recycled": apply_decision,
    "handoff.converted": apply_decision,
    "handoff.assigned": apply_assignment,
    "opportunity.opened": apply_opportunity,
    "opportunity.won": apply_opportunity,
    "opportunity.lost": apply_opportunity,
}


def new_account(id: str, plan: Plan) -> Account:
    return Account(id, len(plan.slots), plan.growth.moment(0), [TrackState(track) for track in plan.tracks])


def start_changes(account: Account, keep_lines: bool) -> PendingChanges:
    """Collect what happens to the account from now on, until its next record."""
    pending = account.pending_changes = PendingChanges(account.seq, keep_lines)
    return pending


def evolve(
    account: Account, decoded: DecodedFact, time: int, raw: bytes, plan: Plan, keep_lines: bool = True
) -> PendingChanges:
    """Apply one fact that happened at `time` (milliseconds); `raw` is its record.

    Changes the account in place; returns what happened since the account's last record.
    """
    pending = account.pending_changes or start_changes(account, keep_lines)
    account.seq += 1
    if time > account.clock:
        advance(account, time, plan)
    if account.anonymous:
        apply_to_anonymous(account, decoded, raw)
        return pending
    if time == account.clock:
        day, factors = account.today, account.moment.factors
    else:
        day, factors = plan.calendar.day(time), plan.growth.factors(time // HOUR, account.eras)
    type_plan = plan.type_plans.get(decoded.type) or plan.compile_type(decoded.type)
    data = plan.fact_reader.empty_data if decoded.data is None else decoded.data
    fact = AppliedFact(decoded, data, type_plan, time, day, factors, raw, plan)
    touched = apply_fact(account, fact)
    if touched:
        for state in account.tracks:
            if touched & 1:
                update_stage(account, state, fact)
            touched >>= 1
    return pending


def apply_fact(account: Account, fact: AppliedFact) -> int:
    """Apply the effect of its type, then its rules; returns the touched tracks, as bits."""
    type_plan = fact.type_plan
    effect = EFFECTS.get(type_plan.name)
    touched = effect(account, fact) if effect else 0
    if fact.data.bot is not True:
        if type_plan.rules:
            touched |= apply_rules(account, fact)
        if type_plan.act_of_person and fact.data.machine is not True:
            touched |= end_cooldown(account, fact)
    return touched


def advance(account: Account, time: int, plan: Plan) -> None:
    """Move the account's clock forward; stages that are lost in between fall first, each at its own instant."""
    # Hours and local midnights begin on quarters of an hour, so nothing can fall within one.
    if time // QUARTER_HOUR != account.clock // QUARTER_HOUR:
        for state in account.tracks:
            if state.stage >= 0:
                apply_falls(account, state, time, plan)
        set_moment(account, time, plan)
    account.clock = time


def set_moment(account: Account, time: int, plan: Plan) -> None:
    """Update what depends on the clock alone: decay factors, local day, eras of the sums."""
    moment = account.moment = plan.growth.moment(time // HOUR)
    account.today = plan.calendar.day(time)
    if account.eras is not moment.eras:
        rescale_sums(account, moment, plan)


def rescale_sums(account: Account, moment: Moment, plan: Plan) -> None:
    """Express the sums in the eras of a later moment."""
    account.sums = [
        to_later_era(value, moment.eras[k] - account.eras[k])
        for value, k in zip(account.sums, plan.growth_classes, strict=True)
    ]
    account.eras = moment.eras
