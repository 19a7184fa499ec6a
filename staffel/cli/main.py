"""The command `staffel`: every command under its name, and every failure with a message and an exit code.

Exit codes: 0 ok, 1 found a problem, 2 usage, 70 internal. Never shows a trace where a message will do.
"""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from intake.account_ids import RESERVED_WORDS
from staffel.cli import (
    accounts as cli_accounts,
)
from staffel.cli import (
    alerts as cli_alerts,
)
from staffel.cli import (
    audit as cli_audit,
)
from staffel.cli import (
    contacts as cli_contacts,
)
from staffel.cli import (
    dead_letters as cli_letters,
)
from staffel.cli import (
    handoffs as cli_handoffs,
)
from staffel.cli import (
    host as cli_host,
)
from staffel.cli import (
    ingest as cli_ingest,
)
from staffel.cli import (
    migrate as cli_migrate,
)
from staffel.cli import (
    models as cli_models,
)
from staffel.cli import (
    processes as cli_processes,
)
from staffel.cli import (
    tail as cli_log,
)
from staffel.cli import (
    topics as cli_topics,
)
from staffel.cli.examples import EXAMPLES
from staffel.cli.output import flush, print_error
from staffel.errors import ProblemFound, UsageError

OK, PROBLEM, USAGE, INTERNAL = 0, 1, 2, 70


class ShowByDefaultGroup(TyperGroup):
    """A group whose own command is `show`: `account ID` beside `account register …`.

    Verbs, of this version or of a later one, are reserved words and never read as an id.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] in RESERVED_WORDS - set(self.commands):
            verbs = ", ".join(sorted(set(self.commands) - {"show"}))
            raise UsageError(
                f"{ctx.info_name} {args[0]}: {args[0]} is a word of the command line, no id; here go {verbs}"
            )
        asks_help = args[:1] == ["--help"]
        if args and not asks_help and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


def command_group(help: str, show: Any, **verbs: Any) -> typer.Typer:
    group_app = typer.Typer(cls=ShowByDefaultGroup, no_args_is_help=True, help=help)
    for verb, function in {"show": show, **verbs}.items():
        group_app.command(verb)(function)
    return group_app


def add_command(name: str, function: Any) -> None:
    app.command(name, epilog=examples_text(name))(function)


def add_group(name: str, group_app: typer.Typer) -> None:
    for command in group_app.registered_commands:
        command.name = command.name or getattr(command.callback, "__name__", "")
        command.epilog = examples_text(f"{name} {command.name}")
    app.add_typer(group_app, name=name)


def examples_text(command: str) -> str:
    return "\n\n".join(f"Example: {line}" for line in EXAMPLES[command])


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keeps an honest running account of every company's engagement, and hands it to sales with the evidence.",
    epilog="Settings are read from STAFFEL_HOME, STAFFEL_DATABASE, … and from .env; `staffel doctor` checks a home.",
)
add_command("demo", cli_host.demo)
add_command("up", cli_host.up)
add_command("worker", cli_processes.worker)
add_command("project", cli_processes.project)
add_command("relay", cli_processes.relay)
add_group("alerts", cli_alerts.app)
add_command("web", cli_processes.web)
add_command("doctor", cli_host.doctor)
add_group("ingest", cli_ingest.app)
add_command("accounts", cli_accounts.accounts)
add_group(
    "account",
    command_group(
        "One account (`account ID`), and what people say about accounts.",
        cli_accounts.account,
        register=cli_accounts.register,
        claim=cli_accounts.claim,
    ),
)
add_group(
    "contact",
    command_group(
        "One person (`contact ID`), and what people say about persons.",
        cli_contacts.contact,
        role=cli_contacts.role,
        suppress=cli_contacts.suppress,
        release=cli_contacts.release,
    ),
)
add_command("handoffs", cli_handoffs.handoffs)
add_group(
    "handoff",
    command_group(
        "One handoff (`handoff ID`), and the decisions of sales.",
        cli_handoffs.handoff,
        accept=cli_handoffs.accept,
        reject=cli_handoffs.reject,
        recycle=cli_handoffs.recycle,
    ),
)
add_group("model", cli_models.app)
add_group("audit", cli_audit.app)
add_command("tail", cli_log.tail)
add_group("dead-letters", cli_letters.app)
add_group("topics", cli_topics.app)
add_command("migrate", cli_migrate.migrate)
add_command("rebuild", cli_host.rebuild)
add_command("forget", cli_contacts.forget)


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = run(sys.argv[1:])
    flush()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of a command line."""
    try:
        app(arguments, prog_name="staffel")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except Exception as error:
        return exit_code_of(error)
    return OK


def exit_code_of(error: Exception) -> int:
    """Say what went wrong and answer the exit code."""
    if isinstance(error, UsageError):
        print_error(str(error))
        return USAGE
    if isinstance(error, expected_errors()):
        print_error(error_text(error))
        return PROBLEM
    import traceback

    traceback.print_exception(error)
    print_error(f"internal error: {error!r}; nothing recorded is lost, please report the lines above")
    return INTERNAL


def error_text(error: Exception) -> str:
    """A file's trouble by its name, not by its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def expected_errors() -> tuple[type[Exception], ...]:
    """Troubles that a person can do something about; their messages say what."""
    from database.errors import DatabaseError
    from projections.rebuild import RebuildInProgress
    from scoring.model.loading import DocumentError
    from staffel.application import CatchUpTimeout
    from streams.activation import NoModelError
    from streams.host import HostLockHeld
    from streams.log import LogError

    return (
        ProblemFound,
        DatabaseError,
        RebuildInProgress,
        DocumentError,
        CatchUpTimeout,
        HostLockHeld,
        LogError,
        NoModelError,
        OSError,
    )
