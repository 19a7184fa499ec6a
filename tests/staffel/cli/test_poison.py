"""Records that a producer's mistake or malice wrote straight to the log: every command goes on, and says what is."""

import json
from pathlib import Path
from typing import Any

import pytest

from staffel.cli.session import connected_application
from streams.log import NewRecord
from tests.staffel.cli.cli_runner import Json, cloud_event, page_view, run_cli, run_json, run_ok, write_lines

FORM = "web.form_submitted"
LONG, NUL = "t" * 1_001, "a\0b"


def visitor_view(id: str) -> Json:
    return cloud_event(id, FORM, subject="anon:v_a", contact="v_a", data={"form": "demo"})


def identified(id: str, **data: Any) -> Json:
    return cloud_event(id, "contact.identified", subject="anon:v_a", data={"visitor": "v_a", "contact": "c_b", **data})


def append(*facts: Json | bytes, key: str | None = None) -> None:
    with connected_application() as staffel:
        staffel.log.append("engagement", [_record(fact, key) for fact in facts])


def _record(fact: Json | bytes, key: str | None) -> NewRecord:
    if isinstance(fact, bytes):
        return NewRecord(key or "acme.com", fact)
    return NewRecord(key or fact["subject"], json.dumps({**fact, "type": f"{fact['type']}.v1"}).encode())


def ingest(*facts: Json) -> Json:
    return run_cli("ingest", "cloudevents", write_lines(Path("facts.jsonl"), *facts), "--json").parsed


def test_a_file_that_sends_a_visitor_to_an_impossible_account_costs_only_that_line() -> None:
    ingest(cloud_event("0", FORM, contact="c_a", data={"form": "demo"}))
    result = ingest(visitor_view("1"), identified("2", to=LONG), visitor_view("3"))
    assert (result["recorded"], [item["code"] for item in result["rejected"]]) == (2, ["bad_account"])
    assert (run_json("audit", "verify")["mismatches"], run_cli("doctor").code) == ([], 0)


@pytest.mark.parametrize("to", ["pat@beta.com", "\u202eabc", "p\u0430ypal.com", "-x", ".x"])
def test_a_visitor_makes_no_account_that_nobody_may_make(to: str) -> None:
    result = ingest(page_view("0"), visitor_view("1"), identified("2", to=to))
    assert (result["recorded"], [item["code"] for item in result["rejected"]]) == (2, ["bad_account"])
    assert [account["account"] for account in run_json("accounts")] == ["acme.com"]


def test_a_visitor_goes_to_an_account_whatever_the_case_of_its_id() -> None:
    assert ingest(page_view("0"), visitor_view("1"), identified("2", to="ACME.com"))["recorded"] == 3
    assert [(account["account"], account["seq"]) for account in run_json("accounts")] == [("acme.com", 2)]


@pytest.mark.parametrize("to", [LONG, NUL])
def test_a_home_with_a_visitor_sent_to_an_impossible_account_goes_on_and_shows_it(to: str) -> None:
    ingest(page_view("0"))
    append(visitor_view("1"), identified("2", to=to), visitor_view("3"))
    assert ingest(page_view("4"))["recorded"] == 1
    letters = run_json("dead-letters", "list")
    assert [(letter["id"], letter["code"]) for letter in letters] == [
        ("engagement/0/2", "unfit_account"),
        ("engagement/0/4", "unfit_account"),
    ]
    assert run_json("audit", "verify")["mismatches"] == []
    assert run_cli("doctor").code == 1
    repaired = write_lines(Path("repaired.json"), cloud_event("1", FORM, contact="c_b", data={"form": "demo"}))
    assert run_json("dead-letters", "retry", "engagement/0/2", "--file", repaired)["account"] == "acme.com"
    run_ok("dead-letters", "drop", "engagement/0/4", "--reason", "recorded by hand")
    assert run_cli("doctor").code == 0


