"""Dead letters: listed, shown with their bytes, and recorded again once repaired."""

import json
from pathlib import Path

import pytest

from staffel.cli.session import connected_application
from streams.log import NewRecord
from tests.staffel.cli.cli_runner import cloud_event, page_view, run_cli, run_json, run_ok, write_lines

DEAD_LETTER = "engagement/0/2"


@pytest.fixture
def torn() -> str:
    """A dead letter of a torn record, between two valid facts of acme.com."""
    run_json("ingest", "cloudevents", write_lines(Path("one.jsonl"), page_view("one")))
    append_record(b'{"specversion":"1.0","id":"torn","source":"bus","type":"web.page_vi')
    run_json("ingest", "cloudevents", write_lines(Path("two.jsonl"), page_view("two")))
    return DEAD_LETTER


def append_record(value: bytes, key: str = "acme.com") -> None:
    with connected_application() as staffel:
        staffel.log.append("engagement", [NewRecord(key, value, "bus\ntorn")])


def repaired_file(**fields: str) -> Path:
    return write_lines(Path("repaired.json"), page_view("torn", recordedtime="2020-01-01T00:00:00Z", **fields))


def test_without_dead_letters_it_says_so() -> None:
    assert (run_json("dead-letters", "list"), run_ok("dead-letters", "list").out) == ([], "No dead letters.\n")


def test_the_account_tells_what_was_set_aside(torn: str) -> None:
    facts = run_json("account", "acme.com", "--deep")["facts"]
    assert [fact.get("id") for fact in facts] == ["one", None, "two"]
    assert (facts[1]["offset"], facts[1]["refused"]["code"]) == (2, "unreadable")


def test_what_still_cannot_be_read_is_not_recorded(torn: str) -> None:
    code, message = run_cli("dead-letters", "retry", torn).failure
    assert (code, message.startswith(f"{torn} is still invalid: ")) == (1, True)
    assert message.endswith("; pass a repaired file with --file")
    code, message = run_cli("dead-letters", "retry", torn, "--file", "gone.json").failure
    assert (code, message) == (2, "--file gone.json: No such file or directory")
    code, message = run_cli("dead-letters", "retry", torn, "--file", repaired_file(subject="a b")).failure
    assert (code, message.startswith("bad_account: subject: 'a b'")) == (1, True)


def test_a_repaired_letter_is_recorded_once_under_an_id_of_its_own(torn: str) -> None:
    retry = ("dead-letters", "retry", torn, "--file", repaired_file())
    assert run_json(*retry) == {"id": torn, "outcome": "recorded", "account": "acme.com"}
    assert run_json(*retry) == {"id": torn, "outcome": "recorded before", "account": "acme.com"}
    fact = run_json("account", "acme.com", "--deep")["facts"][-1]
    assert (fact["source"], fact["id"], fact["origin"]) == ("staffel/dead-letters", torn, "torn")
    assert fact["recordedtime"] > "2026"
    [letter] = run_json("dead-letters", "list")
    assert (letter["id"], letter["retried"]) == (torn, True)
    assert (run_json("accounts")[0]["seq"], run_cli("doctor").code) == (3, 0)
    assert run_json("audit", "verify")["mismatches"] == []


def test_a_letter_under_the_wrong_key_is_recorded_as_it_is_under_its_subject() -> None:
    run_ok("accounts")
    append_record(json.dumps(page_view("torn", type="web.page_viewed.v1")).encode(), key="beta.com")
    run_json("ingest", "cloudevents", write_lines(Path("two.jsonl"), page_view("two")))
    [letter] = run_json("dead-letters", "list")
    assert (letter["key"], letter["code"], letter["retried"]) == ("beta.com", "wrong_key", False)
    assert run_json("dead-letters", "retry", letter["id"])["account"] == "acme.com"
    assert [letter["retried"] for letter in run_json("dead-letters", "list")] == [True]


def test_a_structure_fact_in_the_log_is_a_letter_that_cannot_be_recorded_yet() -> None:
    run_ok("accounts")
    append_record(json.dumps(cloud_event("torn", "account.merged.v1", data={"into": "beta.com"})).encode())
    run_json("ingest", "cloudevents", write_lines(Path("two.jsonl"), page_view("two")))
    [letter] = run_json("dead-letters", "list")
    assert letter["code"] == "not_yet"
    assert run_cli("dead-letters", "retry", letter["id"]).failure[1].startswith("not_yet: ")


def test_control_characters_are_escaped() -> None:
    run_ok("accounts")
    append_record(b"\x1b[2Jgone")
    run_json("ingest", "cloudevents", write_lines(Path("two.jsonl"), page_view("two")))
    [letter] = run_json("dead-letters", "list")
    assert "\\x1b[2Jgone" in run_ok("dead-letters", "show", letter["id"]).out
    assert "\x1b" not in run_ok("tail").out


def test_a_letter_holds_nothing_of_its_record(torn: str) -> None:
    with connected_application() as staffel:
        [letter] = staffel.log.read("dead-letters", 0, 0, 10)
    assert (letter.key, letter.value) == ("acme.com", b"")
    assert not [value for _, value in letter.headers if b"web.page" in value]
    assert run_json("dead-letters", "show", torn)["value"].endswith('"type":"web.page_vi')


def test_a_letter_that_needs_no_work_is_dropped_with_a_reason_and_doctor_is_content(torn: str) -> None:
    assert run_cli("doctor").code == 1
    dropped = run_json("dead-letters", "drop", torn, "--reason", "a test of the producer")
    assert (dropped["id"], dropped["dropped"]) == (torn, "a test of the producer")
    assert [letter["dropped"] for letter in run_json("dead-letters", "list")] == ["a test of the producer"]
    assert "dropped: a test" in run_ok("dead-letters", "list").out
    assert run_cli("doctor").code == 0
    assert run_cli("dead-letters", "drop", "engagement/0/9", "--reason", "x").failure[0] == 1


def test_a_letter_is_not_dropped_without_a_reason(torn: str) -> None:
    assert run_cli("dead-letters", "drop", torn).code == 2
