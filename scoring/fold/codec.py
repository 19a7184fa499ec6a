"""The state of an account as JSON and back, exactly, and the digest over it."""

import hashlib
from itertools import chain
from typing import Any

import msgspec

from scoring.fold.evolve import new_account, set_moment
from scoring.fold.fit import update_fit
from scoring.fold.state import FOLD_VERSION, NEVER, Account, Contact, Handoff, TrackState
from scoring.plan.plan import Plan, TrackPlan

_encode = msgspec.json.Encoder().encode
_HASH_MODULUS = 1 << 128


def contact_array(contact: Contact) -> list[Any]:
    return [
        contact.id,
        contact.role,
        contact.role_at,
        contact.unweighted_sums,
        contact.eras,
        contact.last_engaged_days,
        _counter_pairs(contact.cap_counters),
        contact.seq,
    ]


def encode_contact(contact: Contact) -> bytes:
    return _encode(contact_array(contact))


def account_array(account: Account) -> list[Any]:
    return [
        FOLD_VERSION,
        account.id,
        account.seq,
        account.epoch,
        account.clock,
        account.eras,
        account.sums,
        [track_array(state) for state in account.tracks],
        f"{account.contacts_hash:032x}",
        _counter_pairs(account.cap_counters),
        account.profile,
        account.claimed_domains,
        account.suppressed,
        account.opportunities,
        account.joins,
        account.forwards_to,
        account.forward_move,
    ]


def track_array(state: TrackState) -> list[Any]:
    return [
        state.stage,
        state.crossings,
        [handoff_array(crossing, handoff) for crossing, handoff in state.open_handoffs.items()],
        state.cooling_until,
        state.cooldown_recorded,
        state.act_now_until,
        list(state.contacts_by_day.items()),
    ]


def handoff_array(crossing: int, handoff: Handoff) -> list[Any]:
    return [
        crossing,
        handoff.status,
        handoff.due_at,
        handoff.accepted_at,
        handoff.opportunity,
        handoff.deal_closed,
        handoff.assigned_at,
    ]


def encode_account(account: Account) -> bytes:
    return _encode(account_array(account))


def update_contact_hash(account: Account, contact: Contact) -> bytes:
    """Update the account's sum of contact hashes; returns the encoded state of the contact."""
    encoded = encode_contact(contact)
    new_hash = int.from_bytes(hashlib.blake2b(encoded, digest_size=16).digest(), "big")
    account.contacts_hash = (account.contacts_hash - contact.hash + new_hash) % _HASH_MODULUS
    contact.hash = new_hash
    return encoded


def digest_of(encoded_account: bytes) -> str:
    """A hash of the exact state; it covers the contacts by the sum of their hashes."""
    return hashlib.blake2b(encoded_account, digest_size=16).hexdigest()


def decode_account(encoded: bytes, plan: Plan) -> Account | None:
    """None if another version of the fold wrote the state, which then must be recomputed."""
    array = msgspec.json.decode(encoded)
    if array[0] != FOLD_VERSION:
        return None
    account = new_account(array[1], plan)
    _, _, account.seq, account.epoch, account.clock, eras, account.sums, tracks, hashes, caps, profile = array[:11]
    account.eras = plan.growth.intern_eras(tuple(eras))
    account.tracks = [_decode_track(fields, track) for fields, track in zip(tracks, plan.tracks, strict=True)]
    account.contacts_hash = int(hashes, 16)
    account.cap_counters = _counters_from_pairs(caps)
    account.profile = {field: (value, time, id) for field, (value, time, id) in profile.items()}
    account.claimed_domains, account.suppressed, account.opportunities, account.joins = array[11:15]
    account.forwards_to, account.forward_move = array[15:]
    if account.clock != NEVER:
        set_moment(account, account.clock, plan)
    update_fit(account, plan)
    return account


def decode_contact(encoded: bytes, plan: Plan) -> Contact:
    id, role, role_at, values, eras, engaged, caps, seq = msgspec.json.decode(encoded)
    weight = 1.0 if id == "~account" else plan.weight(role)
    contact = Contact(id, len(plan.slots), len(plan.tracks), weight, plan.growth.intern_eras(tuple(eras)))
    contact.role, contact.role_at = role, tuple(role_at) if role_at else None
    contact.unweighted_sums, contact.last_engaged_days, contact.seq = values, engaged, seq
    contact.cap_counters = _counters_from_pairs(caps)
    contact.hash = int.from_bytes(hashlib.blake2b(encoded, digest_size=16).digest(), "big")
    return contact


def _decode_track(array: list[Any], plan: TrackPlan) -> TrackState:
    state = TrackState(plan)
    state.stage, state.crossings, handoffs = array[:3]
    state.open_handoffs = {crossing: _decode_handoff(fields) for crossing, *fields in handoffs}
    state.cooling_until, state.cooldown_recorded, state.act_now_until = array[3:6]
    state.contacts_by_day = dict(array[6])
    return state


def _decode_handoff(fields: list[Any]) -> Handoff:
    status, due_at, accepted_at, opportunity, deal_closed, assigned_at = fields
    handoff = Handoff(status, due_at)
    handoff.accepted_at, handoff.opportunity, handoff.deal_closed = accepted_at, opportunity, deal_closed
    handoff.assigned_at = tuple(assigned_at) if assigned_at else None
    return handoff


def _counter_pairs(caps: dict[int | str, int] | None) -> list[Any]:
    return list(chain.from_iterable(caps.items())) if caps else []


def _counters_from_pairs(pairs: list[Any]) -> dict[int | str, int] | None:
    return dict(zip(pairs[::2], pairs[1::2], strict=True)) or None