ODD_FACTS = [
    cloud_event("odd1", "account.registered", data={"name": ["x"], "owner": {}, "domains": [1, None], "parent": [1]}),
    cloud_event("odd2", "account.updated", data={"name": NUL, "segment": {"a": 1}, "industry": [], "employees": "x"}),
    cloud_event("odd3", "contact.identified", contact="c_a", data={"role": NUL}),
    cloud_event(NUL, FORM, contact="c_a", data={"form": NUL}),
    cloud_event("x" * 5_000, FORM, contact="c_a", source="s" * 5_000, data={"form": ["demo"]}),
    cloud_event("odd4", FORM, contact=LONG),
    cloud_event("odd5", "handoff.accepted", data={"handoff": [], "by": {}, "reason": NUL}),
    cloud_event("odd6", "account.domain_claimed", data={"domain": {"a": NUL}}),
    cloud_event("odd7", "account.alias_added", data={"id": NUL, "name": "n" * 5_000, "system": []}),
]
READING = [
    ("accounts",),
    ("accounts", "--at", "2026-02-01T00:00:00Z"),
    ("account", "acme.com"),
    ("account", "acme.com", "--explain"),
    ("account", "acme.com", "--deep"),
    ("contact", "c_a"),
    ("handoffs",),
    ("audit", "verify"),
    ("audit", "replay"),
    ("dead-letters", "list"),
]


def test_every_command_goes_on_over_facts_of_any_shape() -> None:
    ingest(page_view("0", contact="c_a"))
    append(*ODD_FACTS)
    assert ingest(page_view("1", contact="c_a"))["recorded"] == 1
    for command in READING:
        assert run_cli(*command, "--json").code == 0, command
        assert run_cli(*command).code == 0, command
    assert run_cli("tail").code == 0
    assert run_json("rebuild", "main")["version"] == 2
    assert run_json("audit", "verify")["mismatches"] == []
    assert [letter["code"] for letter in run_json("dead-letters", "list")] == ["unfit_key"]


MALFORMED = {
    "no JSON": b"\xff\xfe",
    "half an object": b'{"id":"x"',
    "an array": b"[]",
    "a text": b'"x"',
    "nothing": b"",
    "deep nesting": b"[" * 100_000,
    "a number beyond every double": json.dumps(page_view("n", type="web.page_viewed.v1"))
    .replace('"https://www.example.com/pricing"', "1e400")
    .encode(),
    "no id": json.dumps({"source": "s", "type": "web.page_viewed.v1", "subject": "acme.com"}).encode(),
    "a contact that is a number": json.dumps(page_view("n", contact=5)).encode(),
    "no time zone": json.dumps(page_view("n", time="2026-01-05T09:12:00")).encode(),
    "the year 1": json.dumps(page_view("n", time="0001-01-01T00:00:00Z")).encode(),
    "the year 9999": json.dumps(page_view("n", time="9999-12-31T00:00:00Z")).encode(),
    "another account": json.dumps(page_view("n", subject="beta.com")).encode(),
    "half a character": b'{"id":"\\ud800","source":"s","type":"t","subject":"acme.com","time":"2026-01-05T09:12:00Z"}',
}
FOREIGN_KEYS = ["~model", "~checkpoint", "a/b"]


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_record_is_one_dead_letter_and_its_neighbours_count(kind: str) -> None:
    ingest(page_view("0"))
    append(MALFORMED[kind])
    ingest(page_view("1"))
    assert [letter["id"] for letter in run_json("dead-letters", "list")] == ["engagement/0/2"]
    assert (run_json("accounts")[0]["seq"], run_json("audit", "verify")["mismatches"]) == (2, [])


@pytest.mark.parametrize("key", FOREIGN_KEYS)
def test_a_record_under_a_key_of_staffels_own_is_one_dead_letter(key: str) -> None:
    ingest(page_view("0"))
    append(cloud_event("1", "web.page_viewed", subject=key), key=key)
    ingest(page_view("2"))
    assert [letter["key"] for letter in run_json("dead-letters", "list")] == [key]
    assert (run_json("accounts")[0]["seq"], run_json("audit", "verify")["mismatches"]) == (2, [])
