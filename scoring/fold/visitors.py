"""Visitors: engagement of anonymous accounts is parked, and visitors join the contacts they turn out to be."""

import msgspec
from msgspec import UNSET

from schemas import Alias, Forward, Line, Parked, Release, format_time
from schemas.facts import ENGAGEMENT_FAMILIES, family
from scoring.fold.breadth import mark_engaged
from scoring.fold.contributions import contact_for_update
from scoring.fold.fit import decode_data
from scoring.fold.state import ACCOUNT_CONTACT, Account, AppliedFact, Contact
from scoring.plan.fields import DecodedFact


def apply_to_anonymous(account: Account, fact: DecodedFact, raw: bytes) -> None:
    """An `anon:` account is not scored: it parks engagement until it is released, and forwards it from then on."""
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


def claim_domain(account: Account, fact: AppliedFact) -> int:
    """`account.domain_claimed`: shown with the profile; no rule reads it."""
    domain = decode_data(fact.raw).get("domain")
    if isinstance(domain, str) and domain not in account.claimed_domains:
        account.claimed_domains.append(domain)
        if account.pending_changes:
            account.pending_changes.profile = True
    return 0


def add_alias(account: Account, fact: AppliedFact) -> int:
    """`account.alias_added`: for the directory, which finds the account by it; no rule reads it."""
    content = decode_data(fact.raw)
    id, name = _text(content.get("id")), _text(content.get("name"))
    if account.pending_changes and (id or name):
        account.pending_changes.aliases.append(Alias(_text(content.get("system")), id, name))
    return 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def register_contact(account: Account, fact: AppliedFact) -> int:
    """`contact.registered`: the account knows the contact from now on, and its role; it contributes nothing."""
    id = fact.decoded.contact
    if not id or id == ACCOUNT_CONTACT:
        return 0
    id = contact_for_update(account, id, fact.plan).id
    return 0 if fact.data.role is UNSET else update_role(account, id, fact.data.role, fact)


def identify_contact(account: Account, fact: AppliedFact) -> int:
    """`contact.identified`: sets the contact's role, and joins a visitor of this account to the contact."""
    data = fact.data
    id = data.contact if isinstance(data.contact, str) else fact.decoded.contact
    if not id or id == ACCOUNT_CONTACT or is_other_account(account, data.to):
        return 0
    touched = 0
    if isinstance(data.visitor, str) and data.visitor != id:
        touched |= join_visitor(account, data.visitor, id, fact)
    if data.role is not UNSET:  # after the join, so that one line re-weights everything the contact has
        touched |= update_role(account, id, data.role, fact)
    return touched


def update_role(account: Account, id: str, role: object, fact: AppliedFact) -> int:
    """The role with the newest (`time`, id) applies to all contributions of the contact (scoring.md 14)."""
    contact = contact_for_update(account, id, fact.plan)
    stamp = (fact.time, fact.decoded.id)
    if contact.role_at is not None and stamp <= contact.role_at:
        return 0
    previous_weight = contact.weight
    contact.role = role if isinstance(role, str) else None
    contact.role_at = stamp
    contact.weight = fact.plan.weight(contact.role)
    return change_weight(account, contact, contact.unweighted_sums, contact.weight - previous_weight, fact)


def change_weight(
    account: Account, contact: Contact, unweighted_sums: list[float], difference: float, fact: AppliedFact
) -> int:
    """Add a difference in weight to the account's sums, with a line `~role` for every half-life that has points."""
    if not difference:
        return 0
    touched = 0
    factors, half_lives = account.moment.factors, fact.plan.growth.half_lives
    lines = account.pending_changes.lines if account.pending_changes else None
    seq, time, id, type = account.seq, format_time(account.clock), fact.decoded.id, fact.type
    for track in fact.plan.tracks:
        for slot, k in track.slots:
            points = unweighted_sums[slot] / factors[k]
            if not points:  # never had any, or decayed to nothing
                continue
            account.sums[slot] += unweighted_sums[slot] * difference
            touched |= 1 << track.number
            if lines is not None:
                name, rule, half_life = track.name, "~role", half_lives[k]
                lines.append(Line(name, seq, time, id, type, contact.id, rule, points, difference, None, half_life))
    return touched


def join_visitor(account: Account, visitor: str, id: str, fact: AppliedFact) -> int:
    """From now on the visitor's facts count for the contact; a later identification does not change that."""
    if visitor in account.joins or not visitor.startswith("v_"):
        return 0
    account.joins[visitor] = id
    if account.pending_changes:
        account.pending_changes.joins[visitor] = id
    if visitor not in account.contacts:
        return 0
    return merge_visitor(account, visitor, contact_for_update(account, id, fact.plan), fact)


def merge_visitor(account: Account, visitor: str, contact: Contact, fact: AppliedFact) -> int:
    """Add the visitor's sums, counters and engaged days to the contact; an empty record of the visitor remains."""
    plan = fact.plan
    joined_contact = account.joins.pop(visitor)
    source = contact_for_update(account, visitor, plan)
    account.joins[visitor] = joined_contact
    touched = change_weight(account, contact, source.unweighted_sums, contact.weight - source.weight, fact)
    contact.unweighted_sums = [
        own + its for own, its in zip(contact.unweighted_sums, source.unweighted_sums, strict=True)
    ]
    for key, used in (source.cap_counters or {}).items():
        contact.cap_counters = contact.cap_counters or {}
        contact.cap_counters[key] = contact.cap_counters.get(key, 0) + used
    for track in plan.tracks:
        if source.last_engaged_days[track.number] > contact.last_engaged_days[track.number]:
            mark_engaged(account, contact, source.last_engaged_days[track.number], 1 << track.number)
            touched |= 1 << track.number
    empty = Contact(visitor, len(plan.slots), len(plan.tracks), source.weight, account.eras)
    source.unweighted_sums, source.last_engaged_days = empty.unweighted_sums, empty.last_engaged_days
    source.cap_counters = None
    return touched
