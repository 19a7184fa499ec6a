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
    report = run_json("account", "acme.com")
    assert {(each["role"], bool(each["engaged"])) for each in report["contacts"]} == {
        ("decision_maker", False),
        ("budget_holder", False),
    }


def test_a_changed_role_is_told_alone(crm: Path) -> None:
    ingest(crm, *CONTACTS[:2])
    assert ingest(crm, CONTACTS[0], CONTACTS[1].replace("Decision Maker", "Champion"))["recorded"] == 1
    assert [each["role"] for each in run_json("contact", "list")] == ["champion"]


def test_a_known_contact_weighs_by_the_role_once_engaged(crm: Path) -> None:
    ingest(crm, *CONTACTS[:2])
    clicked = cloud_event("1", "email.clicked", contact="pat@acme.com", data={})
    run_ok("ingest", "cloudevents", write_lines(crm / "facts.jsonl", clicked))
    [contact] = run_json("contact", "list", "--engaged")
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
