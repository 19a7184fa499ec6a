"""Kinds of command groups: one that imports its commands when they are called, and three that have a default verb."""

import os
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from intake import RESERVED_WORDS
from staffel.errors import UsageError

SINGLE_COMMANDS = "commands"
"""The Typer in a module that holds commands without verbs; any other one there is a group of its own."""


EXAMPLE = "Example: "


def examples(*lines: str) -> str:
    """The epilog of a command: command lines that its help and the reference show."""
    return "\n\n".join(f"{EXAMPLE}{line}" for line in lines)


class CommandSource(NamedTuple):
    """Where a command is defined, and the first paragraph of its help."""

    module: str
    typer_name: str
    help: str


def single_command(module: str, help: str) -> CommandSource:
    return CommandSource(f"staffel.cli.{module}", SINGLE_COMMANDS, help)


def command_group(module: str, help: str) -> CommandSource:
    return CommandSource(f"staffel.cli.{module}", "group", help)


class LazyGroup(TyperGroup):
    """A group that imports the module of a command when the command is called.

    Its help is drawn from the table of sources alone, so that `staffel --help` loads no library of a command.
    """

    sources: ClassVar[Mapping[str, CommandSource]] = {}
    panels: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Panel of the help -> its commands; commands without a panel are in the last one."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        panel_of = {name: panel for panel, names in self.panels.items() for name in names}
        ordered = [name for name in panel_of if name in self.sources]
        unused, last = self.unused_commands(), next(reversed(list(self.panels)), None)
        self.commands = {
            name: TyperCommand(
                name,
                help=self.sources[name].help,
                hidden=name in unused,
                rich_help_panel=panel_of.get(name, last),
            )
            for name in dict.fromkeys((*ordered, *self.sources))
        }

    def unused_commands(self) -> Collection[str]:
        """Commands that would only refuse: neither help nor completion offers them."""
        return ()

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and self.load_command(str(name)), rest

    def load_command(self, name: str) -> Any:
        """The command itself, its module imported."""
        source = self.sources[name]
        group = get_group(getattr(import_module(source.module), source.typer_name))
        command = group.commands[name] if source.typer_name == SINGLE_COMMANDS else group
        command.name = name
        unused = self.unused_commands()
        for verb, subcommand in getattr(command, "commands", {}).items():
            subcommand.hidden = f"{name} {verb}" in unused
        return command


class ShowByDefaultGroup(TyperGroup):
    """A group whose default verb is `show`: `account ID` is `account show ID`.

    The verbs of this version and of later ones are reserved words, which are never read as an id.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] in RESERVED_WORDS - set(self.commands) and not ctx.resilient_parsing:
            verbs = ", ".join(sorted(set(self.commands) - {"show"}))
            raise UsageError(
                f"{ctx.info_name} {args[0]}: {args[0]} is a reserved word and no id; the subcommands are {verbs}"
            )
        asks_help = args[:1] == ["--help"]
        if args and not asks_help and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


class RunByDefaultGroup(TyperGroup):
    """A group whose default verb is `run`: `staffel alerts --port 8804` is `staffel alerts run --port 8804`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args[:1] != ["--help"] and (not args or args[0].startswith("-")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


class FilesByDefaultGroup(TyperGroup):
    """A group whose default verb is `files`: `staffel ingest access.log` is `staffel ingest files access.log`.

    A file that is called like a kind of file needs its folder: `./accounts`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [arg for arg in args if arg == "-" or not arg.startswith("-")]
        is_verb = words[:1] and words[0] in self.commands
        if not is_verb and (any(map(is_path, words)) or "--again" in args):
            args = ["files", *args]
        return super().parse_args(ctx, args)


def is_path(word: str) -> bool:
    """Whether a word can be a file, so that a mistyped command is told as such."""
    return word == "-" or "." in word or os.sep in word or Path(word).exists()


def show_group(help: str) -> typer.Typer:
    return typer.Typer(cls=ShowByDefaultGroup, no_args_is_help=True, help=help)
