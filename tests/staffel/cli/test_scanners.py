"""Clicks of scanners in files: marked wherever they stand in the files of one import, and nobody's engagement."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.staffel.cli.cli_runner import Json, cloud_event, page_view, run_cli, run_json, run_ok, write_lines

PEOPLE = ("pat", "kim", "sam")


def click(time: str, link: str, person: str = "pat", message: str = "spring", **fields: Any) -> dict[str, Any]:
    data = {"message": message, "url": f"https://www.example.com{link}"}
    id = f"{person}{message}{time}{link}"
    return cloud_event(id, "email.clicked", f"2026-01-05T{time}Z", contact=f"{person}@acme.com", data=data, **fields)


def scan(person: str = "pat") -> list[dict[str, Any]]:
    return [click(f"09:12:0{second}", f"/{second}", person) for second in range(3)]


def machine_flags() -> list[Any]:
    facts = run_json("account", "acme.com", "--deep")["facts"]
    return [fact["data"].get("machine") for fact in facts if fact["type"] == "email.clicked.v1"]


def segment_click(number: int) -> Json:
    properties = {"email_id": "spring", "link_url": f"https://www.example.com/?to={number}"}
    user = {"userId": "u1", "context": {"traits": {"email": "pat@acme.com"}}}
    time = f"2026-01-05T09:12:0{number}Z"
    return {"type": "track", "event": "Email Link Clicked", "properties": properties, "timestamp": time, **user}


def test_a_scanner_engages_nobody() -> None:
    """Three people of one company, whose filter opens all links of one mailing."""
    facts = write_lines(Path("clicks.jsonl"), *(each for person in PEOPLE for each in scan(person)))
    tally = run_json("ingest", "cloudevents", facts)
    assert (tally["recorded"], tally["machines"]) == (9, 9)
    assert machine_flags() == [True] * 9
    assert run_json("accounts")[0]["breadth"] == 0


def test_the_summary_counts_what_machines_did() -> None:
    facts = write_lines(Path("clicks.jsonl"), *scan(), click("09:12:00", "/0", "kim"))
    first = run_ok("ingest", "cloudevents", facts).out.splitlines()[0]
    assert first == "4 items read: 4 recorded (3 by machines), 0 duplicates, 0 skipped (not engagement), 0 rejected"


def test_clicks_of_the_message_are_marked_in_all_files_of_an_import() -> None:
    early = write_lines(Path("early.jsonl"), click("01:00:00", "/0"), page_view("one"))
    late = write_lines(Path("late.jsonl"), *scan(), click("23:00:00", "/0"), click("23:00:01", "/0", "kim"))
    run_json("ingest", "cloudevents", early, late)
    assert machine_flags() == [True, True, True, True, True, None]


def test_clicks_that_another_import_recorded_stay_as_they_are() -> None:
    first, *rest = scan()
    run_json("ingest", "cloudevents", write_lines(Path("first.jsonl"), first))
    tally = run_json("ingest", "cloudevents", write_lines(Path("all.jsonl"), first, *rest))
    assert (tally["recorded"], tally["duplicates"], machine_flags()) == (2, 1, [None, True, True])


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_segment_calls_are_looked_through_with_the_parameters_of_their_links(packed: bool) -> None:
    calls = write_lines(Path("calls.jsonl"), *map(segment_click, range(3)))
    if packed:
        calls.write_bytes(gzip.compress(calls.read_bytes()))
    run_json("ingest", "segment", calls)
    assert machine_flags() == [True] * 3


def test_a_log_of_staffel_stays_as_it_is() -> None:
    facts = write_lines(Path("log.jsonl"), *(each | {"contact": "c_pat"} for each in scan()))
    run_json("ingest", "cloudevents", "--own-log", facts)
    assert machine_flags() == [None] * 3


def test_a_file_that_cannot_be_read_is_refused_once() -> None:
    result = run_cli("ingest", "cloudevents", write_lines(Path("clicks"), b"\0click"), "--json")
    assert (result.code, result.parsed["rejected_total"]) == (1, 1)
