"""The vault: pseudonyms, erasure, and source ids."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect

from database.engine import open_database
from intake.vault.tables import METADATA
from intake.vault.vault import ForeignId, Person, Vault, scope_of


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


@pytest.fixture
def vault(engine: Engine) -> Vault:
    return Vault(engine, random.Random(1).randbytes)


def test_an_address_has_one_contact_in_any_spelling(vault: Vault) -> None:
    contacts = vault.contacts_for(["Pat@Acme.example", " pat@acme.EXAMPLE ", "pat+news@acme.example", "no address"])
    assert list(contacts) == ["Pat@Acme.example", " pat@acme.EXAMPLE ", "pat+news@acme.example"]
    assert contacts["Pat@Acme.example"] == contacts[" pat@acme.EXAMPLE "]
    assert contacts["pat+news@acme.example"] != contacts["Pat@Acme.example"]


def test_a_contact_is_opaque(vault: Vault) -> None:
    contact = vault.contacts_for(["pat@acme.example"])["pat@acme.example"]
    assert contact.startswith("c_")
    assert len(contact) == 14
    assert set(contact[2:]) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_the_vault_finds_the_person_of_a_contact(vault: Vault) -> None:
    contact = vault.contacts_for(["Pat@acme.example"], {"Pat@acme.example": "Pat Lee"})["Pat@acme.example"]
    assert vault.person(contact) == Person("pat@acme.example", "Pat Lee")
    assert vault.contact_of(" PAT@acme.example") == contact
    assert (vault.contact_of("other@acme.example"), vault.contact_of("nobody"), vault.person("c_nobody")) == (
        None,
        None,
        None,
    )


def test_a_later_name_is_added_and_the_first_one_stays(engine: Engine, vault: Vault) -> None:
    contact = vault.contacts_for(["pat@acme.example"])["pat@acme.example"]
    for name in ("Pat Lee", "P. Lee"):
        Vault(engine, random.Random(2).randbytes).contacts_for(["pat@acme.example"], {"pat@acme.example": name})
    assert vault.person(contact) == Person("pat@acme.example", "Pat Lee")


def test_an_erased_person_gets_a_new_contact_in_every_process(engine: Engine, vault: Vault) -> None:
    other = Vault(engine, random.Random(2).randbytes)
    contact = vault.contacts_for(["pat@acme.example"])["pat@acme.example"]
    assert other.contacts_for(["pat@acme.example"]) == {"pat@acme.example": contact}
    vault.remember_persons({ForeignId("segment", "u1"): contact})
    vault.add_anonymous_accounts([(contact, "v_a")])

    assert vault.forget("PAT@acme.example") == contact

    assert (vault.contact_of("pat@acme.example"), vault.person(contact)) == (None, None)
    assert vault.contacts_of_persons([ForeignId("segment", "u1")]) == {}
    assert vault.anonymous_accounts_of([contact]) == {}
    assert vault.forget("pat@acme.example") is None
    assert other.contacts_for(["pat@acme.example"])["pat@acme.example"] != contact


def test_a_visitor_keeps_its_pseudonym_and_differs_between_installations(engine: Engine, tmp_path: Path) -> None:
    here, again = Vault(engine, random.Random(1).randbytes), Vault(engine, random.Random(9).randbytes)
    elsewhere = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    METADATA.create_all(elsewhere)
    assert here.visitor_for("cookie-1") == again.visitor_for("cookie-1") != here.visitor_for("cookie-2")
    assert Vault(elsewhere, random.Random(9).randbytes).visitor_for("cookie-1") != here.visitor_for("cookie-1")
    elsewhere.dispose()


def test_two_writers_agree_on_every_contact(engine: Engine) -> None:
    emails = [f"p{n}@acme.example" for n in range(300)]
    vaults = [Vault(engine, random.Random(n).randbytes) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda vault: vault.contacts_for(emails), vaults))
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0].values())) == 300


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


def test_the_migration_creates_the_tables_of_the_code(engine: Engine) -> None:
    inspector = inspect(engine)
    for table in METADATA.tables.values():
        found = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert found == {column.name: column.nullable for column in table.columns}
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
