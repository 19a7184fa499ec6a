"""Contributions: what the matching rules of a fact add to the sums of its contact and account."""

from schemas import Line
from scoring.fold.breadth import mark_engaged
from scoring.fold.caps import consume_caps
from scoring.fold.state import ACCOUNT_CONTACT, Account, AppliedFact, Contact, TrackState
from scoring.plan.conditions import is_number
from scoring.plan.decay import HOUR, to_later_era
from scoring.plan.fields import clamp_points
from scoring.plan.plan import Plan, RulePlan


def apply_rules(account: Account, fact: AppliedFact) -> int:
    """Add a contribution for every rule that matches (scoring.md 5 to 18); returns the touched tracks, as bits."""
    data, rules = fact.data, fact.type_plan.rules
    matched = 0
    for rule in rules:
        if rule.predicate is None or rule.predicate(data):
            matched |= rule.bit
    if not matched:
        return 0
    contact = contact_for_update(account, fact.decoded.contact, fact.plan)
    day = fact.day
    touched = engaged_tracks = 0
    for rule in rules:
        if matched & rule.bit and not matched & rule.unless_bits:
            points = add_contribution(account, contact, fact, rule)
            touched |= 1 << rule.track
            if points > 0 and day > contact.last_engaged_days[rule.track]:
                engaged_tracks |= 1 << rule.track
    if engaged_tracks and fact.type_plan.engages and data.machine is not True:
        mark_engaged(account, contact, day, engaged_tracks)
    return touched


def add_contribution(account: Account, contact: Contact, fact: AppliedFact, rule: RulePlan) -> float:
    """Add one contribution, or cut it if a cap is used up; writes its ledger line and returns its points."""
    points = rule.points if rule.field_points is None else rule.field_points(fact.data)
    cut = consume_caps(account, contact, fact, rule.caps) if rule.caps else None
    state = account.tracks[rule.track]
    if cut is None:
        if points:
            add_points(account, contact, rule.slot, points * fact.factors[rule.growth_class])
        if rule.act_now and fact.data.machine is not True:
            extend_act_now(state, fact)
    pending = account.pending_changes
    if pending is not None and pending.lines is not None:
        track, seq, decoded, weight = state.plan.name, account.seq, fact.decoded, contact.weight
        time, id, type = decoded.time, decoded.id, fact.type
        pending.lines.append(Line(track, seq, time, id, type, contact.id, rule.id, points, weight, cut, rule.half_life))
    return points


def add_points(account: Account, contact: Contact, slot: int, scaled_points: float) -> None:
    """Raise the contact's unweighted and the account's weighted sum by points in forward form."""
    contact.unweighted_sums[slot] += scaled_points
    account.sums[slot] += scaled_points * contact.weight


def contact_for_update(account: Account, id: str | None, plan: Plan) -> Contact:
    """The contact that a fact counts for, marked as changed: a joined visitor's contact, `~account` if it has none."""
    if not id:
        id = ACCOUNT_CONTACT
    elif account.joins:
        id = account.joins.get(id, id)
    contact = account.contacts.get(id)
    if contact is None:
        weight = 1.0 if id == ACCOUNT_CONTACT else plan.unknown_weight
        contact = account.contacts[id] = Contact(id, len(plan.slots), len(plan.tracks), weight, account.eras)
    elif contact.eras is not account.eras:
        contact.unweighted_sums = [
            to_later_era(value, account.eras[k] - contact.eras[k])
            for value, k in zip(contact.unweighted_sums, plan.growth_classes, strict=True)
        ]
        contact.eras = account.eras
    if not contact.dirty:
        contact.dirty = True
        account.dirty_contacts.append(contact)
    contact.seq = account.seq
    return contact


def extend_act_now(state: TrackState, fact: AppliedFact) -> None:
    """Act-now counts from the start of the fact's hour; of several ends the latest applies (scoring.md 22)."""
    until = fact.time // HOUR * HOUR + fact.plan.act_now_hold
    if state.act_now_until is None or until > state.act_now_until:
        state.act_now_until = until


def apply_adjustment(account: Account, fact: AppliedFact) -> int:
    """`score.adjusted` (scoring.md 15): points of `~account` under `~adjusted`; an unknown track has no effect."""
    data = fact.data
    track = next((track for track in fact.plan.tracks if track.name == data.track), None)
    if track is None or not is_number(data.points):
        return 0
    slot, growth_class, half_life = track.adjustment_slot
    points = clamp_points(data.points)
    contact = contact_for_update(account, None, fact.plan)
    add_points(account, contact, slot, points * fact.factors[growth_class])
    pending = account.pending_changes
    if pending is not None and pending.lines is not None:
        name, seq, time, id = track.name, account.seq, fact.decoded.time, fact.decoded.id
        pending.lines.append(
            Line(name, seq, time, id, fact.type, contact.id, "~adjusted", points, 1.0, None, half_life)
        )
    return 1 << track.number
