"""`staffel ingest contacts`: persons of a CRM become known; their names stand in the vault alone."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import cloud_event, run_cli, run_json, run_ok, write_lines

ACCOUNTS = ("Record ID,Company name,Company domain name", "1001,Acme AG,acme.com", "1002,Acme Sales,acme.com")
CONTACTS = (
    "Record ID,First name,Last name,Email,Job title,Phone number,Buying role,Associated company IDs,Company name,"
    "Unsubscribed from all email",
    "901,Pat,Lee,pat@acme.com,CIO,+49 30 4711,Decision Maker,1002,,",
    "902,Sam,Zzimmermann,,CFO,,Budget holder,,Acme AG,true",
    "903,Kim,Low,kim@gmail.com,,,,,,",
)


@pytest.fixture
def crm(home: Path) -> Path:
    run_ok("ingest", "accounts", write_lines(home / "accounts.csv", *ACCOUNTS))
    return home


def ingest(home: Path, *lines: str) -> dict[str, object]:
    tally = run_json("ingest", "contacts", write_lines(home / "contacts.csv", *lines))
    return {name: tally[name] for name in ("read", "recorded", "duplicates", "rejected_by")}


def test_contacts_become_known_at_their_companies_and_a_repetition_is_none(crm: Path) -> None:
    rejected = {"rejected_by": {"no_account": 1}}
    assert ingest(crm, *CONTACTS) == {"read": 4, "recorded": 3, "duplicates": 0, **rejected}
    assert ingest(crm, *CONTACTS) == {"read": 4, "recorded": 0, "duplicates": 3, **rejected}
    listed = {
        (each["name"], each["email"], each["account"], each["role"]) for each in run_json("contact", "list", "--names")
    }
    assert listed == {
        ("Pat Lee", "pat@acme.com", "acme.com", "decision_maker"),
        ("Sam Zzimmermann", None, "acme.com", "budget_holder"),
    }


def test_a_person_who_was_erased_stays_unknown_whatever_the_table_says(crm: Path) -> None:
    ingest(crm, *CONTACTS[:3])
    by_role = {each["role"]: each for each in run_json("contact", "list", "--names")}
    assert by_role["budget_holder"]["name"] == "Sam Zzimmermann"
    run_ok("forget", "pat@acme.com")
    run_ok("forget", by_role["budget_holder"]["contact"])
    told_later = CONTACTS[2].replace(",,CFO", ",sam@acme.com,CFO")
    without_address = CONTACTS[1].replace("pat@acme.com", "")
    for rows in (CONTACTS[1:3], [without_address, told_later]):
        tally = run_json("ingest", "contacts", write_lines(crm / "contacts.csv", CONTACTS[0], *rows))
        assert (tally["recorded"], tally["filtered_by"]) == (0, {"erased": 3})
    assert {each["name"] for each in run_json("contact", "list", "--names")} == {None}


def test_a_contact_who_was_erased_is_added_again_only_on_request(crm: Path) -> None:
    old = run_json("contact", "add", "pat@acme.com", "--role", "champion")["contact"]
    run_ok("forget", "pat@acme.com")
    code, why = run_cli("contact", "add", "pat@acme.com").failure
    assert (code, why) == (1, "the person with the address pat@acme.com was erased; --again makes them known again")
    assert run_cli("contact", "add", "pat@acme.com", "--again", "--account", "nobody").code == 1
    assert run_cli("contact", "add", "pat@acme.com").code == 1
    assert run_json("contact", "add", "pat@acme.com", "--again")["contact"] != old


def test_an_address_that_is_told_later_belongs_to_the_same_contact(crm: Path) -> None:
    ingest(crm, CONTACTS[0], CONTACTS[2])
    [before] = run_json("contact", "list", "--names")
    ingest(crm, CONTACTS[0], CONTACTS[2].replace(",,CFO", ",sam@acme.com,CFO"))
    [after] = run_json("contact", "list", "--names")
    assert (before["asked"], before["email"], after["email"]) == ("asked", None, None)
    assert run_json("contact", "sam@acme.com")["contact"] == before["contact"]


def test_a_changed_role_is_told_alone(crm: Path) -> None:
    ingest(crm, *CONTACTS[:2])
    assert ingest(crm, CONTACTS[0], CONTACTS[1].replace("Decision Maker", "Champion"))["recorded"] == 1
    assert [each["role"] for each in run_json("contact", "list")] == ["champion"]


def test_a_known_contact_weighs_by_the_role_once_engaged(crm: Path) -> None:
    ingest(crm, *CONTACTS[:2])
    clicked = cloud_event("1", "email.clicked", contact="pat@acme.com", data={})
    run_ok("ingest", "cloudevents", write_lines(crm / "facts.jsonl", clicked))
    [contact] = run_json("contact", "list", "--engaged", "--names")
    assert (contact["email"], contact["role"]) == ("pat@acme.com", "decision_maker")
    report = run_json("account", "acme.com", "--explain")
    assert [(line["rule"], line["weight"]) for line in report["lines"]] == [("click", 2)]


def test_aliases_are_counted_and_found(home: Path) -> None:
    tally = run_json("ingest", "accounts", write_lines(home / "accounts.csv", *ACCOUNTS))
    assert (tally["recorded"], tally["aliases"]) == (2, 1)
    assert run_json("account", "1002")["account"] == "acme.com"
    shown = run_ok("ingest", "accounts", write_lines(home / "accounts.csv", *ACCOUNTS, "1003,Acme Trade,acme.com")).out
    assert shown.startswith("3 items read: 1 recorded (1 alias), 2 duplicates")


def test_the_kind_of_a_table_of_contacts_is_guessed(crm: Path) -> None:
    result = run_cli("ingest", write_lines(crm / "people.csv", *CONTACTS[:2]))
    assert result.out.startswith("people.csv: contacts\n1 item read: 1 recorded")
