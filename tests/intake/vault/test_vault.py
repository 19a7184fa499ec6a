"""The vault: pseudonyms, erasure, and source ids."""

import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, inspect, select

from database.engine import open_database, schema_of
from intake.vault.location import open_vault_database
from intake.vault.tables import METADATA, SECRETS, VAULT
from intake.vault.vault import ForeignId, Newcomer, Person, Tombstone, Vault, scope_of
from tests.intake.recorder.fakes import contact_for


@pytest.fixture
def engine(vault_database: Engine) -> Engine:
    return vault_database


@pytest.fixture
def vault(engine: Engine) -> Vault:
    return Vault(engine, random.Random(1).randbytes)


def test_an_address_has_one_contact_in_any_spelling(vault: Vault) -> None:
    pat, news = contact_for(vault, "Pat@Acme.example"), contact_for(vault, "pat+news@acme.example")
    found = vault.known_contacts([" pat@acme.EXAMPLE ", "pat+news@acme.example", "no address", "nobody@acme.example"])
    assert found == {" pat@acme.EXAMPLE ": pat, "pat+news@acme.example": news}
    assert pat != news


def test_a_contact_is_opaque(vault: Vault) -> None:
    contact = contact_for(vault, "pat@acme.example")
    assert contact.startswith("c_")
    assert len(contact) == 14
    assert set(contact[2:]) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_looking_up_stores_nobody(vault: Vault, engine: Engine) -> None:
    assert vault.known_contacts(["pat@acme.example"]) == {}
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(VAULT)).scalar_one() == 0


def test_the_vault_finds_the_person_of_a_contact(vault: Vault) -> None:
    contact = contact_for(vault, "Pat@acme.example", "Pat Lee")
    assert vault.person(contact) == Person("pat@acme.example", "Pat Lee")
    assert vault.contact_of(" PAT@acme.example") == contact
    unknown = (vault.contact_of("other@acme.example"), vault.contact_of("nobody"), vault.person("c_nobody"))
    assert unknown == (None, None, None)


def test_what_a_fact_tells_of_a_person_fills_gaps(vault: Vault) -> None:
    contact = contact_for(vault, "pat@acme.example")
    for name in ("Pat Lee", "P. Lee"):
        vault.add_details({contact: Person("other@acme.example", name)}, replaces=False)
    assert vault.person(contact) == Person("pat@acme.example", "Pat Lee")


def test_what_a_register_tells_of_a_person_replaces_all_but_the_address(vault: Vault) -> None:
    contact = contact_for(vault, "pat@acme.example", "Pat")
    vault.add_details({contact: Person("other@acme.example", "Pat Lee", "CTO", "+49 30 1")}, replaces=True)
    vault.add_details({contact: Person(None, None, "CEO", None)}, replaces=True)
    assert vault.person(contact) == Person("pat@acme.example", "Pat Lee", "CEO", "+49 30 1")


def test_a_person_without_an_address_gets_one_once(vault: Vault) -> None:
    contact, key = vault.new_contact(), vault.person_key(ForeignId("hubspot", "17"))
    assert vault.admit([Newcomer(contact, key, Person(None, "Pat Lee"))])
    assert vault.contact_with_key(key) == contact
    for email in ("Pat@acme.example", "lee@acme.example"):
        vault.add_details({contact: Person(email, None)}, replaces=True)
    assert vault.person(contact) == Person("pat@acme.example", "Pat Lee")
    assert vault.contact_of("pat@acme.example") == contact
    assert vault.key_of(contact) == vault.address_key("pat@acme.example")


def test_an_erased_person_is_unknown_in_every_process(engine: Engine, vault: Vault) -> None:
    other = Vault(engine, random.Random(2).randbytes)
    contact = contact_for(vault, "pat@acme.example")
    assert other.contact_of("pat@acme.example") == contact
    vault.remember_persons({ForeignId("segment", "u1"): contact})
    vault.add_anonymous_accounts([(contact, "v_a")])

    vault.mark_erased(Tombstone(vault.address_key("pat@acme.example"), 5, contact))
    vault.delete_person(contact)

    assert (vault.contact_of("pat@acme.example"), vault.person(contact)) == (None, None)
    assert vault.contacts_of_persons([ForeignId("segment", "u1")]) == {}
    assert vault.anonymous_accounts_of([contact]) == {}
    assert other.contact_of("pat@acme.example") is None
    assert other.erasure_times(["PAT@acme.example", "lee@acme.example"]) == {"PAT@acme.example": 5}


def test_of_two_erasures_the_later_one_holds(vault: Vault) -> None:
    key = vault.address_key("pat@acme.example")
    for at in (5, 9, 7):
        vault.mark_erased(Tombstone(key, at, None))
    assert vault.tombstones() == [Tombstone(key, 9, None)]
    vault.lift_tombstone(key)
    assert vault.tombstones() == []


