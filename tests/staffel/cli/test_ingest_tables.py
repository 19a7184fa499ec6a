"""Imports of tables: which columns were used, and how their numbers and dates are to be read."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok, write_lines


def accounts(*lines: str) -> Path:
    return write_lines(Path("accounts.csv"), *lines)


def test_columns_that_were_not_used_are_told_with_near_misses() -> None:
    table = accounts("Name\tNumber of employes", "Acme\t1.200")
    assert run_ok("ingest", "accounts", table).out.splitlines()[-1] == (
        "accounts.csv: used: name (Name); ignored: Number of employes (near employees)"
    )
    assert run_json("ingest", "accounts", table)["columns"] == [
        {
            "file": "accounts.csv",
            "used": {"name": ["Name"]},
            "ignored": [{"title": "Number of employes", "near": "employees"}],
            "unmatched": [],
            "left_out": {},
        }
    ]


def test_a_table_that_is_used_as_a_whole_says_no_more_than_its_counts() -> None:
    (line,) = run_ok("ingest", "accounts", accounts("Name,Employees", "Acme,12")).out.splitlines()
    assert line == "1 item read: 1 recorded, 0 duplicates, 0 skipped (not engagement), 0 rejected"


@pytest.mark.parametrize(("option", "revenue"), [("1.234,5", 12_500), ("1,234.5", 12.5)])
def test_numbers_of_two_readings_are_read_as_the_option_says(option: str, revenue: float) -> None:
    table = accounts("Name\tRevenue", "Acme\t12.500")
    refused = run_cli("ingest", "accounts", table, "--json")
    assert (refused.code, "ambiguous_numbers" in refused.out) == (1, True)
    assert run_json("ingest", "accounts", table, "--numbers", option)["recorded"] == 1
    assert f'"revenue":{revenue}' in run_ok("tail", "-n", "5", "--json").out.replace(" ", "")


def test_a_file_of_guessed_kind_takes_the_options_of_tables() -> None:
    table = accounts("Company name\tRevenue\tCreated", "Acme\t12.500\t1/5/2026")
    assert run_ok("ingest", table, "--numbers", "1.234,5", "--dates", "dmy").out.splitlines() == [
        "accounts.csv: accounts",
        "1 item read: 1 recorded, 0 duplicates, 0 skipped (not engagement), 0 rejected",
    ]


def test_an_option_that_is_none_is_a_usage_error() -> None:
    result = run_cli("ingest", "accounts", accounts("Name", "Acme"), "--numbers", "german")
    assert (result.code, "--numbers german: write auto, 1.234,5 or 1,234.5" in result.err) == (2, True)
    assert run_cli("ingest", "opportunities", accounts("Name", "Acme"), "--dates", "ymd").code == 2


def test_an_opportunity_with_the_short_id_of_a_report_finds_the_account_with_the_long_one() -> None:
    run_ok("ingest", "accounts", accounts("Account ID,Account Name,Website", "0015g00000AbCdEAAV,Acme,acme.example"))
    deals = write_lines(
        Path("deals.csv"),
        "Opportunity ID,Opportunity Name,Account ID,Account Name,Stage,Amount,Created Date",
        "0065g00000XyZ12,Big deal,0015g00000AbCdE,Acme,Negotiation,1000,2026-01-05",
    )
    assert run_json("ingest", "opportunities", deals)["rejected"] == []
    assert '"subject":"acme.example"' in run_ok("tail", "-n", "1", "--json").out.replace(" ", "")
