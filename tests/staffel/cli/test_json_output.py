"""The shape of every JSON result, with full precision."""

import json
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, page_view, run_cli, run_json, run_ok, write_lines

ACCOUNT = ["account", "name", "stage", "score", "fit", "breadth", "tracks", "as_of", "seq", "model"]
LINE = [
    "track",
    "time",
    "event",
    "type",
    "contact",
    "rule",
    "points",
    "weight",
    "cut",
    "half_life",
    "now",
    "done",
]
TRACK = ["score", "stage", "breadth", "falls_at", "crossings", "cooling_until", "act_now_until"]
HANDOFF = [
    "handoff", "account", "name", "owner", "track", "crossing", "status", "overdue", "assigned_to", "route", "act_now",
    "starts_at", "due_at", "crossed_at", "cause_type", "cause_time", "score", "model", "reasons", "people", "fact",
    "facts", "decided_at", "by", "reason", "note", "opportunity", "late", "answer_instead",
]  # fmt: skip


def nested_keys(result: Json) -> list[str]:
    return list(result)


def test_accounts(medtech: Path) -> None:
    rows = run_json("accounts")
    assert len(rows) == 17
    for row in rows:
        assert nested_keys(row) == ACCOUNT
        assert nested_keys(row["fit"]) == ["points", "grade"]
        assert nested_keys(row["tracks"]) == ["acquisition", "expansion"]
        assert [nested_keys(track) for track in row["tracks"].values()] == [TRACK, TRACK]
        first = row["tracks"]["acquisition"]
        assert (row["score"], row["stage"], row["breadth"]) == (first["score"], first["stage"], first["breadth"])
    assert rows == sorted(rows, key=lambda row: -row["score"])
    assert [row["stage"] for row in run_json("accounts", "--stage", "sqa")] == ["sqa"] * 3
    assert run_json("accounts", "--limit", "3") == rows[:3]


def test_an_account_and_its_explanation(medtech: Path) -> None:
    result = run_json("account", "brennerbio.example")
    parts = [*ACCOUNT, "profile", "suppressed", "next", "contacts", "stages", "handoffs"]
    assert nested_keys(result) == [*parts, "missing_roles", "aliases"]
    explained = run_json("account", "brennerbio.example", "--explain")
    assert nested_keys(explained) == [*parts, "lines", "missing_roles", "aliases"]
    assert {tuple(nested_keys(each)) for each in result["next"].values()} == {
        ("stage", "missing", "gated", "cooling_until", "falls_at", "because")
    }
    assert nested_keys(result["next"]["acquisition"]["missing"]) == ["points", "contacts", "fit"]
    assert {tuple(nested_keys(line)) for line in explained["lines"]} == {tuple(LINE)}
    assert {tuple(nested_keys(each)) for each in result["handoffs"]} == {tuple(HANDOFF)}
    assert {tuple(nested_keys(each)) for each in result["contacts"]} == {
        ("contact", "role", "engaged", "scores", "joined", "asked")
    }
    assert {tuple(nested_keys(each)) for each in result["stages"]} == {
        ("track", "at", "from", "to", "cause", "score", "because")
    }
    assert "facts" in run_json("account", "brennerbio.example", "--deep")


def test_handoffs(medtech: Path) -> None:
    rows = run_json("handoffs", "--all")
    assert {tuple(nested_keys(row)) for row in rows} == {tuple(HANDOFF)}
    assert {tuple(nested_keys(reason)) for row in rows for reason in row["reasons"]} == {("rule", "contact", "points")}
    assert {row["status"] for row in run_json("handoffs")} == {"accepted", "expired"}
    assert nested_keys(run_json("handoff", rows[0]["handoff"])) == [*HANDOFF, "because", "steps", "assignments", "next"]


def test_audit(medtech: Path) -> None:
    verified = run_json("audit", "verify")
    assert nested_keys(verified) == ["accounts", "facts", "mismatches"]
    assert (verified["accounts"], verified["facts"] > 2_000, verified["mismatches"]) == (17, True, [])
    replayed = run_json("audit", "replay")
    assert {tuple(nested_keys(row)) for row in replayed["accounts"]} == {("account", "seq", "digest", "tracks")}
    handoffs = {row["handoff"]: row for row in run_json("handoffs", "--all")}
    assert {row["handoff"]: row["status"] for row in replayed["handoffs"]} == {
        id: row["status"] for id, row in handoffs.items()
    }


