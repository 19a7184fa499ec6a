"""The command `staffel`: every command under its name, and every failure with a message and an exit code.

Exit codes: 0 ok, 1 found a problem, 2 usage, 70 internal. Never shows a trace where a message will do.
"""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from staffel import cli_accounts, cli_audit, cli_contacts, cli_handoffs, cli_host, cli_ingest, cli_log, cli_models
from staffel.printing import complain
from staffel.session import Found, Usage

OK, PROBLEM, USAGE, INTERNAL = 0, 1, 2, 70


class ShowFirst(TyperGroup):
    """A group whose own command is `show`: `account ID` beside `account register …`; verbs are reserved words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asks_help = args[:1] == ["--help"]
        if args and not asks_help and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


def group(help: str, show: Any, **verbs: Any) -> typer.Typer:
    made = typer.Typer(cls=ShowFirst, no_args_is_help=True, help=help)
    made.command("show")(show)
    for name, verb in verbs.items():
        made.command(name)(verb)
    return made


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keeps an honest running account of every company's engagement, and hands it to sales with the evidence.",
)
app.command("demo")(cli_host.demo)
app.command("up")(cli_host.up)
app.command("doctor")(cli_host.doctor)
app.add_typer(cli_ingest.app, name="ingest")
app.command("accounts")(cli_accounts.accounts)
app.add_typer(
    group(
        "One account (`account ID`), and what people say about accounts.",
        cli_accounts.account,
        register=cli_accounts.register,
        claim=cli_accounts.claim,
    ),
    name="account",
)
app.add_typer(
    group(
        "One person (`contact ID`), and what people say about persons.",
        cli_contacts.contact,
        role=cli_contacts.role,
        suppress=cli_contacts.suppress,
        release=cli_contacts.release,
    ),
    name="contact",
)
app.command("handoffs")(cli_handoffs.handoffs)
app.add_typer(
    group(
        "One handoff (`handoff ID`), and the decisions of sales.",
        cli_handoffs.handoff,
        accept=cli_handoffs.accept,
        reject=cli_handoffs.reject,
        recycle=cli_handoffs.recycle,
    ),
    name="handoff",
)
app.add_typer(cli_models.app, name="model")
app.add_typer(cli_audit.app, name="audit")
app.command("tail")(cli_log.tail)
app.add_typer(cli_log.letters, name="dead-letters")
app.command("rebuild")(cli_host.rebuild)
app.command("forget")(cli_contacts.forget)


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of a command line."""
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except Exception as error:
        return told(error)
    return OK


def told(error: Exception) -> int:
    """Say what went wrong and answer the exit code."""
    if isinstance(error, Usage):
        complain(str(error))
        return USAGE
    if isinstance(error, expected()):
        complain(str(error))
        return PROBLEM
    import traceback

    traceback.print_exception(error)
    complain(f"internal error: {error!r}; nothing recorded is lost, please report the lines above")
    return INTERNAL


def expected() -> tuple[type[Exception], ...]:
    """Troubles that a person can do something about; their messages say what."""
    from projections.trouble import DatabaseTrouble
    from scoring.model import ModelError
    from staffel.wiring import StillBusy
    from streams.embedded import HeldElsewhere
    from streams.log import LogError
    from streams.partition_fold import NoModel

    return Found, DatabaseTrouble, ModelError, StillBusy, HeldElsewhere, LogError, NoModel, OSError
