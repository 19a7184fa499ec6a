"""The size of an account: a fact that makes it larger than a record of `scores` may be is rejected.

What decides is a pure function of the account and the fact. It does not depend on how facts are grouped into units, so
both hosts and every replay reject the same facts. It is measured only if a cheap upper bound allows for an account that
is too large.
"""

from collections.abc import Iterator
from copy import deepcopy

import msgspec

from schemas import MAX_RECORD_BYTES
from scoring.fold import ACCOUNT_CONTACT, Account, encode_account, encode_contact, profile_with_claims
from scoring.plan import DecodedFact, Plan

MAX_ACCOUNT_BYTES = MAX_RECORD_BYTES - 1024 * 1024
"""The rest of a record is for the names of rules and tracks, for numbers, and for the checkpoint."""
_encode = msgspec.json.encode


class GrowthBound:
    """At most how much facts of so many bytes add to an account, under one plan: their bytes and `extra_bytes`, as
    often as `repetitions` says. A record has a fact's texts once for every rule and counter; a number takes up to five
    times its text. The fold multiplies by itself, as it does so for every fact.
    """

    __slots__ = ("extra_bytes", "plan", "repetitions")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        rules = sum(len(track.rules) for track in plan.model.tracks.values())
        self.repetitions = 16 + 2 * (rules + len(plan.caps) + len(plan.slots) + 4 * len(plan.tracks))
        self.extra_bytes = 100

    def of(self, raw: bytes) -> int:
        return (len(raw) + self.extra_bytes) * self.repetitions


def account_bytes(account: Account, fact: DecodedFact, raw: bytes, plan: Plan) -> int:
    """The bytes of the record that the fact alone would make, except for small parts of limited size."""
    state = len(encode_account(account)) + 2 * len(account.forwards_to or "")
    profile = len(_encode(profile_with_claims(account)))
    contacts = sum(len(encode_contact(account.contacts[id])) for id in set(_contacts_of(account, fact)))
    ids = len(fact.id) * (len(plan.type_plan(fact.type).rules) + len(plan.slots) + 4 * len(plan.tracks))
    return state + max(profile, len(raw)) + contacts + ids


def _contacts_of(account: Account, fact: DecodedFact) -> Iterator[str]:
    """The contacts whose records the fact may change."""
    identified = fact.data.contact if fact.data is not None else None
    for id in (fact.contact or ACCOUNT_CONTACT, identified):
        if isinstance(id, str):
            yield from (known for known in (id, account.joins.get(id)) if known in account.contacts)


def account_copy(account: Account) -> Account:
    """An independent copy, with what has happened since the last record; plans and decay factors are shared."""
    shared = [account.moment, *(state.plan for state in account.tracks)]
    return deepcopy(account, {id(each): each for each in shared})
