"""Help and completion: panels by purpose, without what this host does not use; the version."""

import os
import pty
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from staffel.cli.main import COMMANDS, PANELS
from tests.staffel.cli.cli_runner import run_cli, run_ok
from tests.staffel.conftest import STAFFEL

KAFKA = "kafka://broker.example:9092"
ONLY_ON_KAFKA = {"worker", "project", "relay", "web", "topics"}
ONLY_IN_DATABASE = {"init", "up", "migrate"}
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;m]")


def commands_by_panel() -> dict[str, list[str]]:
    """As `staffel --help` shows them."""
    found: dict[str, list[str]] = {}
    panel = ""
    for line in run_ok("--help").out.splitlines():
        if title := re.match(r"╭─ (\w+) ─", line):
            panel = title[1]
        elif (row := re.match(r"│ ([a-z][a-z-]+)  ", line)) and panel != "Options":
            found.setdefault(panel, []).append(row[1])
    return found


def completed(*words: str) -> list[str]:
    """What bash is offered for the last of these words."""
    line = {"_STAFFEL_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    ended = subprocess.run([STAFFEL], env={**os.environ, **line}, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    return ended.stdout.split()


def test_the_version_is_that_of_the_package() -> None:
    assert run_ok("--version").out == f"staffel {version('staffel')}\n"


def test_the_panels_of_the_help_are_those_of_the_people_who_use_it() -> None:
    assert list(commands_by_panel()) == ["Sales", "Data", "Model", "Audit", "Operations"]
    assert commands_by_panel()["Sales"][:2] == ["handoffs", "handoff"]


def test_every_command_has_its_panel() -> None:
    assert set(COMMANDS) - {name for names in PANELS.values() for name in names} == set()


@pytest.mark.parametrize(("log", "hidden"), [("sql", ONLY_ON_KAFKA), (KAFKA, ONLY_IN_DATABASE)])
def test_commands_that_this_log_does_not_have_are_not_shown(
    log: str, hidden: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_LOG", log)
    shown = {name for names in commands_by_panel().values() for name in names}
    assert set(COMMANDS) - shown == hidden


def test_the_log_of_the_settings_file_counts_and_the_environment_comes_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text(f"STAFFEL_LOG={KAFKA}\n")
    assert "worker" in commands_by_panel()["Operations"]
    monkeypatch.setenv("STAFFEL_LOG", "sql")
    assert "worker" not in commands_by_panel()["Operations"]


@pytest.mark.parametrize("words", [["worker"], ["topics", "check"], ["alerts", "run"]])
def test_a_hidden_command_still_says_why_it_is_of_no_use_here(words: list[str]) -> None:
    code, message = run_cli(*words).failure
    assert (code, "STAFFEL_LOG is sql" in message, "STAFFEL_LOG=kafka://HOST:PORT" in message) == (2, True, True)


def test_a_hidden_verb_is_left_out_of_the_help_of_its_group() -> None:
    assert "\n│ run " not in run_ok("alerts", "--help").out


def test_a_shell_completes_commands_verbs_and_options() -> None:
    assert completed("staffel", "acc") == ["accounts", "account"]
    assert completed("staffel", "dead-letters", "") == ["list", "show", "retry", "drop"]
    assert completed("staffel", "accounts", "--c") == ["--csv"]
    assert completed("staffel", "work") == []


def test_a_word_that_is_no_id_does_not_disturb_completion() -> None:
    assert completed("staffel", "account", "merge", "--xx") == []


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colours_appear_on_a_terminal_unless_they_are_refused(no_color: str | None, coloured: bool) -> None:
    refused = {} if no_color is None else {"NO_COLOR": no_color}
    usual = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    shown = on_a_terminal("--help", **usual, **refused, TERM="xterm-256color")
    assert bool(COLOUR.search(shown)) == coloured


def test_without_a_terminal_nothing_is_coloured() -> None:
    ended = subprocess.run([STAFFEL, "--help"], capture_output=True, check=True)
    assert b"\x1b" not in ended.stdout


def on_a_terminal(*arguments: str, **environment: str) -> bytes:
    """What a command writes to a terminal."""
    reading, writing = pty.openpty()
    process = subprocess.Popen([STAFFEL, *arguments], stdout=writing, env=environment)
    os.close(writing)
    shown = b""
    try:
        while part := os.read(reading, 4096):
            shown += part
    except OSError:  # how Linux says that the terminal was closed
        pass
    os.close(reading)
    assert process.wait(60) == 0
    return shown
