"""The command `staffel`: every command under its name, and every failure with a message and an exit code.

Exit codes: 0 ok, 1 found a problem, 2 usage, 70 internal. Only an internal error shows a traceback.
"""

import os
import sys
import traceback
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from dotenv.parser import parse_stream

from staffel.cli.groups import LazyGroup, command_group, single_command
from staffel.cli.output import flush, print_error, print_line
from staffel.errors import ProblemFound, UsageError

OK, PROBLEM, USAGE, INTERNAL = 0, 1, 2, 70


COMMANDS = {
    "init": single_command(
        "init", "Create a home: the database with an empty log, the model that it begins with, and `.env`."
    ),
    "demo": single_command(
        "demo",
        "Play a day of sales in the medtech example: work list, alert, reasons, answer, proof; in a home of its own.",
    ),
    "up": single_command("host", "Run everything in one process: scoring, projection, relay, timers and alerts."),
    "worker": single_command("processes", "Score facts into the topic `scores`; several workers share the partitions."),
    "project": single_command("processes", "Write the read models: score updates from Apache Kafka into PostgreSQL."),
    "relay": single_command(
        "processes", "Publish the outbox, move parked facts and run the timers; a second one stands by."
    ),
    "alerts": command_group("alerts", "Send alerts about handoffs (without a subcommand: the process), and list them."),
    "web": single_command("processes", "Serve health and metrics only; pages and collector come with a later version."),
    "doctor": single_command(
        "host", "Check settings, log and database, and say what to do; exit code 1 if there is a problem."
    ),
    "ingest": command_group("ingest", "Import files. Importing one again adds nothing twice."),
    "sources": command_group("sources", "Check and show the settings of sources: what of their data is kept."),
    "accounts": single_command("accounts", "List accounts with score, stage, fit and breadth, highest first."),
    "account": command_group("accounts", "Show, create and edit accounts."),
    "contact": command_group("contacts", "Show and edit contacts."),
    "suppressions": command_group("suppressions", "List who is left out of campaigns, why and since when."),
    "handoffs": single_command(
        "handoffs", "List open handoffs: overdue ones first, then what is due next, then what is being worked on."
    ),
    "handoff": command_group("answers", "Show a handoff, and record what sales decided."),
    "model": command_group(
        "models", "Write and check scoring models, list what they may read, and show the active one."
    ),
    "closed-days": single_command(
        "closed_days", "Write the public holidays of a region into a model file, as days without opening hours."
    ),
    "audit": command_group("audit", "Recompute scores from the log, and compare them with what is stored."),
    "tail": single_command("tail", "Print the newest records of a topic, one per line."),
    "dead-letters": command_group("dead_letters", "List, show, retry and drop records that could not be processed."),
    "topics": command_group("topics", "Create and check the topics on Apache Kafka."),
    "migrate": single_command(
        "migrate", "Copy this home (log and database) to Apache Kafka and PostgreSQL; run again, it resumes."
    ),
    "rebuild": single_command(
        "host", "Rebuild read models and ledger from the log, beside the old ones, and switch over."
    ),
    "forget": single_command("erasures", "Erase a contact: the vault forgets the person, scores and history stay."),
    "erasures": command_group("erasures", "List erasures, and apply them again after a restore."),
}

PANELS = {
    "Sales": ("handoffs", "handoff", "accounts", "account", "contact", "suppressions"),
    "Data": ("ingest", "parked", "sources", "tail", "dead-letters", "forget", "erasures"),
    "Model": ("model", "closed-days"),
    "Audit": ("audit",),
    "Operations": ("init", "demo", "up", "doctor", "alerts", "worker", "project", "relay", "web", "topics", "migrate",
                   "rebuild"),
}  # fmt: skip
"""In the order of the help."""
ONLY_ON_KAFKA = frozenset({"worker", "project", "relay", "web", "topics", "alerts run"})
ONLY_IN_DATABASE = frozenset({"init", "up", "migrate"})


class Commands(LazyGroup):
    """The root of the command line."""

    sources = COMMANDS
    panels = PANELS

    def unused_commands(self) -> frozenset[str]:
        return ONLY_ON_KAFKA if log_setting() == "sql" else ONLY_IN_DATABASE


def log_setting() -> str:
    """STAFFEL_LOG as far as help needs it, without the library of the settings, which takes longer than the help."""
    file = Path(".env")
    lines = StringIO(file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "")
    of_file = {line.key: line.value for line in parse_stream(lines) if line.key is not None}
    settings = {name.upper(): value for name, value in (*of_file.items(), *os.environ.items())}
    return settings.get("STAFFEL_LOG") or "sql"


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Scores accounts from engagement events and hands qualified ones to sales, with the reasons.",
    epilog="Settings are read from STAFFEL_HOME, STAFFEL_DATABASE, … and from .env; `staffel doctor` checks them.",
)


def print_version(is_asked: bool) -> None:
    if is_asked:
        print_line(f"staffel {version('staffel')}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What holds for all commands."""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = run(sys.argv[1:])
    flush()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code."""
    try:
        app(arguments, prog_name="staffel")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except Exception as error:
        return exit_code_of(error)
    return OK


def exit_code_of(error: Exception) -> int:
    """Print what went wrong and return the exit code."""
    if isinstance(error, UsageError):
        print_error(str(error))
        return USAGE
    if isinstance(error, expected_errors()):
        print_error(error_text(error))
        return USAGE if is_other_log(error) else PROBLEM
    print_error("".join(traceback.format_exception(error)).rstrip())
    print_error(f"internal error: {error!r}; recorded data is safe, please report the lines above")
    return INTERNAL


def is_other_log(error: Exception) -> bool:
    """Whether this version of Staffel is not for the log that the settings name."""
    from streams import OtherFoldVersion

    return isinstance(error, OtherFoldVersion)


def error_text(error: Exception) -> str:
    """The message; of an OSError the file and the reason, without the errno."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def expected_errors() -> tuple[type[Exception], ...]:
    """Errors that the user can resolve; their messages say how."""
    from database import DatabaseError
    from projections import RebuildInProgress
    from scoring.model import DocumentError
    from staffel.application import CatchUpTimeout
    from streams import HostLockHeld, LogError, NoModelError

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
