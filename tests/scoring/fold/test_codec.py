"""State to JSON and back, bit for bit; the digest is over all of it, the contacts' states included."""

import hashlib

import msgspec
from hypothesis import given, settings

from audit.replay import digest
from scoring.fold.codec import (
    decode_account,
    decode_contact,
    digest_of,
    encode_account,
    encode_contact,
    update_contact_hash,
)
from scoring.fold.state import FOLD_VERSION, Account
from tests.scoring.fold_runner import ACME, fold_facts, plan_of, records_of
from tests.scoring.vectors import vector_named
from tests.scoring.world_strategies import World, busy_worlds, worlds
from tests.streams.scorer.memory_partition import MemoryPartition

FEW_EXAMPLES = settings(max_examples=60, derandomize=True)
VECTOR = vector_named("26-joins")
PLAN = plan_of(VECTOR.model)


def folded_account() -> Account:
    return fold_facts(PLAN, VECTOR.facts).accounts[ACME]


@FEW_EXAMPLES
@given(worlds() | busy_worlds())
def test_a_state_is_the_same_after_it_was_written_and_read(world: World) -> None:
    plan = plan_of(world.model)
    for account in fold_facts(plan, world.facts).accounts.values():
        digest(account)
        encoded = encode_account(account)
        again = decode_account(encoded, plan)
        assert again is not None
        assert encode_account(again) == encoded
        assert (again.fit, again.grade, again.employees, again.today) == (
            account.fit,
            account.grade,
            account.employees,
            account.today,
        )
        contacts = [encode_contact(contact) for contact in account.contacts.values()]
        read = [decode_contact(each, plan) for each in contacts]
        assert [encode_contact(contact) for contact in read] == contacts
        assert [each.weight for each in read] == [each.weight for each in account.contacts.values()]


def test_the_digest_holds_every_contact_whatever_their_order() -> None:
    account = folded_account()
    hashes = [hashlib.blake2b(encode_contact(each), digest_size=16).digest() for each in account.contacts.values()]
    digest(account)
    assert account.contacts_hash == sum(int.from_bytes(each, "big") for each in hashes) % (1 << 128)


def test_one_bit_of_one_contact_changes_the_digest() -> None:
    account = folded_account()
    before = digest(account)
    contact = account.contacts["c_a"]
    contact.unweighted_sums[0] *= 1 + 2**-52
    update_contact_hash(account, contact)
    assert digest_of(encode_account(account)) != before


def test_a_state_of_another_version_of_the_fold_is_not_read() -> None:
    row = msgspec.json.decode(encode_account(folded_account()))
    assert row[0] == FOLD_VERSION
    assert decode_account(msgspec.json.encode([FOLD_VERSION + 1, *row[1:]]), PLAN) is None


def test_the_contacts_that_were_written_are_those_that_changed() -> None:
    partition = MemoryPartition(PLAN)
    records = records_of(VECTOR.facts)
    written = [
        sorted(record.key for record in partition.score([record]).units[-1].scores if "/" in record.key)
        for record in records[:5]
    ]
    assert written == [
        [f"{ACME}/c_a"],
        [f"{ACME}/v_x"],
        [f"{ACME}/v_x"],
        [f"{ACME}/c_b"],
        [f"{ACME}/c_a", f"{ACME}/v_x"],
    ]
