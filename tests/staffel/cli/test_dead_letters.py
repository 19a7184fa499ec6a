"""Dead letters: what could not be folded is listed, shown with its bytes, and recorded again once it can be read."""

import json
from pathlib import Path

import pytest

from staffel.cli.session import connected_application
from streams.log import NewRecord
from tests.staffel.cli.cli_runner import asked, done, event, page, spoken, written

LETTER = "engagement/0/2"


@pytest.fixture
def torn() -> str:
    """A letter of a record that was torn, between two sound facts of acme.com."""
    asked("ingest", "cloudevents", written(Path("one.jsonl"), page("one")))
    append(b'{"specversion":"1.0","id":"torn","source":"bus","type":"web.page_vi')
    asked("ingest", "cloudevents", written(Path("two.jsonl"), page("two")))
    return LETTER


def append(value: bytes, key: str = "acme.com") -> None:
    with connected_application() as staffel:
        staffel.log.append("engagement", [NewRecord(key, value, "bus\ntorn")])


def repaired(**fields: str) -> Path:
    return written(Path("repaired.json"), page("torn", recordedtime="2020-01-01T00:00:00Z", **fields))


def test_without_dead_letters_it_says_so() -> None:
    assert (asked("dead-letters", "list"), done("dead-letters", "list").out) == ([], "No dead letters.\n")


def test_the_account_tells_what_was_set_aside(torn: str) -> None:
    facts = asked("account", "acme.com", "--deep")["facts"]
    assert [fact.get("id") for fact in facts] == ["one", None, "two"]
    assert (facts[1]["offset"], facts[1]["refused"]["code"]) == (2, "unreadable")


def test_what_still_cannot_be_read_is_not_recorded(torn: str) -> None:
    code, message = spoken("dead-letters", "retry", torn).problem
    assert (code, message.startswith(f"{torn} still cannot be read: ")) == (1, True)
    assert message.endswith("; repair it and give the result with --file")
    code, message = spoken("dead-letters", "retry", torn, "--file", "gone.json").problem
    assert (code, message) == (2, "--file gone.json: No such file or directory")
    code, message = spoken("dead-letters", "retry", torn, "--file", repaired(subject="a b")).problem
    assert (code, message.startswith("bad_account: subject: 'a b'")) == (1, True)


def test_a_repaired_letter_is_recorded_once_under_an_id_of_its_own(torn: str) -> None:
    retry = ("dead-letters", "retry", torn, "--file", repaired())
    assert asked(*retry) == {"id": torn, "outcome": "recorded", "account": "acme.com"}
    assert asked(*retry) == {"id": torn, "outcome": "recorded before", "account": "acme.com"}
    fact = asked("account", "acme.com", "--deep")["facts"][-1]
    assert (fact["source"], fact["id"], fact["origin"]) == ("staffel/dead-letters", torn, "torn")
    assert fact["recordedtime"] > "2026"
    [letter] = asked("dead-letters", "list")
    assert (letter["id"], letter["retried"]) == (torn, True)
    assert (asked("accounts")[0]["seq"], spoken("doctor").code) == (3, 0)
    assert asked("audit", "verify")["mismatches"] == []


def test_a_letter_under_the_wrong_key_is_recorded_as_it_is_under_its_subject() -> None:
    done("accounts")
    append(json.dumps(page("torn", type="web.page_viewed.v1")).encode(), key="beta.com")
    asked("ingest", "cloudevents", written(Path("two.jsonl"), page("two")))
    [letter] = asked("dead-letters", "list")
    assert (letter["key"], letter["code"], letter["retried"]) == ("beta.com", "wrong_key", False)
    assert asked("dead-letters", "retry", letter["id"])["account"] == "acme.com"
    assert [letter["retried"] for letter in asked("dead-letters", "list")] == [True]


def test_a_structure_fact_in_the_log_is_a_letter_that_cannot_be_recorded_yet() -> None:
    done("accounts")
    append(json.dumps(event("torn", "account.merged.v1", data={"into": "beta.com"})).encode())
    asked("ingest", "cloudevents", written(Path("two.jsonl"), page("two")))
    [letter] = asked("dead-letters", "list")
    assert letter["code"] == "not_yet"
    assert spoken("dead-letters", "retry", letter["id"]).problem[1].startswith("not_yet: ")


def test_what_would_steer_a_terminal_is_shown_as_text() -> None:
    done("accounts")
    append(b"\x1b[2Jgone")
    asked("ingest", "cloudevents", written(Path("two.jsonl"), page("two")))
    [letter] = asked("dead-letters", "list")
    assert "\\x1b[2Jgone" in done("dead-letters", "show", letter["id"]).out
    assert "\x1b" not in done("tail").out
