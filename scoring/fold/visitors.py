"""Park, release and join: what becomes of visitors. Never moves a fact itself."""

import msgspec
from msgspec import UNSET

from schemas.facts.registry import ENGAGEMENT_FAMILIES, family
from schemas.scores import Forward, Parked, Release
from schemas.times import format_time
from scoring.fold.breadth import engage
from scoring.fold.contributions import contact_of, write_line
from scoring.fold.fit import content_of
from scoring.fold.state import ACCOUNT, Account, Contact
from scoring.plan.fields import Fact
from scoring.plan.plan import Plan


def hold_anonymous(account: Account, fact: Fact, raw: bytes) -> None:
    """An `anon:` account is not scored: it parks engagement, is released once, and forwards for ever after."""
    outcome = account.outcome
    content = fact.data
    if fact.type.startswith("contact.identified."):
        if account.forwards_to is None and content is not None and is_elsewhere(account, content.to):
            account.forwards_to, account.forward_move = content.to, fact.id
            if outcome:
                outcome.releases.append(Release(fact.id, content.to))
        return
    if outcome is None or family(fact.type) not in ENGAGEMENT_FAMILIES:
        return
    if account.forwards_to is None or account.forward_move is None:
        outcome.parked.append(Parked(account.seq, fact.time, fact.id, fact.source, msgspec.Raw(raw)))
    else:
        to, move = account.forwards_to, account.forward_move
        outcome.forwards.append(Forward(move, to, fact.id, fact.source, msgspec.Raw(raw)))


def is_elsewhere(account: Account, to: object) -> bool:
    return isinstance(to, str) and bool(to) and to != account.id


def claim_domain(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    """`account.domain_claimed`: told with the profile; nothing is scored by it."""
    domain = content_of(raw).get("domain")
    if isinstance(domain, str) and domain not in account.claims:
        account.claims.append(domain)
        if account.outcome:
            account.outcome.profile = True
    return 0


def identify(account: Account, fact: Fact, time: int, raw: bytes, plan: Plan) -> int:
    """`contact.identified`: the contact's role, and a visitor of this account that is the contact."""
    content = fact.data
    if content is None:
        return 0
    id = content.contact if isinstance(content.contact, str) else fact.contact
    if not id or id == ACCOUNT or is_elsewhere(account, content.to):
        return 0
    touched = 0
    if isinstance(content.visitor, str) and content.visitor != id:
        touched |= join(account, content.visitor, id, fact, plan)
    if content.role is not UNSET:  # after the join, so that one line weighs all the contact has
        touched |= take_role(account, id, content.role, fact, time, plan)
    return touched


def take_role(account: Account, id: str, role: object, fact: Fact, time: int, plan: Plan) -> int:
    """Of roles the newest (`time`, id) holds, for all of the contact's contributions (scoring.md 14)."""
    contact = contact_of(account, id, plan)
    if contact.role_at is not None and (time, fact.id) <= contact.role_at:
        return 0
    before = contact.weight
    contact.role = role if isinstance(role, str) else None
    contact.role_at = (time, fact.id)
    contact.weight = plan.weight(contact.role)
    return reweigh(account, contact, contact.values, contact.weight - before, fact, plan)


def reweigh(account: Account, contact: Contact, values: list[float], difference: float, fact: Fact, plan: Plan) -> int:
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


def join(account: Account, visitor: str, id: str, fact: Fact, plan: Plan) -> int:
    """The visitor's facts, also later ones, count for the contact; a later identification moves nothing."""
    if visitor in account.joins or not visitor.startswith("v_"):
        return 0
    account.joins[visitor] = id
    if account.outcome:
        account.outcome.joins[visitor] = id
    if visitor not in account.contacts:
        return 0
    return add_visitor(account, visitor, contact_of(account, id, plan), fact, plan)


def add_visitor(account: Account, visitor: str, contact: Contact, fact: Fact, plan: Plan) -> int:
    """Values, counters and engaged days add; the visitor's record is kept, empty."""
    joined = account.joins.pop(visitor)
    gone = contact_of(account, visitor, plan)
    account.joins[visitor] = joined
    touched = reweigh(account, contact, gone.values, contact.weight - gone.weight, fact, plan)
    contact.values = [own + its for own, its in zip(contact.values, gone.values, strict=True)]
    for key, used in (gone.caps or {}).items():
        contact.caps = contact.caps or {}
        contact.caps[key] = contact.caps.get(key, 0) + used
    for track in plan.tracks:
        if gone.engaged[track.number] > contact.engaged[track.number]:
            engage(account, contact, gone.engaged[track.number], 1 << track.number, plan)
            touched |= 1 << track.number
    fresh = Contact(visitor, len(plan.slots), len(plan.tracks), gone.weight, account.eras)
    gone.values, gone.caps, gone.engaged = fresh.values, None, fresh.engaged
    return touched
