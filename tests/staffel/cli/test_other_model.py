"""Who records while STAFFEL_MODEL names another model than the log has, is told; what cannot be read stops before."""

from pathlib import Path

import pytest

from scoring.model.loading import load_model, version_of
from tests import databases
from tests.staffel.cli.cli_runner import begin_again, cloud_event, page_view, run_cli, run_json, run_ok, write_lines
from tests.staffel.cli.test_init import MODEL

DEFAULT = databases.MODELS / "default.yaml"
RECORDING = [
    "ingest facts.jsonl",
    "account register acme.com",
    "contact add ann@acme.com --account acme.com",
    "handoff accept acme.com/sales/1 --by anna",
    "contact role ann@acme.com user --account acme.com",
]
READING = ["accounts", "handoffs", "model list", "audit verify", "ingest cloudevents facts.jsonl --dry-run"]


def version(text: str) -> str:
    return version_of(load_model(text), 1)


@pytest.fixture(autouse=True)
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the model of `own.yaml`, with a proposed handoff and a contact, while STAFFEL_MODEL names another."""
    begin_again(write_lines(Path("own.yaml"), MODEL))
    write_lines(Path("facts.jsonl"), page_view("one"))
    mail = cloud_event("mail", "email.clicked", subject=None, contact="ann@acme.com")
    run_ok("ingest", "cloudevents", write_lines(Path("before.jsonl"), mail, page_view("before")))
    monkeypatch.setenv("STAFFEL_MODEL", str(write_lines(Path("other.yaml"), DEFAULT.read_text())))
    return Path("own.yaml")


@pytest.mark.parametrize("command", RECORDING)
def test_who_records_is_told_both_versions_and_the_way_out(command: str) -> None:
    assert run_ok(*command.split()).err.splitlines()[-1] == (
        f"warning: STAFFEL_MODEL names {version(DEFAULT.read_text())} (other.yaml), but this log has the model "
        f"{version(MODEL)} and scores by that; correct or remove the setting, or name another home in STAFFEL_HOME, "
        "begin it with `staffel init`, and import your files there"
    )


@pytest.mark.parametrize("command", READING)
def test_who_reads_is_not(command: str) -> None:
    assert "STAFFEL_MODEL" not in run_ok(*command.split()).err


@pytest.mark.parametrize("command", RECORDING)
def test_the_same_model_in_other_words_is_the_same(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_MODEL", str(write_lines(Path("same.yaml"), f"# in other words\n{MODEL}")))
    assert "STAFFEL_MODEL" not in run_ok(*command.split()).err


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (
            None, 2,
            "STAFFEL_MODEL: named.yaml: No such file or directory; name a file that can be read, or remove the setting",
        ),
        ("model: x", 1, "named.yaml:1: tracks: is missing"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", RECORDING)
def test_a_model_that_cannot_be_read_stops_before_anything_is_recorded(
    content: str | None, code: int, message: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run_json("audit", "verify")["facts"]
    if content is not None:
        write_lines(Path("named.yaml"), content)
    monkeypatch.setenv("STAFFEL_MODEL", "named.yaml")
    result = run_cli(*command.split())
    assert (result.code, result.err.splitlines()[0]) == (code, message)
    assert run_json("audit", "verify")["facts"] == before
