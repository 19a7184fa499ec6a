"""The commands of the containers exist, with their options and arguments."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.exceptions import TyperException

from staffel.cli.main import app
from tests.deploy.compose import FILE, ROOT, own_services

PAGES = (FILE, ROOT / "Dockerfile", ROOT / "docs" / "deploying.md")
_RUN = re.compile(r"docker compose run --rm(?: --volume \S+)* staffel ([^\n`#…]+)")
_NATIVE = re.compile(r"^(?:\w+=\S+ )*\.venv/bin/staffel ([^\n]+)", re.MULTILINE)


def parsed_command_path(arguments: list[str]) -> str:
    """The path of the command that these arguments name. Raises if there is none, or it lacks these options."""
    command: Any = typer.main.get_command(app)
    context, path = command.make_context("staffel", list(arguments)), []
    while hasattr(context.command, "commands"):
        name, found, rest = context.command.resolve_command(context, [*context._protected_args, *context.args])
        context = found.make_context(name, rest, parent=context)
        path.append(name)
    return " ".join(path)


@pytest.mark.parametrize("name", own_services())
def test_the_command_of_a_container_exists(name: str) -> None:
    expected = {
        "topics": "topics create",
        "staffel": "doctor",
        "worker": "worker",
        "projector": "project",
        "relay": "relay",
        "web": "web",
        "alerts": "alerts run",
    }
    assert parsed_command_path(own_services()[name]["command"]) == expected[name]


@pytest.mark.parametrize("arguments", [["wroker"], ["worker", "--prot", "8800"], ["worker", "--port", "many"]])
def test_an_unknown_command_is_detected(arguments: list[str]) -> None:
    with pytest.raises(TyperException):
        parsed_command_path(arguments)


def documented_commands() -> Iterator[str]:
    for page in PAGES:
        text = page.read_text("utf-8")
        yield from (line.strip() for pattern in (_RUN, _NATIVE) for line in pattern.findall(text))


@pytest.mark.parametrize("line", sorted(set(filter(None, documented_commands()))))
def test_a_command_that_is_shown_exists(line: str) -> None:
    assert parsed_command_path(line.split())
