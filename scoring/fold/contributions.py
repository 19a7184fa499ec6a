"""Contributions: rules that match, their caps, and the sums they raise. Never decides a stage."""

from schemas.scores import Line
from scoring.fold.breadth import mark_engaged
from scoring.fold.caps import consume_caps
from scoring.fold.state import ACCOUNT_CONTACT, Account, Contact, TrackState
from scoring.plan.conditions import is_number
from scoring.plan.decay import HOUR, Moment, to_later_era
from scoring.plan.fields import DecodedFact, clamp_points
from scoring.plan.plan import Plan, RulePlan


def apply_rules(account: Account, fact: DecodedFact, time: int, rules: tuple[RulePlan, ...], plan: Plan) -> int:
    """All rules that match contribute (scoring.md 5 to 18); answers the touched tracks, as bits."""
    content = fact.data
    matched = 0
    for rule in rules:
        if rule.predicate is None or rule.predicate(content):
            matched |= rule.bit
    if not matched:
        return 0
    contact = contact_for_update(account, fact.contact, plan)
    in_order = time == account.clock
    day = account.today if in_order else plan.calendar.day(time)
    moment = account.moment if in_order else plan.growth.moment(time // HOUR)
    touched = engaged_tracks = 0
    for rule in rules:
        if matched & rule.bit and not matched & rule.unless_bits:
            points = add_contribution(account, contact, fact, time, day, moment, rule, plan)
            touched |= 1 << rule.track
            if points > 0 and day > contact.last_engaged_days[rule.track]:
                engaged_tracks |= 1 << rule.track
    if engaged_tracks:
        mark_engaged(account, contact, day, engaged_tracks, plan)
    return touched


def add_contribution(
    account: Account,
    contact: Contact,
    fact: DecodedFact,
    time: int,
    day: int,
    moment: Moment,
    rule: RulePlan,
    plan: Plan,
) -> float:
    """Count one contribution or cut it, and write its line; answers its points."""
    points = rule.points if rule.field_points is None else rule.field_points(fact.data)
    cut = consume_caps(account, contact, rule.caps, fact.data, day, plan) if rule.caps else None
    if cut is None:
        if points:
            add_points(account, contact, rule.slot, rule.growth_class, points, moment, plan)
        if rule.act_now:
            extend_act_now(account.tracks[rule.track], time, plan)
    pending = account.pending_changes
    if pending is not None and pending.lines is not None:
        name = plan.tracks[rule.track].name
        write_line(account, fact, name, fact.time, contact, rule.id, points, contact.weight, cut, rule.half_life)
    return points


def write_line(
    account: Account,
    fact: DecodedFact,
    track: str,
    time: str,
    contact: Contact,
    rule: str,
    points: float,
    weight: float,
    cut: str | None,
    half_life: int | None,
) -> None:
    """A ledger line, where lines are asked for."""
    pending = account.pending_changes
    if pending is not None and pending.lines is not None:
        seq = account.seq
        pending.lines.append(
            Line(track, seq, time, fact.id, fact.type, contact.id, rule, points, weight, cut, half_life)
        )


def add_points(
    account: Account, contact: Contact, slot: int, growth_class: int, points: float, moment: Moment, plan: Plan
) -> None:
    """Raise the contact's unweighted and the account's weighted sum; a late contribution as if it had come in time."""
    same_eras = moment.eras is account.eras
    scaled_points = points * (
        moment.factors[growth_class]
        if same_eras
        else plan.growth.factor(growth_class, moment.hour, account.eras[growth_class])
    )
    contact.unweighted_sums[slot] += scaled_points
    account.sums[slot] += scaled_points * contact.weight


def contact_for_update(account: Account, id: str | None, plan: Plan) -> Contact:
    """The contact a fact counts for, marked as changed: a joined visitor's contact, or `~account`."""
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


def extend_act_now(state: TrackState, time: int, plan: Plan) -> None:
    """scoring.md 22: from its hour on, the later end holding."""
    until = time // HOUR * HOUR + plan.act_now_hold
    if state.act_now_until is None or until > state.act_now_until:
        state.act_now_until = until


def apply_adjustment(account: Account, fact: DecodedFact, time: int, raw: bytes, plan: Plan) -> int:
    """`score.adjusted` (scoring.md 15): points of `~account` under `~adjusted`; an unknown track has no effect."""
    content = fact.data
    track = next((t for t in plan.tracks if content is not None and t.name == content.track), None)
    if track is None or not is_number(content.points):
        return 0
    slot, k, half_life = track.adjustment_slot
    points = clamp_points(content.points)
    contact = contact_for_update(account, None, plan)
    add_points(account, contact, slot, k, points, plan.growth.moment(time // HOUR), plan)
    write_line(account, fact, track.name, fact.time, contact, "~adjusted", points, 1.0, None, half_life)
    return 1 << track.number
