"""Calling `staffel`: help with an example for every command, reserved words, unknown IDs, invalid settings."""

from pathlib import Path
from typing import Any

import pytest
import typer

from intake.account_ids import RESERVED_WORDS
from staffel.cli.main import COMMANDS as SOURCES
from staffel.cli.main import app
from staffel.cli.reference import all_commands, examples_of, reference_page
from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"
COMMANDS = dict(all_commands())
WITHOUT_JSON = {"up", "worker", "project", "relay", "alerts run", "web", "topics repartition"}
FUTURE_COMMANDS = [
    "archive", "topics", "key", "ingest webhooks", "audit compare",
    "audit backtest", "model propose", "model approve", "model activate",
]  # fmt: skip


def test_the_reference_of_commands_is_current() -> None:
    assert PAGE.read_text("utf-8") == reference_page(), "run `python -m staffel.cli.reference > docs/commands.md`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_what_it_does_with_an_example(name: str) -> None:
    shown = " ".join(run_ok(*name.split(), "--help").out.replace("│", " ").split())
    assert all(f"Example: {line}" in shown for line in examples_of(COMMANDS[name]))
    assert examples_of(COMMANDS[name])
    assert parameters_without_help(COMMANDS[name]) == []


@pytest.mark.parametrize("name", SOURCES)
def test_the_first_help_says_of_every_command_what_the_command_says(name: str) -> None:
    root: Any = typer.main.get_command(app)
    assert root.load_command(name).help.partition("\n\n")[0] == SOURCES[name].help


def parameters_without_help(command: Any) -> list[str]:
    return [parameter.name for parameter in command.params if not parameter.help]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_tells_something_answers_in_json(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert ("--json" in options) == (name not in WITHOUT_JSON)


@pytest.mark.parametrize("words", [[], ["account"], ["ingest"], ["audit"], ["dead-letters"]])
def test_without_a_verb_the_help_is_shown(words: list[str]) -> None:
    answer = run_cli(*words)
    assert (answer.code, "Usage: staffel" in answer.out) == (2, True)


@pytest.mark.parametrize("line", FUTURE_COMMANDS)
def test_a_future_command_does_not_exist(line: str) -> None:
    answer = run_cli(*line.split(), "x")
    assert (answer.code, answer.out, "No such command" in answer.err) == (2, "", True)


@pytest.mark.parametrize("verb", sorted(RESERVED_WORDS - {"adjust", "register", "claim", "suppress", "release"}))
@pytest.mark.parametrize("more", [[], ["acme.com", "beta.com"], ["--json"]])
def test_a_verb_is_never_read_as_the_id_of_an_account(verb: str, more: list[str]) -> None:
    verbs = "adjust, claim, register, release, suppress"
    message = f"account {verb}: {verb} is a reserved word and no id; the subcommands are {verbs}"
    assert run_cli("account", verb, *more).failure == (2, message)


def test_a_verb_is_never_read_as_the_id_of_a_contact_or_handoff() -> None:
    message = "contact move: move is a reserved word and no id; the subcommands are add, list, release, role, suppress"
    assert run_cli("contact", "move", "c_x", "acme.com").failure == (2, message)
    verbs = "accept, assign, convert, recycle, reject"
    message = f"handoff merge: merge is a reserved word and no id; the subcommands are {verbs}"
    assert run_cli("handoff", "merge").failure == (2, message)


def test_a_verb_is_refused_as_the_id_of_a_new_account() -> None:
    message = "bad_account: subject: 'merge' is a reserved word; choose another id"
    assert run_cli("account", "register", "merge").failure == (1, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["account", "nobody.example"], "there is no account nobody.example; `staffel accounts` lists them"),
        (
            ["account", "anon:v_abc"],
            "anon:v_abc is an anonymous visitor, who is not scored before being identified",
        ),
        (
            ["contact", "c_nobody"],
            "there is no contact c_nobody; `staffel account ID` lists the contacts of an account",
        ),
        (
            ["contact", "pat@acme.com"],
            "No contact with the address pat@acme.com.",
        ),
        (
            ["contact", "role", "c_nobody", "champion"],
            "there is no contact c_nobody; use --account to record the first fact about them",
        ),
        (
            ["contact", "role", "c_nobody", "champion", "--account", "acme.com"],
            "there is no account acme.com; `staffel account register` creates one",
        ),
        (["handoff", "acme.com/sales/1"], "there is no handoff acme.com/sales/1; `staffel handoffs --all` lists them"),
        (
            ["handoff", "reject", "acme.com/sales/1", "--by", "anna", "--reason", "budget"],
            "there is no handoff acme.com/sales/1; `staffel handoffs --all` lists them",
        ),
        (
            ["dead-letters", "show", "engagement/0/7"],
            "no dead letter engagement/0/7; `staffel dead-letters list` shows all",
        ),
    ],
)
def test_an_unknown_id_is_reported_with_advice(arguments: list[str], message: str) -> None:
    assert run_cli(*arguments).failure == (1, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["accounts", "--at", "soon"],
            "--at soon: write latest, now or a time like 2026-01-05T09:12:00Z (is not a time)",
        ),
        (
            ["accounts", "--at", "2026-01-05"],
            "--at 2026-01-05: write latest, now or a time like 2026-01-05T09:12:00Z (has no time zone)",
        ),
        (
            ["account", "acme.com", "--at", "1969-01-01T00:00:00Z"],
            "--at 1969-01-01T00:00:00Z: write latest, now or a time like 2026-01-05T09:12:00Z "
            "(outside the years 1970 to 9999)",
        ),
        (
            ["accounts", "--at", "9999-12-31T23:59:59-12:00"],
            "--at 9999-12-31T23:59:59-12:00: write latest, now or a time like 2026-01-05T09:12:00Z "
            "(outside the years 1970 to 9999)",
        ),
        (["audit", "replay", "--until", "x"], "--until x: write a time like 2026-01-05T09:12:00Z (is not a time)"),
        (["ingest", "segment", "x.jsonl"], "x.jsonl: no such file"),
        (["ingest", "mbox", "."], ".: is a folder; name the files in it"),
        (
            ["ingest", "calendar", "x.ics", "--zone", "Mars"],
            "--zone Mars: not a time zone; write one like Europe/Berlin",
        ),
        (["ingest", "accounts", "x.csv", "--dates", "ymd"], "--dates ymd: write auto, dmy or mdy"),
        (["model", "check", "x.yaml"], "x.yaml: No such file or directory"),
        (["model", "check", "."], ".: Is a directory"),
        (["tail", "facts"], "facts: the topics are engagement, scores, sqa-handoffs, suppressions, dead-letters"),
        (["rebuild", "web"], "web: only `main` exists"),
        (
            ["handoff", "accept", "acme.com/sales/1", "--by", " "],
            "--by: name who decided by a short name, or set STAFFEL_USER",
        ),
    ],
)  # fmt: skip
def test_an_invalid_argument_is_a_usage_error(arguments: list[str], message: str) -> None:
    assert run_cli(*arguments).failure == (2, message)


