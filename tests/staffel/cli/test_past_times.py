"""Questions about past times: what was recorded by then, valued then, as complete as for the present."""

from datetime import UTC, datetime
from math import fsum
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.times import format_time, parse_time
from tests.databases import home_with_log
from tests.staffel.cli.cli_runner import (
    Json,
    begin_again,
    cloud_event,
    page_view,
    run_cli,
    run_json,
    run_ok,
    write_lines,
)

YEAR = st.integers(parse_time("2025-11-01T00:00:00Z"), parse_time("2027-02-01T00:00:00Z")).map(format_time)
MODEL = """\
model: tiny
tracks:
  sales:
    rules:
      - {id: page, on: web.page_viewed, points: 10, half_life: 24h}
    stages:
      - {name: warm, enter: 8, leave: 5.1}
"""
FEW_EXAMPLES = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def year(medtech: Path) -> Path:
    """The medtech year as a file of its own facts, each recorded at the time it happened."""
    facts = [
        result | {"recordedtime": result["time"]}
        for row in run_json("accounts")
        for result in run_json("account", row["account"], "--deep")["facts"]
        if "refused" not in result and result["type"] != "review.due.v1"
    ]
    return write_lines(medtech / "year.jsonl", *sorted(map(without_position, facts), key=lambda result: result["time"]))


def without_position(fact: Json) -> Json:
    return {name: value for name, value in fact.items() if name not in ("offset", "lines")}


