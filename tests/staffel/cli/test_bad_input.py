"""Bad input: reported with file, line, field and reason, while the items around it are recorded."""

from pathlib import Path
from typing import Any

import pytest

from staffel.cli.session import connected_application
from streams.log import NewRecord
from tests.staffel.cli.cli_runner import (
    Json,
    access_log_line,
    cloud_event,
    json_of,
    page_view,
    run_cli,
    run_json,
    run_ok,
    write_lines,
)

MODEL = """\
model: tiny
roles: {{unknown: 1.0}}
tracks:
  sales:
    half_life: 30d
    rules:
{rules}
    stages:
{stages}
"""
RULES = "      - {id: page, on: web.page_viewed, points: 1}"
STAGES = "      - {name: warm, enter: 10, leave: 5}"
ICS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:broken@example.com
DTSTAMP:20260101T000000Z
DTSTART:not a time
SUMMARY:Broken
ATTENDEE:mailto:pat@acme.com
END:VEVENT
BEGIN:VEVENT
UID:sound@example.com
DTSTAMP:20260101T000000Z
DTSTART:20260105T090000Z
DTEND:20260105T093000Z
SUMMARY:Sound
ATTENDEE:mailto:pat@acme.com
ORGANIZER:mailto:sam@example.com
END:VEVENT
END:VCALENDAR
"""


def ingest_tally(kind: str, *paths: object) -> Json:
    """The tally of an import; its numbers must add up."""
    return checked_tally(run_json("ingest", kind, *paths))


def refused_tally(kind: str, *paths: object) -> Json:
    """The tally of an import that refuses a whole file: exit code 1."""
    result = run_cli("ingest", kind, *paths, "--json")
    assert result.code == 1
    return checked_tally(json_of(result))


def checked_tally(tally: Json) -> Json:
    parts = tally["recorded"] + tally["duplicates"] + tally["filtered"] + tally["rejected_total"]
    assert tally["read"] == parts
    return tally


def rejections(tally: Json) -> list[tuple[str, str]]:
    return [(item["where"], item["code"]) for item in tally["rejected"]]


def ingest_with_bad_line(line: Any, path: str = "facts.jsonl") -> Json:
    """The tally of a file of three facts, the middle one bad; the other two are recorded."""
    tally = ingest_tally("cloudevents", write_lines(Path(path), page_view("one"), line, page_view("three")))
    assert (tally["read"], tally["recorded"]) == (3, 2)
    assert run_json("accounts")[0]["seq"] == 2
    return tally


def test_a_line_of_a_log_that_was_cut_off() -> None:
    tally = ingest_tally(
        "access-log",
        write_lines(Path("access.log"), access_log_line(), access_log_line()[:60], access_log_line(target="/about")),
    )
    assert (tally["recorded"], rejections(tally)) == (2, [("access.log:2", "bad_line")])
    assert "not a line in the combined or common log format" in tally["rejected"][0]["why"]


def test_the_wrong_encoding() -> None:
    tally = ingest_with_bad_line(b'{"specversion":"1.0","id":"\xe4"}')
    assert rejections(tally) == [("facts.jsonl:2", "bad_encoding")]
    assert "not UTF-8" in tally["rejected"][0]["why"]


def test_a_file_that_is_no_text() -> None:
    tally = refused_tally("access-log", write_lines(Path("access.log"), b"\x00\x01\x02"))
    assert rejections(tally) == [("access.log", "not_text")]


def test_a_broken_calendar() -> None:
    Path("sales.ics").write_text(ICS.replace("\n", "\r\n"))
    tally = run_json("ingest", "calendar", "sales.ics", "--ours", "example.com")
    assert (tally["read"], tally["recorded"], rejections(tally)) == (2, 1, [("sales.ics:7", "bad_time")])
    assert "DTSTART" in tally["rejected"][0]["why"]


def test_a_calendar_that_ends_in_the_middle() -> None:
    Path("sales.ics").write_text(ICS[: ICS.index("SUMMARY:Sound")].replace("\n", "\r\n"))
    tally = run_json("ingest", "calendar", "sales.ics")
    assert (tally["recorded"], len(tally["rejected"])) == (0, tally["read"])


def test_a_table_whose_column_is_missing_or_called_otherwise() -> None:
    tally = refused_tally("accounts", write_lines(Path("crm.csv"), "Firmenbezeichnung,Staat", "Acme,DE"))
    assert rejections(tally) == [("crm.csv", "missing_column")]
    assert "columns found: 'Firmenbezeichnung', 'Staat'" in tally["rejected"][0]["why"]
    assert "--mapping" in tally["rejected"][0]["why"]


def test_a_row_that_was_cut_off() -> None:
    tally = ingest_tally(
        "accounts", write_lines(Path("crm.csv"), "Name,Domain", "Acme,acme.com", "Beta", "Gamma,gamma.com")
    )
    assert (tally["recorded"], rejections(tally)) == (2, [("crm.csv:3", "bad_row")])


def test_cells_that_cannot_be_read_are_told_by_their_column() -> None:
    table = write_lines(Path("crm.csv"), "Name,Domain,Employees", "Acme,acme.com,many", "Beta,beta.com,12")
    tally = ingest_tally("accounts", table)
    assert (tally["recorded"], rejections(tally)) == (1, [("crm.csv:2", "bad_number")])
    assert tally["rejected"][0]["why"].startswith("column 'Employees', 'many': ")


@pytest.mark.parametrize(
    ("line", "code", "named"),
    [
        ('{"specversion": "1.0", "id": ', "bad_json", "truncated"),
        ("not JSON at all", "bad_json", "malformed"),
        ('{"specversion": "1.0"} and more', "bad_json", "trailing"),
        (cloud_event("x", type="web.page_seen"), "unknown_type", "web.page_seen"),
        (cloud_event("x", type="web.page_viewed.v9"), "unknown_type", "web.page_viewed.v9"),
        (page_view("x", time="2999-01-01T00:00:00Z"), "future_time", "time: "),
        (page_view("x", time="2026-01-05T09:12:00"), "no_zone", "time "),
        (page_view("x", time="yesterday"), "bad_time", "time "),
        (page_view(""), "missing_field", "missing or empty: id"),
        (page_view("x", subject=" "), "empty", "subject: "),
        (page_view("x", subject="a b"), "bad_account", "subject: "),
        (page_view("x", subject="merge"), "bad_account", "subject: 'merge' is a reserved word"),
        (page_view("x", contact="pat"), "bad_contact", "contact "),
        (page_view("x" * (1 << 20)), "too_large", "1,048,576 bytes"),
        (page_view("x" * 600), "too_long", "id: 600 characters, at most 512"),
        (page_view("x", url="u" * 300_000), "too_long", "url has 300000 characters"),
        (cloud_event("x", data={"url": 7}), "bad_field", "url"),
        (cloud_event("x", data=None, type="model.activated"), "control_fact", "model.activated"),
        (cloud_event("x", data={"into": "beta.com"}, type="account.merged"), "not_yet", "account.merged"),
        (cloud_event("x", data={"to": "beta.com"}, type="contact.moved", contact="c_abc"), "not_yet", "contact.moved"),
        (cloud_event("x", data={"facts": ["one"]}, type="engagement.retracted"), "control_fact",
         "engagement.retracted"),
    ],
)  # fmt: skip
def test_a_bad_fact_is_rejected_with_line_field_and_reason(line: Any, code: str, named: str) -> None:
    tally = ingest_with_bad_line(line)
    assert rejections(tally) == [("facts.jsonl:2", code)]
    assert named in tally["rejected"][0]["why"]


@pytest.mark.parametrize("kind", ["access-log", "segment", "cloudevents"])
def test_a_file_of_another_kind_is_rejected_as_a_whole(kind: str) -> None:
    other = write_lines(Path("other.txt"), *(f"line {number}" for number in range(100)))
    tally = refused_tally(kind, other)
    assert rejections(tally) == [("other.txt", "wrong_format")]


def test_an_empty_file_tells_nothing() -> None:
    for kind in ("access-log", "mbox", "segment", "cloudevents"):
        tally = ingest_tally(kind, write_lines(Path("empty")))
        assert (tally["recorded"], tally["duplicates"]) == (0, 0)


def test_a_domain_belongs_to_one_account_and_a_second_row_of_it_is_an_alias() -> None:
    table = write_lines(
        Path("crm.csv"), "Id,Staffel account,Name,Domain", "1,acme,Acme,acme.com", "2,beta,Beta,acme.com"
    )
    tally = ingest_tally("accounts", table)
    assert (tally["recorded"], tally["aliases"], rejections(tally)) == (2, 1, [])
    taken = "domain_taken: domains: acme.com belongs to the account acme; omit it here, or record this under acme"
    assert run_cli("account", "register", "gamma", "--domain", "acme.com").failure == (1, taken)
    assert run_cli("account", "claim", "gamma", "acme.com").failure == (1, taken)


def write_model(rules: str = RULES, stages: str = STAGES) -> Path:
    return write_lines(Path("model.yaml"), MODEL.format(rules=rules, stages=stages))


@pytest.mark.parametrize(
    ("rules", "stages", "line", "named"),
    [
        (
            "      - {id: a, on: web.page_viewed, points: 1, unless: [b]}\n"
            "      - {id: b, on: web.page_viewed, points: 1, unless: [a]}",
            STAGES, 7, "unless",
        ),
        ("      - {id: a, on: web.page_viewed, where: {url: {matches: '(?=x)'}}, points: 1}", STAGES, 7, "matches"),
        (
            "      - {id: a, on: web.page_viewed, points: 1, half_life: 60d}\n"
            "      - {id: b, on: email.unsubscribed, points: -5, half_life: 14d}",
            STAGES, 8, "half_life",
        ),
        (RULES, "      - {name: warm, enter: 10, leave: 15}", 9, "leave"),
    ],
)  # fmt: skip
def test_a_model_that_means_nothing_is_told_by_line_and_key(rules: str, stages: str, line: int, named: str) -> None:
    path = write_model(rules, stages)
    answer = run_cli("model", "check", path, "--json")
    problem = answer.parsed["problems"][0]
    assert (answer.code, problem["file"], problem["line"]) == (1, "model.yaml", line)
    assert named in f"{problem['key']} {problem['message']}"
    code, message = run_cli("model", "check", path).failure
    assert (code, message.startswith(f"model.yaml:{line}: ")) == (1, True)
    code, message = run_cli("audit", "replay", "--model", path).failure
    assert (code, message.startswith(f"model.yaml:{line}: ")) == (1, True)


def test_a_valid_model_is_reported() -> None:
    assert run_ok("model", "check", write_model()).out == "model.yaml: tiny is valid: 1 rule in sales\n"


def test_a_stored_fact_that_cannot_be_folded_becomes_a_dead_letter_that_shows_its_bytes() -> None:
    ingest_tally("cloudevents", write_lines(Path("facts.jsonl"), page_view("one")))
    with connected_application() as staffel:
        staffel.log.append("engagement", [NewRecord("acme.com", b"\xff torn", "bus\ntorn")])
    ingest_tally("cloudevents", write_lines(Path("more.jsonl"), page_view("two")))
    [letter] = run_json("dead-letters", "list")
    assert (letter["id"], letter["key"], letter["code"]) == ("engagement/0/2", "acme.com", "unreadable")
    assert run_json("dead-letters", "show", "engagement/0/2")["value"] == "\\xff torn"
    assert (run_json("accounts")[0]["seq"], run_json("audit", "verify")["mismatches"]) == (2, [])
    assert run_cli("doctor").code == 1