@pytest.mark.parametrize(
    ("setting", "value", "code", "message"),
    [
        ("PARTITIONS", "0", 2, "STAFFEL_PARTITIONS: Input should be greater than or equal to 1 (now '0')"),
        (
            "PARTITIONS", "4", 1,
            "this log was created with 1 partitions and cannot be opened with 4: the partition of every account would "
            "change; set that number, or use a new database",
        ),
        (
            "LOG", "kafka://host:9092", 2,
            "STAFFEL_LOG is on Apache Kafka, where many processes share one database: "
            "set STAFFEL_DATABASE=postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        ),
        (
            "DATABASE", "nonsense", 2,
            "STAFFEL_DATABASE: not a database URL; "
            "write sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME; "
            "in a user or password write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25",
        ),
        (
            "DATABASE", "mysql://a/b", 2,
            "STAFFEL_DATABASE: unsupported database URL; write sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        ),
        ("HOME", "taken", 2, "no home at taken; begin with `staffel init [--model FILE]`"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(
    setting: str, value: str, code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ok("accounts")
    Path("taken").write_text("a file")
    monkeypatch.setenv(f"STAFFEL_{setting}", value)
    assert run_cli("accounts").failure == (code, message)


def test_doctor_says_that_a_model_of_the_settings_has_no_effect_on_a_log_that_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_ok("accounts")
    monkeypatch.setenv("STAFFEL_MODEL", "gone.yaml")
    answer = run_cli("doctor", "--json")
    [wrong] = [row for row in answer.parsed if not row["ok"]]
    assert (answer.code, wrong["check"]) == (1, "model")
    assert wrong["advice"].startswith("STAFFEL_MODEL: gone.yaml cannot be read")


def test_doctor_finds_nothing_wrong_with_an_empty_home() -> None:
    rows = run_json("doctor")
    assert [row["check"] for row in rows if not row["ok"]] == []


def test_lines_of_networks_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("networks.csv").write_text("203.0.113.0/24 acme.com\nnonsense acme.com\n")
    monkeypatch.setenv("STAFFEL_NETWORKS", "networks.csv")
    Path("empty.jsonl").write_text("")
    answer = run_ok("ingest", "cloudevents", "empty.jsonl", "--json")
    assert answer.err.startswith("STAFFEL_NETWORKS: networks.csv:2: ")
    assert run_cli("doctor").code == 1