def test_an_import() -> None:
    tally = run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one"), "nonsense"))
    [rejected] = tally.pop("rejected")
    assert tally == {
        "read": 2,
        "recorded": 1,
        "duplicates": 0,
        "filtered": 0,
        "filtered_by": {},
        "bots": 0,
        "machines": 0,
        "aliases": 0,
        "rejected_total": 1,
        "rejected_by": {"bad_json": 1},
        "left_out": {},
        "unidentified": {"visitors": 0, "facts": 0},
    }
    assert nested_keys(rejected) == ["where", "code", "why"]


def test_the_demo(played: tuple[Path, str]) -> None:
    result = json.loads(played[1])
    assert nested_keys(result) == ["ingest", "accounts", "handoffs", "verify"]
    assert (result["verify"]["accounts"], result["verify"]["mismatches"]) == (17, [])
    assert result["ingest"]["rejected"] == []


def test_models(medtech: Path) -> None:
    [listed] = run_json("model", "list")
    shown = run_json("model", "show")
    assert nested_keys(listed) == ["version", "model", "initial", "active"]
    assert (shown["version"], shown["model"]["model"]) == (listed["version"], "medtech")
    path = Path("again.yaml")
    path.write_text(run_ok("model", "show").out)
    assert run_json("model", "check", path)["problems"] == []


def test_the_tail_of_a_topic_is_one_value_a_line(medtech: Path) -> None:
    result = [json.loads(line) for line in run_ok("tail", "sqa-handoffs", "-n", "3", "--json").out.splitlines()]
    assert [nested_keys(each) for each in result] == [["topic", "partition", "offset", "key", "value"]] * 3
    assert result[-1]["value"]["type"].startswith("sqa.handoff_")
    assert len(run_ok("tail", "--limit", "2").out.splitlines()) == 2


def test_other_commands(medtech: Path) -> None:
    assert nested_keys(run_json("doctor")[0]) == ["check", "ok", "found", "advice"]
    assert run_json("rebuild") == {"name": "main", "version": 2}
    assert run_json("audit", "verify")["mismatches"] == []
    result = run_json("contact", "andrea.buehler@helvion.example")
    assert nested_keys(result) == ["contact", "asked", "accounts"]
    assert {tuple(nested_keys(each)) for each in result["accounts"]} == {
        ("account", "contact", "role", "engaged", "scores", "joined")
    }


def test_a_score_is_a_whole_double(medtech: Path) -> None:
    row = run_json("accounts", "--limit", "1")[0]
    assert f"{row['score']!r}" in run_ok("accounts", "--limit", "1", "--json").out
    assert len(f"{row['score']!r}") > 12


def test_replaying_under_another_model_changes_nothing_that_is_recorded(medtech: Path) -> None:
    before = run_json("accounts")
    default = Path(__file__).parents[3] / "scoring" / "models" / "default.yaml"
    other = run_json("audit", "replay", "--model", default)
    assert other["model"] != before[0]["model"]
    assert (run_json("accounts"), run_json("audit", "verify")["mismatches"]) == (before, [])


@pytest.mark.parametrize("arguments", [["account", "nobody.example"], ["accounts", "--at", "x"], ["handoff", "x"]])
def test_what_went_wrong_is_never_said_on_standard_output(arguments: list[str]) -> None:
    answer = run_cli(*arguments, "--json")
    assert (answer.out, bool(answer.err)) == ("", True)


def test_a_mismatch_is_found_named_and_exits_with_1(medtech: Path) -> None:
    from staffel.cli.session import connected_application

    with connected_application() as staffel, staffel.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE ledger SET points = points + 1 WHERE account = 'kleinod-bio.example' AND rule = 'reply'"
        )
    answer = run_cli("audit", "verify", "--json")
    [mismatch] = answer.parsed["mismatches"]
    assert (answer.code, nested_keys(mismatch)) == (1, ["account", "fact", "field", "recorded", "computed"])
    assert (mismatch["account"], mismatch["field"]) == ("kleinod-bio.example", "ledger.points")
    assert "kleinod-bio.example" in run_cli("audit", "verify").out
