"""What programs get: the shapes of every answer in JSON, with numbers in full."""

import json
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, asked, done, page, spoken, written

ACCOUNT = ["account", "name", "stage", "score", "fit", "breadth", "tracks", "as_of", "seq", "model"]
LINE = ["track", "time", "event", "type", "contact", "rule", "points", "weight", "cut", "half_life", "now"]
TRACK = ["score", "stage", "breadth", "falls_at", "crossings", "cooling_until", "act_now_until"]
HANDOFF = [
    "handoff", "account", "track", "crossing", "status", "crossed_at", "score", "model", "route", "act_now", "due_at",
    "reasons", "people", "fact", "facts", "decided_at", "by", "reason", "opportunity", "late",
]  # fmt: skip


def keys(told: Json) -> list[str]:
    return list(told)


def test_accounts(medtech: Path) -> None:
    rows = asked("accounts")
    assert len(rows) == 17
    for row in rows:
        assert keys(row) == ACCOUNT
        assert keys(row["fit"]) == ["points", "grade"]
        assert keys(row["tracks"]) == ["acquisition", "expansion"]
        assert [keys(track) for track in row["tracks"].values()] == [TRACK, TRACK]
        first = row["tracks"]["acquisition"]
        assert (row["score"], row["stage"], row["breadth"]) == (first["score"], first["stage"], first["breadth"])
    assert rows == sorted(rows, key=lambda row: -row["score"])
    assert [row["stage"] for row in asked("accounts", "--stage", "sqa")] == ["sqa"] * 4
    assert asked("accounts", "--limit", "3") == rows[:3]


def test_an_account_and_its_explanation(medtech: Path) -> None:
    told = asked("account", "brennerbio.example")
    assert keys(told) == [*ACCOUNT, "profile", "suppressed", "contacts", "stages", "handoffs"]
    explained = asked("account", "brennerbio.example", "--explain")
    assert keys(explained) == [*ACCOUNT, "profile", "suppressed", "contacts", "stages", "handoffs", "lines"]
    assert {tuple(keys(line)) for line in explained["lines"]} == {tuple(LINE)}
    assert {tuple(keys(each)) for each in told["handoffs"]} == {tuple(HANDOFF)}
    assert {tuple(keys(each)) for each in told["contacts"]} == {("contact", "role", "engaged", "scores", "joined")}
    assert {tuple(keys(each)) for each in told["stages"]} == {("track", "at", "from", "to", "cause", "score")}
    assert "facts" in asked("account", "brennerbio.example", "--deep")


def test_handoffs(medtech: Path) -> None:
    rows = asked("handoffs")
    assert {tuple(keys(row)) for row in rows} == {tuple(HANDOFF)}
    assert {tuple(keys(reason)) for row in rows for reason in row["reasons"]} == {("rule", "contact", "points")}
    assert {row["status"] for row in asked("handoffs", "--open")} == {"proposed", "accepted"}
    assert keys(asked("handoff", rows[0]["handoff"])) == [*HANDOFF, "steps"]


def test_audit(medtech: Path) -> None:
    verified = asked("audit", "verify")
    assert keys(verified) == ["accounts", "facts", "mismatches"]
    assert (verified["accounts"], verified["facts"] > 2_000, verified["mismatches"]) == (17, True, [])
    replayed = asked("audit", "replay")
    assert {tuple(keys(row)) for row in replayed["accounts"]} == {("account", "seq", "digest", "tracks")}
    handoffs = {row["handoff"]: row for row in asked("handoffs")}
    assert {row["handoff"]: row["status"] for row in replayed["handoffs"]} == {
        id: row["status"] for id, row in handoffs.items()
    }


def test_an_import() -> None:
    tally = asked("ingest", "cloudevents", written(Path("facts.jsonl"), page("one"), "nonsense"))
    [rejected] = tally.pop("rejected")
    assert tally == {"read": 2, "recorded": 1, "duplicates": 0, "filtered": 0, "bots": 0}
    assert keys(rejected) == ["where", "code", "why"]


def test_the_demo(played: tuple[Path, str]) -> None:
    told = json.loads(played[1])
    assert keys(told) == ["ingest", "accounts", "handoffs", "verify"]
    assert (told["verify"]["accounts"], told["verify"]["mismatches"]) == (17, [])
    assert told["ingest"]["rejected"] == []


def test_models(medtech: Path) -> None:
    [listed] = asked("model", "list")
    shown = asked("model", "show")
    assert keys(listed) == ["version", "model", "initial", "active"]
    assert (shown["version"], shown["model"]["model"]) == (listed["version"], "medtech")
    path = Path("again.yaml")
    path.write_text(done("model", "show").out)
    assert asked("model", "check", path)["problems"] == []


def test_the_tail_of_a_topic_is_one_value_a_line(medtech: Path) -> None:
    told = [json.loads(line) for line in done("tail", "sqa-handoffs", "-n", "3", "--json").out.splitlines()]
    assert [keys(each) for each in told] == [["topic", "partition", "offset", "key", "value"]] * 3
    assert told[-1]["value"]["type"].startswith("sqa.handoff_")
    assert len(done("tail", "--limit", "2").out.splitlines()) == 2


def test_other_commands(medtech: Path) -> None:
    assert keys(asked("doctor")[0]) == ["check", "ok", "found", "advice"]
    assert asked("rebuild") == {"name": "main", "version": 2}
    assert asked("audit", "verify")["mismatches"] == []
    told = asked("contact", "andrea.buehler@helvion.example")
    assert keys(told) == ["contact", "name", "email", "accounts"]
    assert {tuple(keys(each)) for each in told["accounts"]} == {
        ("account", "contact", "role", "engaged", "scores", "joined")
    }


def test_a_score_is_a_whole_double(medtech: Path) -> None:
    row = asked("accounts", "--limit", "1")[0]
    assert f"{row['score']!r}" in done("accounts", "--limit", "1", "--json").out
    assert len(f"{row['score']!r}") > 12


def test_replaying_under_another_model_changes_nothing_that_is_recorded(medtech: Path) -> None:
    before = asked("accounts")
    default = Path(__file__).parents[3] / "scoring" / "models" / "default.yaml"
    other = asked("audit", "replay", "--model", default)
    assert other["model"] != before[0]["model"]
    assert (asked("accounts"), asked("audit", "verify")["mismatches"]) == (before, [])


@pytest.mark.parametrize("arguments", [["account", "nobody.example"], ["accounts", "--at", "x"], ["handoff", "x"]])
def test_what_went_wrong_is_never_said_on_standard_output(arguments: list[str]) -> None:
    answer = spoken(*arguments, "--json")
    assert (answer.out, bool(answer.err)) == ("", True)


def test_a_mismatch_is_found_named_and_exits_with_1(medtech: Path) -> None:
    from staffel.cli.session import connected_application

    with connected_application() as staffel, staffel.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE ledger SET points = points + 1 WHERE account = 'kleinod-bio.example' AND rule = 'reply'"
        )
    answer = spoken("audit", "verify", "--json")
    [mismatch] = answer.told["mismatches"]
    assert (answer.code, keys(mismatch)) == (1, ["account", "fact", "field", "recorded", "computed"])
    assert (mismatch["account"], mismatch["field"]) == ("kleinod-bio.example", "ledger.points")
    assert "kleinod-bio.example" in spoken("audit", "verify").out