@pytest.fixture
def recorded(year: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The year in a home of its own, recorded as it happened; returns the account IDs."""
    home_with_log(Path("result"), Path(__file__).parents[3] / "examples" / "medtech" / "model.yaml")
    monkeypatch.setenv("STAFFEL_HOME", "result")
    tally = run_json("ingest", "cloudevents", year, "--own-log")
    assert tally["rejected"] == []
    return [row["account"] for row in run_json("accounts")]


def assert_sums(report: Json) -> None:
    for name, track in report["tracks"].items():
        worth = fsum(line["now"] for line in report["lines"] if line["track"] == name)
        assert abs(worth - track["score"]) <= 1e-6
        people = fsum(contact["scores"][name] for contact in report["contacts"])
        assert abs(people - track["score"]) <= 1e-6
    assert report["score"] == next(iter(report["tracks"].values()))["score"]


@FEW_EXAMPLES
@given(at=YEAR)
def test_at_any_time_lines_and_people_sum_to_the_score_of_each_track(recorded: list[str], at: str) -> None:
    listed = {row["account"]: row for row in run_json("accounts", "--at", at)}
    for account in recorded:
        answer = run_cli("account", account, "--explain", "--at", at, "--json")
        assert answer.code == (0 if account in listed else 1)
        if account in listed:
            result = answer.parsed
            assert_sums(result)
            assert {name: result[name] for name in listed[account]} == listed[account]
            assert all(line["time"] <= result["as_of"] for line in result["lines"] if line["rule"] != "~role")


def test_what_is_told_about_a_time_after_everything_is_what_is_told_about_now(recorded: list[str]) -> None:
    later = "2027-06-01T00:00:00Z"
    write_lines(
        Path("later.jsonl"), cloud_event("later", "custom.tracked", later, subject="later.example", data={"name": "x"})
    )
    for account in recorded:
        now = run_json("account", account, "--explain", "--deep")
        then = run_json("account", account, "--explain", "--deep", "--at", now["as_of"])
        assert then == now
        assert_sums(now)


def test_accounts_at_the_latest_time_are_those_of_a_replay(medtech: Path) -> None:
    replayed = {row["account"]: row["tracks"] for row in run_json("audit", "replay")["accounts"]}
    assert {row["account"]: row["tracks"] for row in run_json("accounts", "--at", "latest")} == replayed


def test_accounts_then_are_those_of_a_replay_until_then(recorded: list[str]) -> None:
    at = "2026-05-20T12:00:00Z"
    replayed = {row["account"]: row["tracks"] for row in run_json("audit", "replay", "--until", at)["accounts"]}
    assert {row["account"]: row["tracks"] for row in run_json("accounts", "--at", at)} == replayed


def test_handoffs_have_the_status_of_then(recorded: list[str]) -> None:
    account = "tessin-therapeutics.example"
    [now] = run_json("account", account, "--explain")["handoffs"]
    before = run_json("account", account, "--explain", "--at", minutes_after(now["crossed_at"], -1))
    [opened] = run_json("account", account, "--explain", "--at", minutes_after(now["crossed_at"], 1))["handoffs"]
    assert before["handoffs"] == []
    assert (now["status"], now["by"], now["reason"]) == ("rejected", "mia.lorenz", "no project before next year")
    undecided = {"status": "proposed", "decided_at": None, "by": None, "reason": None}
    assert opened == now | undecided


def minutes_after(instant: str, minutes: int) -> str:
    return format_time(parse_time(instant) + minutes * 60_000)


def test_people_have_the_role_of_then(recorded: list[str]) -> None:
    account = "kleinod-bio.example"
    then = run_json("account", account, "--explain", "--at", "2026-09-15T15:00:00Z")
    now = run_json("account", account, "--explain")
    assert known_people(then) == [(None, "2026-09-15")]
    assert known_people(now) == [("decision_maker", "2026-10-29")]


def known_people(report: Json) -> list[tuple[str | None, str]]:
    """Role and last engagement of the contacts in the vault."""
    known = [each for each in report["contacts"] if each["contact"].startswith("c_")]
    return [(each["role"], each["engaged"]["acquisition"]) for each in known]


def test_falls_up_to_then_are_shown_as_decided_though_no_fact_records_them() -> None:
    begin_again(write_lines(Path("model.yaml"), MODEL))
    run_json(
        "ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one", recordedtime="2026-01-05T09:13:00Z"))
    )
    result = run_json("account", "acme.com", "--explain", "--at", "2026-01-05T10:00:00Z")
    assert (result["stage"], result["tracks"]["sales"]["falls_at"]) == ("warm", "2026-01-06T09:00:00.000Z")
    fallen = run_json("account", "acme.com", "--explain", "--at", "2026-01-06T09:01:00Z")
    assert (fallen["stage"], fallen["stages"][-1]) == (
        None,
        {
            "track": "sales",
            "at": "2026-01-06T09:00:00.000Z",
            "from": "warm",
            "to": None,
            "cause": "time",
            "score": fallen["stages"][-1]["score"],
            "because": "time passed",
        },
    )
    assert run_json("account", "acme.com", "--at", "now")["stages"] == fallen["stages"]


def test_before_the_first_fact_there_is_nothing() -> None:
    run_json(
        "ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one", recordedtime="2026-01-05T09:13:00Z"))
    )
    assert run_json("accounts", "--at", "2026-01-05T09:12:59Z") == []
    assert run_ok("accounts", "--at", "2026-01-05T09:12:59Z").out == (
        "Nothing was recorded by 2026-01-05T09:12:59Z; facts count from the time they were recorded.\n"
    )
    assert run_cli("account", "acme.com", "--at", "2026-01-05T09:12:59Z").failure == (
        1,
        "there is no account acme.com by 2026-01-05T09:12:59Z; `staffel accounts --at 2026-01-05T09:12:59Z` lists them",
    )
    assert [row["as_of"] for row in run_json("accounts", "--at", "2026-01-05T09:13:00Z")] == [
        "2026-01-05T09:13:00.000Z"
    ]


def test_the_latest_time_is_that_of_the_newest_fact_and_now_that_of_the_clock() -> None:
    run_json(
        "ingest",
        "cloudevents",
        write_lines(Path("facts.jsonl"), page_view("one"), page_view("two", time="2026-02-01T00:00:00Z")),
    )
    before = datetime.now(UTC)
    [latest], [default], [now] = (
        run_json("accounts", "--at", "latest"),
        run_json("accounts"),
        run_json("accounts", "--at", "now"),
    )
    assert (latest["as_of"], default) == ("2026-02-01T00:00:00.000Z", latest)
    assert datetime.fromisoformat(now["as_of"]) >= before.replace(microsecond=0)
    assert now["score"] < latest["score"]
