"""Contributions: rules that match, their caps, and the sums they raise. Never decides a stage."""

from schemas.scores import Line
from scoring.fold.breadth import engage
from scoring.fold.caps import take_room
from scoring.fold.state import ACCOUNT, Account, Contact, TrackState
from scoring.plan.conditions import is_number
from scoring.plan.decay import HOUR, Moment, move_era
from scoring.plan.fields import Fact, bounded
from scoring.plan.plan import Plan, RulePlan


def count(account: Account, fact: Fact, time: int, rules: tuple[RulePlan, ...], plan: Plan) -> int:
    """All rules that match contribute (scoring.md 5 to 18); answers the touched tracks, as bits."""
    content = fact.data
    matched = 0
    for rule in rules:
        if rule.test is None or rule.test(content):
            matched |= rule.bit
    if not matched:
        return 0
    contact = contact_of(account, fact.contact, plan)
    in_order = time == account.clock
    day = account.today if in_order else plan.calendar.day(time)
    moment = account.moment if in_order else plan.growth.moment(time // HOUR)
    touched = engaged = 0
    for rule in rules:
        if matched & rule.bit and not matched & rule.unless:
            points = contribute(account, contact, fact, time, day, moment, rule, plan)
            touched |= 1 << rule.track
            if points > 0 and day > contact.engaged[rule.track]:
                engaged |= 1 << rule.track
    if engaged:
        engage(account, contact, day, engaged, plan)
    return touched


def contribute(
    account: Account, contact: Contact, fact: Fact, time: int, day: int, moment: Moment, rule: RulePlan, plan: Plan
) -> float:
    """Count one contribution or cut it, and write its line; answers its points."""
    points = rule.points if rule.field_points is None else rule.field_points(fact.data)
    cut = take_room(account, contact, rule.caps, fact.data, day, plan) if rule.caps else None
    if cut is None:
        if points:
            add(account, contact, rule.slot, rule.growth, points, moment, plan)
        if rule.act_now:
            hold_act_now(account.tracks[rule.track], time, plan)
    outcome = account.outcome
    if outcome is not None and outcome.lines is not None:
        name = plan.tracks[rule.track].name
        write_line(account, fact, name, fact.time, contact, rule.id, points, contact.weight, cut, rule.half_life)
    return points


def write_line(
    account: Account,
    fact: Fact,
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
    outcome = account.outcome
    if outcome is not None and outcome.lines is not None:
        seq = account.seq
        outcome.lines.append(
            Line(track, seq, time, fact.id, fact.type, contact.id, rule, points, weight, cut, half_life)
        )


def add(account: Account, contact: Contact, slot: int, k: int, points: float, moment: Moment, plan: Plan) -> None:
    """Raise the contact's unweighted and the account's weighted sum; a late contribution as if it had come in time."""
    same = moment.eras is account.eras
    grown = points * (moment.factors[k] if same else plan.growth.factor(k, moment.hour, account.eras[k]))
    contact.values[slot] += grown
    account.sums[slot] += grown * contact.weight


def contact_of(account: Account, id: str | None, plan: Plan) -> Contact:
    """The contact a fact counts for, marked as changed: a joined visitor's contact, or `~account`."""
    if not id:
        id = ACCOUNT
    elif account.joins:
        id = account.joins.get(id, id)
    contact = account.contacts.get(id)
    if contact is None:
        weight = 1.0 if id == ACCOUNT else plan.unknown_weight
        contact = account.contacts[id] = Contact(id, len(plan.slots), len(plan.tracks), weight, account.eras)
    elif contact.eras is not account.eras:
        contact.values = [
            move_era(value, account.eras[k] - contact.eras[k])
            for value, k in zip(contact.values, plan.classes, strict=True)
        ]
        contact.eras = account.eras
    if not contact.dirty:
        contact.dirty = True
        account.dirty_contacts.append(contact)
    contact.seq = account.seq
    return contact


def hold_act_now(state: TrackState, time: int, plan: Plan) -> None:
    """scoring.md 22: from its hour on, the later end holding."""
    until = time // HOUR * HOUR + plan.act_now_hold
    if state.act_now_until is None or until > state.act_now_until:
        state.act_now_until = until


def adjust(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    """`score.adjusted` (scoring.md 15): points of `~account` under `~adjusted`; an unknown track has no effect."""
    content = fact.data
    track = next((t for t in plan.tracks if content is not None and t.name == content.track), None)
    if track is None or not is_number(content.points):
        return 0
    slot, k, half_life = track.adjusted
    points = bounded(content.points)
    contact = contact_of(account, None, plan)
    add(account, contact, slot, k, points, plan.growth.moment(time // HOUR), plan)
    write_line(account, fact, track.name, fact.time, contact, "~adjusted", points, 1.0, None, half_life)
    return 1 << track.number
