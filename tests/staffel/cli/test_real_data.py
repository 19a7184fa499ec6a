"""Real files: the tally adds up, rejections are named, importing again adds nothing."""

import json
from pathlib import Path

import pytest

from tests.requirements import real_data
from tests.staffel.cli.cli_runner import Json, run_json, write_lines

SOURCES = {
    "access-log": ("access_log_elastic/apache_logs", ["--site", "https://www.semicomplete.com"]),
    "calendar": ("calendar_finos/finos_community_calendar.ics", ["--ours", "finos.org"]),
    "accounts": ("crm_maven/accounts.csv", []),
    "opportunities": ("crm_maven/sales_pipeline.csv", []),
}


def ingest_tally(kind: str) -> Json:
    file, options = SOURCES[kind]
    tally = run_json("ingest", kind, real_data() / file, *options)
    parts = tally["recorded"] + tally["duplicates"] + tally["filtered"] + tally["rejected_total"]
    assert tally["read"] == parts
    return tally


def rejection_codes(tally: Json) -> set[str]:
    return set(tally["rejected_by"])


def test_a_real_access_log() -> None:
    first, second = ingest_tally("access-log"), ingest_tally("access-log")
    assert (first["read"], rejection_codes(first)) == (10_000, {"bad_line"})
    assert [item["where"] for item in first["rejected"]] == ["apache_logs:8899"]
    assert (second["recorded"], second["duplicates"]) == (0, first["recorded"] + first["duplicates"])
    assert run_json("audit", "verify")["mismatches"] == []


def test_a_real_calendar() -> None:
    first, second = ingest_tally("calendar"), ingest_tally("calendar")
    assert (first["recorded"] > 0, first["rejected"], second["recorded"]) == (True, [], 0)


def test_a_real_export_of_a_crm() -> None:
    accounts, deals = ingest_tally("accounts"), ingest_tally("opportunities")
    assert (accounts["recorded"], accounts["rejected"]) == (85, [])
    assert rejection_codes(deals) == {"no_account", "missing_time"}
    assert {item["where"].split(":")[0] for item in deals["rejected"]} == {"sales_pipeline.csv"}
    assert ingest_tally("opportunities")["recorded"] == 0
    assert len(run_json("accounts")) == 85
    assert run_json("audit", "verify")["mismatches"] == []


@pytest.mark.parametrize("packed", [False, True], ids=["one a line", "one document"])
def test_the_samples_of_the_segment_specification(packed: bool) -> None:
    lines = (real_data() / "segment_spec_samples" / "segment_spec_events.jsonl").read_text("utf-8").splitlines()
    calls = [json.loads(line)["payload"] for line in lines]
    text = json.dumps(calls, indent=2)
    path = write_lines(Path("calls.json"), text) if packed else write_lines(Path("calls.jsonl"), *calls)
    tally = run_json("ingest", "segment", path, "--undated", "2026-01-05T09:12:00Z")
    assert (tally["read"], tally["recorded"] > 0) == (86, True)  # some are batches
    assert all(item["why"] for item in tally["rejected"])
    assert run_json("audit", "verify")["mismatches"] == []