def test_ids_are_keyed_for_one_vault(vault: Vault, tmp_path: Path) -> None:
    elsewhere = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    METADATA.create_all(elsewhere)
    other = Vault(elsewhere, random.Random(9).randbytes)
    assert re.fullmatch("k_[0-9a-f]{32}", vault.keyed_id("<a@acme.example>"))
    assert vault.keyed_id("<a@acme.example>") != vault.keyed_id("<b@acme.example>")
    assert vault.keyed_id("<a@acme.example>") != other.keyed_id("<a@acme.example>")
    elsewhere.dispose()


def test_a_vault_for_look_ups_stays_without_a_secret(engine: Engine) -> None:
    reading = Vault(engine, random.Random(1).randbytes, creates=False)
    assert reading.contact_of("pat@acme.example") is None
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(SECRETS)).scalar_one() == 0


def test_a_visitor_keeps_its_pseudonym_and_differs_between_installations(engine: Engine, tmp_path: Path) -> None:
    here, again = Vault(engine, random.Random(1).randbytes), Vault(engine, random.Random(9).randbytes)
    elsewhere = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    METADATA.create_all(elsewhere)
    assert here.visitor_for("cookie-1") == again.visitor_for("cookie-1") != here.visitor_for("cookie-2")
    assert Vault(elsewhere, random.Random(9).randbytes).visitor_for("cookie-1") != here.visitor_for("cookie-1")
    elsewhere.dispose()


def test_of_two_writers_one_admits_a_person(engine: Engine) -> None:
    vaults = [Vault(engine, random.Random(n).randbytes) for n in range(4)]
    keys = [vaults[0].address_key(f"p{n}@acme.example") for n in range(300)]
    newcomers = [
        [Newcomer(vault.new_contact(), key, Person(f"p{n}@acme.example", None)) for n, key in enumerate(keys)]
        for vault in vaults
    ]
    with ThreadPoolExecutor(4) as pool:
        admitted = list(pool.map(lambda vault, persons: vault.admit(persons), vaults, newcomers))
    assert sorted(admitted) == [False, False, False, True]
    contacts = {person.contact for person in newcomers[admitted.index(True)]}
    assert set(vaults[0].known_contacts(f"p{n}@acme.example" for n in range(300)).values()) == contacts


def test_sources_may_use_their_own_ids_of_persons(vault: Vault) -> None:
    known = {ForeignId("segment", "u1"): "c_a", ForeignId("crm", "u1"): "c_b"}
    vault.remember_persons(known)
    vault.remember_persons({ForeignId("segment", "u1"): "c_other"})
    assert vault.contacts_of_persons([*known, ForeignId("segment", "u2")]) == known


def test_sources_may_use_their_own_ids_of_companies(vault: Vault) -> None:
    acme, beta, same = ForeignId("hubspot", "17"), ForeignId("salesforce", "001A"), ForeignId("segment", "17")
    vault.remember_companies({acme: "acme.example", beta: "beta.example", same: "gamma.example"})
    vault.remember_companies({acme: "other.example"})
    companies = [acme, same, ForeignId("csv", "001A"), ForeignId("csv", "17"), ForeignId("csv", "18")]
    assert vault.accounts_of_companies(companies) == {
        acme: "acme.example",
        same: "gamma.example",
        ForeignId("csv", "001A"): "beta.example",
    }


def test_anonymous_accounts_wait_for_the_company_of_a_contact(vault: Vault) -> None:
    vault.add_anonymous_accounts([("c_a", "v_2"), ("c_a", "v_1"), ("c_a", "v_1"), ("c_b", "v_3")])
    assert vault.anonymous_accounts_of(["c_a", "c_b", "c_c"]) == {"c_a": ["v_1", "v_2"], "c_b": ["v_3"]}
    vault.remove_anonymous_accounts(["c_a"])
    assert vault.anonymous_accounts_of(["c_a", "c_b"]) == {"c_b": ["v_3"]}


def test_source_ids_are_unique_within_the_scope_of_a_source() -> None:
    assert [scope_of(source) for source in ("segment/website", "hubspot")] == ["segment", "hubspot"]


def test_the_migration_creates_the_tables_of_the_code(database_url: str) -> None:
    engine = open_vault_database(database_url)
    inspector, schema = inspect(engine), schema_of(engine)
    for table in METADATA.tables.values():
        found = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name, schema=schema)}
        assert found == {column.name: column.nullable for column in table.columns}
        key = inspector.get_pk_constraint(table.name, schema=schema)["constrained_columns"]
        assert key == [column.name for column in table.primary_key]
    engine.dispose()
