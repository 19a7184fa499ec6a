"""Park, release and join: what becomes of visitors. Never moves a fact itself."""

import msgspec
from msgspec import UNSET

from schemas.facts.registry import ENGAGEMENT_FAMILIES, family
from schemas.scores import Forward, Parked, Release
from schemas.times import format_time
from scoring.fold.breadth import mark_engaged
from scoring.fold.contributions import contact_for_update, write_line
from scoring.fold.fit import decode_data
from scoring.fold.state import ACCOUNT_CONTACT, Account, Contact
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan


def apply_to_anonymous(account: Account, fact: DecodedFact, raw: bytes) -> None:
    """An `anon:` account is not scored: it parks engagement, is released once, and forwards for ever after."""
    pending = account.pending_changes
    content = fact.data
    if fact.type.startswith("contact.identified."):
        if account.forwards_to is None and content is not None and is_other_account(account, content.to):
            account.forwards_to, account.forward_move = content.to, fact.id
            if pending:
                pending.releases.append(Release(fact.id, content.to))
        return
    if pending is None or family(fact.type) not in ENGAGEMENT_FAMILIES:
        return
    if account.forwards_to is None or account.forward_move is None:
        pending.parked.append(Parked(account.seq, fact.time, fact.id, fact.source, msgspec.Raw(raw)))
    else:
        to, move = account.forwards_to, account.forward_move
        pending.forwards.append(Forward(move, to, fact.id, fact.source, msgspec.Raw(raw)))


def is_other_account(account: Account, to: object) -> bool:
    return isinstance(to, str) and bool(to) and to != account.id


def claim_domain(account: Account, fact: DecodedFact, time: int, raw: bytes, plan: Plan) -> int:
    """`account.domain_claimed`: told with the profile; nothing is scored by it."""
    domain = decode_data(raw).get("domain")
    if isinstance(domain, str) and domain not in account.claimed_domains:
        account.claimed_domains.append(domain)
        if account.pending_changes:
            account.pending_changes.profile = True
    return 0


def identify_contact(account: Account, fact: DecodedFact, time: int, raw: bytes, plan: Plan) -> int:
    """`contact.identified`: the contact's role, and a visitor of this account that is the contact."""
    content = fact.data
    if content is None:
        return 0
    id = content.contact if isinstance(content.contact, str) else fact.contact
    if not id or id == ACCOUNT_CONTACT or is_other_account(account, content.to):
        return 0
    touched = 0
    if isinstance(content.visitor, str) and content.visitor != id:
        touched |= join_visitor(account, content.visitor, id, fact, plan)
    if content.role is not UNSET:  # after the join, so that one line weighs all the contact has
        touched |= update_role(account, id, content.role, fact, time, plan)
    return touched


def update_role(account: Account, id: str, role: object, fact: DecodedFact, time: int, plan: Plan) -> int:
    """Of roles the newest (`time`, id) holds, for all of the contact's contributions (scoring.md 14)."""
    contact = contact_for_update(account, id, plan)
    if contact.role_at is not None and (time, fact.id) <= contact.role_at:
        return 0
    previous_weight = contact.weight
    contact.role = role if isinstance(role, str) else None
    contact.role_at = (time, fact.id)
    contact.weight = plan.weight(contact.role)
    return apply_weight_change(account, contact, contact.unweighted_sums, contact.weight - previous_weight, fact, plan)


def apply_weight_change(
    account: Account, contact: Contact, values: list[float], difference: float, fact: DecodedFact, plan: Plan
) -> int:
    """Add a difference in weight to the account's sums: a line `~role` for every half-life that holds something."""
    if not difference:
        return 0
    touched = 0
    factors = account.moment.factors
    clock = format_time(account.clock)
    for track in plan.tracks:
        for slot, k in track.slots:
            unweighted = values[slot] / factors[k]
            if unweighted:  # what has faded to nothing at all holds nothing
                account.sums[slot] += values[slot] * difference
                touched |= 1 << track.number
                half_life = plan.growth.half_lives[k]
                write_line(account, fact, track.name, clock, contact, "~role", unweighted, difference, None, half_life)
    return touched


def join_visitor(account: Account, visitor: str, id: str, fact: DecodedFact, plan: Plan) -> int:
    """The visitor's facts, also later ones, count for the contact; a later identification moves nothing."""
    if visitor in account.joins or not visitor.startswith("v_"):
        return 0
    account.joins[visitor] = id
    if account.pending_changes:
        account.pending_changes.joins[visitor] = id
    if visitor not in account.contacts:
        return 0
    return merge_visitor(account, visitor, contact_for_update(account, id, plan), fact, plan)


def merge_visitor(account: Account, visitor: str, contact: Contact, fact: DecodedFact, plan: Plan) -> int:
    """Values, counters and engaged days add; the visitor's record is kept, empty."""
    joined_contact = account.joins.pop(visitor)
    visitor_contact = contact_for_update(account, visitor, plan)
    account.joins[visitor] = joined_contact
    touched = apply_weight_change(
        account, contact, visitor_contact.unweighted_sums, contact.weight - visitor_contact.weight, fact, plan
    )
    contact.unweighted_sums = [
        own + its for own, its in zip(contact.unweighted_sums, visitor_contact.unweighted_sums, strict=True)
    ]
    for key, used in (visitor_contact.cap_counters or {}).items():
        contact.cap_counters = contact.cap_counters or {}
        contact.cap_counters[key] = contact.cap_counters.get(key, 0) + used
    for track in plan.tracks:
        if visitor_contact.last_engaged_days[track.number] > contact.last_engaged_days[track.number]:
            mark_engaged(account, contact, visitor_contact.last_engaged_days[track.number], 1 << track.number, plan)
            touched |= 1 << track.number
    empty = Contact(visitor, len(plan.slots), len(plan.tracks), visitor_contact.weight, account.eras)
    visitor_contact.unweighted_sums, visitor_contact.cap_counters, visitor_contact.last_engaged_days = (
        empty.unweighted_sums,
        None,
        empty.last_engaged_days,
    )
    return touched
