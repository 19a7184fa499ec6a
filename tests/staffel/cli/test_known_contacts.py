"""Contacts who are known and did nothing yet, and other ids of an account, on the command line."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import cloud_event, run_cli, run_json, run_ok, write_lines


@pytest.fixture
def acme(home: Path) -> Path:
    """A home with the account acme.com, its alias, and lee@acme.com, who visited the price list."""
    view = cloud_event("1", contact="lee@acme.com", data={"url": "https://www.example.com/pricing"})
    alias = cloud_event("2", "account.alias_added", data={"system": "hubspot", "id": "1002", "name": "Acme Sales"})
    run_ok("ingest", "cloudevents", write_lines(home / "facts.jsonl", view, alias))
    return home


def test_a_contact_is_added_with_a_role_and_is_only_known(acme: Path) -> None:
    added = run_json(
        "contact", "add", "pat@acme.com", "--name", "Pat Lee", "--title", "CIO", "--role", "decision_maker"
    )
    assert list(added) == ["account", "contact", "fact", "type", "partition", "offset"]
    assert (added["account"], added["type"]) == ("acme.com", "contact.registered.v1")
    [known] = run_json("contact", "list", "--known-only", "--names")
    assert known == {
        "contact": added["contact"],
        "account": "acme.com",
        "role": "decision_maker",
        "engaged": {},
        "asked": None,
        "name": "Pat Lee",
        "email": "pat@acme.com",
        "title": "CIO",
        "phone": None,
    }
    [engaged] = run_json("contact", "list", "--engaged", "--account", "acme.com", "--names")
    assert engaged["email"] == "lee@acme.com"
    assert len(run_json("contact", "list")) == 2


def test_an_account_shows_who_is_engaged_and_who_is_only_known(acme: Path) -> None:
    run_ok("contact", "add", "pat@acme.com", "--name", "Pat Lee", "--role", "champion")
    shown = run_ok("account", "acme.com").out
    assert "\nWhom to call (1 engaged, 1 known only)\n" in shown
    assert "\nalso Acme Sales (hubspot 1002)\n" in shown


def test_a_contact_list_is_a_table_of_persons(acme: Path) -> None:
    run_ok("contact", "add", "pat@acme.com", "--name", "Pat Lee", "--role", "champion")
    lines = run_ok("contact", "list").out.splitlines()
    assert lines[0].split() == ["name", "role", "address", "account", "last", "engaged"]
    lines = run_ok("contact", "list", "--limit", "1").out.splitlines()
    assert lines[-1] == "and 1 more; use --limit or --json to see them."


def test_a_contact_of_a_mail_provider_needs_an_account(acme: Path) -> None:
    refused = run_cli("contact", "add", "pat@gmail.com")
    assert refused.failure[0] == 1
    assert "no_account: no company, and no business address" in refused.err
    assert run_json("contact", "add", "pat@gmail.com", "--account", "1002")["account"] == "acme.com"
    code, why = run_cli("contact", "add", "sam@gmail.com", "--account", "nobody").failure
    assert (code, why) == (1, "there is no account nobody; `staffel account register` creates one")


@pytest.mark.parametrize("alias", ["1002", "acme  sales"])
def test_an_account_is_found_by_its_aliases(acme: Path, alias: str) -> None:
    report = run_json("account", alias)
    assert (report["account"], report["aliases"]) == (
        "acme.com",
        [{"system": "hubspot", "id": "1002", "name": "Acme Sales"}],
    )


def test_without_contacts_the_list_says_so(home: Path) -> None:
    assert run_ok("contact", "list").out == "No contacts; `staffel ingest contacts` imports those of a CRM.\n"
