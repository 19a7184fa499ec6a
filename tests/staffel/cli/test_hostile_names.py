"""A hostile name of an account on the screen: one row, nothing that controls the terminal; in JSON the name itself."""

import json
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok, write_lines

NAME = "Acme\nevil.example  sqa  999.0\x1b[2J\x9b31m\u202egpj\u200b"
ACTING = set("\x1b\x9b\u202e\u200b")
FACT = {
    "specversion": "1.0",
    "id": "one",
    "source": "crm",
    "type": "account.registered.v1",
    "subject": "acme.com",
    "time": "2026-01-05T09:12:00.000Z",
    "data": {"name": NAME},
}


@pytest.fixture(autouse=True)
def account() -> None:
    run_ok("ingest", "cloudevents", write_lines(Path("facts.jsonl"), json.dumps(FACT)))


@pytest.mark.parametrize("command", [("accounts",), ("account", "acme.com"), ("tail",), ("tail", "--json")])
def test_no_command_passes_it_to_the_terminal(command: tuple[str, ...]) -> None:
    written = run_ok(*command).out
    assert (ACTING & set(written), "\nevil.example" in written) == (set(), False)


def test_a_line_end_in_a_cell_is_shown() -> None:
    assert "Acme⏎evil.example" in run_ok("accounts").out


def test_json_means_the_name_and_shows_it_in_escapes() -> None:
    written = run_ok("accounts", "--json").out
    assert (ACTING & set(written), run_json("accounts")[0]["name"]) == (set(), json.loads(written)[0]["name"])


def test_an_argument_that_is_repeated_in_a_message_controls_nothing() -> None:
    message = run_cli("account", "acme\x1b[2J\u202e").err
    assert (ACTING & set(message), "\\x1b[2j" in message.lower()) == (set(), True)
