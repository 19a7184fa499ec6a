"""State to JSON and back, bit for bit, and the digest over it. Never touches what the state means."""

import hashlib
from itertools import chain
from typing import Any

import msgspec

from scoring.fold.evolve import new_account, set_moment
from scoring.fold.fit import grade
from scoring.fold.state import FOLD_VERSION, NEVER, Account, Contact, TrackState
from scoring.plan.plan import Plan

_encode = msgspec.json.Encoder().encode
_HASHES = 1 << 128


def contact_row(contact: Contact) -> list[Any]:
    return [
        contact.id,
        contact.role,
        contact.role_at,
        contact.values,
        contact.eras,
        contact.engaged,
        _counter_pairs(contact.caps),
        contact.seq,
    ]


def encode_contact(contact: Contact) -> bytes:
    return _encode(contact_row(contact))


def account_row(account: Account) -> list[Any]:
    return [
        FOLD_VERSION,
        account.id,
        account.seq,
        account.epoch,
        account.clock,
        account.eras,
        account.sums,
        [track_row(state) for state in account.tracks],
        f"{account.contacts_hash:032x}",
        _counter_pairs(account.caps),
        account.profile,
        account.claims,
        account.suppressed,
        account.joins,
        account.forwards_to,
        account.forward_move,
    ]


def track_row(state: TrackState) -> list[Any]:
    return [
        state.stage,
        state.crossings,
        list(state.open.items()),
        state.cooling_until,
        state.cooling_noted,
        state.act_now_until,
        list(state.days.items()),
    ]


def encode_account(account: Account) -> bytes:
    return _encode(account_row(account))


def hash_contact(account: Account, contact: Contact) -> bytes:
    """Bring the account's sum of contact hashes to the contact's state; answers that state, encoded."""
    encoded = encode_contact(contact)
    now = int.from_bytes(hashlib.blake2b(encoded, digest_size=16).digest(), "big")
    account.contacts_hash = (account.contacts_hash - contact.hash + now) % _HASHES
    contact.hash = now
    return encoded


def digest_of(encoded_account: bytes) -> str:
    """Over the exact state; the contacts are in it by the sum of their hashes."""
    return hashlib.blake2b(encoded_account, digest_size=16).hexdigest()


def decode_account(encoded: bytes, plan: Plan) -> Account | None:
    """None for a state of another version of the fold, which has to be folded again."""
    row = msgspec.json.decode(encoded)
    if row[0] != FOLD_VERSION:
        return None
    account = new_account(row[1], plan)
    _, _, account.seq, account.epoch, account.clock, eras, account.sums, tracks, hashes, caps, profile = row[:11]
    account.eras = plan.growth.intern(tuple(eras))
    account.tracks = [_track(fields, plan.tracks[i].windows) for i, fields in enumerate(tracks)]
    account.contacts_hash = int(hashes, 16)
    account.caps = _counters(caps)
    account.profile = {field: (value, time, id) for field, (value, time, id) in profile.items()}
    account.claims, account.suppressed, account.joins, account.forwards_to, account.forward_move = row[11:]
    if account.clock != NEVER:
        set_moment(account, account.clock, plan)
    grade(account, plan)
    return account


def decode_contact(encoded: bytes, plan: Plan) -> Contact:
    id, role, role_at, values, eras, engaged, caps, seq = msgspec.json.decode(encoded)
    weight = 1.0 if id == "~account" else plan.weight(role)
    contact = Contact(id, len(plan.slots), len(plan.tracks), weight, plan.growth.intern(tuple(eras)))
    contact.role, contact.role_at = role, tuple(role_at) if role_at else None
    contact.values, contact.engaged, contact.seq = values, engaged, seq
    contact.caps = _counters(caps)
    contact.hash = int.from_bytes(hashlib.blake2b(encoded, digest_size=16).digest(), "big")
    return contact


def _track(row: list[Any], windows: tuple[int, ...]) -> TrackState:
    state = TrackState(len(windows))
    state.stage, state.crossings, handoffs = row[:3]
    state.open = dict(handoffs)
    state.cooling_until, state.cooling_noted, state.act_now_until = row[3:6]
    state.days = dict(row[6])
    return state


def _counter_pairs(caps: dict[int | str, int] | None) -> list[Any]:
    return list(chain.from_iterable(caps.items())) if caps else []


def _counters(pairs: list[Any]) -> dict[int | str, int] | None:
    return dict(zip(pairs[::2], pairs[1::2], strict=True)) or None
