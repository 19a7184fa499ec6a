"""A dry run says what an import would record, and records nothing."""

import sqlite3
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, access_log_line, page_view, run_cli, run_json, run_ok, write_lines

EXAMPLE = Path(__file__).parents[3] / "examples" / "medtech" / "data"
EXAMPLE_FILES = sorted(path for path in EXAMPLE.iterdir() if path.suffix in (".csv", ".log", ".mbox", ".ics", ".jsonl"))
OUR_DOMAIN = ("--ours", "nordwerk-med.example", "--site", "https://www.nordwerk-med.example")
DRY_RUN_FIELDS = {"dry_run", "new_accounts", "new_accounts_total"}


def counts_of(recorded: Json) -> Json:
    """What a dry run counts, too: visitors without a company are counted when all is recorded."""
    return {name: count for name, count in recorded.items() if name != "unidentified"}


def example_tally(*options: str) -> Json:
    result = run_cli("ingest", *EXAMPLE_FILES, *OUR_DOMAIN, *options, "--json")
    assert result.code == 0, result.err
    return result.parsed


def contents(home: Path) -> dict[str, list[str]]:
    """Every file of the home; of databases every statement of their dump."""
    return {
        str(path.relative_to(home)): dump_of(path) if path.suffix == ".db" else []
        for path in sorted(home.rglob("*"))
        if not path.name.endswith(("-wal", "-shm"))
    }


def dump_of(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def test_a_dry_run_counts_what_the_import_counts_and_writes_nothing(home: Path) -> None:
    run_json("accounts")  # whatever opening a home for the first time writes
    before = contents(home)
    rehearsed = example_tally("--dry-run")
    assert contents(home) == before
    assert run_json("accounts") == []
    recorded = example_tally()
    assert {name: count for name, count in rehearsed.items() if name not in DRY_RUN_FIELDS} == counts_of(recorded)
    made = {account["account"] for account in run_json("accounts") if not account["account"].startswith("anon:")}
    assert set(rehearsed["new_accounts"]) == made
    assert rehearsed["new_accounts_total"] == len(made)


def test_what_is_known_is_a_duplicate_in_a_dry_run_too() -> None:
    log = write_lines(Path("access.log"), access_log_line())
    run_json("ingest", "access-log", log)
    write_lines(log, access_log_line(), access_log_line(target="/about"))
    tally = run_json("ingest", "access-log", log, "--dry-run")
    assert (tally["recorded"], tally["duplicates"], tally["new_accounts"]) == (1, 1, [])
    assert run_json("ingest", "access-log", log)["recorded"] == 1


def test_a_fact_that_comes_twice_counts_once() -> None:
    facts = write_lines(Path("facts.jsonl"), page_view("one"), page_view("one"))
    tally = run_json("ingest", "cloudevents", facts, "--dry-run")
    assert (tally["recorded"], tally["duplicates"]) == (1, 1)


def test_a_home_that_does_not_exist_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_HOME", "absent")
    log = write_lines(Path("access.log"), access_log_line())
    assert run_json("ingest", "access-log", log, "--dry-run")["recorded"] == 1
    assert not Path("absent").exists()


def test_accounts_that_would_be_made_and_reasons_are_shown() -> None:
    table = write_lines(Path("crm.csv"), "Name,Domain,Employees", "Acme,acme.com,12", "Beta,beta.com,many")
    lines = run_ok("ingest", "accounts", table, "--dry-run").out.splitlines()
    assert lines[:3] == [
        "Dry run: nothing is recorded. It would be:",
        "2 items read: 1 recorded, 0 duplicates, 0 skipped (not engagement), 1 rejected",
        "rejected: bad_number 1",
    ]
    assert lines[-1] == "1 account would be made: acme.com"


def test_two_rows_that_claim_one_domain_are_told() -> None:
    rows = ["Staffel account,Name,Domain", "acme,Acme,acme.com", "beta,Beta,acme.com"]
    table = write_lines(Path("crm.csv"), *rows)
    rehearsed, recorded = (run_json("ingest", "accounts", table, *options) for options in (("--dry-run",), ()))
    assert {name: rehearsed[name] for name in counts_of(recorded)} == counts_of(recorded)
    assert rehearsed["new_accounts"] == ["acme"]


def test_the_host_lock_is_not_taken() -> None:
    log = write_lines(Path("access.log"), access_log_line())
    run_json("ingest", "access-log", log, "--dry-run")
    assert not list(Path(".staffel").glob("*.host"))
