"""Who is left out of campaigns, on the command line: asked for, listed and released."""

import csv
import io
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, cloud_event, run_cli, run_json, run_ok, write_lines


@pytest.fixture
def acme(home: Path) -> Path:
    """A home in which lee@acme.com unsubscribed, and pat@acme.com visited a page."""
    view = cloud_event("1", contact="pat@acme.com", data={"url": "https://www.example.com/pricing"})
    unsubscribed = cloud_event("2", "email.unsubscribed", contact="lee@acme.com", data={"message": "m"})
    run_ok("ingest", "cloudevents", write_lines(home / "facts.jsonl", view, unsubscribed))
    return home


def reasons(*options: str) -> list[tuple[str | None, str]]:
    """Whom (by address) and why."""
    return [(row["email"], row["reason"]) for row in run_json("suppressions", "list", "--names", *options)]


def test_who_unsubscribed_is_listed_with_reason_and_cause(acme: Path) -> None:
    [row] = run_json("suppressions", "list")
    assert row == {
        "account": "acme.com",
        "contact": row["contact"],
        "reason": "asked",
        "since": "2026-01-05T09:12:00.000Z",
        "until": None,
        "handoff": None,
        "cause": row["cause"],
        "cause_type": "email.unsubscribed",
    }
    assert row["contact"].startswith("c_")


def test_names_and_addresses_are_printed_only_if_asked_for(acme: Path) -> None:
    assert "lee" not in run_ok("suppressions", "list", "--csv").out
    assert "lee" not in run_ok("suppressions", "list").out
    [row] = csv.DictReader(io.StringIO(run_ok("suppressions", "list", "--csv", "--names").out))
    assert (row["email"], row["reason"], row["account"]) == ("lee@acme.com", "asked", "acme.com")


def test_an_account_is_suppressed_and_released_by_somebody_for_a_reason(acme: Path) -> None:
    run_ok("account", "suppress", "acme.com", "--by", "anna", "--reason", "asked by their CEO")
    assert reasons() == [(None, "asked"), ("lee@acme.com", "asked")]
    fact: Json = run_json("tail", "engagement", "-n", "1")["value"]
    assert (fact["type"], fact["data"]) == ("account.suppressed.v1", {"by": "anna", "reason": "asked by their CEO"})
    run_ok("account", "release", "acme.com", "--by", "anna")
    assert reasons() == [("lee@acme.com", "asked")]


def test_an_account_that_nobody_knows_is_not_suppressed(acme: Path) -> None:
    code, why = run_cli("account", "suppress", "nobody.example", "--by", "anna").failure
    assert (code, why) == (1, "there is no account nobody.example; `staffel account register` creates one")


@pytest.mark.parametrize("command", [("account", "suppress", "acme.com"), ("contact", "release", "lee@acme.com")])
def test_who_decides_is_a_short_name(acme: Path, command: tuple[str, ...]) -> None:
    code, why = run_cli(*command, "--by", "anna@us.example").failure
    assert (code, why.startswith("--by anna@us.example: ")) == (2, True)


def test_without_by_it_is_whoever_uses_the_installation(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_cli("account", "suppress", "acme.com").code == 2
    monkeypatch.setenv("STAFFEL_USER", "sam")
    run_ok("account", "suppress", "acme.com")
    assert run_json("tail", "engagement", "-n", "1")["value"]["data"] == {"by": "sam"}


def test_a_contact_is_released_in_every_account_where_it_asked(acme: Path) -> None:
    run_ok("account", "register", "beta.example", "--name", "Beta")
    run_ok(
        "contact", "suppress", "lee@acme.com", "--account", "beta.example", "--by", "anna", "--reason", "on the phone"
    )
    assert reasons() == [("lee@acme.com", "asked")] * 2
    released = run_json("contact", "release", "lee@acme.com")
    assert [each["account"] for each in released] == ["acme.com", "beta.example"]
    assert reasons() == []


def test_who_was_forgotten_stays_on_the_list_without_a_name(acme: Path) -> None:
    run_ok("forget", "lee@acme.com")
    assert sorted(reasons(), key=str) == [(None, "asked"), (None, "erased")]


def test_the_table_fits_eighty_columns(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run_ok("account", "suppress", "acme.com", "--by", "anna")
    lines = run_ok("suppressions", "list", "--names").out.splitlines()
    assert max(map(len, lines[:5])) <= 80
    assert (lines[0].split()[0], "(whole account)" in lines[2]) == ("account", True)


def test_the_list_is_filtered_by_account_and_reason(acme: Path) -> None:
    assert reasons("--account", "acme.com", "--reason", "asked") == [("lee@acme.com", "asked")]
    assert reasons("--reason", "erased") == reasons("--account", "beta.example") == []
    assert run_cli("suppressions", "list", "--reason", "tired").failure == (
        2,
        "--reason tired: the reasons are asked, with_sales, dismissed, erased",
    )


def test_an_empty_list_says_so(home: Path) -> None:
    assert run_ok("suppressions", "list").out == "Nobody is left out of campaigns.\n"
    assert run_ok("suppressions", "list", "--csv").out.startswith("account,contact,reason,since")
